"""The live WebSocket as types: every message, both ways.

What lives here: the shapes, and nothing else; the rules are in `docs/protocol/live.md`. `tools/gen_schema.py` writes
`schema/live.json` and `web/src/wire/live.gen.ts` from these classes. Commands of features are not listed here: they
come with their own wire class through the registry in `palaver.config.live_handlers`.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from palaver.live.domain.people import MAX_NAME_INPUT_CHARS, Presence, Role, Standing, Tone
from palaver.live.domain.replica import WaitingEnd, WaitingStatus
from palaver.meetings.policy import WaitingRoom

PROTOCOL: Final = 1


def _without_nul(text: str) -> str:
    """PostgreSQL keeps no U+0000 and cannot even be asked about one; no id of ours has it."""
    if "\0" in text:
        raise ValueError("a character that no text has")
    return text


NoNul: Final = AfterValidator(_without_nul)
# Ids are ours or the client's own random text; the bound only keeps one message from filling our memory.
RequestId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=128), NoNul]
# 128 random bits in base64 or more: nobody else ever has the same.
GuestKeyText = Annotated[str, StringConstraints(min_length=22, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
PasswordText = Annotated[str, StringConstraints(min_length=1, max_length=256)]
TicketText = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
NameInput = Annotated[str, StringConstraints(max_length=MAX_NAME_INPUT_CHARS)]
Version = Annotated[int, Field(ge=0, le=2**53 - 1)]


class Wire(BaseModel):
    """Base of all messages: unknown fields are an error, values are never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# --- commands of the room itself -------------------------------------------------------------


class RenameSelf(Wire):
    """Take another name."""

    kind: Literal["rename_self"] = "rename_self"
    name: NameInput


class Leave(Wire):
    """Go away at once; the socket is closed with 4499.

    A page that is closed, or perhaps only loaded anew, does not mean it for good.
    """

    kind: Literal["leave"] = "leave"
    is_for_good: bool = True


class EndForAll(Wire):
    """End the meeting session for everybody."""

    kind: Literal["end_for_all"] = "end_for_all"


class RequestMediaTicket(Wire):
    """Ask for a fresh media ticket."""

    kind: Literal["media_ticket"] = "media_ticket"


# --- client to server ------------------------------------------------------------------------


class Resume(Wire):
    """Where this page was before its socket broke."""

    participant_id: ShortText
    version: Version


class Hello(Wire):
    """The first message: who wants to come in, and from which tab."""

    type: Literal["hello"] = "hello"
    request_id: RequestId
    protocol: Literal[1]
    name: NameInput | None = None
    guest_ticket: TicketText | None = None
    guest_key: GuestKeyText | None = None
    password: PasswordText | None = None
    tab_id: ShortText
    take_over: bool = False
    resume: Resume | None = None


class CommandMessage(Wire):
    """A wish to change the room. `command` is one of the registered commands, told apart by `kind`."""

    type: Literal["command"] = "command"
    request_id: RequestId
    command: dict[str, Any]


class Sync(Wire):
    """The client has `version` and wants what is missing."""

    type: Literal["sync"] = "sync"
    request_id: RequestId
    version: Version


class Pong(Wire):
    """The answer to a heartbeat."""

    type: Literal["pong"] = "pong"


ClientMessage = Annotated[Hello | CommandMessage | Sync | Pong, Field(discriminator="type")]

# --- server to client ------------------------------------------------------------------------


class Participant(Wire):
    """One person in the room. `participant_id` names this join, `identity` the person in this meeting."""

    participant_id: str
    identity: str
    name: str
    role: Role
    is_signed_in: bool
    joined_at: AwareDatetime
    presence: Presence
    tone: Tone
    is_acting: bool
    hand_at: AwareDatetime | None
    standing: Standing
    asks_to_share_at: AwareDatetime | None
    avatar_url: str | None = None


class RightsWire(Wire):
    """The switches for everybody who does not moderate."""

    microphone: bool
    camera: bool
    screen_share: bool
    chat: bool
    private_chat: bool
    reactions: bool
    rename: bool


class WaitingPerson(Wire):
    """Somebody at the door, as moderators see them."""

    participant_id: str
    identity: str
    name: str
    is_signed_in: bool
    tone: Tone
    since: AwareDatetime
    asked_at: AwareDatetime
    note: str
    status: WaitingStatus
    is_connected: bool


class Room(Wire):
    """The running meeting session."""

    meeting_id: str
    slug: str
    title: str
    session_id: str
    started_at: AwareDatetime
    is_locked: bool
    is_suspended: bool
    waiting_room: WaitingRoom
    rights: RightsWire
    one_presenter: bool
    presenter_id: str | None
    spotlight: list[str]


class Snapshot(Wire):
    """All that a participant may know, at a version of their audience. Only moderators see who is `waiting`."""

    version: Version
    room: Room
    participants: dict[str, Participant]
    waiting: dict[str, WaitingPerson]


class PutParticipant(Wire):
    """Somebody came, or something about them changed."""

    op: Literal["put_participant"] = "put_participant"
    participant: Participant


DropReason = Literal["left", "connection_lost", "removed"]


class DropParticipant(Wire):
    """Somebody is no longer in the room."""

    op: Literal["drop_participant"] = "drop_participant"
    participant_id: str
    reason: DropReason


class PutRoom(Wire):
    """Something about the room itself changed."""

    op: Literal["put_room"] = "put_room"
    room: Room


class PutWaiting(Wire):
    """Somebody is at the door, or something about them changed. Told to moderators only."""

    op: Literal["put_waiting"] = "put_waiting"
    person: WaitingPerson


class DropWaiting(Wire):
    """Somebody is at the door no more. Told to moderators only."""

    op: Literal["drop_waiting"] = "drop_waiting"
    participant_id: str
    end: WaitingEnd


Change = Annotated[PutParticipant | DropParticipant | PutRoom | PutWaiting | DropWaiting, Field(discriminator="op")]


class You(Wire):
    """Who the receiver is."""

    participant_id: str
    identity: str
    role: Role


class Media(Wire):
    """A media ticket: connect a LiveKit client to `url` with `token`, before `expires_at`."""

    url: str
    token: str
    expires_at: AwareDatetime


class Waiting(Wire):
    """The answer to a hello of somebody who waits at the door, and news of it. Let in, they get a welcome."""

    type: Literal["waiting"] = "waiting"
    request_id: RequestId
    participant_id: str
    guest_ticket: str | None
    name: str
    since: AwareDatetime
    note: str
    status: WaitingStatus
    heartbeat_s: float


class Welcome(Wire):
    """The answer to a hello that was let in."""

    type: Literal["welcome"] = "welcome"
    request_id: RequestId
    you: You
    guest_ticket: str | None
    media: Media
    heartbeat_s: float
    snapshot: Snapshot


class Delta(Wire):
    """What changed between two versions."""

    type: Literal["delta"] = "delta"
    base: Version
    version: Version
    changes: list[Change]


class SnapshotMessage(Wire):
    """A whole new state: the client was too far behind for deltas."""

    type: Literal["snapshot"] = "snapshot"
    request_id: RequestId | None
    snapshot: Snapshot


class Heartbeat(Wire):
    """The room is at `version`; answer with a pong, and sync if behind."""

    type: Literal["heartbeat"] = "heartbeat"
    version: Version


class MediaTicketResult(Wire):
    """The result of the command media_ticket."""

    kind: Literal["media_ticket"] = "media_ticket"
    media: Media


class Ack(Wire):
    """The request was carried out."""

    type: Literal["ack"] = "ack"
    request_id: RequestId
    result: dict[str, Any] | None = None
    """What the command came to, told apart by `kind`; the schema names all results, those of features too."""


class Event(Wire):
    """News of a feature (chat, files, …), told apart by `kind`. Not part of the snapshot: the feature has its own
    way to ask what was missed.
    """

    type: Literal["event"] = "event"
    event: dict[str, Any]


class ErrorMessage(Wire):
    """The request, or a message without a readable request id, was refused. `code` is in `schema/errors.json`."""

    type: Literal["error"] = "error"
    request_id: RequestId | None
    code: str
    retryable: bool
    params: dict[str, str | int] = Field(default_factory=dict)


ClosingReason = Literal[
    "ended_by_host",
    "removed",
    "banned",
    "denied",
    "taken_over",
    "server_restart",
    "meeting_deleted",
    "signed_out",
    "rate_limited",
    "protocol",
]


class Closing(Wire):
    """Why the server is about to close the socket. `by` is a name, when a person did it."""

    type: Literal["closing"] = "closing"
    reason: ClosingReason
    by: str | None = None


ServerMessage = Annotated[
    Welcome | Waiting | Delta | SnapshotMessage | Heartbeat | Ack | Event | ErrorMessage | Closing,
    Field(discriminator="type"),
]
