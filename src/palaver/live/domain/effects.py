"""What goes into the room machine and what comes out besides the new state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from palaver.live.domain.people import Identity, ParticipantId, Role, SocketId
from palaver.live.domain.replica import Change, DropReason
from palaver.live.domain.room import RoomState

# --- inputs ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody who may come in has said hello. Whether they may was decided before, by `admission`."""

    socket_id: SocketId
    participant_id: ParticipantId
    """A fresh id, used if this is not a return to a seat."""
    identity: Identity
    user_id: int | None
    role: Role
    name: str | None
    """Cleaned; None when the client named nobody."""
    fallback_name: str
    tab_id: str
    take_over: bool
    resume_participant_id: ParticipantId | None


@dataclass(frozen=True, slots=True)
class SocketGone:
    """A socket is closed: `is_clean` when the tab said so (1000, 1001), else it just stopped."""

    socket_id: SocketId
    is_clean: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline may be due."""


@dataclass(frozen=True, slots=True)
class TitleChanged:
    """The meeting has another title."""

    title: str


@dataclass(frozen=True, slots=True)
class MeetingDeleted:
    """The meeting does not exist any more."""


RoomInput = Join | SocketGone | TimePassed | TitleChanged | MeetingDeleted

# --- effects ---------------------------------------------------------------------------------


class Farewell(StrEnum):
    """Why the server closes a participant's socket."""

    LEFT = "left"
    ENDED_BY_HOST = "ended_by_host"
    REMOVED = "removed"
    TAKEN_OVER = "taken_over"
    MEETING_DELETED = "meeting_deleted"


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Say why, then close."""

    socket_id: SocketId
    farewell: Farewell
    by: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveFromEngine:
    """This person's media must stop."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class DeleteEngineRoom:
    """Nobody's media may go on."""


@dataclass(frozen=True, slots=True)
class RecordJoined:
    """For the history: somebody came in."""

    participant_id: ParticipantId
    identity: Identity
    user_id: int | None
    name: str
    role: Role
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordRenamed:
    """For the history: somebody is called otherwise."""

    participant_id: ParticipantId
    name: str


@dataclass(frozen=True, slots=True)
class RecordLeft:
    """For the history: somebody is gone."""

    participant_id: ParticipantId
    reason: DropReason
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordRemoved:
    """For the history: somebody was put out, and stays out of this run."""

    identity: Identity
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """For the history: the meeting session is over: everybody left, a host ended it, or the meeting is gone."""

    at: datetime
    by_user_id: int | None


Effect = (
    CloseSocket
    | RemoveFromEngine
    | DeleteEngineRoom
    | RecordJoined
    | RecordRenamed
    | RecordLeft
    | RecordRemoved
    | RecordEnded
)

# --- answers ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """The command was carried out."""


@dataclass(frozen=True, slots=True)
class MediaTicketDue:
    """The command was allowed; the ticket is made outside of the machine."""


@dataclass(frozen=True, slots=True)
class Seated:
    """The join was carried out; `participant_id` is the seat taken."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. `code` is that of the error."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


Answer = Done | MediaTicketDue | Seated | Refused


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the machine: the new state, what changed, what is to be done, and the answer to who asked."""

    state: RoomState
    changes: tuple[Change, ...] = ()
    effects: tuple[Effect, ...] = ()
    answer: Answer = field(default_factory=Done)
