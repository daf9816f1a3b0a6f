"""The room's own commands: what each does, as a pure function. Who may give them is in `permissions.py`."""

from dataclasses import dataclass, replace

from palaver.live.domain.effects import (
    CloseSocket,
    Farewell,
    MediaTicketDue,
    RecordRemoved,
    RecordRenamed,
    Refused,
    Step,
)
from palaver.live.domain.machine import drop_seat, end_room, with_seat
from palaver.live.domain.people import ParticipantId, clean_name
from palaver.live.domain.replica import DropReason, PutParticipant
from palaver.live.domain.room import Connected, Moment, RoomState, Seat


@dataclass(frozen=True, slots=True)
class RenameSelf:
    """Take another name. Nothing visible in `name` leaves the old one."""

    name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Go away at once."""


@dataclass(frozen=True, slots=True)
class EndForAll:
    """End the meeting session for everybody."""


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """Put somebody out for the rest of the meeting session."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class RequestMediaTicket:
    """A fresh ticket for the media engine."""


def rename_self(state: RoomState, actor: Seat, command: RenameSelf, now: Moment) -> Step:
    """Give the actor another name."""
    del now
    name = clean_name(command.name, fallback=actor.participant.name)
    if name == actor.participant.name:
        return Step(state)
    participant = replace(actor.participant, name=name)
    return Step(
        with_seat(state, replace(actor, participant=participant)),
        changes=(PutParticipant(participant),),
        effects=(RecordRenamed(participant.participant_id, name),),
    )


def leave(state: RoomState, actor: Seat, command: Leave, now: Moment) -> Step:
    """Drop the actor without grace: they said that they go."""
    del command
    step = drop_seat(state, actor, reason=DropReason.LEFT, now=now)
    return replace(step, effects=(*_goodbye(actor, Farewell.LEFT, by=None), *step.effects))


def end_for_all(state: RoomState, actor: Seat, command: EndForAll, now: Moment) -> Step:
    """Send everybody away, the actor too."""
    del command
    return end_room(state, now, farewell=Farewell.ENDED_BY_HOST, by=actor)


def remove_participant(state: RoomState, actor: Seat, command: RemoveParticipant, now: Moment) -> Step:
    """Drop somebody else, tell them by whom, and bar them from coming back in this session."""
    seat = state.seats.get(command.participant_id)
    if seat is None:
        return Step(state, answer=Refused("participant_not_found"))
    if seat == actor:
        return Step(state, answer=Refused("cannot_remove_self"))
    step = drop_seat(state, seat, reason=DropReason.REMOVED, now=now)
    identity = seat.participant.identity
    return replace(
        step,
        state=replace(step.state, barred=frozenset({*state.barred, identity})),
        effects=(
            *_goodbye(seat, Farewell.REMOVED, by=actor.participant.name),
            RecordRemoved(identity, now.at),
            *step.effects,
        ),
    )


def request_media_ticket(state: RoomState, actor: Seat, command: RequestMediaTicket, now: Moment) -> Step:
    """Allowed: the ticket itself is made where the engine's key is."""
    del actor, command, now
    return Step(state, answer=MediaTicketDue())


def _goodbye(seat: Seat, farewell: Farewell, *, by: str | None) -> tuple[CloseSocket, ...]:
    match seat.link:
        case Connected(socket_id):
            return (CloseSocket(socket_id, farewell, by),)
        case _:
            return ()
