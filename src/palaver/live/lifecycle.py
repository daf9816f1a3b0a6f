"""The live room as a part of the server: starting, stopping, and the one instance that a process has.

`palaver.config` builds a `LivePart` with the engine and the registry of commands, starts it before the first
connection and stops it with the server. What other rooms say about meetings comes in here, from any thread.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from django.db import DatabaseError

from palaver.engines.port import MediaEngine
from palaver.kernel.clock import Clock, system_clock
from palaver.live import news
from palaver.live.commands import CommandRegistry
from palaver.live.domain import effects as fx
from palaver.live.domain.people import Identity, Role
from palaver.live.domain.room import Moment
from palaver.live.domain.sign_in import SignInFact
from palaver.live.features import FeatureEvent
from palaver.live.history import DatabaseHistory
from palaver.live.hub import Hub
from palaver.live.ports import Ports
from palaver.live.sign_ins import SignIns
from palaver.live.threads import DatabaseThreads
from palaver.live.visits import Door, HubDoor
from palaver.meetings.facts import (
    MeetingDeleted,
    MeetingRenamed,
    MembershipChanged,
    PersonBanned,
    PolicyChanged,
)

# Twice this, at most, until a change that no fact tells ends a call.
_REVIEW_S: Final = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """What connections and views work with."""

    hub: Hub
    sign_ins: SignIns
    door: Door
    threads: DatabaseThreads
    loop: asyncio.AbstractEventLoop


class Cluster(Protocol):
    """What makes this process one of several; see `palaver.live.cluster`."""

    def equip(self, ports: Ports, threads: DatabaseThreads) -> Ports:
        """The ports for rooms that move between processes."""
        ...

    async def startup(self, hub: Hub, sign_ins: SignIns) -> Door:
        """Meet the others; the door that leads to all rooms. Raises: RuntimeError, one line for the operator."""
        ...

    async def say_goodbye(self) -> None:
        """Called before the hub stops: the sockets of this process hear that it goes."""
        ...

    async def shutdown(self) -> None:
        """Called after the hub stopped: its rooms are the others' now."""
        ...


_running: Live | None = None


class LivePart:
    """Starts and stops the live room."""

    def __init__(
        self,
        *,
        engine: MediaEngine,
        registry: CommandRegistry,
        cluster: Cluster | None = None,
        wall_clock: Clock = system_clock,
    ) -> None:
        self._cluster = cluster
        self._engine = engine
        self._registry = registry
        self._wall_clock = wall_clock
        self._task: asyncio.Task[None] | None = None
        self._review: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Begin to take people in."""
        global _running  # noqa: PLW0603 - one live room service a process
        if _running is not None:
            raise RuntimeError("the live room is running already")
        loop = asyncio.get_running_loop()
        threads = DatabaseThreads()
        ports = Ports(
            registry=self._registry,
            engine=self._engine,
            history=DatabaseHistory(threads),
            clock=lambda: Moment(at=self._wall_clock(), steady_s=loop.time()),
            call_later=loop.call_later,
            in_database=lambda _, call: threads.run(call),
        )
        hub = Hub(ports if self._cluster is None else self._cluster.equip(ports, threads))
        started = asyncio.Event()
        self._task = loop.create_task(hub.run(started), name="live hub")
        self._task.add_done_callback(_report_death)
        await started.wait()
        sign_ins = SignIns(hub.rooms)
        self._review = loop.create_task(_review(sign_ins, threads), name="live sign-ins")
        door = HubDoor(hub, sign_ins) if self._cluster is None else await self._cluster.startup(hub, sign_ins)
        _running = Live(hub=hub, sign_ins=sign_ins, door=door, threads=threads, loop=loop)

    async def shutdown(self, reason: str) -> None:
        """Tell every room that the server goes, write what is owed, stop. Does nothing when not running."""
        global _running
        if _running is None or self._task is None:
            return
        stopping, _running = _running, None
        logger.info("The live room stops", extra={"reason": reason, "rooms": len(stopping.hub.rooms)})
        try:
            if self._cluster is not None:
                await self._cluster.say_goodbye()
            await stopping.hub.stop()
            if self._cluster is not None:
                await self._cluster.shutdown()
        finally:
            tasks = {self._task} if self._review is None else {self._task, self._review}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await asyncio.to_thread(stopping.threads.close)


def running() -> Live | None:
    """The live room of this process, while it takes people in."""
    return _running


def publish_event(meeting_id: UUID, event: FeatureEvent) -> None:
    """News of a feature that no command brought: from a page, an upload or a job. Any thread, after commit."""
    _tell(meeting_id, news.FeatureNews(event))


def tell_meeting_renamed(fact: MeetingRenamed) -> None:
    """Subscriber. Call from any thread."""
    _tell(fact.meeting_id, news.MeetingRenamed(fact.title))


def tell_meeting_deleted(fact: MeetingDeleted) -> None:
    """Subscriber. Call from any thread."""
    _tell(fact.meeting_id, news.MeetingDeleted())


def tell_policy_changed(fact: PolicyChanged) -> None:
    """Subscriber. Call from any thread."""
    _tell(fact.meeting_id, news.Decided(fx.PolicyChanged(fact.policy)))


def tell_membership_changed(fact: MembershipChanged) -> None:
    """Subscriber. Call from any thread."""
    role = Role.MEMBER if fact.role is None else Role(fact.role.value)
    _tell(fact.meeting_id, news.Decided(fx.MembershipChanged(fact.user_id, role)))


def tell_person_banned(fact: PersonBanned) -> None:
    """Subscriber. Call from any thread."""
    _tell(fact.meeting_id, news.Decided(fx.BannedElsewhere(Identity(fact.identity), fact.user_id)))


def tell_sign_in(fact: SignInFact) -> None:
    """Subscriber. Call from any thread."""
    if (live := _running) is not None:
        live.loop.call_soon_threadsafe(live.door.tell_sign_in, fact)


async def _review(sign_ins: SignIns, threads: DatabaseThreads) -> None:
    while True:
        await asyncio.sleep(_REVIEW_S)
        try:
            await sign_ins.review(threads)
        except (DatabaseError, OSError):
            logger.warning("Could not look whether everybody is still signed in", exc_info=True)


def _tell(meeting_id: UUID, what: news.News) -> None:
    if (live := _running) is not None:
        live.loop.call_soon_threadsafe(live.door.tell, str(meeting_id), what)


def _report_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        logger.critical("The live room stopped", exc_info=problem)
