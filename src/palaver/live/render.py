"""From the domain to the wire: how state and deltas are written."""

from palaver.kernel.errors import ErrorSpec
from palaver.live import wire
from palaver.live.domain import replica
from palaver.live.domain.people import Participant


def participant_wire(participant: Participant) -> wire.Participant:
    """A participant as clients see them."""
    return wire.Participant(
        participant_id=participant.participant_id,
        identity=participant.identity,
        name=participant.name,
        role=participant.role,
        is_signed_in=participant.is_signed_in,
        joined_at=participant.joined_at,
        presence=participant.presence,
        tone=participant.tone,
    )


def room_wire(room: replica.RoomFacts) -> wire.Room:
    """The meeting session as clients see it."""
    return wire.Room(
        meeting_id=room.meeting_id,
        slug=room.slug,
        title=room.title,
        session_id=room.session_id,
        started_at=room.started_at,
    )


def snapshot_wire(snapshot: replica.Snapshot) -> wire.Snapshot:
    """A whole state."""
    return wire.Snapshot(
        version=snapshot.version,
        room=room_wire(snapshot.room),
        participants={pid: participant_wire(who) for pid, who in snapshot.participants.items()},
    )


def delta_text(delta: replica.Delta) -> str:
    """A delta as text: made once, sent to all."""
    changes = [_change_wire(change) for change in delta.changes]
    return wire.Delta(base=delta.base, version=delta.version, changes=changes).model_dump_json()


def error_text(spec: ErrorSpec, *, request_id: str | None, params: dict[str, str | int] | None = None) -> str:
    """An error as text."""
    return wire.ErrorMessage(
        request_id=request_id, code=spec.code, retryable=spec.is_retryable, params=params or {}
    ).model_dump_json()


def _change_wire(change: replica.Change) -> wire.PutParticipant | wire.DropParticipant | wire.PutRoom:
    match change:
        case replica.PutParticipant(participant):
            return wire.PutParticipant(participant=participant_wire(participant))
        case replica.DropParticipant(participant_id, reason):
            return wire.DropParticipant(participant_id=participant_id, reason=reason.value)
        case replica.PutRoom(room):
            return wire.PutRoom(room=room_wire(room))
