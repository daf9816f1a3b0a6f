"""Where the live room touches the database: a few threads of its own.

Django's async support runs ORM calls of all sockets on one thread that synchronous pages also use; one slow page or
query there delays every join. These threads serve the live room only.
"""

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Admission reads a few rows: four at a time serve hundreds of joins a second, and SQLite has one writer anyway.
_THREADS: Final = 4


class DatabaseThreads:
    """A bounded pool of threads for ORM calls. One service call is one trip."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="live-db")

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` on one of the threads."""
        context = contextvars.copy_context()
        bound = functools.partial(context.run, _with_sound_connection, functools.partial(call, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._pool, bound)

    def close(self) -> None:
        """Let running calls end and stop the threads, with their connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _with_sound_connection(call: Callable[[], T]) -> T:
    """What Django does around a request: a connection that broke or grew old is not used."""
    close_old_connections()
    try:
        return call()
    finally:
        close_old_connections()
