"""A request that writes to a file at this moment, seen by those who want it to stop."""

import asyncio
from collections.abc import Callable


class Writing:
    """One at most for each file and process."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self.is_done = asyncio.Event()

    async def stop(self) -> None:
        """Ask it to stop, and return when what it received is kept and the file is free."""
        self._stop()
        await self.is_done.wait()
