"""Where the live room touches the database: a few threads of its own.

Django's async support runs ORM calls of all sockets on one thread that synchronous pages also use; one slow page or
query there delays every join. These threads serve the live room only, and keep their connections.
"""

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
T = TypeVar("T")

# Admission reads a few rows: four at a time serve hundreds of joins a second, and SQLite has one writer anyway.
_THREADS: Final = 4


class DatabaseThreads:
    """A bounded pool of threads for ORM calls. One service call is one trip."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="live-db")
        self._connections: set[BaseDatabaseWrapper] = set()

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` on one of the threads."""
        context = contextvars.copy_context()
        bound = functools.partial(context.run, self._call, functools.partial(call, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._pool, bound)

    def close(self) -> None:
        """Let running calls end, stop the threads, close their connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _call(self, call: Callable[[], T]) -> T:
        for connection in connections.all(initialized_only=True):
            # The database may have been restarted since; asking costs less than connecting anew each time.
            if connection.connection is not None and not connection.is_usable():
                connection.close()
        try:
            return call()
        finally:
            for connection in connections.all(initialized_only=True):
                if connection not in self._connections:
                    connection.inc_thread_sharing()  # `close` runs on another thread, when this one is gone
                    self._connections.add(connection)
