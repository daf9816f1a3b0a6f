"""Makes the live room of this process one of several: what `palaver.config` hands to `LivePart`."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from palaver.engines.port import (
    EngineCapabilities,
    EngineEvent,
    EngineParticipant,
    MediaEngine,
    MediaTicket,
    TicketHolder,
)
from palaver.engines.receptions import Receptions
from palaver.live.cluster.breaker import Breaker
from palaver.live.cluster.door import ClusterDoor
from palaver.live.cluster.exchange import Exchange
from palaver.live.cluster.history import ClusterHistory, Fences
from palaver.live.hub import Hub
from palaver.live.ports import Ports
from palaver.live.sign_ins import SignIns
from palaver.live.threads import DatabaseThreads
from palaver.live.visits import Door

logger = logging.getLogger(__name__)

_MEET_WITHIN_S: Final = 5.0


class ClusterPart:
    """One process among several."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        self._make_exchange = exchange
        self._task: asyncio.Task[None] | None = None
        self.door: ClusterDoor | None = None

    def equip(self, ports: Ports, threads: DatabaseThreads) -> Ports:
        """History and features under fencing numbers, and an engine that only the holder of a room gives orders to."""
        self._exchange = self._make_exchange()
        self._breaker = Breaker(self._exchange, steady_s=lambda: ports.clock().steady_s)
        fences = Fences(threads, on_deposed=self._deposed)
        self._history = ClusterHistory(threads, fences, self._breaker)
        engine = _HeldEngine(ports.engine, self)
        return replace(ports, history=self._history, engine=engine, in_database=fences.perform)

    async def startup(self, hub: Hub, sign_ins: SignIns) -> Door:
        """Meet the others."""
        self.door = ClusterDoor(hub, sign_ins, self._exchange, self._breaker, self._history)
        self._task = asyncio.get_running_loop().create_task(self.door.run(), name="cluster")
        self._task.add_done_callback(_report_death)
        try:
            async with asyncio.timeout(_MEET_WITHIN_S):
                await self.door.listening()
        except TimeoutError:
            await self._end()
            raise RuntimeError("REDIS_URL: the server cannot be reached, or refuses") from None
        return self.door

    async def say_goodbye(self) -> None:
        """The sockets of this process hear that it goes."""
        if self.door is not None:
            self.door.say_goodbye()

    async def shutdown(self) -> None:
        """The rooms of this process are the others' now."""
        try:
            if self.door is not None:
                await self.door.hand_over()
        finally:
            await self._end()

    async def holds(self, room: str) -> bool:
        """Whether this process may act in the name of a room."""
        return self.door is not None and await self.door.holds(room)

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._exchange.close()

    def _deposed(self, session_id: str) -> None:
        if self.door is not None:
            self.door.deposed(session_id)


class _HeldEngine:
    """A media engine that is told what to do with a room's people only by whoever holds the room."""

    def __init__(self, engine: MediaEngine, part: ClusterPart) -> None:
        self._engine = engine
        self._part = part

    @property
    def capabilities(self) -> EngineCapabilities:
        """The engine's own."""
        return self._engine.capabilities

    @property
    def client_url(self) -> str | None:
        """The engine's own."""
        return self._engine.client_url

    def issue_ticket(self, holder: TicketHolder, *, lifetime: timedelta, now: datetime) -> MediaTicket:
        """Sign a ticket."""
        return self._engine.issue_ticket(holder, lifetime=lifetime, now=now)

    async def list_participants(self, room: str) -> tuple[EngineParticipant, ...]:
        """Who is in the room."""
        return await self._engine.list_participants(room)

    async def receptions(self) -> Receptions | None:
        """How people are received, in all rooms: nothing is done to them by that."""
        return await self._engine.receptions()

    async def remove_participant(self, room: str, *, identity: str, revoke_before: datetime | None = None) -> None:
        """Disconnect somebody, if the room is still ours."""
        if await self._part.holds(room):
            await self._engine.remove_participant(room, identity=identity, revoke_before=revoke_before)

    async def rename_participant(self, room: str, *, identity: str, name: str) -> None:
        """Another name, if the room is still ours."""
        if await self._part.holds(room):
            await self._engine.rename_participant(room, identity=identity, name=name)

    async def delete_room(self, room: str) -> None:
        """Disconnect everybody, if the room is still ours."""
        if await self._part.holds(room):
            await self._engine.delete_room(room)

    async def set_sources(self, room: str, *, identity: str, sources: frozenset[str]) -> None:
        """What somebody may publish, if the room is still ours."""
        if await self._part.holds(room):
            await self._engine.set_sources(room, identity=identity, sources=sources)

    async def mute(self, room: str, *, identities: frozenset[str], source: str) -> None:
        """Stop a source of people, if the room is still ours."""
        if await self._part.holds(room):
            await self._engine.mute(room, identities=identities, source=source)

    def read_webhook(self, body: bytes, *, authorization: str | None) -> EngineEvent:
        """Check and read a report."""
        return self._engine.read_webhook(body, authorization=authorization)

    async def close(self) -> None:
        """Give connections back."""
        await self._engine.close()


def _report_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        logger.critical("The part between processes stopped", exc_info=problem)
