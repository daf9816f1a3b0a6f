"""`/health/live`: the process answers. `/health/ready`: it can do its work; nothing else is said to strangers."""

import asyncio
import json
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection

from palaver.config.asgi_types import Receive, Scope, Send, respond

_DATABASE_TIMEOUT_S = 2.0


def _ask_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False
    finally:
        connection.close()


class Health:
    """An ASGI application for `/health/`."""

    def __init__(self, *, is_serving: Callable[[], bool]) -> None:
        self._is_serving = is_serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["path"] == "/health/live":
            await self._answer(send, 200, {"status": "ok"})
        elif scope["path"] == "/health/ready":
            checks = {"serving": self._is_serving(), "database": await self._has_database()}
            is_ready = all(checks.values())
            await self._answer(send, 200 if is_ready else 503, {"status": "ok" if is_ready else "unready", **checks})
        else:
            await self._answer(send, 404, {"status": "unknown"})

    async def _has_database(self) -> bool:
        # A thread of its own: the check must not wait behind pages, nor they behind it.
        ask = sync_to_async(_ask_database, thread_sensitive=False)
        try:
            return await asyncio.wait_for(ask(), _DATABASE_TIMEOUT_S)
        except TimeoutError:
            return False

    @staticmethod
    async def _answer(send: Send, status: int, body: dict[str, object]) -> None:
        json_type = (b"content-type", b"application/json")
        await respond(send, status, json.dumps(body).encode(), json_type, (b"cache-control", b"no-store"))
