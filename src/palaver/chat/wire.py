"""The chat on the wire: commands, their results, and its events. The rules are in `docs/protocol/chat.md`."""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from palaver.chat.limits import MAX_FILES, MAX_MENTIONS
from palaver.live.domain.people import Tone
from palaver.live.wire import NoNul, Wire

# Wider than what is kept: a text that is too long gets an error of its own, and what cleaning removes does not count.
TextInput = Annotated[str, StringConstraints(max_length=12_000)]
ClientId = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
MessageId = Annotated[str, StringConstraints(min_length=36, max_length=36)]
IdentityText = Annotated[str, StringConstraints(min_length=1, max_length=64), NoNul]
FileId = Annotated[str, StringConstraints(min_length=1, max_length=64), NoNul]
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]
SearchText = Annotated[str, StringConstraints(min_length=1, max_length=100), NoNul]

MAX_PAGE: Final = 50
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE)]

Emoji = Literal["thumbs_up", "heart", "laugh", "surprise", "celebrate", "thinking"]
AudienceName = Literal["everyone", "private", "hosts"]

# --- what is said ----------------------------------------------------------------------------


class ChatPerson(Wire):
    """Somebody, with the name they had then."""

    identity: str
    name: str


class ChatSender(Wire):
    """Who wrote a message, as they were called then."""

    identity: str
    name: str
    is_signed_in: bool
    tone: Tone


class ChatReactions(Wire):
    """One emoji under a message. `by` has the first few; `count` is of all."""

    emoji: Emoji
    count: int
    by: list[str]


class ChatDeletion(Wire):
    """The trace that a deleted message leaves."""

    at: AwareDatetime
    by: ChatPerson


class ChatPicture(Wire):
    """One of a message's files that is a picture; the room for it can be kept before it is there."""

    file_id: str
    width: int
    height: int


class ChatMessage(Wire):
    """One message, whole. Of two with the same `message_id` the one with the greater `change` is true."""

    message_id: str
    seq: int
    change: int
    session_id: str
    sender: ChatSender
    audience: AudienceName
    to: ChatPerson | None
    text: str
    reply_to: str | None
    mentions: list[ChatPerson]
    file_ids: list[str]
    pictures: list[ChatPicture]
    reactions: list[ChatReactions]
    sent_at: AwareDatetime
    edited_at: AwareDatetime | None
    deleted: ChatDeletion | None


MyReactions = dict[str, list[Emoji]]

# --- commands --------------------------------------------------------------------------------


class ChatSend(Wire):
    """Write to everyone, or to those who moderate. `client_id` is new for each message, and the same for a retry."""

    kind: Literal["chat_send"] = "chat_send"
    client_id: ClientId
    text: TextInput
    audience: Literal["everyone", "hosts"] = "everyone"
    reply_to: MessageId | None = None
    mentions: list[IdentityText] = Field(default_factory=list, max_length=MAX_MENTIONS)
    file_ids: list[FileId] = Field(default_factory=list, max_length=MAX_FILES)


class ChatSendPrivate(Wire):
    """Write to one person in the room."""

    kind: Literal["chat_send_private"] = "chat_send_private"
    client_id: ClientId
    text: TextInput
    to: IdentityText
    reply_to: MessageId | None = None
    mentions: list[IdentityText] = Field(default_factory=list, max_length=MAX_MENTIONS)
    file_ids: list[FileId] = Field(default_factory=list, max_length=MAX_FILES)


class ChatEdit(Wire):
    """Give an own message to everyone, or to those who moderate, another text."""

    kind: Literal["chat_edit"] = "chat_edit"
    message_id: MessageId
    text: TextInput
    mentions: list[IdentityText] = Field(default_factory=list, max_length=MAX_MENTIONS)


class ChatEditPrivate(Wire):
    """Give an own private message another text."""

    kind: Literal["chat_edit_private"] = "chat_edit_private"
    message_id: MessageId
    text: TextInput
    mentions: list[IdentityText] = Field(default_factory=list, max_length=MAX_MENTIONS)


class ChatDelete(Wire):
    """Delete an own message, or as a moderator any that one may read."""

    kind: Literal["chat_delete"] = "chat_delete"
    message_id: MessageId


class ChatReact(Wire):
    """Put an emoji under a message."""

    kind: Literal["chat_react"] = "chat_react"
    message_id: MessageId
    emoji: Emoji


class ChatUnreact(Wire):
    """Take an own emoji away."""

    kind: Literal["chat_unreact"] = "chat_unreact"
    message_id: MessageId
    emoji: Emoji


class PageQuery(Wire):
    """Which messages: the newest, those before `before_seq`, or those after `after_seq`."""

    before_seq: Number | None = None
    after_seq: Number | None = None
    limit: Limit = MAX_PAGE


class ChatPageRequest(PageQuery):
    """Ask for the newest messages, those before `before_seq`, or those after `after_seq`."""

    kind: Literal["chat_page"] = "chat_page"


class ChatChangesRequest(Wire):
    """Ask what changed after the change `since`."""

    kind: Literal["chat_changes"] = "chat_changes"
    since: Number


class ChatSearch(Wire):
    """Look for a text, newest first, before `before_seq` if given."""

    kind: Literal["chat_search"] = "chat_search"
    text: SearchText
    before_seq: Number | None = None


class ChatRead(Wire):
    """Everything up to `seq` was read. Kept for signed-in people."""

    kind: Literal["chat_read"] = "chat_read"
    seq: Number


# --- results ---------------------------------------------------------------------------------


class ChatSent(Wire):
    """The message as it is kept, also when this was a retry."""

    kind: Literal["chat_sent"] = "chat_sent"
    client_id: str
    message: ChatMessage


class ChatChanged(Wire):
    """The message as it is now."""

    kind: Literal["chat_changed"] = "chat_changed"
    message: ChatMessage
    mine: list[Emoji]
    """The receiver's own reactions to it."""


class ChatPage(Wire):
    """Messages in the order of `seq`, true at least up to `change`."""

    kind: Literal["chat_page"] = "chat_page"
    messages: list[ChatMessage]
    quoted: list[ChatMessage]
    """Messages outside the page that some in it answer to."""
    mine: MyReactions
    """The receiver's own reactions, by message."""
    change: int
    has_more: bool
    """In the direction that was asked for."""
    read_seq: int | None
    retention_days: int | None


class ChatChanges(Wire):
    """What changed, in the order of `change`. With `reload` nothing is told: ask for a page."""

    kind: Literal["chat_changes"] = "chat_changes"
    messages: list[ChatMessage]
    quoted: list[ChatMessage]
    mine: MyReactions
    change: int
    reload: bool


class ChatFound(Wire):
    """What a search found, newest first."""

    kind: Literal["chat_found"] = "chat_found"
    messages: list[ChatMessage]
    mine: MyReactions
    has_more: bool


class ChatReadUpTo(Wire):
    """The mark as it is kept; it never goes back."""

    kind: Literal["chat_read"] = "chat_read"
    seq: int


# --- events ----------------------------------------------------------------------------------


class ChatMessageEvent(Wire):
    """A message is new, or something about it changed."""

    kind: Literal["chat_message"] = "chat_message"
    message: ChatMessage


class ChatTrimmedEvent(Wire):
    """Old messages are gone by the meeting's retention: ask for a page."""

    kind: Literal["chat_trimmed"] = "chat_trimmed"
    change: int
