"""Notices media threads that hang: what fails begins again by itself, what hangs only stands still."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from palaver_sfu.ports import ThreadFigures

logger = logging.getLogger(__name__)


class StallWatch:
    """Looks when it is told to, and says once that a thread hangs and once that it goes on."""

    def __init__(self, threads: Callable[[], Sequence[ThreadFigures]]) -> None:
        self._threads = threads
        self._stalled: frozenset[int] = frozenset()

    @property
    def is_any(self) -> bool:
        """By the last look."""
        return bool(self._stalled)

    def look(self) -> None:
        threads = self._threads()
        stalled = frozenset(number for number, thread in enumerate(threads) if thread.is_stalled)
        for number in sorted(stalled - self._stalled):
            thread = threads[number]
            fields = {"media_thread": number, "port": thread.port, "rooms": thread.rooms, "peers": thread.peers}
            logger.error("media thread does not answer", extra=fields)
        for number in sorted(self._stalled - stalled):
            logger.warning("media thread goes on", extra={"media_thread": number})
        self._stalled = stalled
