"""The machine of a room and its participants' sessions. Pure: no clock, no socket, no protobuf, no asyncio."""
