"""The exchange as a dictionary, for tests of everything that uses the port. Held to the contract like Redis."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from palaver.live.cluster.exchange import CLAIM_S, EVERYONE, ExchangeDownError, Fields, Letter, NotHeldError


@dataclass(eq=False)
class MemoryServer:
    """What all processes share. `is_down` makes every call fail; `lost` counts down letters that vanish."""

    steady_s: Callable[[], float]
    is_down: bool = False
    letters_to_lose: int = 0
    claims: dict[str, tuple[str, float]] = field(default_factory=dict)
    shelves: dict[str, dict[str, str]] = field(default_factory=dict)
    inboxes: dict[str, Callable[[str], None]] = field(default_factory=dict)

    def holder(self, room: str) -> str | None:
        """Who holds a room now."""
        process, until_s = self.claims.get(room, ("", float("-inf")))
        return process if self.steady_s() < until_s else None

    def restart(self) -> None:
        """Come back with nothing remembered."""
        self.is_down = False
        self.claims.clear()
        self.shelves.clear()


class MemoryExchange:
    """A process's place. `is_cut_off` makes it alone unable to reach the server."""

    def __init__(self, server: MemoryServer, process: str) -> None:
        self.server = server
        self.is_cut_off = False
        self._process = process

    @property
    def process(self) -> str:
        """The name of this process."""
        return self._process

    async def run(self, *, on_letter: Callable[[str], None], on_return: Callable[[], Awaitable[None]]) -> None:
        """Take in letters until cancelled."""
        self.server.inboxes[self._process] = on_letter
        try:
            await on_return()
            await asyncio.Event().wait()
        finally:
            self.server.inboxes.pop(self._process, None)

    async def claim(self, room: str) -> str:
        """Hold the room if nobody does."""
        server = await self._ask()
        holder = server.holder(room)
        if holder is None:
            server.claims[room] = (self._process, server.steady_s() + CLAIM_S)
        return holder or self._process

    async def renew(self, rooms: Collection[str]) -> frozenset[str]:
        """Hold on to rooms."""
        server = await self._ask()
        held = frozenset(room for room in rooms if server.holder(room) == self._process)
        for room in held:
            server.claims[room] = (self._process, server.steady_s() + CLAIM_S)
        return held

    async def release(self, room: str, *, forget: bool) -> None:
        """Let go of a room."""
        server = await self._ask()
        if server.holder(room) == self._process:
            del server.claims[room]
            if forget:
                server.shelves.pop(room, None)

    async def holders(self, rooms: Sequence[str]) -> tuple[str | None, ...]:
        """Who holds each of the rooms."""
        server = await self._ask()
        return tuple(server.holder(room) for room in rooms)

    async def keep(
        self, room: str, fields: Fields, letters: Sequence[Letter], *, is_whole: bool = False
    ) -> tuple[bool, ...]:
        """Keep and send, all or nothing."""
        server = await self._ask()
        if server.holder(room) != self._process:
            raise NotHeldError(room)
        shelf = server.shelves.setdefault(room, {})
        if is_whole:
            shelf.clear()
        for name, text in fields.items():
            if text is None:
                shelf.pop(name, None)
            else:
                shelf[name] = text
        return self._post(letters)

    async def kept(self, room: str) -> Mapping[str, str]:
        """What is kept of a room."""
        server = await self._ask()
        return dict(server.shelves.get(room, {}))

    async def send(self, letters: Sequence[Letter]) -> tuple[bool, ...]:
        """Send letters in order."""
        await self._ask()
        return self._post(letters)

    async def close(self) -> None:
        """Nothing to give back."""

    async def _ask(self) -> MemoryServer:
        await asyncio.sleep(0)
        if self.server.is_down or self.is_cut_off:
            raise ExchangeDownError
        return self.server

    def _post(self, letters: Sequence[Letter]) -> tuple[bool, ...]:
        loop = asyncio.get_running_loop()
        heard = []
        for letter in letters:
            inboxes = self.server.inboxes
            hearers = [inbox for name, inbox in inboxes.items() if letter.to in {name, EVERYONE}]
            heard.append(bool(hearers))
            if self.server.letters_to_lose > 0:
                self.server.letters_to_lose -= 1
            else:
                for inbox in hearers:
                    loop.call_soon(inbox, letter.text)
        return tuple(heard)
