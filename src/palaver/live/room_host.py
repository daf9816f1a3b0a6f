"""One running room: the machine's state, its log, its sockets, and the carrying out of effects.

Everything here is synchronous and runs on the event loop, so a step of the machine and all it sends are one turn:
nobody can see half of it. What takes time goes to a lane.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, assert_never

from palaver.live import wire
from palaver.live.domain import effects as fx
from palaver.live.domain.machine import actor_of, feed, give_command
from palaver.live.domain.people import Identity, ParticipantId, SocketId
from palaver.live.domain.permissions import MODERATORS, Phase
from palaver.live.domain.replica import Audience, Delta, DeltaLog, RoomFacts, delta_for
from palaver.live.domain.room import Connected, RoomState, Seat, next_deadline_s, snapshot_for
from palaver.live.errors import CloseCode
from palaver.live.feature_desk import FeatureDesk, caller_of
from palaver.live.features import Caller, FeatureAnswer, FeatureEvent, FeatureSpec, Reach
from palaver.live.lanes import Lane
from palaver.live.ports import Ports, Timer
from palaver.live.render import delta_text, snapshot_wire
from palaver.live.sockets import Socket

# What a farewell looks like on the wire: the reason in the closing message, if one is sent, and the close code.
_FAREWELLS: Final[dict[fx.Farewell, tuple[wire.ClosingReason | None, CloseCode]]] = {
    fx.Farewell.LEFT: (None, CloseCode.LEFT),
    fx.Farewell.ENDED_BY_HOST: ("ended_by_host", CloseCode.ENDED_BY_HOST),
    fx.Farewell.REMOVED: ("removed", CloseCode.REMOVED),
    fx.Farewell.TAKEN_OVER: ("taken_over", CloseCode.TAKEN_OVER),
    fx.Farewell.MEETING_DELETED: ("meeting_deleted", CloseCode.NOT_FOUND),
}

Answered = FeatureAnswer | fx.Refused


class LiveRoom:
    """A room and everybody connected to it. `on_over` is called once, when nobody is left or it was ended."""

    def __init__(
        self,
        facts: RoomFacts,
        *,
        ports: Ports,
        barred: frozenset[Identity],
        on_gone: Callable[[ParticipantId], None],
        on_over: Callable[["LiveRoom"], None],
        start_lane: Callable[[Lane], None],
    ) -> None:
        self.state = RoomState(facts=facts, barred=barred)
        self.sockets: dict[SocketId, Socket] = {}
        self.history_lane = Lane(f"history {facts.session_id}")
        self.engine_lane = Lane(f"engine {facts.session_id}")
        self._features = FeatureDesk(facts.session_id, start=start_lane, in_database=ports.in_database)
        self._ports = ports
        self._rules = ports.registry.rules()
        self._log = DeltaLog()
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

    def join(self, socket: Socket, join: fx.Join, *, welcome: Callable[[Seat, "LiveRoom"], str]) -> fx.Answer:
        """Seat somebody. The others hear of it first; then `socket` gets its welcome, and all that comes after."""
        step = feed(self.state, join, self._ports.clock())
        self._apply(step)
        if isinstance(step.answer, fx.Seated):
            self.sockets[socket.id] = socket
            socket.push(welcome(self.state.seats[step.answer.participant_id], self))
        return step.answer

    def command(self, socket: Socket, *, kind: str, command: object, reply: Callable[[fx.Answer], None]) -> None:
        """Carry out a command. `reply` is called before anything else is sent, so that its ack precedes a closing."""
        step = give_command(
            self.state, socket_id=socket.id, kind=kind, command=command, now=self._ports.clock(), rules=self._rules
        )
        reply(step.answer)
        self._apply(step)

    def feature_command(
        self, socket: Socket, *, spec: FeatureSpec[wire.Wire], given: wire.Wire, reply: Callable[[Answered], None]
    ) -> None:
        """Have a feature carry out a command. `reply` is called once, when it is done or refused; the news follow."""

        def caller() -> Caller | None:
            seat = actor_of(self.state, socket_id=socket.id, kind=spec.kind, rules=self._rules)
            return None if seat is None else caller_of(self.state, seat)

        def answered(answer: Answered) -> None:
            reply(answer)
            if isinstance(answer, FeatureAnswer):
                for event in answer.events:
                    self.send_event(event)

        if caller() is None:
            reply(fx.Refused("not_allowed"))
            return
        self._features.submit(spec, given, caller=caller, now=lambda: self._ports.clock().at, reply=answered)

    def socket_gone(self, socket: Socket, *, is_clean: bool) -> None:
        """A connection ended by itself."""
        self.sockets.pop(socket.id, None)
        self.feed(fx.SocketGone(socket.id, is_clean=is_clean))

    def feed(self, given: fx.RoomInput) -> None:
        """Take in anything else that happened."""
        if not self._is_over:
            self._apply(feed(self.state, given, self._ports.clock()))

    def abandon(self) -> None:
        """Nobody is left: the room is over, whether or not the meeting session is."""
        self._is_over = True
        self._stop_timer()
        self._on_over(self)

    # --- what can be asked ---------------------------------------------------------------------

    def seat_of(self, socket: Socket) -> Seat | None:
        """The seat that `socket` speaks for, if it still does."""
        return self.state.seat_of_socket(socket.id)

    def texts_since(self, version: int) -> list[str] | None:
        """The deltas after `version` as text, or None when only a snapshot helps."""
        deltas = self._log.since(version, current=self.state.version)
        return None if deltas is None else [delta_text(delta) for delta in deltas]

    def snapshot(self) -> wire.Snapshot:
        """The whole state, for somebody inside."""
        snapshot = snapshot_for(self.state, Audience.PARTICIPANTS)
        assert snapshot is not None
        return snapshot_wire(snapshot)

    def broadcast(self, text: str) -> None:
        """Send the same text to everybody."""
        for socket in self.sockets.values():
            socket.push(text)

    def send_event(self, event: FeatureEvent) -> None:
        """Tell the news of a feature to those inside who may hear it."""
        text = wire.Event(event=event.event.model_dump(mode="json")).model_dump_json()
        if event.to is Reach.EVERYONE:
            self.broadcast(text)
            return
        for seat in self.state.seats.values():
            who = seat.participant
            is_meant = who.role in MODERATORS if isinstance(event.to, Reach) else who.identity in event.to
            if is_meant and isinstance(seat.link, Connected) and (socket := self.sockets.get(seat.link.socket_id)):
                socket.push(text)

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
        self._stop_timer()

    def remove_from_engine(self, identity: Identity) -> None:
        """Stop somebody's media. Also for those who have no seat."""
        engine, room = self._ports.engine, self.state.facts.meeting_id
        if not engine.capabilities.can_remove:
            return
        revoke_before = None
        if identity in self.state.barred:
            # Tickets count whole seconds: the one that was made in this very second is meant too.
            revoke_before = self._ports.clock().at + timedelta(seconds=1)
        self.engine_lane.submit(
            functools.partial(engine.remove_participant, room, identity=identity, revoke_before=revoke_before)
        )

    # --- one turn ------------------------------------------------------------------------------

    def _apply(self, step: fx.Step) -> None:
        before, self.state = self.state, step.state
        for effect in step.effects:
            self._perform(effect, before)
        if step.changes:
            delta = Delta(before.version, self.state.version, step.changes)
            self._log.append(delta)
            if delta_for(delta, Audience.PARTICIPANTS) is not None:
                self.broadcast(delta_text(delta))
        self._schedule()
        if not self._is_over and before.seats and not self.state.seats:
            self.abandon()

    def _perform(self, effect: fx.Effect, before: RoomState) -> None:
        history, session_id = self._ports.history, self.state.facts.session_id
        submit = self.history_lane.submit
        now = self._ports.clock()
        match effect:
            case fx.CloseSocket(socket_id, farewell, by):
                self._close(socket_id, farewell, by)
            case fx.RemoveFromEngine(identity):
                self.remove_from_engine(identity)
            case fx.DeleteEngineRoom():
                engine = self._ports.engine
                if engine.capabilities.can_remove:
                    self.engine_lane.submit(functools.partial(engine.delete_room, self.state.facts.meeting_id))
            case fx.RecordJoined():
                submit(functools.partial(history.joined, session_id, effect))
            case fx.RecordRenamed(participant_id, name):
                identity = self.state.seats[participant_id].participant.identity
                submit(functools.partial(history.renamed, session_id, identity=identity, name=name))
                self._rename_in_engine(identity, name)
            case fx.RecordLeft(participant_id, _, at):
                self._on_gone(participant_id)
                identity = before.seats[participant_id].participant.identity
                submit(functools.partial(history.left, session_id, identity=identity, now=replace(now, at=at)))
            case fx.RecordRemoved(identity, at):
                submit(functools.partial(history.removed, session_id, identity=identity, now=replace(now, at=at)))
            case fx.RecordEnded(at):
                submit(functools.partial(history.ended, session_id, now=replace(now, at=at)))
            case _:
                assert_never(effect)

    def _close(self, socket_id: SocketId, farewell: fx.Farewell, by: str | None) -> None:
        socket = self.sockets.pop(socket_id, None)
        if socket is None:
            return
        reason, code = _FAREWELLS[farewell]
        if reason is not None:
            socket.push(wire.Closing(reason=reason, by=by).model_dump_json())
        socket.close(code)

    def _rename_in_engine(self, identity: Identity, name: str) -> None:
        engine, room = self._ports.engine, self.state.facts.meeting_id
        self.engine_lane.submit(functools.partial(engine.rename_participant, room, identity=identity, name=name))

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
