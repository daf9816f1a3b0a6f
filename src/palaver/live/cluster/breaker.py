"""The exchange with a memory of its last answer: once it failed nobody else waits for it until it answers again."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, TypeVar

from palaver.live.cluster.exchange import CLAIM_S, Exchange, ExchangeDownError, Fields, Letter

# Whoever went on without the exchange looks for it twice a second, and may have to wait a second to see that it is not
# there yet. Someone who is later than this would have lost their rooms on any day.
SETTLE_S: Final = CLAIM_S + 1.0

T = TypeVar("T")


class Breaker:
    """Passes calls on while the exchange answers; raises ExchangeDownError at once while it does not."""

    def __init__(self, exchange: Exchange, *, steady_s: Callable[[], float]) -> None:
        self._exchange = exchange
        self._steady_s = steady_s
        self._settled_at_s = float("-inf")
        self.is_up = True

    @property
    def is_settling(self) -> bool:
        """Whether it was away a moment ago: claims have run out there, or were forgotten, and nobody died of it."""
        return self._steady_s() < self._settled_at_s

    def was_away(self) -> None:
        """It is back, perhaps with nothing remembered: rooms are left to those who held them for a while."""
        self._settled_at_s = self._steady_s() + SETTLE_S

    @property
    def process(self) -> str:
        """The name of this process."""
        return self._exchange.process

    async def probe(self, rooms: Collection[str]) -> frozenset[str]:
        """`renew`, asked whatever the last answer was."""
        try:
            held = await self._exchange.renew(rooms)
        except ExchangeDownError:
            self.is_up = False
            raise
        if not self.is_up:
            self.is_up = True
            self.was_away()
        return held

    async def renew(self, rooms: Collection[str]) -> frozenset[str]:
        """Hold on to rooms."""
        return await self._ask(lambda: self._exchange.renew(rooms))

    async def claim(self, room: str) -> str:
        """Hold the room if nobody does."""
        return await self._ask(lambda: self._exchange.claim(room))

    async def release(self, room: str, *, forget: bool) -> None:
        """Let go of a room."""
        await self._ask(lambda: self._exchange.release(room, forget=forget))

    async def holders(self, rooms: Sequence[str]) -> tuple[str | None, ...]:
        """Who holds each of the rooms."""
        return await self._ask(lambda: self._exchange.holders(rooms))

    async def keep(
        self, room: str, fields: Fields, letters: Sequence[Letter], *, is_whole: bool = False
    ) -> tuple[bool, ...]:
        """Keep and send."""
        return await self._ask(lambda: self._exchange.keep(room, fields, letters, is_whole=is_whole))

    async def kept(self, room: str) -> Mapping[str, str]:
        """What is kept of a room."""
        return await self._ask(lambda: self._exchange.kept(room))

    async def send(self, letters: Sequence[Letter]) -> tuple[bool, ...]:
        """Send letters."""
        return await self._ask(lambda: self._exchange.send(letters))

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        if not self.is_up:
            raise ExchangeDownError
        try:
            return await call()
        except ExchangeDownError:
            self.is_up = False
            raise
