"""A hub with a clock, a history, an engine and a network of the tests."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from palaver.config.live_handlers import REGISTRY
from palaver.engines.memory import MemoryConnection, MemoryEngine
from palaver.engines.port import ADMITTED_ATTRIBUTE, TicketHolder
from palaver.live import wire
from palaver.live.admission import Admission
from palaver.live.commands import CommandRegistry
from palaver.live.domain import effects as fx
from palaver.live.domain.people import Identity, Role
from palaver.live.domain.replica import RoomFacts, WaitingPerson
from palaver.live.domain.room import Moment, Seat
from palaver.live.hub import Hub
from palaver.live.ports import Ports, Run
from palaver.live.room_host import LiveRoom
from palaver.live.sockets import Socket
from palaver.live.tests.cast import facts, moment
from palaver.meetings.policy import Policy

HOUR = timedelta(hours=1)
POLICY = Policy()
MEETING = uuid.UUID(facts().meeting_id)


@dataclass(eq=False)
class ManualTimer:
    """Something scheduled on the tests' clock."""

    at_s: float
    call: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


@dataclass
class ManualTime:
    """A clock that moves when told, and calls what is due."""

    now_s: float = 0.0
    timers: list[ManualTimer] = field(default_factory=list)

    def clock(self) -> Moment:
        return moment(self.now_s)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer(self.now_s + delay_s, call)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while due := [t for t in self.timers if not t.is_cancelled and t.at_s <= end_s]:
            timer = min(due, key=lambda t: t.at_s)
            timer.is_cancelled = True
            self.now_s = max(self.now_s, timer.at_s)
            timer.call()
        self.now_s = end_s


def with_policy(room: RoomFacts, policy: Policy) -> RoomFacts:
    """A fresh room of a meeting with that policy."""
    return replace(
        room,
        waiting_room=policy.waiting_room,
        rights=policy.rights,
        one_presenter=policy.one_presenter,
        voices=policy.voices,
    )


@dataclass
class MemoryHistory:
    """The history as a list of lines. `is_down` makes every call fail."""

    lines: list[str] = field(default_factory=list)
    is_deleted: bool = False
    failures_left: int = 0
    runs: int = 0
    is_run_open: bool = False
    barred: set[Identity] = field(default_factory=set)
    bans: list[fx.RecordBan] = field(default_factory=list)
    state: dict[str, Any] | None = None
    is_refusing: bool = False
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_end.set()

    async def open(self, meeting_id: uuid.UUID, *, slug: str, title: str, policy: Policy, now: Moment) -> Run | None:
        await asyncio.sleep(0)
        if self.is_deleted:
            return None
        if not self.is_run_open:
            self.runs += 1
            self.is_run_open = True
        return Run(with_policy(facts(self.runs), policy), barred=frozenset(self.barred), kept=self.state)

    async def joined(self, session_id: str, record: fx.RecordJoined) -> None:
        self._write(f"{session_id} {record.name} joined")

    async def renamed(self, session_id: str, *, identity: Identity, name: str) -> None:
        self._write(f"{session_id} {identity} is {name}")

    async def left(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        self._write(f"{session_id} {identity} left")

    async def removed(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        self._write(f"{session_id} {identity} removed")
        self.barred.add(identity)

    async def banned(self, meeting_id: str, record: fx.RecordBan) -> None:
        self.bans.append(record)

    async def audited(self, session_id: str, record: fx.RecordAudit) -> None:
        target = "" if record.target is None else f" {record.target.name}"
        self._write(f"{session_id} {record.actor.name}: {record.action.value}{target}")

    async def kept(self, session_id: str, state: dict[str, Any], *, now: Moment) -> None:
        if self.is_refusing:
            raise OSError("the database is away")
        self.state = json.loads(json.dumps(state))

    async def touched(self, session_id: str, *, now: Moment) -> None:
        self._write(f"{session_id} goes on")

    async def ended(self, session_id: str, *, now: Moment) -> None:
        await self.may_end.wait()
        self._write(f"{session_id} ended")
        self.is_run_open = False

    def _write(self, line: str) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise OSError("the database is away")
        session_id, _, rest = line.partition(" ")
        self.lines.append(f"run-{int(session_id.rpartition('-')[2])} {rest}")


class Greetings:
    """What connections of the tests are answered."""

    def welcome(self, seat: Seat, room: LiveRoom) -> str:
        return "welcome"

    def waiting(self, person: WaitingPerson) -> str:
        return f"waiting {person.status.value} {person.note}".strip()


@dataclass
class World:
    """A hub and all around it."""

    hub: Hub
    time: ManualTime
    history: MemoryHistory
    engine: MemoryEngine

    async def enter(
        self, who: str, *, role: Role = Role.GUEST, tab_id: str = "t", policy: Policy = POLICY, network: str = "net"
    ) -> tuple[LiveRoom, Socket, fx.Answer]:
        """Somebody says hello."""
        socket = self.hub.new_socket()
        admission = Admission(
            meeting_id=MEETING,
            slug="quiet-otter",
            title="Stand-up",
            identity=Identity(f"id-{who}"),
            user_id=None if role in (Role.GUEST, Role.VIEWER) else sum(map(ord, who)),
            role=role,
            policy=policy,
            is_trusted=False,
            always_waits=False,
            network=network,
            name=who,
            fallback_name="Guest",
            guest_ticket=None,
        )
        hello = wire.Hello(request_id="r", protocol=1, tab_id=tab_id)
        room, answer = await self.hub.enter(socket, admission, hello, greeter=Greetings())
        return room, socket, answer

    def in_engine(self, who: str, participant_id: str | None) -> MemoryConnection:
        """Somebody connects to the engine with a ticket."""
        attributes = {} if participant_id is None else {ADMITTED_ATTRIBUTE: participant_id}
        holder = TicketHolder(str(MEETING), f"id-{who}", who, attributes)
        ticket = self.engine.issue_ticket(holder, lifetime=HOUR, now=datetime.now(tz=UTC))
        return self.engine.connect(ticket.token)

    async def written(self) -> list[str]:
        """The history once all that is owed is written."""
        for room in tuple(self.hub.rooms.values()):
            assert await room.history_lane.flush(timeout_s=9)
            assert await room.engine_lane.flush(timeout_s=9)
        for lanes in tuple(self.hub._settling.values()):
            await asyncio.wait(set(lanes), timeout=9)
        return self.history.lines


@asynccontextmanager
async def running_world(registry: CommandRegistry = REGISTRY) -> AsyncIterator[World]:
    """A hub that runs until the end of the block."""
    time, history, engine = ManualTime(), MemoryHistory(), MemoryEngine()
    ports = Ports(
        registry=registry,
        engine=engine,
        history=history,
        clock=time.clock,
        call_later=time.call_later,
        in_database=lambda _, call: asyncio.to_thread(call),
    )
    hub = Hub(ports)
    started = asyncio.Event()
    task = asyncio.create_task(hub.run(started))
    await started.wait()
    yield World(hub, time, history, engine)
    task.cancel()
    await asyncio.wait({task})


def give(room: LiveRoom, socket: Socket, kind: str, command: object) -> fx.Answer | None:
    """Give a command; None when the answer comes only once something is stored."""
    answers: list[fx.Answer] = []
    room.command(socket, kind=kind, command=command, reply=answers.append)
    assert len(answers) <= 1
    return answers[0] if answers else None


async def given(room: LiveRoom, socket: Socket, kind: str, command: object) -> fx.Answer:
    """Give a command, and wait for its answer."""
    answers: asyncio.Queue[fx.Answer] = asyncio.Queue()
    room.command(socket, kind=kind, command=command, reply=answers.put_nowait)
    return await asyncio.wait_for(answers.get(), 5)


def pid(answer: fx.Answer) -> str:
    assert isinstance(answer, fx.Seated)
    return answer.participant_id


class Wire:
    """The network under a socket: takes frames at once, or not at all while `is_blocked`."""

    def __init__(self, socket: Socket) -> None:
        self.sent: list[str] = []
        self._open = asyncio.Event()
        self._open.set()
        self._writer = asyncio.create_task(socket.run_writer(self._send, lambda: 7.0))

    async def __aenter__(self) -> "Wire":
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.cancel()
        await asyncio.wait({self._writer})

    def block(self) -> None:
        self._open.clear()

    def unblock(self) -> None:
        self._open.set()

    async def ended(self) -> None:
        """Until the writer is done."""
        await asyncio.wait({self._writer}, timeout=5)

    async def has_sent(self, count: int) -> None:
        """Until so many frames went out."""
        while len(self.sent) < count:
            await asyncio.sleep(0)

    async def _send(self, event: dict[str, str]) -> None:
        await self._open.wait()
        self.sent.append(event.get("text") or f"close {event['code']}")


async def drain(socket: Socket) -> list[str]:
    """What the socket would send now, in the order it was pushed."""
    async with Wire(socket) as network:
        await asyncio.sleep(0)
        return network.sent


def hold_until(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """A job that takes its time."""

    async def hold() -> None:
        await event.wait()

    return hold
