"""Rules and values of a room. Pure: no clock, no socket, no protobuf."""
