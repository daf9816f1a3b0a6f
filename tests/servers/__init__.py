"""Real servers that tests install, start on free ports and stop again."""
