"""The chat's commands at the door of the live room: who may give them, what they do, who hears of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from palaver.chat import selectors, services, wire
from palaver.chat.errors import CHAT_ERRORS
from palaver.chat.models import Audience, Message
from palaver.chat.reading import reader_of
from palaver.chat.render import message_wire, my_reactions
from palaver.chat.services import Draft, Written
from palaver.live.domain.permissions import EVERYONE, PermissionTable, inside
from palaver.live.features import Caller, FeatureAnswer, FeatureEvent, FeatureSpec, Reach
from palaver.live.wire import Wire

WireT = TypeVar("WireT", bound=Wire)

# While everything is suspended nobody but moderators makes others read something new.
_WRITING: Final = ("chat_send", "chat_send_private", "chat_edit", "chat_edit_private", "chat_react")
_READING: Final = ("chat_delete", "chat_unreact", "chat_page", "chat_changes", "chat_search", "chat_read")
CHAT_PERMISSIONS: Final[PermissionTable] = {
    **dict.fromkeys(_WRITING, inside(EVERYONE)),
    **dict.fromkeys(_READING, inside(EVERYONE, suspended=EVERYONE)),
}


CHAT_RIGHTS: Final[Mapping[str, str]] = {
    "chat_send": "chat",
    "chat_edit": "chat",
    "chat_react": "chat",
    "chat_send_private": "private_chat",
    "chat_edit_private": "private_chat",
}
"""The switch of a meeting that people who do not moderate need: for what makes others read something new. To take
back and to read stays, also while the chat is switched off."""


def send(caller: Caller, given: wire.ChatSend, now: datetime) -> FeatureAnswer:
    """`chat_send`."""
    draft = Draft(
        client_id=given.client_id,
        text=given.text,
        audience=Audience(given.audience),
        reply_to=given.reply_to,
        mentions=given.mentions,
        file_ids=given.file_ids,
    )
    return _sent(caller, services.send_message(caller, draft, now=now))


def send_private(caller: Caller, given: wire.ChatSendPrivate, now: datetime) -> FeatureAnswer:
    """`chat_send_private`."""
    draft = Draft(
        client_id=given.client_id,
        text=given.text,
        audience=Audience.PRIVATE,
        to=given.to,
        reply_to=given.reply_to,
        mentions=given.mentions,
        file_ids=given.file_ids,
    )
    return _sent(caller, services.send_message(caller, draft, now=now))


def edit(caller: Caller, given: wire.ChatEdit, now: datetime) -> FeatureAnswer:
    """`chat_edit`."""
    written = services.edit_message(
        caller, given.message_id, text=given.text, mentions=given.mentions, is_private=False, now=now
    )
    return _changed(caller, written)


def edit_private(caller: Caller, given: wire.ChatEditPrivate, now: datetime) -> FeatureAnswer:
    """`chat_edit_private`."""
    written = services.edit_message(
        caller, given.message_id, text=given.text, mentions=given.mentions, is_private=True, now=now
    )
    return _changed(caller, written)


def delete(caller: Caller, given: wire.ChatDelete, now: datetime) -> FeatureAnswer:
    """`chat_delete`."""
    return _changed(caller, services.delete_message(caller, given.message_id, now=now))


def react(caller: Caller, given: wire.ChatReact, now: datetime) -> FeatureAnswer:
    """`chat_react`."""
    return _changed(caller, services.react(caller, given.message_id, emoji=given.emoji, is_on=True, now=now))


def unreact(caller: Caller, given: wire.ChatUnreact, now: datetime) -> FeatureAnswer:
    """`chat_unreact`."""
    return _changed(caller, services.react(caller, given.message_id, emoji=given.emoji, is_on=False, now=now))


def page(caller: Caller, given: wire.ChatPageRequest, now: datetime) -> FeatureAnswer:
    """`chat_page`."""
    place = selectors.Place(before_seq=given.before_seq, after_seq=given.after_seq, limit=given.limit)
    return FeatureAnswer(selectors.page(reader_of(caller), place, now=now))


def changes(caller: Caller, given: wire.ChatChangesRequest, now: datetime) -> FeatureAnswer:
    """`chat_changes`."""
    return FeatureAnswer(selectors.changes(reader_of(caller), since=given.since, now=now))


def search(caller: Caller, given: wire.ChatSearch, now: datetime) -> FeatureAnswer:
    """`chat_search`."""
    found = selectors.search(reader_of(caller), text=given.text, before_seq=given.before_seq, now=now)
    return FeatureAnswer(found)


def read(caller: Caller, given: wire.ChatRead, now: datetime) -> FeatureAnswer:
    """`chat_read`."""
    del now
    return FeatureAnswer(wire.ChatReadUpTo(seq=services.mark_read(caller, given.seq)))


def news_of(message: Message, told: wire.ChatMessage) -> tuple[FeatureEvent, ...]:
    """The event of a new or changed message, for those who may read it and nobody else."""
    event = wire.ChatMessageEvent(message=told)
    match Audience(message.audience):
        case Audience.EVERYONE:
            return (FeatureEvent(event, Reach.EVERYONE),)
        case Audience.PRIVATE:
            return (FeatureEvent(event, frozenset({message.sender_identity, message.to_identity})),)
        case Audience.HOSTS:
            # A sender who moderates hears it twice; the second changes nothing (CHAT-021).
            own = FeatureEvent(event, frozenset({message.sender_identity}))
            return (FeatureEvent(event, Reach.MODERATORS), own)


def _sent(caller: Caller, written: Written) -> FeatureAnswer:
    told = message_wire(written.message)
    result = wire.ChatSent(client_id=written.message.client_id, message=told)
    return FeatureAnswer(result, news_of(written.message, told) if written.is_changed else ())


def _changed(caller: Caller, written: Written) -> FeatureAnswer:
    message = written.message
    told = message_wire(message)
    mine = my_reactions([message], caller.identity).get(str(message.pk), [])
    result = wire.ChatChanged(message=told, mine=mine)
    return FeatureAnswer(result, news_of(message, told) if written.is_changed else ())


def _spec(
    wire_type: type[WireT],
    perform: Callable[[Caller, WireT, datetime], FeatureAnswer],
    result_type: type[Wire],
) -> FeatureSpec[WireT]:
    kind: str = wire_type.model_fields["kind"].default
    return FeatureSpec(
        kind=kind,
        wire_type=wire_type,
        perform=perform,
        lane="chat",
        right=CHAT_RIGHTS.get(kind),
        result_type=result_type,
        event_types=(wire.ChatMessageEvent, wire.ChatTrimmedEvent),
        errors=CHAT_ERRORS,
    )


# Any: each has a wire class of its own.
CHAT_COMMANDS: Final[tuple[FeatureSpec[Any], ...]] = (
    _spec(wire.ChatSend, send, wire.ChatSent),
    _spec(wire.ChatSendPrivate, send_private, wire.ChatSent),
    _spec(wire.ChatEdit, edit, wire.ChatChanged),
    _spec(wire.ChatEditPrivate, edit_private, wire.ChatChanged),
    _spec(wire.ChatDelete, delete, wire.ChatChanged),
    _spec(wire.ChatReact, react, wire.ChatChanged),
    _spec(wire.ChatUnreact, unreact, wire.ChatChanged),
    _spec(wire.ChatPageRequest, page, wire.ChatPage),
    _spec(wire.ChatChangesRequest, changes, wire.ChatChanges),
    _spec(wire.ChatSearch, search, wire.ChatFound),
    _spec(wire.ChatRead, read, wire.ChatReadUpTo),
)
"""All commands of the chat."""
