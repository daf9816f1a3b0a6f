"""Several processes behind one address: loaded only when `REDIS_URL` is set. See `docs/adr/0008`.

A room is held by one process, its *tenure*. A process that has sockets of the room has a *branch*, which talks to the
tenure over a *link*. The process that holds a room talks to itself the same way, without the detour.
"""
