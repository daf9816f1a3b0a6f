"""All rooms of this process: opening and closing them, heartbeats, and keeping the media engine in line.

`Hub.run` owns every task; while it does not run, nobody comes in.
"""

import asyncio
import functools
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final
from uuid import UUID

from palaver.engines.port import EngineParticipant, EngineUnavailableError
from palaver.kernel.errors import MEETING_NOT_FOUND, SERVER_RESTART, PalaverError
from palaver.live import wire
from palaver.live.admission import Admission
from palaver.live.domain import effects as fx
from palaver.live.domain.people import Identity, ParticipantId, SocketId
from palaver.live.domain.room import RoomState
from palaver.live.errors import CloseCode
from palaver.live.features import FeatureEvent
from palaver.live.lanes import Lane
from palaver.live.ports import Ports
from palaver.live.room_host import Greeter, LiveRoom
from palaver.live.sockets import MAX_STUCK_S, Socket

logger = logging.getLogger(__name__)

HEARTBEAT_S: Final = 5.0
# Two and a half heartbeats without a word: the connection is dead, whatever TCP thinks.
MAX_SILENCE_S: Final = 13.0
_WATCH_S: Final = 2.0
# `meetings.sessions` wants a sign of life at least every 30 s.
_TOUCH_S: Final = 15.0
_RECONCILE_S: Final = 30.0
# After a restart clients may be back in the engine before they are back here.
_STRAY_GRACE_S: Final = 15.0
# Nobody is told of their connection more often; and it takes at most a twentieth of the time, however many there are.
_CONNECTIONS_S: Final = 1.0
_CONNECTIONS_REST: Final = 20
_CONNECTIONS_AGAIN_S: Final = 10.0
_MAX_REMEMBERED: Final = 10_000
# A stop of the whole server may take five seconds, and this part of it one and a half.
_GOODBYE_S: Final = 1.0
# How long a newcomer waits for what the last run of the room still owes to the database and the engine.
_SETTLE_S: Final = 2.0


class Hub:
    """The rooms. Use from one event loop only."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.rooms: dict[str, LiveRoom] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._lanes: dict[LiveRoom, set[asyncio.Task[None]]] = {}
        self._settling: dict[str, set[asyncio.Task[None]]] = {}
        self._is_stopping = False
        self._next_socket = 0
        # Bounded memories, oldest out first: who was put out of a run (the history knows it too, unless the database
        # was away), who was here, who is in the engine unexplained.
        self._barred: OrderedDict[str, frozenset[Identity]] = OrderedDict()
        self._gone: OrderedDict[ParticipantId, None] = OrderedDict()
        self._strays: OrderedDict[tuple[str, Identity], float] = OrderedDict()

    async def run(self, started: asyncio.Event) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            for period_s, job in (
                (_WATCH_S, self.watch),
                (HEARTBEAT_S, self.beat),
                (_TOUCH_S, self.touch),
                (_RECONCILE_S, self.reconcile),
            ):
                self._tasks.create_task(_every(period_s, job), name=f"live {job.__name__}")
            self._tasks.create_task(self._keep_telling_connections(), name="live connections")
            started.set()

    # --- sockets -------------------------------------------------------------------------------

    def new_socket(self) -> Socket:
        """A socket that is in no room yet."""
        return Socket(self.new_socket_id(), now_s=self.ports.clock().steady_s)

    def new_socket_id(self) -> SocketId:
        """An id that no other socket of this process has."""
        self._next_socket += 1
        return SocketId(self._next_socket)

    async def enter(
        self,
        socket: Socket,
        admission: Admission,
        hello: wire.Hello,
        *,
        greeter: Greeter,
        participant_id: ParticipantId | None = None,
    ) -> tuple[LiveRoom, fx.Answer]:
        """Seat somebody who was admitted; opens the room if need be. A new seat gets `participant_id`, or a fresh one.

        Raises:
            PalaverError: meeting_not_found when it was deleted meanwhile, server_restart when the hub is going.
        """
        join = admission.join(
            socket_id=socket.id,
            participant_id=participant_id or ParticipantId(f"p_{secrets.token_urlsafe(12)}"),
            tab_id=hello.tab_id,
            take_over=hello.take_over,
            resume=None if hello.resume is None else ParticipantId(hello.resume.participant_id),
        )
        while True:
            room = await self._room_of(admission)
            room.entering += 1
            try:
                # A removal that is still on its way to the engine must not hit the connection about to be made.
                await room.engine_lane.flush(timeout_s=_SETTLE_S)
                if not room.is_over:
                    return room, room.join(socket, join, greeter=greeter)
            finally:
                room.entering -= 1
                if room.state.is_empty and not (room.entering or room.is_over):
                    room.abandon()

    async def _room_of(self, admission: Admission) -> LiveRoom:
        key = str(admission.meeting_id)
        lock = self._opening.setdefault(key, asyncio.Lock())
        async with lock:
            room = self.rooms.get(key) or await self._open(admission)
        if not lock.locked():
            self._opening.pop(key, None)
        return room

    async def _open(self, admission: Admission) -> LiveRoom:
        key = str(admission.meeting_id)
        if settling := self._settling.get(key):
            # The last run of this meeting is still being written: it must not end the one that now begins.
            await asyncio.wait(settling, timeout=_SETTLE_S)
        run = await self.ports.history.open(
            admission.meeting_id,
            slug=admission.slug,
            title=admission.title,
            policy=admission.policy,
            now=self.ports.clock(),
        )
        if run is None:
            raise PalaverError(MEETING_NOT_FOUND)
        if self._tasks is None or self._is_stopping:
            raise PalaverError(SERVER_RESTART)
        room = LiveRoom(
            run,
            ports=self.ports,
            barred=run.barred | self._barred.get(run.facts.session_id, frozenset()),
            on_gone=self._remember_gone,
            on_over=self._room_over,
            start_lane=lambda lane: self._start_lane(room, lane),
        )
        self.rooms[key] = room
        self._lanes[room] = set()
        for lane in (room.history_lane, room.engine_lane):
            self._start_lane(room, lane)
        if run.state is not None:
            room.record_again()
        return room

    def _start_lane(self, room: LiveRoom, lane: Lane) -> None:
        assert self._tasks is not None
        self._lanes[room].add(self._tasks.create_task(lane.run(), name=f"live lane {lane.name}"))

    def socket_gone(self, room: LiveRoom, socket: Socket, *, is_clean: bool) -> None:
        """A connection ended by itself. While the server goes, that says nothing about the people."""
        if not self._is_stopping:
            room.socket_gone(socket, is_clean=is_clean)

    # --- what others tell ----------------------------------------------------------------------

    def meeting_renamed(self, meeting_id: UUID, title: str) -> None:
        """The meeting has another title."""
        if (room := self.rooms.get(str(meeting_id))) is not None:
            room.feed(fx.TitleChanged(title))

    def tell_room(self, meeting_id: UUID, news: fx.RoomInput) -> None:
        """Something was decided elsewhere that a running room must know."""
        if (room := self.rooms.get(str(meeting_id))) is not None:
            room.feed(news)

    def meeting_deleted(self, meeting_id: UUID) -> None:
        """The meeting is gone; so is its room."""
        if (room := self.rooms.get(str(meeting_id))) is not None:
            room.feed(fx.MeetingDeleted())

    def publish_event(self, meeting_id: UUID, event: FeatureEvent) -> None:
        """A feature has news for whoever is inside."""
        if (room := self.rooms.get(str(meeting_id))) is not None:
            room.send_event(event)

    def engine_joined(self, meeting_id: str, who: EngineParticipant) -> None:
        """The engine reports somebody inside. Whoever the room does not know is put out; whoever came by a ticket from
        before a change of their role gets what they have now.
        """
        self._judge(meeting_id, (who,))

    def engine_left(self, meeting_id: str, who: EngineParticipant) -> None:
        """The engine reports somebody gone. The room socket alone says who is here, so only a stray is forgotten."""
        self._strays.pop((meeting_id, Identity(who.identity)), None)

    def state_of(self, meeting_id: str) -> RoomState | None:
        """A room as it is now; None when nobody is in it."""
        room = self.rooms.get(meeting_id)
        return None if room is None or room.is_over else room.state

    # --- going ---------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Tell everybody that the server goes, and let what is owed to the history be written."""
        self._is_stopping = True
        rooms = tuple(self.rooms.values())
        for room in rooms:
            room.say_goodbye("server_restart", CloseCode.SERVER_RESTART)
        for room in rooms:
            room.history_lane.submit(functools.partial(self._touch_room, room))
            room.finish_lanes()
        await self.settled(timeout_s=_GOODBYE_S)

    def settling(self, meeting_id: str) -> tuple[asyncio.Task[None], ...]:
        """What is still being written of rooms of a meeting that are over."""
        return tuple(self._settling.get(meeting_id, ()))

    async def settled(self, *, timeout_s: float) -> None:
        """Until what is owed to the database and the engine is done, once their rooms are over."""
        owed = [task for lanes in (*self._settling.values(), *self._lanes.values()) for task in lanes]
        if owed:
            await asyncio.wait(owed, timeout=timeout_s)

    # --- from time to time ---------------------------------------------------------------------

    async def watch(self) -> None:
        """Cut who does not read or does not answer; put out strays whose time is up."""
        now_s = self.ports.clock().steady_s
        for room in self.rooms.values():
            for socket in tuple(room.sockets.values()):
                check_socket(socket, now_s)
        self._remove_strays(now_s)

    async def beat(self) -> None:
        """Tell everybody the version of their room."""
        for room in self.rooms.values():
            room.beat()

    async def touch(self) -> None:
        """A sign of life of every room, for the history."""
        for room in self.rooms.values():
            room.history_lane.submit(functools.partial(self._touch_room, room))

    async def reconcile(self) -> None:
        """Webhooks get lost; so now and then the engine is asked."""
        if not self.ports.engine.capabilities.can_remove:
            return
        for meeting_id in tuple(self.rooms):
            try:
                inside = await self.ports.engine.list_participants(meeting_id)
            except EngineUnavailableError:
                logger.warning("The media engine did not say who is inside")
            else:
                self._judge(meeting_id, inside)

    async def tell_connections(self) -> float:
        """Tell people how they are received. In how many seconds to do it again."""
        if not self.rooms:
            return _CONNECTIONS_S
        begun_s = self.ports.clock().steady_s
        try:
            known = await self.ports.engine.receptions()
        except EngineUnavailableError:
            return _CONNECTIONS_AGAIN_S
        if known is None:
            return _CONNECTIONS_AGAIN_S
        for meeting_id, room in tuple(self.rooms.items()):
            room.tell_connections(known.get(meeting_id, ()))
        return max(_CONNECTIONS_S, _CONNECTIONS_REST * (self.ports.clock().steady_s - begun_s))

    async def _keep_telling_connections(self) -> None:
        while True:
            await asyncio.sleep(await self.tell_connections())

    async def _touch_room(self, room: LiveRoom) -> None:
        await self.ports.history.touched(room.state.facts.session_id, now=self.ports.clock())

    # --- strays --------------------------------------------------------------------------------

    def _judge(self, meeting_id: str, inside: Iterable[EngineParticipant]) -> None:
        room = self.rooms.get(meeting_id)
        for who in inside:
            if who.admitted_as is None:
                continue
            identity = Identity(who.identity)
            if room is not None and room.state.seat_of_identity(identity) is not None:
                room.check_sources(identity, who.sources)
                continue
            # Somebody of this very run is put out at once; an unknown may be on the way back after a restart.
            is_known = ParticipantId(who.admitted_as) in self._gone
            is_barred = room is not None and identity in room.state.barred
            grace_s = 0.0 if is_known or is_barred else _STRAY_GRACE_S
            self._strays.setdefault((meeting_id, identity), self.ports.clock().steady_s + grace_s)
            _forget_oldest(self._strays)
        self._remove_strays(self.ports.clock().steady_s)

    def _remove_strays(self, now_s: float) -> None:
        due = [key for key, due_s in self._strays.items() if due_s <= now_s]
        for meeting_id, identity in due:
            del self._strays[meeting_id, identity]
            room = self.rooms.get(meeting_id)
            if room is None:
                self._remove_without_room(meeting_id, identity)
            elif room.state.seat_of_identity(identity) is None:
                room.remove_from_engine(identity)

    def _remove_without_room(self, meeting_id: str, identity: Identity) -> None:
        async def remove() -> None:
            try:
                await self.ports.engine.remove_participant(meeting_id, identity=identity)
            except EngineUnavailableError:
                logger.warning("Could not put a stray out of the media engine")

        if self._tasks is not None and not self._is_stopping:
            self._tasks.create_task(remove(), name="live stray")

    # --- memories ------------------------------------------------------------------------------

    def _room_over(self, room: LiveRoom) -> None:
        facts = room.state.facts
        if self.rooms.get(facts.meeting_id) is room:
            del self.rooms[facts.meeting_id]
        lanes = self._lanes.pop(room)
        self._settling[facts.meeting_id] = lanes
        for task in lanes:
            task.add_done_callback(functools.partial(self._lane_done, facts.meeting_id, lanes))
        if room.state.barred:
            self._barred[facts.session_id] = frozenset(room.state.barred)
            _forget_oldest(self._barred)
        room.finish_lanes()

    def _lane_done(self, meeting_id: str, lanes: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        lanes.discard(task)
        if not lanes and self._settling.get(meeting_id) is lanes:
            del self._settling[meeting_id]

    def _remember_gone(self, participant_id: ParticipantId) -> None:
        self._gone[participant_id] = None
        _forget_oldest(self._gone)


def check_socket(socket: Socket, now_s: float) -> None:
    """Cut or close a connection whose other end does not read, or says nothing."""
    is_silent = now_s - socket.heard_at_s > MAX_SILENCE_S
    if socket.stuck_since_s is not None:
        # Whoever takes nothing more cannot be told either.
        if is_silent or now_s - socket.stuck_since_s > MAX_STUCK_S:
            socket.cut()
    elif is_silent:
        socket.close(CloseCode.TIMEOUT)


async def _every(period_s: float, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(period_s)
        await job()


def _forget_oldest(memory: OrderedDict[Any, Any]) -> None:
    while len(memory) > _MAX_REMEMBERED:
        memory.popitem(last=False)
