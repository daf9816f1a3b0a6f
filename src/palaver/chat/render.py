"""From rows to the wire. Whole messages, the same for everybody who may read them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, cast, get_args

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from palaver.chat import wire
from palaver.chat.models import Message, Reaction
from palaver.live.domain.people import Identity, tone_of

# Enough for "Alice, Bob and 23 more"; all of a thousand would make each further reaction a message of 30 KB.
MAX_NAMED_REACTORS: Final = 25

EMOJI: Final[tuple[wire.Emoji, ...]] = get_args(wire.Emoji)


def messages_wire(messages: Sequence[Message]) -> list[wire.ChatMessage]:
    """Messages with their reactions."""
    reactions = _reactions([message for message in messages if message.deleted_at is None])
    return [_message_wire(message, reactions.get(message.pk, [])) for message in messages]


def message_wire(message: Message) -> wire.ChatMessage:
    """One message with its reactions."""
    return messages_wire([message])[0]


def my_reactions(messages: Iterable[Message], identity: str) -> wire.MyReactions:
    """Somebody's own reactions to `messages`; those without any are left out."""
    rows = Reaction.objects.filter(message__in=[message.pk for message in messages], identity=identity)
    found: defaultdict[str, list[wire.Emoji]] = defaultdict(list)
    for message_id, emoji in rows.order_by("pk").values_list("message_id", "emoji"):
        found[str(message_id)].append(cast("wire.Emoji", emoji))
    return dict(found)


def _message_wire(message: Message, reactions: list[wire.ChatReactions]) -> wire.ChatMessage:
    deletion = None
    if message.deleted_at is not None:
        by = wire.ChatPerson(identity=message.deleted_by_identity, name=message.deleted_by_name)
        deletion = wire.ChatDeletion(at=message.deleted_at, by=by)
    to = wire.ChatPerson(identity=message.to_identity, name=message.to_name) if message.to_identity else None
    return wire.ChatMessage(
        message_id=str(message.pk),
        seq=message.seq,
        change=message.change,
        session_id=str(message.session_id),
        sender=wire.ChatSender(
            identity=message.sender_identity,
            name=message.sender_name,
            is_signed_in=message.sender_is_signed_in,
            tone=tone_of(Identity(message.sender_identity)),
        ),
        audience=cast("wire.AudienceName", str(message.audience)),
        to=to,
        text=message.text,
        reply_to=None if message.reply_to is None else str(message.reply_to),
        mentions=[wire.ChatPerson(identity=identity, name=name) for identity, name in message.mentions],
        file_ids=list(message.file_ids),
        pictures=[wire.ChatPicture(file_id=one, width=width, height=height) for one, width, height in message.pictures],
        reactions=reactions,
        sent_at=message.sent_at,
        edited_at=message.edited_at,
        deleted=deletion,
    )


def _reactions(messages: Sequence[Message]) -> dict[object, list[wire.ChatReactions]]:
    """The reactions of each message, in the order of the set of emoji."""
    if not messages:
        return {}
    rows = Reaction.objects.filter(message__in=[message.pk for message in messages])
    counts = {
        (message_id, emoji): count
        for message_id, emoji, count in rows.values_list("message_id", "emoji").annotate(count=Count("pk")).order_by()
    }
    if not counts:
        return {}
    place = Window(RowNumber(), partition_by=[F("message_id"), F("emoji")], order_by="pk")
    first = rows.annotate(place=place).filter(place__lte=MAX_NAMED_REACTORS).order_by("pk")
    by: defaultdict[tuple[object, str], list[str]] = defaultdict(list)
    for message_id, emoji, identity in first.values_list("message_id", "emoji", "identity"):
        by[message_id, emoji].append(identity)
    found: defaultdict[object, list[wire.ChatReactions]] = defaultdict(list)
    for emoji in EMOJI:
        for message in messages:
            if count := counts.get((message.pk, emoji)):
                names = by[message.pk, emoji]
                found[message.pk].append(wire.ChatReactions(emoji=emoji, count=count, by=names))
    return found
