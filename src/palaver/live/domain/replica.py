"""What the room tells its clients: snapshots, changes, deltas, and how a client applies them.

The law that holds this together (LIVE-060): *a snapshot plus the deltas after it is the snapshot of now*, for every
audience. `apply_delta` is what a client does; the tests hold the server to it.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from palaver.live.domain.people import Participant, ParticipantId

# A page that was away for 20 s misses a few deltas; beyond this many a snapshot is smaller anyway.
LOG_DELTAS: Final = 256


class Audience(StrEnum):
    """Who is looking. Only people who were let in see anything."""

    PARTICIPANTS = "participants"
    WAITING = "waiting"


class DropReason(StrEnum):
    """Why somebody is no longer in the roster."""

    LEFT = "left"
    CONNECTION_LOST = "connection_lost"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """The running meeting session, as shown to participants."""

    meeting_id: str
    slug: str
    title: str
    session_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class PutParticipant:
    """Somebody came, or something about them changed."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class DropParticipant:
    """Somebody is gone."""

    participant_id: ParticipantId
    reason: DropReason


@dataclass(frozen=True, slots=True)
class PutRoom:
    """Something about the room itself changed."""

    room: RoomFacts


Change = PutParticipant | DropParticipant | PutRoom


@dataclass(frozen=True, slots=True)
class Delta:
    """The changes between the versions `base` and `version`."""

    base: int
    version: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that an audience may know, at one version."""

    version: int
    room: RoomFacts
    participants: Mapping[ParticipantId, Participant]


def delta_for(delta: Delta, audience: Audience) -> Delta | None:
    """What `audience` is told of `delta`; None is silence."""
    match audience:
        case Audience.PARTICIPANTS:
            return delta
        case Audience.WAITING:
            return None
    assert_never(audience)


def apply_delta(snapshot: Snapshot, delta: Delta) -> Snapshot:
    """What a client does with a delta.

    Raises:
        ValueError: the delta does not start where the snapshot is: the client must sync.
    """
    if delta.base != snapshot.version:
        raise ValueError(f"delta from {delta.base} on a snapshot of {snapshot.version}")
    room = snapshot.room
    participants = dict(snapshot.participants)
    for change in delta.changes:
        match change:
            case PutParticipant(participant):
                participants[participant.participant_id] = participant
            case DropParticipant(participant_id):
                del participants[participant_id]
            case PutRoom(new_room):
                room = new_room
            case _:
                assert_never(change)
    return Snapshot(version=delta.version, room=room, participants=participants)


@dataclass(slots=True)
class DeltaLog:
    """The last deltas of a room, for clients that missed some. Bounded: the oldest go first."""

    deltas: deque[Delta] = field(default_factory=lambda: deque(maxlen=LOG_DELTAS))

    def append(self, delta: Delta) -> None:
        """Remember `delta`, the newest."""
        self.deltas.append(delta)

    def since(self, version: int, *, current: int) -> tuple[Delta, ...] | None:
        """The deltas from `version` to `current`, or None when they are gone or `version` was never ours."""
        if version == current:
            return ()
        missing = tuple(delta for delta in self.deltas if delta.base >= version)
        return missing if missing and missing[0].base == version else None
