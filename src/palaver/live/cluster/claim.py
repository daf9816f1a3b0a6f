"""Whether this process still holds a room: by its claim at the exchange, or, while that is away, by the database."""

from collections.abc import Callable
from typing import Final, Protocol

from django.db import DatabaseError

from palaver.live.cluster import checkpoint
from palaver.live.cluster.breaker import Breaker
from palaver.live.cluster.exchange import CLAIM_S, ExchangeDownError
from palaver.live.domain.room import Moment

# How long the database's word is trusted while the exchange is away.
_DOUBT_S: Final = 1.0


class Ownership(Protocol):
    """What the database knows about who writes a run."""

    async def is_ours(self, session_id: str) -> bool:
        """Whether the run is open and nobody took it over since we opened it. Raises: DatabaseError."""
        ...

    async def goes_on(self, room: str, session_id: str, *, now: Moment) -> bool:
        """Whether a run that another process held can be gone on with. Raises: DatabaseError."""
        ...

    def fence_of(self, session_id: str) -> int:
        """The number under which we write a run; 0 for one that is not ours."""
        ...


class Claim:
    """One room's. `session_id` tells the run that goes on in it, if one does."""

    def __init__(
        self,
        room: str,
        *,
        exchange: Breaker,
        ownership: Ownership,
        session_id: Callable[[], str | None],
        steady_s: Callable[[], float],
    ) -> None:
        self._room = room
        self._exchange = exchange
        self._ownership = ownership
        self._session_id = session_id
        self._steady_s = steady_s
        self._good_until_s = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether it cannot have run out yet. A process that was asleep finds that it can."""
        return self._steady_s() < self._good_until_s

    def confirmed(self, asked_at_s: float) -> None:
        """The exchange said that the room is held; `asked_at_s` is when it was asked."""
        self._good_until_s = max(self._good_until_s, asked_at_s + CLAIM_S)

    def doubt(self) -> None:
        """The exchange says that it is gone: ask again before anything else is said."""
        self._good_until_s = 0.0

    async def check(self) -> bool:
        """Whether what is done in the name of the room still counts."""
        if self.is_fresh:
            return True
        asked_at_s = self._steady_s()
        try:
            is_held = self._room in await self._exchange.renew((self._room,)) or await self.regain()
        except ExchangeDownError:
            return await self.check_without_exchange()
        if is_held:
            self.confirmed(asked_at_s)
        return is_held

    async def regain(self) -> bool:
        """After it was lost: whether the room is ours again, with nobody having held it in between.

        Raises:
            ExchangeDownError: that cannot be said.
        """
        if await self._exchange.claim(self._room) != self._exchange.process:
            return False
        # Whoever holds a room keeps it under their own name before they say a word.
        keeper = checkpoint.keeper_of(await self._exchange.kept(self._room))
        if keeper is not None:
            return keeper == self._exchange.process
        # The exchange has forgotten everything: the database knows who opened the run last.
        return await self._is_ours()

    async def check_without_exchange(self) -> bool:
        """What the database says. If it cannot be asked either, nobody can have taken over by it."""
        if self.is_fresh:
            return True
        is_ours = await self._is_ours()
        if is_ours:
            self._good_until_s = self._steady_s() + _DOUBT_S
        return is_ours

    async def _is_ours(self) -> bool:
        session_id = self._session_id()
        try:
            return session_id is None or await self._ownership.is_ours(session_id)
        except DatabaseError:
            return True
