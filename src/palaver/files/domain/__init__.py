"""Pure: no clock, disk, socket or database."""
