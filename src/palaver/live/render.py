"""From the domain to the wire: how state and deltas are written."""

import dataclasses
import json
from collections.abc import Callable
from typing import assert_never

from palaver.kernel.errors import ErrorSpec
from palaver.live import order_wire, wire
from palaver.live.domain import effects as fx, replica
from palaver.live.domain.people import Participant, ParticipantId
from palaver.meetings.policy import RIGHT_NAMES


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
        is_acting=participant.is_acting,
        hand_at=participant.hand_at,
        standing=participant.standing,
        asks_to_share_at=participant.asks_to_share_at,
        avatar_url=participant.avatar_url,
    )


def waiting_person_wire(person: replica.WaitingPerson) -> wire.WaitingPerson:
    """Somebody at the door as moderators see them."""
    return wire.WaitingPerson(
        participant_id=person.participant_id,
        identity=person.identity,
        name=person.name,
        is_signed_in=person.is_signed_in,
        tone=person.tone,
        since=person.since,
        asked_at=person.asked_at,
        note=person.note,
        status=person.status,
        is_connected=person.is_connected,
    )


def room_wire(room: replica.RoomFacts) -> wire.Room:
    """The meeting session as clients see it."""
    return wire.Room(
        meeting_id=room.meeting_id,
        slug=room.slug,
        title=room.title,
        session_id=room.session_id,
        started_at=room.started_at,
        is_locked=room.is_locked,
        is_suspended=room.is_suspended,
        waiting_room=room.waiting_room,
        rights=wire.RightsWire(**{name: getattr(room.rights, name) for name in RIGHT_NAMES}),
        one_presenter=room.one_presenter,
        presenter_id=room.presenter_id,
        spotlight=list(room.spotlight),
    )


def snapshot_wire(snapshot: replica.Snapshot) -> wire.Snapshot:
    """A whole state."""
    return wire.Snapshot(
        version=snapshot.version,
        room=room_wire(snapshot.room),
        participants={pid: participant_wire(who) for pid, who in snapshot.participants.items()},
        waiting={pid: waiting_person_wire(person) for pid, person in snapshot.waiting.items()},
    )


class SnapshotWriter:
    """Writes messages that carry a whole state. Who has not changed since the last one is not written anew: of a
    thousand people who come one after the other, each would else be written a thousand times.
    """

    def __init__(self) -> None:
        self._written: dict[ParticipantId, tuple[Participant, str]] = {}

    def text(
        self, snapshot: replica.Snapshot, message_of: Callable[[wire.Snapshot], wire.Welcome | wire.SnapshotMessage]
    ) -> str:
        """The message that `message_of` makes of a snapshot, as text."""
        message = message_of(snapshot_wire(dataclasses.replace(snapshot, participants={})))
        # The snapshot is the last field of these messages; the roster becomes the last field of the snapshot.
        head = message.model_dump_json(exclude={"snapshot": {"participants"}}).removesuffix("}}")
        self._written = {pid: self._participant(who) for pid, who in snapshot.participants.items()}
        roster = ",".join(f"{json.dumps(pid)}:{text}" for pid, (_, text) in self._written.items())
        return f'{head},"participants":{{{roster}}}}}}}'

    def _participant(self, who: Participant) -> tuple[Participant, str]:
        known = self._written.get(who.participant_id)
        return known if known is not None and known[0] is who else (who, participant_wire(who).model_dump_json())


def delta_text(delta: replica.Delta) -> str:
    """A delta as text: made once, sent to all."""
    changes = [_change_wire(change) for change in delta.changes]
    return wire.Delta(base=delta.base, version=delta.version, changes=changes).model_dump_json()


def error_text(spec: ErrorSpec, *, request_id: str | None, params: dict[str, str | int] | None = None) -> str:
    """An error as text."""
    return wire.ErrorMessage(
        request_id=request_id, code=spec.code, retryable=spec.is_retryable, params=params or {}
    ).model_dump_json()


def notice_text(notice: fx.Notice) -> str:
    """News that leave no trace in the state, as text."""
    return wire.Event(event=_notice_wire(notice).model_dump(mode="json")).model_dump_json()


def _notice_wire(notice: fx.Notice) -> wire.Wire:
    match notice:
        case fx.Reacted(participant_id, reaction):
            return order_wire.Reacted(participant_id=participant_id, reaction=reaction)
        case fx.AskedToUnmute(by):
            return order_wire.AskedToUnmute(by=by)
        case fx.StoppedBy(source, by, may_resume):
            return order_wire.StoppedBy(source=source, by=by, may_resume=may_resume)
        case fx.HandLoweredBy(by):
            return order_wire.HandLoweredBy(by=by)
    assert_never(notice)


def _change_wire(
    change: replica.Change,
) -> wire.PutParticipant | wire.DropParticipant | wire.PutRoom | wire.PutWaiting | wire.DropWaiting:
    match change:
        case replica.PutParticipant(participant):
            return wire.PutParticipant(participant=participant_wire(participant))
        case replica.DropParticipant(participant_id, reason):
            return wire.DropParticipant(participant_id=participant_id, reason=reason.value)
        case replica.PutRoom(room):
            return wire.PutRoom(room=room_wire(room))
        case replica.PutWaiting(person):
            return wire.PutWaiting(person=waiting_person_wire(person))
        case replica.DropWaiting(participant_id, end):
            return wire.DropWaiting(participant_id=participant_id, end=end)
    assert_never(change)
