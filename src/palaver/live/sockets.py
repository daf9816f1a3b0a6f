"""One client's connection as the hub sees it: a bounded queue, and a writer that empties it.

A client that does not read fills its own queue and is cut; nobody waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
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


class Socket:
    """A connection. All methods but `run_writer` return at once; use from the event loop only."""

    __slots__ = (
        "_failure",
        "_is_idle",
        "_queue",
        "_queued_bytes",
        "_rest",
        "_send",
        "_steady_s",
        "_wake",
        "bucket",
        "close_code",
        "heard_at_s",
        "id",
        "is_cut",
        "on_close",
        "on_cut",
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
        self.on_close: Callable[[], object] = _nothing
        self.on_cut: Callable[[], object] = _nothing
        """Told at once, whatever the writer may be waiting for: whoever runs it ends it."""
        self._send: Send | None = None
        self._steady_s: Callable[[], float] = float
        self._queue: deque[str] = deque()
        self._queued_bytes = 0
        self._is_idle = False
        self._rest: _Rest | None = None
        self._failure: OSError | None = None
        self._wake = asyncio.Event()

    def push(self, text: str) -> None:
        """Send `text` in its turn. A full queue cuts the socket."""
        if self.close_code is not None or self.is_cut:
            return
        if self._is_idle:
            self._send_now(text)
        elif len(self._queue) >= MAX_QUEUED_MESSAGES or self._queued_bytes + len(text) > MAX_QUEUED_BYTES:
            self.cut()
        else:
            self._queue.append(text)
            self._queued_bytes += len(text)

    def close(self, code: int) -> None:
        """Close with `code` once everything pushed so far is sent."""
        if self.close_code is None and not self.is_cut:
            self.close_code = code
            self._wake.set()
            self.on_close()

    def cut(self) -> None:
        """Give up on the other end now: what is queued is thrown away."""
        self.is_cut = True
        self._queue.clear()
        self._queued_bytes = 0
        self._wake.set()
        self.on_cut()

    async def run_writer(self, send: Send, steady_s: Callable[[], float]) -> None:
        """Send what is pushed, in order; return after a close or a cut.

        Raises:
            OSError: the connection is gone.
        """
        self._send, self._steady_s = send, steady_s
        while not self.is_cut:
            if self._failure is not None:
                raise self._failure
            if self._rest is not None:
                rest, self._rest = self._rest, None
                await rest
                self.stuck_since_s = None
            while self._queue:
                text = self._queue.popleft()
                self._queued_bytes -= len(text)
                self.stuck_since_s = steady_s()
                await send({"type": "websocket.send", "text": text})
                self.stuck_since_s = None
            if self.close_code is not None:
                await send({"type": "websocket.close", "code": self.close_code})
                return
            self._wake.clear()
            self._is_idle = True
            await self._wake.wait()
            self._is_idle = False

    def _send_now(self, text: str) -> None:
        """Hand `text` to the network without waking the writer, which costs as much as the sending itself.

        The network nearly always takes a message without waiting. If it does not, the writer waits for the rest.
        """
        assert self._send is not None
        sending = self._send({"type": "websocket.send", "text": text}).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return
        except OSError as problem:
            self._failure = problem
            self._is_idle = False
            self._wake.set()
            return
        self._is_idle = False
        self._rest = _Rest(waits_for, sending)
        self.stuck_since_s = self._steady_s()
        self._wake.set()


class _Rest:
    """A sending that has begun and waits; to be awaited by the writer."""

    __slots__ = ("_sending", "_waits_for")

    def __init__(self, waits_for: Any, sending: Generator[Any, None, None]) -> None:
        self._waits_for = waits_for
        self._sending = sending

    def __await__(self) -> Generator[Any, None, None]:
        yield self._waits_for
        yield from self._sending


def _nothing() -> None:
    """Nobody wants to know."""
