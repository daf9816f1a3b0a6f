"""The pages plane on ASGI: Django, each request in a thread of its own, so many at a time, with small bodies.

The event loop that also carries the sockets only ever waits: a slow page, query or upload holds a slot here and
nothing else.
"""

import asyncio
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from typing_extensions import override

from palaver.config.asgi_types import Receive, Scope, Send, respond

_MAX_BODY_BYTES = 512 * 1024  # twice Django's own limit, so that Django can say no with a page
_BODY_TIMEOUT_S = 20.0
_PAGES_AT_ONCE = 24  # threads; more would only wait for the database
_PAGES_WAITING = 400  # beyond that, "busy" is the honest answer


class _BodyTooLargeError(Exception):
    """The client sends more than any form of ours."""


class Pages(ASGIHandler):
    """Django, with the whole of a request in one thread instead of one hop per middleware."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._slots = asyncio.Semaphore(_PAGES_AT_ONCE)
        self._waiting = 0

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        plain = (b"content-type", b"text/plain; charset=utf-8")
        try:
            await super().handle(scope, receive, send)  # type: ignore[arg-type]
        except _BodyTooLargeError:
            await respond(send, 413, b"That is more than any form here takes.\n", plain, (b"connection", b"close"))

    @override
    async def read_body(self, receive: Receive) -> BytesIO:  # type: ignore[override]
        body = BytesIO()
        try:
            async with asyncio.timeout(_BODY_TIMEOUT_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RequestAborted
                    body.write(message.get("body", b""))
                    if body.tell() > _MAX_BODY_BYTES:
                        raise _BodyTooLargeError
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise RequestAborted from None
        body.seek(0)
        return body

    @override
    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        # Counted from here, when the body is in: those who send one byte a second take no place in the queue.
        if self._waiting >= _PAGES_WAITING:
            return HttpResponse(
                "Too busy. Try again in a moment.\n",
                status=503,
                content_type="text/plain",
                headers={"Retry-After": "2"},
            )
        self._waiting += 1
        try:
            async with self._slots:
                answer: Any = sync_to_async(self.get_response, thread_sensitive=True)
                response: HttpResponseBase = await answer(request)
                return response
        finally:
            self._waiting -= 1
