"""What a forwarded packet costs in the pure crate."""
