"""Meetings: the durable link and its policy, and each run with who came and went."""
