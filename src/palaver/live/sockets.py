"""One client's connection as the hub sees it: a bounded queue, and a writer that empties it.

A client that does not read fills its own queue and is cut; nobody waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from palaver.live.domain.bucket import TokenBucket
from palaver.live.domain.people import SocketId

Send = Callable[[dict[str, Any]], Awaitable[None]]

# A live page takes a message in milliseconds; 256 waiting ones, or 1 MiB, mean that nobody is taking them.
MAX_QUEUED_MESSAGES: Final = 256
MAX_QUEUED_BYTES: Final = 1024 * 1024
# One frame that cannot be handed to the network for this long: the other end is gone or asleep.
MAX_STUCK_S: Final = 10.0
# People press a few keys a second; a page that starts asks a handful of things at once.
BURST_MESSAGES: Final = 60
MESSAGES_PER_S: Final = 20


@dataclass(frozen=True, slots=True)
class _Close:
    code: int


class Socket:
    """A connection. All methods but `run_writer` return at once; use from the event loop only."""

    __slots__ = (
        "_queue",
        "_queued_bytes",
        "_wake",
        "bucket",
        "close_code",
        "heard_at_s",
        "id",
        "is_cut",
        "stuck_since_s",
    )

    def __init__(self, socket_id: SocketId, *, now_s: float) -> None:
        self.id = socket_id
        self.bucket = TokenBucket.full(capacity=BURST_MESSAGES, refill_per_s=MESSAGES_PER_S, now_s=now_s)
        self.heard_at_s = now_s
        self.stuck_since_s: float | None = None
        self.is_cut = False
        self.close_code: int | None = None
        """Set once the server has decided to close; nothing is sent after it."""
        self._queue: deque[str | _Close] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()

    def push(self, text: str) -> None:
        """Send `text` in its turn. A full queue cuts the socket."""
        if self.close_code is not None or self.is_cut:
            return
        if len(self._queue) >= MAX_QUEUED_MESSAGES or self._queued_bytes + len(text) > MAX_QUEUED_BYTES:
            self.cut()
            return
        self._queue.append(text)
        self._queued_bytes += len(text)
        self._wake.set()

    def close(self, code: int) -> None:
        """Close with `code` once everything pushed so far is sent."""
        if self.close_code is None and not self.is_cut:
            self.close_code = code
            self._queue.append(_Close(code))
            self._wake.set()

    def cut(self) -> None:
        """Give up on the other end now: what is queued is thrown away."""
        self.is_cut = True
        self._queue.clear()
        self._queued_bytes = 0
        self._wake.set()

    async def run_writer(self, send: Send, steady_s: Callable[[], float]) -> None:
        """Send what is pushed, in order; return after a close or a cut."""
        queue = self._queue
        while not self.is_cut:
            while queue:
                item = queue.popleft()
                if isinstance(item, _Close):
                    await send({"type": "websocket.close", "code": item.code})
                    return
                self._queued_bytes -= len(item)
                self.stuck_since_s = steady_s()
                await send({"type": "websocket.send", "text": item})
                self.stuck_since_s = None
            if not self.is_cut:
                self._wake.clear()
                await self._wake.wait()
