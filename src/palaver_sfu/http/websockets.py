"""uvicorn's WebSocket over wsproto, bounded against a peer that reads nothing or sends without measure.

What the parts decide about a connection (limits, cuts) ends at `send` and `receive`; the bytes below them are held here
and by the kernel, and a peer that never reads would keep them, and its connection, for ever.
"""

import asyncio
import socket
import struct
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

# What the kernel takes before it says that the peer is slow. Its own default is four megabytes a connection.
MAX_UNSENT_BYTES: Final = 128 * 1024
# Frames are taken in by pieces of this size, so that a flood is noticed before all of it has cost its time.
_PIECE_BYTES: Final = 4 * 1024
# More frames at once than any page has to say: who says hello to a busy server has a handful waiting.
MAX_WAITING_FRAMES: Final = 512
MAX_PINGS_PER_S: Final = 50
# The peer has as long to answer a close as uvicorn gives it, and this much more to take what was said before.
_LAST_WORDS_S: Final = 2.0
# Who said something within so many intervals is not asked whether it is still there: most clients ping by themselves,
# once an interval, and two pings are twice the work.
_QUIET_INTERVALS: Final = 1.25
_RESET: Final = struct.pack("ii", 1, 0)


class BoundedWebSocket(WSProtocol):
    """A connection that costs a bounded amount, whatever its peer does."""

    _pings = 0
    _pings_since_s = 0.0
    _heard_at_s = 0.0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        _socket_of(transport).setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)
        super().connection_made(transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._heard_at_s = self.loop.time()
        # The head in one piece: of one that comes in pieces, wsproto takes sixteen kilobytes at most.
        size = _PIECE_BYTES if self.handshake_complete else max(len(data), 1)
        for start in range(0, len(data), size):
            super().data_received(data[start : start + size])
            if self.queue.qsize() > MAX_WAITING_FRAMES:
                self._drop()
            if self.transport.is_closing():
                return

    @override
    def handle_ping(self, event: Any) -> None:
        now_s = self.loop.time()
        if now_s - self._pings_since_s >= 1.0:
            self._pings, self._pings_since_s = 0, now_s
        self._pings += 1
        if self._pings > MAX_PINGS_PER_S:
            self._drop()
        elif self.writable.is_set():  # else it waits for more than this; the next ping stands for all
            super().handle_ping(event)

    @override
    def send_keepalive_ping(self) -> None:
        due_s = self._heard_at_s + _QUIET_INTERVALS * (self.ping_interval or 0.0) - self.loop.time()
        if due_s > 0:
            self.ping_timer = self.loop.call_later(due_s, self.send_keepalive_ping)
        else:
            super().send_keepalive_ping()

    @override
    async def run_asgi(self) -> None:
        await super().run_asgi()
        if self.disconnected:
            return
        if self.close_sent:
            self.loop.call_later(self.close_timeout + _LAST_WORDS_S, self._drop)
        elif self.transport.get_write_buffer_size():
            self._drop()

    def _drop(self) -> None:
        """End the connection now: nothing that waits for the peer stays, not in the kernel either."""
        if not self.disconnected:
            _socket_of(self.transport).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()


def _socket_of(transport: asyncio.Transport) -> socket.socket:
    found: socket.socket = transport.get_extra_info("socket")
    return found
