"""One client's WebSocket: frames in at the client's pace, frames out through a bounded queue."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any

from palaver_sfu.errors import WireError
from palaver_sfu.http.pace import Pace, cost_of
from palaver_sfu.http.replies import Receive, Send
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.switchboard import Switchboard
from palaver_sfu.wire.requests import ParseOffer, read_request
from palaver_sfu.wire.responses import Frame

logger = logging.getLogger(__name__)

# What may wait for a reader that does not read: a big room's snapshot and some minutes of its changes.
MAX_WAITING_FRAMES = 2_048
MAX_WAITING_BYTES = 8 * 1024 * 1024

# How long the last frames (a Leave) may take before the connection is simply cut.
GOODBYE_S = 3.0

NORMAL_CLOSURE = 1000
UNREADABLE = 1007  # RFC 6455: data that is not what it should be


class Outbox:
    """The switchboard's `Link` to one client. Full, or not emptied after the end, means it does not read: it is cut."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._is_closing = False
        self._close_code = NORMAL_CLOSURE
        self._cut = asyncio.get_running_loop().create_future()

    @property
    def is_closing(self) -> bool:
        return self._is_closing

    @property
    def close_code(self) -> int:
        return self._close_code

    @property
    def cut(self) -> asyncio.Future[None]:
        """Done when nothing more is to be sent, not even a goodbye."""
        return self._cut

    def send(self, frame: Frame) -> None:
        if self._is_closing:
            return
        self._bytes += len(frame.binary)
        self._frames.append(frame)
        self._wake.set()
        if len(self._frames) > MAX_WAITING_FRAMES or self._bytes > MAX_WAITING_BYTES:
            self._frames.clear()
            self._is_closing = True
            self._end()

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        if self._is_closing:
            return
        self._is_closing = True
        self._close_code = code
        self._wake.set()
        asyncio.get_running_loop().call_later(GOODBYE_S, self._end)

    async def take(self) -> Frame | None:
        """The next frame, or None when no more will come."""
        while not self._frames and not self._is_closing:
            self._wake.clear()
            await self._wake.wait()
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._bytes -= len(frame.binary)
        return frame

    def _end(self) -> None:
        if not self._cut.done():
            self._cut.set_result(None)


class SignalConnection:
    """Runs one accepted WebSocket until either side ends it."""

    def __init__(
        self, *, sid: ParticipantSid, outbox: Outbox, switchboard: Switchboard, parse_offer: ParseOffer
    ) -> None:
        self._sid = sid
        self._outbox = outbox
        self._switchboard = switchboard
        self._parse_offer = parse_offer
        self._is_text = False

    async def run(self, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._read(receive))
            writer = group.create_task(self._write(send))
            writer.add_done_callback(lambda _: reader.cancel())
            reader.add_done_callback(lambda _: self._outbox.close())

            def give_up(_: object) -> None:
                reader.cancel()
                writer.cancel()

            self._outbox.cut.add_done_callback(give_up)

    async def _read(self, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        pace = Pace(updated_at=loop.time())
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect" or self._outbox.is_closing:
                return
            data = message.get("bytes")
            frame = message["text"] if data is None else data
            self._is_text = data is None
            try:
                request = read_request(frame, parse_offer=self._parse_offer)
            except WireError as error:
                logger.info("unreadable signal message", extra={"participant_sid": self._sid, "problem": str(error)})
                self._outbox.close(UNREADABLE)
                return
            self._switchboard.request(self._sid, request)
            wait_s = pace.wait_s(loop.time(), cost_of(frame))
            if wait_s:
                await asyncio.sleep(wait_s)

    async def _write(self, send: Send) -> None:
        try:
            while (frame := await self._outbox.take()) is not None:
                await send(self._message(frame))
            await send({"type": "websocket.close", "code": self._outbox.close_code})
        except OSError:
            # The client is gone; the reader hears of it too.
            logger.debug("signal connection lost while writing", extra={"participant_sid": self._sid})

    def _message(self, frame: Frame) -> dict[str, Any]:
        if self._is_text:
            return {"type": "websocket.send", "text": frame.text}
        return {"type": "websocket.send", "bytes": frame.binary}
