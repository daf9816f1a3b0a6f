"""One's own name, going, ending, the media ticket. Who may give these commands is in `permissions.py`."""

from dataclasses import dataclass, replace

from palaver.live.domain.effects import Farewell, MediaTicketDue, RecordAudit, RecordRenamed, Step
from palaver.live.domain.ending import end_room
from palaver.live.domain.lobby import leave_the_door
from palaver.live.domain.orders import named
from palaver.live.domain.people import clean_name
from palaver.live.domain.replica import DropReason, PutParticipant
from palaver.live.domain.room import Actor, Moment, RoomState, Seat, Waiter
from palaver.live.domain.seats import drop_seat, goodbye, with_seat
from palaver.meetings.policy import AuditAction


@dataclass(frozen=True, slots=True)
class RenameSelf:
    """Take another name. Nothing visible in `name` leaves the old one."""

    name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Go away at once, for good or perhaps only to load the page anew."""

    is_for_good: bool = True


@dataclass(frozen=True, slots=True)
class EndForAll:
    """End the meeting session for everybody."""


@dataclass(frozen=True, slots=True)
class RequestMediaTicket:
    """A fresh ticket for the media engine."""


def rename_self(state: RoomState, actor: Seat, command: RenameSelf, now: Moment) -> Step:
    """Give the actor another name."""
    del now
    name = clean_name(command.name, fallback=actor.participant.name)
    return Step(state) if name == actor.participant.name else renamed(state, actor, name)


def renamed(state: RoomState, seat: Seat, name: str) -> Step:
    """`seat` under another name."""
    participant = replace(seat.participant, name=name)
    return Step(
        with_seat(state, replace(seat, participant=participant)),
        changes=(PutParticipant(participant),),
        effects=(RecordRenamed(participant.participant_id, name),),
    )


def leave(state: RoomState, actor: Actor, command: Leave, now: Moment) -> Step:
    """Drop the actor without grace: they said that they go. Whoever goes for good waits like others the next time."""
    if isinstance(actor, Waiter):
        return leave_the_door(state, actor)
    if command.is_for_good:
        state = replace(state, admitted=state.admitted - {actor.participant.identity})
    step = drop_seat(state, actor, reason=DropReason.LEFT, now=now)
    return replace(step, effects=(*goodbye(actor.link, Farewell.LEFT, by=None), *step.effects))


def end_for_all(state: RoomState, actor: Seat, command: EndForAll, now: Moment) -> Step:
    """Send everybody away, the actor too."""
    del command
    step = end_room(state, now, farewell=Farewell.ENDED_BY_HOST, by=actor)
    audit = RecordAudit(AuditAction.END, named(actor), target=None, detail={}, at=now.at)
    return replace(step, effects=(audit, *step.effects))


def request_media_ticket(state: RoomState, actor: Seat, command: RequestMediaTicket, now: Moment) -> Step:
    """Allowed: the ticket itself is made where the engine's key is."""
    del actor, command, now
    return Step(state, answer=MediaTicketDue())
