"""The LiveKit protocol as bytes: the only importer of its protobufs."""
