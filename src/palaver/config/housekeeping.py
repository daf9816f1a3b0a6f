"""What nobody asks for but must happen: closing runs that a crash left open, and dropping what has run out."""

import asyncio
import logging

from allauth.account.models import EmailConfirmation
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection

from palaver.accounts import limits
from palaver.chat import retention
from palaver.config.deletions import settle_deletions
from palaver.files import services as files
from palaver.kernel.clock import Clock, system_clock
from palaver.meetings import sessions

logger = logging.getLogger(__name__)

_SWEEP_EVERY_S = 60.0  # a run is stale after two minutes: seen at most one minute late
_CLEAN_EVERY_SWEEPS = 60
_STEP_S = 30.0  # rooms give a sign of life this often


class Housekeeping:
    """A part that works once a minute, in a thread of its own."""

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Begin; the first sweep comes a minute later, so that open calls find their runs again after a restart."""
        self._task = asyncio.create_task(self._run(), name="housekeeping")

    async def shutdown(self, reason: str) -> None:
        """Stop between two sweeps or within one; every sweep is a set of small transactions."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        count = 0
        steady = asyncio.get_running_loop().time
        while True:
            wall_before, steady_before_s = self._clock(), steady()
            await asyncio.sleep(_SWEEP_EVERY_S)
            stepped_s = (self._clock() - wall_before).total_seconds() - (steady() - steady_before_s)
            if abs(stepped_s) > _STEP_S:
                # Running rooms have not said yet that they go on: by the new time all of them look left for good.
                logger.warning("The clock was set: housekeeping waits a round", extra={"seconds": round(stepped_s)})
                continue
            count += 1
            await sync_to_async(self.sweep, thread_sensitive=False)(is_thorough=count % _CLEAN_EVERY_SWEEPS == 1)

    def sweep(self, *, is_thorough: bool) -> None:
        """One round. A database that is away is tried again in the next."""
        now = self._clock()
        try:
            sessions.sweep_stale_sessions(now=now)
            retention.drop_expired(now=now)
            files.sweep(now=now)
            settle_deletions()
            if is_thorough:
                files.drop_files_of_lost_messages()
                limits.drop_old_counters(now=now)
                SessionStore.clear_expired()
                EmailConfirmation.objects.delete_expired_confirmations()
        except DatabaseError:
            logger.exception("Housekeeping could not reach the database")
        except OSError:
            logger.exception("Housekeeping could not remove files")
        finally:
            connection.close()
