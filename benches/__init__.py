"""Programs that print numbers beside a peer's, and their committed scoreboards."""
