"""Time from joining to the first remote picture."""
