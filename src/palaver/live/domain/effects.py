"""What goes into the room machine and what comes out besides the new state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from palaver.live.domain.people import Identity, ParticipantId, Reaction, Role, SocketId
from palaver.live.domain.replica import Change, DropReason, WaitingPerson
from palaver.live.domain.room import RoomState
from palaver.live.domain.sources import Source
from palaver.meetings.policy import AuditAction, Policy

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
    is_trusted: bool = False
    """Passes the waiting room."""
    always_waits: bool = False
    """Waits at the door whatever the waiting room takes: a guest of a meeting for invited people."""
    network: str | None = None
    """Where they come from; never shown."""
    avatar_url: str | None = None


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


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """The owner decided otherwise for all runs; so it is in this one too."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """What somebody with an account is to the meeting; `role` is what they are in a room now."""

    user_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class BannedElsewhere:
    """Somebody was banned on a page."""

    identity: Identity
    user_id: int | None


RoomInput = (
    Join | SocketGone | TimePassed | TitleChanged | MeetingDeleted | PolicyChanged | MembershipChanged | BannedElsewhere
)

# --- effects ---------------------------------------------------------------------------------


class Farewell(StrEnum):
    """Why the server closes a participant's socket."""

    LEFT = "left"
    ENDED_BY_HOST = "ended_by_host"
    REMOVED = "removed"
    TAKEN_OVER = "taken_over"
    MEETING_DELETED = "meeting_deleted"
    DENIED = "denied"
    BANNED = "banned"
    SIGNED_OUT = "signed_out"


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
    is_for_good: bool = False
    """Tickets that they hold are worth nothing any more, either."""


@dataclass(frozen=True, slots=True)
class DeleteEngineRoom:
    """Nobody's media may go on."""


@dataclass(frozen=True, slots=True)
class LetIn:
    """Somebody who waited is inside now: their socket gets its welcome."""

    socket_id: SocketId
    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class TellWaiting:
    """How it stands with somebody at the door, for themselves."""

    socket_id: SocketId
    person: WaitingPerson


@dataclass(frozen=True, slots=True)
class SetSources:
    """What somebody may publish from now on; what they publish beyond it stops."""

    identity: Identity
    sources: frozenset[Source]


@dataclass(frozen=True, slots=True)
class MuteInEngine:
    """Stop one source of somebody, whatever their page does."""

    identity: Identity
    source: Source


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


@dataclass(frozen=True, slots=True)
class RecordBan:
    """For all runs: somebody stays out of the meeting."""

    identity: Identity
    user_id: int | None
    network: str | None
    name: str
    by_name: str
    by_user_id: int | None
    reason: str
    days: int | None
    """None: an account until it is lifted, a guest for a day."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a log names them."""

    identity: Identity
    name: str


@dataclass(frozen=True, slots=True)
class RecordAudit:
    """For the log of the run: what a moderator did, or a rule of the room."""

    action: AuditAction
    actor: Named
    target: Named | None
    detail: Mapping[str, str | int | bool | None]
    at: datetime


@dataclass(frozen=True, slots=True)
class KeepState:
    """What must outlive the process has changed."""


# --- notices: what happens and leaves no trace in the state ------------------------------------


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody shows a reaction."""

    participant_id: ParticipantId
    reaction: Reaction


@dataclass(frozen=True, slots=True)
class AskedToUnmute:
    """A moderator would like to hear the receiver."""

    by: str


@dataclass(frozen=True, slots=True)
class StoppedBy:
    """A moderator stopped a source of the receiver."""

    source: Source
    by: str
    may_resume: bool


@dataclass(frozen=True, slots=True)
class HandLoweredBy:
    """A moderator lowered the receiver's hand."""

    by: str


Notice = Reacted | AskedToUnmute | StoppedBy | HandLoweredBy


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell one participant, or everybody inside."""

    to: ParticipantId | None
    notice: Notice


DURABLE: Final = (RecordRemoved, RecordBan, RecordAudit, KeepState)
"""A command with one of these is acknowledged once it is stored."""

Effect = (
    CloseSocket
    | RemoveFromEngine
    | DeleteEngineRoom
    | LetIn
    | TellWaiting
    | SetSources
    | MuteInEngine
    | RecordBan
    | RecordAudit
    | KeepState
    | Notify
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
class Waits:
    """The join was noted at the door; `participant_id` is the place there."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. `code` is that of the error."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


Answer = Done | MediaTicketDue | Seated | Waits | Refused


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the machine: the new state, what changed, what is to be done, and the answer to who asked."""

    state: RoomState
    changes: tuple[Change, ...] = ()
    effects: tuple[Effect, ...] = ()
    answer: Answer = field(default_factory=Done)
