"""Small ASGI replies, with the CORS headers that browsers' clients need on every one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TEXT = "text/plain; charset=utf-8"
METHODS = "OPTIONS, HEAD, GET, POST, PATCH, DELETE"
CORS_MAX_AGE_S = 86_400
_ALLOWED = b"access-control-allow-origin"


async def reply(send: Send, status: int, body: bytes | str, *, content_type: str = TEXT, is_head: bool = False) -> None:
    payload = body.encode() if isinstance(body, str) else body
    await send({"type": "http.response.start", "status": status, "headers": _headers(payload, content_type)})
    await send({"type": "http.response.body", "body": b"" if is_head else payload})


async def preflight(scope: Scope, send: Send) -> None:
    """Any origin may call: what protects the server is the token, not the page's address."""
    wanted = header(scope, b"access-control-request-headers") or "*"
    headers = [
        (_ALLOWED, b"*"),
        (b"access-control-allow-methods", METHODS.encode()),
        (b"access-control-allow-headers", wanted.encode("latin-1")),
        (b"access-control-max-age", str(CORS_MAX_AGE_S).encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def naming_origin(scope: Scope, send: Send) -> Send:
    """Answer a page with its own origin, as the reference does, where `*` would say the same."""
    origin = next((value for key, value in scope["headers"] if key.lower() == b"origin"), None)
    if origin is None:
        return send

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, origin if name == _ALLOWED else value) for name, value in message["headers"]]
            message = {**message, "headers": [*headers, (b"vary", b"Origin")]}
        await send(message)

    return named


async def refuse_upgrade(scope: Scope, send: Send, status: int, text: str) -> None:
    """An HTTP answer instead of the upgrade; servers without that extension can only say 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    payload = text.encode()
    await send({"type": "websocket.http.response.start", "status": status, "headers": _headers(payload, TEXT)})
    await send({"type": "websocket.http.response.body", "body": payload})


def header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key.lower() == name:
            text: str = value.decode("latin-1")
            return text
    return None


def _headers(payload: bytes, content_type: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(payload)).encode()),
        (_ALLOWED, b"*"),
        (b"access-control-expose-headers", b"*"),
    ]
