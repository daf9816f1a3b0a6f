"""The port between processes: who holds which room, what is kept of it, and letters from one process to another.

Two adapters, held to one contract: Redis, and a memory for tests. Exceptions:

    ExchangeDownError     the exchange cannot be asked; it may be back soon
    NotHeldError          this process does not hold the room any more; nothing was kept or sent
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# Short, because a dead process is noticed when its claims run out; long enough for a machine that is very busy.
CLAIM_S: Final = 2.0
# What is kept outlives its holder by as much as a run waits for people to return.
KEEP_S: Final = 120.0


class ExchangeDownError(Exception):
    """The exchange did not answer. What was asked may or may not have been done."""


class NotHeldError(Exception):
    """The room is not held by this process."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A text for another process."""

    to: str
    text: str


EVERYONE: Final = "everyone"
"""The address of all processes that listen, the sender among them."""

Fields = Mapping[str, str | None]
"""What is to be kept by name; None takes a name out."""


class Exchange(Protocol):
    """One process's place at the exchange."""

    @property
    def process(self) -> str:
        """The name of this process; new at every start."""
        ...

    async def run(self, *, on_letter: Callable[[str], None], on_return: Callable[[], Awaitable[None]]) -> None:
        """Take in letters until cancelled. `on_return`: letters may have been lost, from now on none are."""
        ...

    async def claim(self, room: str) -> str:
        """Hold the room for `CLAIM_S` if nobody does; the process that holds it now. Raises: ExchangeDownError."""
        ...

    async def renew(self, rooms: Collection[str]) -> frozenset[str]:
        """Hold on to rooms; those that are still held. Asks even if there are none. Raises: ExchangeDownError."""
        ...

    async def release(self, room: str, *, forget: bool) -> None:
        """Let go of a room, and of what is kept of it if told so. Raises: ExchangeDownError."""
        ...

    async def holders(self, rooms: Sequence[str]) -> tuple[str | None, ...]:
        """Who holds each of the rooms. Raises: ExchangeDownError."""
        ...

    async def keep(
        self, room: str, fields: Fields, letters: Sequence[Letter], *, is_whole: bool = False
    ) -> tuple[bool, ...]:
        """Keep `fields`, then send `letters`; for each whether somebody was there to take it.

        All or nothing, and only while the room is held. `is_whole`: what was kept before is dropped.

        Raises:
            ExchangeDownError: not known whether it was done.
            NotHeldError: nothing was done.
        """
        ...

    async def kept(self, room: str) -> Mapping[str, str]:
        """What is kept of a room. Raises: ExchangeDownError."""
        ...

    async def send(self, letters: Sequence[Letter]) -> tuple[bool, ...]:
        """Send letters from one process to others, in order. Raises: ExchangeDownError."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
