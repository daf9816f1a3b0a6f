"""The threads of this room: a few for the database, some for the disk, none of the pages' and none of the rooms'."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from palaver.live.threads import DatabaseThreads

P = ParamSpec("P")
T = TypeVar("T")

_DISK_THREADS: Final = 8
_SLOW_THREADS: Final = 3  # hashes, thumbnails: seconds, not milliseconds
_EXPORT_THREADS: Final = 2


class FileThreads:
    """Pools that never wait for one another, so that a slow disk delays no lookup, nor an export an upload."""

    def __init__(self) -> None:
        self._database = DatabaseThreads()
        self._disk = ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="files-disk")
        self._slow = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="files-slow")
        self.exports = ThreadPoolExecutor(_EXPORT_THREADS, thread_name_prefix="files-export")
        self.database = self._database.run

    async def disk(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Reading, writing, removing."""
        return await _on(self._disk, functools.partial(call, *args, **kwargs))

    async def slow(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What takes seconds."""
        return await _on(self._slow, functools.partial(call, *args, **kwargs))

    def close(self) -> None:
        """Wait for what runs, then stop."""
        for pool in (self._disk, self._slow, self.exports):
            pool.shutdown(wait=True, cancel_futures=True)
        self._database.close()


async def _on(pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    # Shielded: a thread cannot be cancelled, and whoever closes the file must know that the thread is done with it.
    work = asyncio.get_running_loop().run_in_executor(pool, call)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise
