"""What the room tells its clients: snapshots, changes, deltas, and how a client applies them.

The law that holds this together (LIVE-060): *a snapshot plus the deltas after it is the snapshot of now*, for every
audience. `apply_delta` is what a client does; the tests hold the server to it. Each audience counts versions of its
own: what it may not see does not even move its number.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from palaver.live.domain.people import Identity, Participant, ParticipantId, Tone
from palaver.meetings.policy import USUAL_VOICES, Rights, WaitingRoom

# A page that was away for 20 s misses a few deltas; beyond this many a snapshot is smaller anyway.
LOG_DELTAS: Final = 256


class Audience(StrEnum):
    """Who is looking. Only people who were let in see anything; only moderators see who waits."""

    MODERATORS = "moderators"
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
    is_locked: bool = False
    is_suspended: bool = False
    waiting_room: WaitingRoom = WaitingRoom.NOBODY
    rights: Rights = field(default_factory=Rights)
    one_presenter: bool = False
    voices: int = USUAL_VOICES
    """How many are heard at once where many are inside: for the media engine, and told to nobody."""
    presenter_id: ParticipantId | None = None
    """Who may share a screen, where only one may at a time."""
    spotlight: tuple[ParticipantId, ...] = ()
    """Who has the big place on everybody's screen, at most two."""


class WaitingStatus(StrEnum):
    """How it stands with somebody at the door."""

    ASKED = "asked"
    UNANSWERED = "unanswered"
    """Nobody has answered for a while; asking again starts anew."""


@dataclass(frozen=True, slots=True)
class WaitingPerson:
    """Somebody at the door, as moderators see them."""

    participant_id: ParticipantId
    identity: Identity
    name: str
    is_signed_in: bool
    tone: Tone
    since: datetime
    asked_at: datetime
    """When they asked last."""
    note: str
    status: WaitingStatus
    is_connected: bool


class WaitingEnd(StrEnum):
    """How somebody's waiting ended."""

    ADMITTED = "admitted"
    DENIED = "denied"
    LEFT = "left"


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


@dataclass(frozen=True, slots=True)
class PutWaiting:
    """Somebody is at the door, or something about them changed."""

    person: WaitingPerson


@dataclass(frozen=True, slots=True)
class DropWaiting:
    """Somebody is at the door no more."""

    participant_id: ParticipantId
    end: WaitingEnd


Change = PutParticipant | DropParticipant | PutRoom | PutWaiting | DropWaiting


@dataclass(frozen=True, slots=True)
class Delta:
    """The changes between the versions `base` and `version` of one audience."""

    base: int
    version: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that an audience may know, at one version."""

    version: int
    room: RoomFacts
    participants: Mapping[ParticipantId, Participant]
    waiting: Mapping[ParticipantId, WaitingPerson] = field(default_factory=dict)
    """Who is at the door; nobody for those who do not moderate."""


def changes_for(changes: tuple[Change, ...], audience: Audience) -> tuple[Change, ...]:
    """What `audience` is told of `changes`."""
    match audience:
        case Audience.MODERATORS:
            return changes
        case Audience.PARTICIPANTS:
            return tuple(change for change in changes if not isinstance(change, PutWaiting | DropWaiting))
        case Audience.WAITING:
            return ()
    assert_never(audience)


def merged(deltas: Sequence[Delta]) -> Delta:
    """Deltas that follow each other, at least one, as a single one."""
    changes = tuple(change for delta in deltas for change in delta.changes)
    return Delta(deltas[0].base, deltas[-1].version, changes)


def apply_delta(snapshot: Snapshot, delta: Delta) -> Snapshot:
    """What a client does with a delta.

    Raises:
        ValueError: the delta does not start where the snapshot is: the client must sync.
    """
    if delta.base != snapshot.version:
        raise ValueError(f"delta from {delta.base} on a snapshot of {snapshot.version}")
    room = snapshot.room
    participants = dict(snapshot.participants)
    waiting = dict(snapshot.waiting)
    for change in delta.changes:
        match change:
            case PutParticipant(participant):
                participants[participant.participant_id] = participant
            case DropParticipant(participant_id):
                del participants[participant_id]
            case PutRoom(new_room):
                room = new_room
            case PutWaiting(person):
                waiting[person.participant_id] = person
            case DropWaiting(participant_id):
                del waiting[participant_id]
            case _:
                assert_never(change)
    return Snapshot(version=delta.version, room=room, participants=participants, waiting=waiting)


@dataclass(slots=True)
class DeltaLog:
    """The last deltas of a room for one audience, for clients that missed some. Bounded: the oldest go first."""

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
