"""One HTTP request as this room sees it: headers by name, a body that is read in pieces, and small answers.

InterruptedUploadError    the body stopped coming: the client left, dawdled, or resumes elsewhere
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from io import BytesIO
from typing import Any, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from palaver.kernel.errors import NOT_ALLOWED, UNAVAILABLE, PalaverError
from palaver.kernel.outages import RETRY_AFTER_S
from palaver.live.origin import is_origin_allowed, own_origin

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_IDLE_S: Final = 20.0  # a body that stands still longer is over; what came of it is kept
_PIECE_BYTES: Final = 512 * 1024
_MOST_DRAINED_BYTES: Final = 512 * 1024
_DRAIN_S: Final = 1.0


class InterruptedUploadError(Exception):
    """Nobody waits for an answer."""


class Request:
    """A request whose body can be stopped from outside."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send = scope, receive, send
        self.has_begun = False
        self.path: str = scope["path"]
        self.headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
            # A header given twice is one list (RFC 9110, 5.2); where a number is expected, a list is refused.
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text
        self._is_stopped = False
        self._is_over = not self.has_body
        self._waiting: asyncio.Timeout | None = None

    @property
    def has_body(self) -> bool:
        """Whether bytes come, or may come."""
        return self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers

    def for_django(self) -> HttpRequest:
        """The same request without its body, for selectors that read cookies, headers and address."""
        return ASGIRequest(self.scope, BytesIO())

    def require_own_origin(self) -> None:
        """Refuse what a page of somebody else makes a browser send. Raises PalaverError: not_allowed."""
        own = own_origin(
            scheme=self.scope["scheme"],
            host_header=self.headers.get("host", ""),
            allowed_hosts=settings.ALLOWED_HOSTS,
        )
        public_url: str | None = settings.PALAVER.listen.public_url
        if not is_origin_allowed(
            self.headers.get("origin"), own=own, public_url=public_url, has_cookies="cookie" in self.headers
        ):
            raise PalaverError(NOT_ALLOWED)

    async def send(self, message: Message) -> None:
        """Hand one ASGI message to the server."""
        self.has_begun = True
        await self._send(message)

    def stop(self) -> None:
        """End the reading of the body, now or at the next piece."""
        self._is_stopped = True
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def piece(self) -> bytes:
        """The next bytes of the body, gathered to half a megabyte or what there is; empty at the end.

        While nobody calls this, the server reads nothing from the socket: memory does not grow with the body.

        Raises:
            InterruptedUploadError: after the pieces that came before.
        """
        gathered = bytearray()
        while not self._is_over and len(gathered) < _PIECE_BYTES:
            message = await self._next()
            if message is None:
                if gathered:
                    break
                raise InterruptedUploadError
            gathered += message.get("body", b"")
            self._is_over = not message.get("more_body", False)
        return bytes(gathered)

    async def _next(self) -> Message | None:
        if self._is_stopped:
            return None
        try:
            async with asyncio.timeout(_IDLE_S) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            self._is_stopped = True
            return None
        finally:
            self._waiting = None
        if message["type"] == "http.disconnect":
            self._is_stopped = True
            return None
        return message

    async def disconnected(self) -> None:
        """Return when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """Send one whole answer; the rest of the body is read when it is short, else the connection is closed."""
        listed = {"x-content-type-options": "nosniff", "cache-control": "no-store", **(headers or {})}
        if not await self._drained():
            listed["connection"] = "close"
        if status != 204:
            listed.setdefault("content-length", str(len(body)))
        await self.send({"type": "http.response.start", "status": status, "headers": encoded(listed)})
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})

    async def refuse(self, refusal: PalaverError, headers: Mapping[str, str] | None = None) -> None:
        """Answer with an error of the registry."""
        body = json.dumps({"code": refusal.spec.code, "params": dict(refusal.params)}).encode()
        listed = {"content-type": "application/json", **(headers or {})}
        if refusal.spec is UNAVAILABLE:
            listed["retry-after"] = str(RETRY_AFTER_S)
        await self.answer(refusal.spec.http_status, listed, body)

    async def _drained(self) -> bool:
        # A client that is still sending would see a reset connection instead of the answer.
        if self._is_over:
            return True
        left = _MOST_DRAINED_BYTES
        try:
            async with asyncio.timeout(_DRAIN_S):
                while left > 0 and not self._is_over and not self._is_stopped:
                    left -= len(await self.piece())
        except (TimeoutError, InterruptedUploadError):
            return False
        return self._is_over


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI wants them. A line break in a value would be a programming error, and dangerous."""
    pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
    assert not any(b"\r" in value or b"\n" in value for _, value in pairs)
    return pairs
