"""One running room: the machine's state, its log, its sockets, and the carrying out of effects.

Everything here is synchronous and runs on the event loop, so a step of the machine and all it sends are one turn:
nobody can see half of it. What takes time goes to a lane.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from palaver.engines.receptions import Reception
from palaver.live import wire
from palaver.live.connections import ConnectionDesk
from palaver.live.domain import effects as fx
from palaver.live.domain.kept import restore
from palaver.live.domain.machine import actor_of, feed, give_command
from palaver.live.domain.people import Identity, ParticipantId, SocketId
from palaver.live.domain.permissions import MODERATORS, Phase
from palaver.live.domain.replica import Audience, Change, PutParticipant, WaitingPerson
from palaver.live.domain.room import (
    Connected,
    RoomState,
    Seat,
    audience_of,
    is_traffic,
    next_deadline_s,
    snapshot_for,
)
from palaver.live.domain.sign_in import end_sign_in
from palaver.live.domain.sources import Source, sources_of
from palaver.live.engine_desk import EngineDesk
from palaver.live.errors import CloseCode
from palaver.live.feature_desk import FeatureDesk, caller_of
from palaver.live.features import Caller, FeatureAnswer, FeatureEvent, FeatureSpec, Reach
from palaver.live.lanes import Lane
from palaver.live.members import INSIDE, Members
from palaver.live.ports import Ports, Run, Timer
from palaver.live.record_desk import Record, RecordDesk
from palaver.live.render import SnapshotWriter, notice_text
from palaver.live.sockets import Socket

# What a farewell looks like on the wire: the reason in the closing message, if one is sent, and the close code.
_FAREWELLS: Final[dict[fx.Farewell, tuple[wire.ClosingReason | None, CloseCode]]] = {
    fx.Farewell.LEFT: (None, CloseCode.LEFT),
    fx.Farewell.ENDED_BY_HOST: ("ended_by_host", CloseCode.ENDED_BY_HOST),
    fx.Farewell.REMOVED: ("removed", CloseCode.REMOVED),
    fx.Farewell.TAKEN_OVER: ("taken_over", CloseCode.TAKEN_OVER),
    fx.Farewell.MEETING_DELETED: ("meeting_deleted", CloseCode.NOT_FOUND),
    fx.Farewell.DENIED: ("denied", CloseCode.DENIED),
    fx.Farewell.BANNED: ("banned", CloseCode.BANNED),
    fx.Farewell.SIGNED_OUT: ("signed_out", CloseCode.SIGNED_OUT),
}
# A database that needs longer to write down who came refuses the command as well.
_CATCH_UP_S: Final = 5.0


class Greeter(Protocol):
    """Writes what a connection is answered when it comes in; it knows the request and the ticket."""

    def welcome(self, seat: Seat, room: "LiveRoom") -> str:
        """For somebody who is inside now."""
        ...

    def waiting(self, person: WaitingPerson) -> str:
        """For somebody at the door, and whenever something changes there."""
        ...


Answered = FeatureAnswer | fx.Refused


class LiveRoom:
    """A room and everybody connected to it. `on_over` is called once, when nobody is left or it was ended."""

    def __init__(
        self,
        run: Run,
        *,
        ports: Ports,
        barred: frozenset[Identity],
        on_gone: Callable[[ParticipantId], None],
        on_over: Callable[["LiveRoom"], None],
        start_lane: Callable[[Lane], None],
    ) -> None:
        session_id = run.facts.session_id
        fresh = RoomState(facts=run.facts, barred=barred)
        self.state = restore(fresh, run.kept) if run.state is None else run.state
        self.sockets: dict[SocketId, Socket] = {}
        """Every connection, those at the door too."""
        self.history_lane = Lane(f"history {session_id}")
        self.engine_lane = Lane(f"engine {session_id}")
        self._members = Members(ports.call_later)
        self._writer = SnapshotWriter()
        self._greeters: dict[SocketId, Greeter] = {}
        self._engine = EngineDesk(run.facts.meeting_id, ports.engine, self.engine_lane, now=lambda: ports.clock().at)
        self._records = RecordDesk(ports.history, self.history_lane, state=lambda: self.state, now=ports.clock)
        self._connections = ConnectionDesk()
        self._features = FeatureDesk(
            session_id,
            start=start_lane,
            caught_up=functools.partial(self.history_lane.flush, timeout_s=_CATCH_UP_S),
            in_database=ports.in_database,
        )
        self._ports = ports
        self._rules = ports.registry.rules()
        self._on_gone = on_gone
        self._on_over = on_over
        self._timer: Timer | None = None
        self._is_over = False
        self.entering = 0
        """How many are on the way in; an empty room waits for them."""

    @property
    def is_over(self) -> bool:
        """Whether the room takes nobody in any more."""
        return self._is_over

    # --- what comes in -------------------------------------------------------------------------

    def join(self, socket: Socket, join: fx.Join, *, greeter: Greeter) -> fx.Answer:
        """Seat somebody, or note them at the door. The others hear of it first; then `socket` gets its answer, and all
        that comes after.
        """
        step = feed(self.state, join, self._ports.clock())
        self._apply(step)
        match step.answer:
            case fx.Seated(participant_id):
                self.sockets[socket.id] = socket
                self._welcome(socket, self.state.seats[participant_id], greeter)
            case fx.Waits(participant_id):
                self.sockets[socket.id] = socket
                self._greeters[socket.id] = greeter
                socket.push(greeter.waiting(self.state.waiting[participant_id].person))
        return step.answer

    def command(self, socket: Socket, *, kind: str, command: object, reply: Callable[[fx.Answer], None]) -> None:
        """Carry out a command. `reply` is called before anything else is sent, so that its ack precedes a closing; or,
        where something must outlast the process, once it is stored.
        """
        step = give_command(
            self.state, socket_id=socket.id, kind=kind, command=command, now=self._ports.clock(), rules=self._rules
        )
        is_going = any(isinstance(effect, fx.CloseSocket) and effect.socket_id == socket.id for effect in step.effects)
        if is_going or not any(isinstance(effect, fx.DURABLE) for effect in step.effects):
            reply(step.answer)
            self._apply(step)
            return
        failures = self.history_lane.failures
        self._apply(step)

        async def stored() -> None:
            reply(step.answer if self.history_lane.failures == failures else fx.Refused("not_saved"))

        if not self.history_lane.offer(stored):
            reply(fx.Refused("not_saved"))

    def feature_command(
        self, socket: Socket, *, spec: FeatureSpec[wire.Wire], given: wire.Wire, reply: Callable[[Answered], None]
    ) -> None:
        """Have a feature carry out a command. `reply` is called once, when it is done or refused; the news follow."""

        def caller() -> Caller | None:
            seat = actor_of(self.state, socket_id=socket.id, kind=spec.kind, rules=self._rules)
            return caller_of(self.state, seat) if isinstance(seat, Seat) else None

        def answered(answer: Answered) -> None:
            reply(answer)
            if isinstance(answer, FeatureAnswer):
                for event in answer.events:
                    self.send_event(event)

        asked = actor_of(self.state, socket_id=socket.id, kind=spec.kind, rules=self._rules)
        if not isinstance(asked, Seat):
            reply(asked if isinstance(asked, fx.Refused) else fx.Refused("not_allowed"))
            return
        self._features.submit(spec, given, caller=caller, now=lambda: self._ports.clock().at, reply=answered)

    def socket_gone(self, socket: Socket, *, is_clean: bool) -> None:
        """A connection ended by itself."""
        self._forget(socket.id)
        self.feed(fx.SocketGone(socket.id, is_clean=is_clean))

    def feed(self, given: fx.RoomInput) -> None:
        """Take in anything else that happened."""
        if not self._is_over:
            self._apply(feed(self.state, given, self._ports.clock()))

    def end_sign_in(self, participant_id: ParticipantId) -> None:
        """Somebody is not signed in any more: the seat, which they had as that person, goes."""
        seat = self.state.seats.get(participant_id)
        if seat is not None and not self._is_over:
            self._apply(end_sign_in(self.state, seat, self._ports.clock()))

    def abandon(self) -> None:
        """Nobody is left: the room is over, whether or not the meeting session is."""
        self._is_over = True
        self._stop_timer()
        self._members.clear()
        self._on_over(self)

    def record_again(self) -> None:
        """The room goes on from another process, which may not have written all that it owed. Writing twice is safe."""
        self._records.record_again()
        self._schedule()

    # --- what can be asked ---------------------------------------------------------------------

    def seat_of(self, socket: Socket) -> Seat | None:
        """The seat that `socket` speaks for, if it still does."""
        return self.state.seat_of_socket(socket.id)

    def texts_since(self, version: int, audience: Audience) -> list[str] | None:
        """The deltas after `version` of an audience as text, or None when only a snapshot helps."""
        self._members.catch_up()
        return self._members.since(version, audience, current=self.state.versions[audience])

    def snapshot_text(self, audience: Audience, *, request_id: str | None = None) -> str:
        """The whole state, for somebody inside."""
        return self.text_with_snapshot(
            audience, lambda snapshot: wire.SnapshotMessage(request_id=request_id, snapshot=snapshot)
        )

    def text_with_snapshot(
        self, audience: Audience, message_of: Callable[[wire.Snapshot], wire.Welcome | wire.SnapshotMessage]
    ) -> str:
        """A message with the whole state in it, as text."""
        snapshot = snapshot_for(self.state, audience)
        assert snapshot is not None
        return self._writer.text(snapshot, message_of)

    def broadcast(self, text: str) -> None:
        """Send the same text to everybody inside."""
        self._members.push(text)

    def beat(self) -> None:
        """Tell everybody the version of their room; at the door there is none."""
        self._members.catch_up()
        for audience in INSIDE:
            self._members.push_to(audience, wire.Heartbeat(version=self.state.versions[audience]).model_dump_json())
        text = wire.Heartbeat(version=0).model_dump_json()
        for socket_id in self._greeters:
            self.sockets[socket_id].push(text)

    def send_event(self, event: FeatureEvent) -> None:
        """Tell the news of a feature to those inside who may hear it."""
        text = wire.Event(event=event.event.model_dump(mode="json")).model_dump_json()
        if event.to is Reach.EVERYONE:
            self.broadcast(text)
            return
        self._members.catch_up()
        for seat in self.state.seats.values():
            who = seat.participant
            is_meant = who.role in MODERATORS if isinstance(event.to, Reach) else who.identity in event.to
            if is_meant and isinstance(seat.link, Connected) and (socket := self.sockets.get(seat.link.socket_id)):
                socket.push(text)

    def tell_connections(self, people: Iterable[Reception]) -> None:
        """Tell everybody inside how they are received, where that changed."""
        self._members.catch_up()
        self._connections.tell(self.state, self.sockets, people)

    def finish_lanes(self) -> None:
        """What is owed is still done; nothing more comes."""
        self.history_lane.finish()
        self.engine_lane.finish()
        self._features.finish()

    def say_goodbye(self, reason: wire.ClosingReason, code: CloseCode) -> None:
        """Close all sockets without taking anybody's seat: the server goes, the room does not."""
        text = wire.Closing(reason=reason).model_dump_json()
        for socket in self.sockets.values():
            socket.push(text)
            socket.close(code)
        self.sockets.clear()
        self._greeters.clear()
        self._members.clear()
        self._stop_timer()

    def check_sources(self, identity: Identity, sources: frozenset[str] | None) -> None:
        """The engine says what somebody may publish there: by a ticket that may be older than their role."""
        seat = self.state.seat_of_identity(identity)
        if seat is None or sources is None:
            return
        allowed = sources_of(self.state, seat)
        if sources != {source.value for source in allowed}:
            self._engine.set_sources(identity, allowed)

    def remove_from_engine(self, identity: Identity, *, is_for_good: bool = False) -> None:
        """Stop somebody's media. Also for those who have no seat."""
        self._engine.remove(identity, is_for_good=is_for_good or identity in self.state.barred)

    # --- one turn ------------------------------------------------------------------------------

    def _apply(self, step: fx.Step) -> None:
        before, self.state = self.state, step.state
        muted: dict[Source, set[Identity]] = {}
        for effect in step.effects:
            match effect:
                case fx.MuteInEngine(identity, source):
                    muted.setdefault(source, set()).add(identity)
                case fx.LetIn() | fx.Notify():
                    pass  # news of what the deltas say first
                case _:
                    self._perform(effect, before)
        self._engine.mute(muted)
        self._tell(before, step.changes)
        for effect in step.effects:
            match effect:
                case fx.LetIn(socket_id, participant_id):
                    self._let_in(socket_id, participant_id)
                case fx.Notify(to, notice):
                    self._notify(to, notice)
        self._schedule()
        if not self._is_over and not before.is_empty and self.state.is_empty:
            self.abandon()

    def _tell(self, before: RoomState, changes: tuple[Change, ...]) -> None:
        """Every audience gets what it may see; whoever belongs to another one now starts from its snapshot."""
        if not changes:
            return
        can_wait = is_traffic(before, changes)
        moved = self._take_out_who_moves(changes)
        for audience in INSIDE:
            base, version = before.versions[audience], self.state.versions[audience]
            self._members.tell(changes, audience, base=base, version=version, can_wait=can_wait)
        for socket, audience in moved:
            self._members.add(socket, audience)
            socket.push(self.snapshot_text(audience))

    def _take_out_who_moves(self, changes: tuple[Change, ...]) -> list[tuple[Socket, Audience]]:
        moved = []
        for change in changes:
            if not isinstance(change, PutParticipant):
                continue
            seat = self.state.seats.get(change.participant.participant_id)
            if seat is None or not isinstance(seat.link, Connected):
                continue
            audience = audience_of(seat)
            other = Audience.PARTICIPANTS if audience is Audience.MODERATORS else Audience.MODERATORS
            if (socket := self._members.take(seat.link.socket_id, other)) is not None:
                moved.append((socket, audience))
        return moved

    def _welcome(self, socket: Socket, seat: Seat, greeter: Greeter) -> None:
        self._members.add(socket, audience_of(seat))
        socket.push(greeter.welcome(seat, self))

    def _let_in(self, socket_id: SocketId, participant_id: ParticipantId) -> None:
        greeter, socket = self._greeters.pop(socket_id, None), self.sockets.get(socket_id)
        if greeter is not None and socket is not None:
            self._welcome(socket, self.state.seats[participant_id], greeter)

    def _notify(self, to: ParticipantId | None, notice: fx.Notice) -> None:
        text = notice_text(notice)
        if to is None:
            self.broadcast(text)
            return
        self._members.catch_up()
        seat = self.state.seats.get(to)
        if seat is not None and isinstance(seat.link, Connected) and (socket := self.sockets.get(seat.link.socket_id)):
            socket.push(text)

    def _forget(self, socket_id: SocketId) -> Socket | None:
        self._greeters.pop(socket_id, None)
        self._members.remove(socket_id)
        return self.sockets.pop(socket_id, None)

    def _perform(self, effect: fx.Effect, before: RoomState) -> None:
        match effect:
            case fx.CloseSocket(socket_id, farewell, by):
                self._close(socket_id, farewell, by)
            case fx.RemoveFromEngine(identity, is_for_good):
                self.remove_from_engine(identity, is_for_good=is_for_good)
            case fx.DeleteEngineRoom():
                self._engine.delete_room()
            case fx.SetSources(identity, sources):
                self._engine.set_sources(identity, sources)
            case fx.TellWaiting(socket_id, person):
                if (greeter := self._greeters.get(socket_id)) is not None:
                    self.sockets[socket_id].push(greeter.waiting(person))
            case fx.MuteInEngine() | fx.LetIn() | fx.Notify():
                raise AssertionError("done for all at once")
            case _:
                self._record(effect, before)

    def _record(self, effect: Record, before: RoomState) -> None:
        self._records.record(effect, before)
        match effect:
            case fx.RecordRenamed(participant_id, name):
                self._engine.rename(self.state.seats[participant_id].participant.identity, name)
            case fx.RecordLeft(participant_id):
                self._on_gone(participant_id)
            case _:
                pass

    def _close(self, socket_id: SocketId, farewell: fx.Farewell, by: str | None) -> None:
        socket = self._forget(socket_id)
        if socket is None:
            return
        reason, code = _FAREWELLS[farewell]
        if reason is not None:
            socket.push(wire.Closing(reason=reason, by=by).model_dump_json())
        socket.close(code)

    # --- deadlines -----------------------------------------------------------------------------

    def _schedule(self) -> None:
        self._stop_timer()
        deadline_s = None if self.state.phase is Phase.ENDED else next_deadline_s(self.state)
        if deadline_s is not None:
            delay_s = max(0.0, deadline_s - self._ports.clock().steady_s)
            self._timer = self._ports.call_later(delay_s, self._time_passed)

    def _time_passed(self) -> None:
        self._timer = None
        self.feed(fx.TimePassed())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
