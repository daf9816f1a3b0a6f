"""The room machine: `(state, input, now) -> step`. No socket, clock, task or database inside.

Inputs that are not commands are handled here; commands in `room_commands.py` and in the features that register more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

from palaver.live.domain.effects import (
    CloseSocket,
    DeleteEngineRoom,
    Effect,
    Farewell,
    Join,
    MeetingDeleted,
    RecordEnded,
    RecordJoined,
    RecordLeft,
    RecordRenamed,
    Refused,
    RemoveFromEngine,
    RoomInput,
    Seated,
    SocketGone,
    Step,
    TimePassed,
    TitleChanged,
)
from palaver.live.domain.people import Participant, ParticipantId, Presence, SocketId, tone_of
from palaver.live.domain.permissions import PermissionTable, Phase, is_allowed
from palaver.live.domain.replica import Change, DropParticipant, DropReason, PutParticipant, PutRoom
from palaver.live.domain.room import Connected, Lost, Moment, RoomState, Seat

# A page that loads again says goodbye and is back within this; nobody should see it flicker.
CLEAN_GRACE_S: Final = 2.0
# A socket that broke without a word: the others are told late, so that a short cut is noticed by nobody …
SHOW_LOST_AFTER_S: Final = 8.0
# … and the seat is kept as long as media may still be flowing and clients are dialling.
LOST_GRACE_S: Final = 20.0
MAX_SEATS: Final = 1000

Handler = Callable[[RoomState, Seat, Any, Moment], Step]
"""A command: `(state, actor, command, now)`. Any: each handler takes the command class it was registered with."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All commands that the room knows: how they are carried out, and who may give them."""

    handlers: Mapping[str, Handler]
    permissions: PermissionTable


def give_command(
    state: RoomState, *, socket_id: SocketId, kind: str, command: object, now: Moment, rules: Rules
) -> Step:
    """Carry out `command` for whoever sits behind `socket_id`, or refuse."""
    actor = actor_of(state, socket_id=socket_id, kind=kind, rules=rules)
    if actor is None:
        return Step(state, answer=Refused("not_allowed"))
    return commit(rules.handlers[kind](state, actor, command, now))


def actor_of(state: RoomState, *, socket_id: SocketId, kind: str, rules: Rules) -> Seat | None:
    """Who would give the command `kind`; None when nobody sits there, or they may not give it."""
    actor = state.seat_of_socket(socket_id)
    if actor is None or not is_allowed(rules.permissions, kind=kind, role=actor.participant.role, phase=state.phase):
        return None
    return actor


def feed(state: RoomState, given: RoomInput, now: Moment) -> Step:
    """Take in what happened. An ended room takes in nothing."""
    if state.phase is Phase.ENDED:
        return Step(state, answer=Refused("ended_by_host"))
    match given:
        case Join():
            step = _join(state, given, now)
        case SocketGone():
            step = _socket_gone(state, given, now)
        case TimePassed():
            step = _time_passed(state, now)
        case TitleChanged(title):
            facts = replace(state.facts, title=title)
            step = Step(replace(state, facts=facts), changes=(PutRoom(facts),))
        case MeetingDeleted():
            step = end_room(state, now, farewell=Farewell.MEETING_DELETED, by=None)
        case _:
            assert_never(given)
    return commit(step)


def commit(step: Step) -> Step:
    """Count the version up when something changed."""
    if not step.changes:
        return step
    return replace(step, state=replace(step.state, version=step.state.version + 1))


# --- coming and going ------------------------------------------------------------------------


def _join(state: RoomState, join: Join, now: Moment) -> Step:
    if join.identity in state.barred:
        return Step(state, answer=Refused("removed"))
    seat = state.seat_of_identity(join.identity)
    if seat is not None:
        return _return_to(state, seat, join)
    if len(state.seats) >= MAX_SEATS:
        return Step(state, answer=Refused("room_full", {"limit": MAX_SEATS}))
    participant = Participant(
        participant_id=join.participant_id,
        identity=join.identity,
        name=join.name or join.fallback_name,
        role=join.role,
        is_signed_in=join.user_id is not None,
        joined_at=now.at,
        presence=Presence.CONNECTED,
        tone=tone_of(join.identity),
    )
    new_seat = Seat(participant=participant, user_id=join.user_id, tab_id=join.tab_id, link=Connected(join.socket_id))
    record = RecordJoined(
        participant.participant_id, join.identity, join.user_id, participant.name, participant.role, now.at
    )
    return Step(
        with_seat(state, new_seat),
        changes=(PutParticipant(participant),),
        effects=(record,),
        answer=Seated(participant.participant_id),
    )


def _return_to(state: RoomState, seat: Seat, join: Join) -> Step:
    """The person has a seat: it is taken again, unless another tab is on it and was not told to give way."""
    participant = seat.participant
    effects: list[Effect] = []
    if isinstance(seat.link, Connected):
        is_same_page = seat.tab_id == join.tab_id or join.resume_participant_id == participant.participant_id
        if not (join.take_over or is_same_page):
            return Step(state, answer=Refused("already_here"))
        effects.append(CloseSocket(seat.link.socket_id, Farewell.TAKEN_OVER))
    # The role is decided anew: somebody may have signed in again, or the meeting may have a new owner.
    back = replace(
        participant,
        name=join.name or participant.name,
        role=join.role,
        presence=Presence.CONNECTED,
    )
    if back.name != participant.name:
        effects.append(RecordRenamed(back.participant_id, back.name))
    new_seat = replace(seat, participant=back, user_id=join.user_id, tab_id=join.tab_id, link=Connected(join.socket_id))
    changes: tuple[Change, ...] = () if back == participant else (PutParticipant(back),)
    return Step(with_seat(state, new_seat), changes, tuple(effects), Seated(back.participant_id))


def _socket_gone(state: RoomState, gone: SocketGone, now: Moment) -> Step:
    seat = state.seat_of_socket(gone.socket_id)
    if seat is None:
        return Step(state)
    link = Lost(
        show_at_s=None if gone.is_clean else now.steady_s + SHOW_LOST_AFTER_S,
        drop_at_s=now.steady_s + (CLEAN_GRACE_S if gone.is_clean else LOST_GRACE_S),
        is_clean=gone.is_clean,
    )
    return Step(with_seat(state, replace(seat, link=link)))


def _time_passed(state: RoomState, now: Moment) -> Step:
    changes: list[Change] = []
    effects: list[Effect] = []
    for seat in tuple(state.seats.values()):
        match seat.link:
            case Lost(drop_at_s=drop_at_s, is_clean=is_clean) if drop_at_s <= now.steady_s:
                reason = DropReason.LEFT if is_clean else DropReason.CONNECTION_LOST
                step = drop_seat(state, seat, reason=reason, now=now)
                state = step.state
                changes += step.changes
                effects += step.effects
            case Lost(show_at_s=float(show_at_s)) if show_at_s <= now.steady_s:
                shown = replace(seat.participant, presence=Presence.RECONNECTING)
                link = replace(seat.link, show_at_s=None)
                state = with_seat(state, replace(seat, participant=shown, link=link))
                changes.append(PutParticipant(shown))
    return Step(state, tuple(changes), tuple(effects))


# --- pieces that commands use as well --------------------------------------------------------


def with_seat(state: RoomState, seat: Seat) -> RoomState:
    """`state` with `seat` put in, or in place of the one with the same id."""
    return replace(state, seats={**state.seats, seat.participant.participant_id: seat})


def drop_seat(state: RoomState, seat: Seat, *, reason: DropReason, now: Moment) -> Step:
    """Take a seat away, with its media. Closing the socket is the caller's duty."""
    participant_id: ParticipantId = seat.participant.participant_id
    seats = {pid: other for pid, other in state.seats.items() if pid != participant_id}
    effects: list[Effect] = [
        RemoveFromEngine(seat.participant.identity),
        RecordLeft(participant_id, reason, now.at),
    ]
    # Whoever was lost may be back within minutes, and then the same meeting session goes on.
    if not seats and reason is not DropReason.CONNECTION_LOST:
        effects.append(RecordEnded(now.at, by_user_id=None))
    return Step(replace(state, seats=seats), changes=(DropParticipant(participant_id, reason),), effects=tuple(effects))


def end_room(state: RoomState, now: Moment, *, farewell: Farewell, by: Seat | None) -> Step:
    """Send everybody away, with the reason, and close the room for good."""
    by_name = None if by is None else by.participant.name
    goodbyes: list[Effect] = [
        CloseSocket(seat.link.socket_id, farewell, by_name)
        for seat in state.seats.values()
        if isinstance(seat.link, Connected)
    ]
    changes = tuple(DropParticipant(pid, DropReason.LEFT) for pid in state.seats)
    records: list[Effect] = [RecordLeft(pid, DropReason.LEFT, now.at) for pid in state.seats]
    ended = RecordEnded(now.at, by_user_id=None if by is None else by.user_id)
    return Step(
        replace(state, seats={}, phase=Phase.ENDED),
        changes,
        (*goodbyes, DeleteEngineRoom(), *records, ended),
    )
