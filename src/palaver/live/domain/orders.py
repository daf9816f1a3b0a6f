"""What commands of moderators have in common: whom they may name, and the line in the log. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from palaver.live.domain.effects import Named, RecordAudit, Refused
from palaver.live.domain.people import ParticipantId, rank_of
from palaver.live.domain.room import Moment, RoomState, Seat
from palaver.meetings.policy import AuditAction

Detail = Mapping[str, str | int | bool | None]
_NO_DETAIL: Final[Detail] = MappingProxyType({})


def named(seat: Seat) -> Named:
    """A person as the log names them."""
    return Named(seat.participant.identity, seat.participant.name)


def find(state: RoomState, participant_id: ParticipantId) -> Seat | Refused:
    """Somebody in the room."""
    return state.seats.get(participant_id) or Refused("participant_not_found")


def subject_of(state: RoomState, actor: Seat, participant_id: ParticipantId, *, is_grave: bool) -> Seat | Refused:
    """Somebody to whom `actor` may do this: nobody acts on people above them, and grave things only on those below."""
    seat = find(state, participant_id)
    if isinstance(seat, Refused) or seat == actor:
        return seat
    # What somebody is by the rule of the room protects them no more than what they are themselves.
    gap = rank_of(actor.participant.role) - rank_of(seat.own_role)
    return seat if gap > 0 or (gap == 0 and not is_grave) else Refused("outranked")


def audit(
    action: AuditAction, actor: Seat, target: Seat | None, now: Moment, detail: Detail = _NO_DETAIL
) -> RecordAudit:
    """The line in the log."""
    return RecordAudit(action, named(actor), None if target is None else named(target), detail, now.at)
