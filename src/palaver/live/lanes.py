"""Ordered background work: what a room owes to the database, or to the media engine, one after another.

A room has a lane for each, so that a slow database does not delay a removal from the engine. Failures are tried again
a few times, then logged; both sides are also reconciled from time to time, so a lost job is late, not lost for good.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

logger = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

# A room of a thousand that ends owes two thousand jobs. Beyond that something is broken, and reconciling will mend it.
_MAX_JOBS: Final = 8192
_RETRY_DELAYS_S: Final = (0.1, 0.5, 2.0)


class Lane:
    """A queue and the one task that works it off."""

    def __init__(self, name: str, *, max_jobs: int = _MAX_JOBS) -> None:
        self.name = name
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue(max_jobs)
        self._is_busy = False
        self._is_finishing = False
        self._over = asyncio.Event()
        self.failures = 0
        """How many jobs failed for good or were dropped, so far."""

    def submit(self, job: Job) -> None:
        """Add a job. On overflow it is dropped, loudly."""
        if not self.offer(job):
            self.failures += 1
            logger.error("Lane is full, a job is dropped", extra={"lane": self.name})

    def offer(self, job: Job) -> bool:
        """Add a job if there is room for it; whoever offers deals with a no."""
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            return False
        return True

    def finish(self) -> None:
        """No more jobs come: `run` returns after the last."""
        self._is_finishing = True
        try:
            self._jobs.put_nowait(None)
        except asyncio.QueueFull:
            logger.error("Lane is full and cannot finish", extra={"lane": self.name})

    async def flush(self, *, timeout_s: float) -> bool:
        """Wait until everything submitted so far is done; False when that took longer than `timeout_s`."""
        if self._jobs.empty() and not self._is_busy:
            return True
        # After the last job nothing more is worked off, a mark neither.
        reached = self._over if self._is_finishing else asyncio.Event()

        async def mark() -> None:
            reached.set()

        if not self._is_finishing:
            self.submit(mark)
        try:
            async with asyncio.timeout(timeout_s):
                await reached.wait()
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Work off the jobs until `finish`."""
        while (job := await self._jobs.get()) is not None:
            self._is_busy = True
            await self._do(job)
            self._is_busy = False
        self._over.set()

    async def _do(self, job: Job) -> None:
        for delay_s in (*_RETRY_DELAYS_S, None):
            try:
                await job()
            except Exception:
                if delay_s is None:
                    self.failures += 1
                    logger.exception("Job failed for good", extra={"lane": self.name})
                    return
                logger.info("Job failed, trying again", extra={"lane": self.name}, exc_info=True)
                await asyncio.sleep(delay_s)
            else:
                return
