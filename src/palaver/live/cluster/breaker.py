"""The exchange with a memory of its last answer: once it failed nobody else waits for it until it answers again."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar

from palaver.live.cluster.exchange import Exchange, ExchangeDownError, Fields, Letter

T = TypeVar("T")


class Breaker:
    """Passes calls on while the exchange answers; raises ExchangeDownError at once while it does not."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.is_up = True

    @property
    def process(self) -> str:
        """The name of this process."""
        return self._exchange.process

    async def probe(self, rooms: Collection[str]) -> frozenset[str]:
        """`renew`, asked whatever the last answer was."""
        self.is_up = True
        return await self.renew(rooms)

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
