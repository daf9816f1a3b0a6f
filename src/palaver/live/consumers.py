"""The socket of a meeting: `/ws/meetings/<slug>`. Takes in frames, hands them to the room, closes with a reason.

A plain ASGI application rather than a Channels consumer class: there is no channel layer to listen to, and a frame
costs one call. Who is signed in is looked up once, at the hello, on the live room's own database threads.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from django.conf import settings

from palaver.kernel.errors import (
    ALREADY_HERE,
    INTERNAL,
    NOT_ALLOWED,
    PROTOCOL,
    RATE_LIMITED,
    REGISTRY as ERRORS,
    SERVER_RESTART,
    TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    ErrorSpec,
    PalaverError,
)
from palaver.kernel.outages import is_outage
from palaver.live import wire
from palaver.live.admission import Applicant, admit
from palaver.live.domain import effects as fx
from palaver.live.errors import INVALID_MESSAGE, CloseCode
from palaver.live.handshake import Scope, read_handshake
from palaver.live.lifecycle import Live
from palaver.live.parsing import BrokenMessageError, parse_message
from palaver.live.render import error_text
from palaver.live.visits import Visit, Visitor

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HELLO_TIMEOUT_S: Final = 10.0
# Somebody who is here in another tab is asked what they want: a person answers, not a program.
CHOICE_TIMEOUT_S: Final = 120.0
# A broken message costs as much as several good ones, so that a flood of them ends the socket sooner.
_BROKEN_COST: Final = 6.0
_FAREWELL_S: Final = 2.0
# Errors that a running connection ends with are announced; a refused hello has its error as announcement.
_CLOSING_REASONS: Final[dict[ErrorSpec, wire.ClosingReason]] = {
    RATE_LIMITED: "rate_limited",
    SERVER_RESTART: "server_restart",
    PROTOCOL: "protocol",
    TOO_LARGE: "protocol",
}
_CLEAN_CODES: Final = frozenset({1000, 1001})


class LiveSocket:
    """One connection, from accept to close."""

    def __init__(self, live: Live, scope: Scope, receive: Receive, send: Send) -> None:
        self._live = live
        self._receive = receive
        self._send = send
        self._slug: str = scope["url_route"]["kwargs"]["slug"]
        self._handshake = read_handshake(
            scope,
            cookie_name=settings.SESSION_COOKIE_NAME,
            allowed_hosts=settings.ALLOWED_HOSTS,
            public_url=settings.PALAVER.listen.public_url,
        )
        self._socket = live.hub.new_socket()
        self._visit: Visit | None = None

    async def run(self) -> None:
        """Serve the connection."""
        await self._receive()  # websocket.connect
        if self._handshake is None:
            # Refused before the upgrade: the page that asked learns nothing but a failed connection.
            await self._send({"type": "websocket.close", "code": NOT_ALLOWED.close_code})
            return
        await self._send({"type": "websocket.accept"})
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write(), name="live writer")
            reader = tasks.create_task(self._read(), name="live reader")
            # A client that does not read holds the writer within a sending: a cut ends it there, and a close soon.
            self._socket.on_cut = writer.cancel
            self._socket.on_close = lambda: self._live.loop.call_later(_FAREWELL_S, self._socket.cut)
            try:
                await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
                if self._socket.close_code is not None:
                    await asyncio.wait({writer}, timeout=_FAREWELL_S)
                elif not self._socket.is_cut:
                    # Writing fails as soon as the other side says goodbye: what it said is still to be read.
                    await asyncio.wait({reader}, timeout=_FAREWELL_S)
            finally:
                reader.cancel()
                writer.cancel()
                self._gone(reader)

    def _gone(self, reader: "asyncio.Task[int | None]") -> None:
        """The connection is over. Only a goodbye from the other side counts as one."""
        code = reader.result() if reader.done() and not reader.cancelled() and reader.exception() is None else None
        if self._visit is not None:
            self._visit.gone(is_clean=code in _CLEAN_CODES)

    async def _write(self) -> None:
        try:
            await self._socket.run_writer(self._send, self._live.loop.time)
        except OSError:
            # The server's way of saying that the connection is gone; the reader hears how.
            return

    # --- reading -------------------------------------------------------------------------------

    async def _read(self) -> int | None:
        """Take in frames until the connection ends; the close code of the other side, None when we closed."""
        deadline_s = HELLO_TIMEOUT_S
        while self._visit is None and self._socket.close_code is None:
            try:
                async with asyncio.timeout(deadline_s):
                    frame = await self._receive()
            except TimeoutError:
                self._fail(TIMEOUT, request_id=None)
                return None
            if frame["type"] == "websocket.disconnect":
                return int(frame.get("code") or 1006)
            if await self._greet(frame) is ALREADY_HERE:
                deadline_s = CHOICE_TIMEOUT_S
        while self._socket.close_code is None:
            frame = await self._receive()
            if frame["type"] == "websocket.disconnect":
                return int(frame.get("code") or 1006)
            self._take(frame)
        return None

    async def _greet(self, frame: Mapping[str, Any]) -> ErrorSpec | None:  # noqa: PLR0911 - one return an outcome
        """The first message; the error that it was answered with, if any."""
        message = self._parse(frame)
        if message is None:
            return None
        if not isinstance(message, wire.Hello):
            return self._fail(PROTOCOL, request_id=getattr(message, "request_id", None))
        handshake = self._handshake
        assert handshake is not None
        told = self._live.sign_ins.position
        try:
            admission = await self._live.threads.run(
                admit,
                Applicant(
                    slug=self._slug,
                    session_key=handshake.session_key,
                    guest_ticket=message.guest_ticket,
                    name=message.name,
                    address=handshake.address,
                    password=message.password,
                    guest_key=message.guest_key,
                ),
                now=self._live.hub.ports.clock().at,
            )
            visitor = Visitor(page_url=handshake.page.websocket_url, session_key=handshake.session_key, told=told)
            visit, answer = await self._live.door.enter(self._socket, admission, message, visitor=visitor)
        except PalaverError as refusal:
            return self._fail(refusal.spec, request_id=message.request_id)
        except Exception as problem:
            if is_outage(problem):
                logger.warning("A hello met a database that is away", extra={"problem": repr(problem)})
                return self._fail(UNAVAILABLE, request_id=message.request_id)
            logger.exception("A hello failed")
            return self._fail(INTERNAL, request_id=message.request_id)
        match answer:
            case fx.Seated() | fx.Waits():
                self._visit = visit
                return None
            case fx.Refused(code, params) if code == ALREADY_HERE.code:
                self._error(ALREADY_HERE, message.request_id, params)
                return ALREADY_HERE
            case fx.Refused(code):
                return self._fail(ERRORS[code], request_id=message.request_id)
            case _:
                raise AssertionError(f"a hello was answered with {answer}")

    def _take(self, frame: Mapping[str, Any]) -> None:
        """A message of somebody inside. Whatever is wrong with it is the sender's trouble alone."""
        assert self._visit is not None
        message = self._parse(frame)
        request_id = getattr(message, "request_id", None)
        try:
            match message:
                case wire.Hello():
                    self._broken(BrokenMessageError(INVALID_MESSAGE, request_id=request_id))
                case wire.CommandMessage():
                    self._visit.command(message)
                case wire.Sync():
                    self._visit.sync(message)
                case wire.Pong() | None:
                    pass
        except BrokenMessageError as broken:
            self._broken(broken)
        except Exception:
            logger.exception("A message failed", extra={"message_type": type(message).__name__})
            self._error(INTERNAL, request_id)

    def _parse(self, frame: Mapping[str, Any]) -> wire.Hello | wire.CommandMessage | wire.Sync | wire.Pong | None:
        """The message, or None when it was broken or too much; then it is answered already."""
        now_s = self._steady_s()
        self._socket.heard_at_s = now_s
        if not self._socket.bucket.take(1.0, now_s=now_s):
            self._rate_limited()
            return None
        text = frame.get("text")
        try:
            if not isinstance(text, str):
                raise BrokenMessageError(PROTOCOL, is_fatal=True)
            return parse_message(text)
        except BrokenMessageError as broken:
            self._broken(broken)
            return None

    # --- refusing ------------------------------------------------------------------------------

    def _broken(self, broken: BrokenMessageError) -> None:
        if broken.is_fatal:
            self._fail(broken.spec, request_id=broken.request_id)
        elif self._socket.bucket.take(_BROKEN_COST - 1.0, now_s=self._steady_s()):
            self._error(broken.spec, broken.request_id)
        else:
            self._rate_limited()

    def _rate_limited(self) -> None:
        self._fail(RATE_LIMITED, request_id=None)

    def _error(self, spec: ErrorSpec, request_id: str | None, params: Mapping[str, str | int] | None = None) -> None:
        self._socket.push(error_text(spec, request_id=request_id, params=dict(params or {})))

    def _fail(self, spec: ErrorSpec, *, request_id: str | None) -> ErrorSpec:
        """An error that ends the connection."""
        self._error(spec, request_id)
        if (reason := _CLOSING_REASONS.get(spec)) is not None:
            self._socket.push(wire.Closing(reason=reason).model_dump_json())
        self._socket.close(spec.close_code or CloseCode.PROTOCOL)
        return spec

    def _steady_s(self) -> float:
        return self._live.hub.ports.clock().steady_s
