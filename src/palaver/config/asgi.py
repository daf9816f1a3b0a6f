"""One process, three planes: which part answers what, and in which order the parts start and stop."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Protocol

from palaver.config.asgi_types import App, Message, Receive, Scope, Send, respond
from palaver.config.turn_door import Relay

logger = logging.getLogger(__name__)

# What an answer says unless its part says something else. Pages and files have policies of their own; what is neither,
# and every refusal, runs nothing in a browser and stands in no frame.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

_PART_STOP_S = 1.5  # two parts fit into the five seconds that a stop may take


class Part(Protocol):
    """Something that lives as long as the server."""

    async def startup(self) -> None:
        """Called once, before the first request."""

    async def shutdown(self, reason: str) -> None:
        """Called once. Says good-bye to those connected, then lets go of everything."""


class Planes:
    """The ASGI application of `palaver serve`: routes by path, never looks inside."""

    def __init__(
        self,
        *,
        pages: App,
        static: App,
        health: App,
        sfu: App,
        live: App,
        files: App,
        parts: tuple[Part, ...],
        relay: Relay | None = None,
    ) -> None:
        self.relay = relay
        self._http = (
            (("/static/",), static),
            (("/health/",), health),
            (("/files/",), files),
            (("/rtc", "/twirp/"), sfu),
        )
        self._pages, self._sfu, self._live = pages, sfu, live
        self._parts = parts
        self._running = AsyncExitStack()
        self.is_serving = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        match scope["type"]:
            case "http":
                await self._http_part(scope)(scope, receive, _with_headers(send))
            case "websocket":
                await self._socket_part(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)

    def _http_part(self, scope: Scope) -> App:
        path: str = scope["path"]
        for prefixes, part in self._http:
            if path.startswith(prefixes):
                return part
        # The LiveKit clients ask `HEAD /` of the media address to see whether a region answers.
        return self._sfu if path == "/" and scope["method"] in ("HEAD", "OPTIONS") else self._pages

    async def _socket_part(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/rtc"):
            await self._sfu(scope, receive, send)
        elif path.startswith("/ws/"):
            await self._live(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4404})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as problem:
            logger.exception("Could not start")
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop("server_restart")
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        """Start the parts in order; those that started are stopped again when a later one fails."""
        async with AsyncExitStack() as started:
            for part in self._parts:
                await part.startup()
                started.push_async_callback(self._stop_part, part)
            self._running = started.pop_all()
        self.is_serving = True

    async def stop(self, reason: str) -> None:
        """Stop the parts in the opposite order. Safe to call twice."""
        self.is_serving = False
        self._reason = reason
        await self._running.aclose()

    async def _stop_part(self, part: Part) -> None:
        try:
            async with asyncio.timeout(_PART_STOP_S):
                await part.shutdown(self._reason)
        except Exception:
            logger.exception("A part did not stop cleanly", extra={"part": type(part).__name__})

    _reason = "server_restart"


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            given = {name.lower() for name, _ in headers}
            message["headers"] = headers + [header for header in _HEADERS if header[0] not in given]
        await send(message)

    return send_with_headers


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for a plane that this process does not run."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1013})
    else:
        await respond(send, 404, b"Not found.\n", (b"content-type", b"text/plain; charset=utf-8"))
