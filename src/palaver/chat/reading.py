"""Which messages somebody may read: the only filter, used by every command, page, search and event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from palaver.chat.errors import MESSAGE_NOT_FOUND
from palaver.chat.models import Audience, Message
from palaver.kernel.errors import PalaverError
from palaver.live.features import Caller
from palaver.meetings.models import Meeting


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who was let into the meeting, as they are now."""

    meeting_id: UUID
    identity: str
    user_id: int | None
    is_moderator: bool


def reader_of(caller: Caller) -> Reader:
    """Who gives a command, as a reader."""
    return Reader(caller.meeting_id, caller.identity, caller.user_id, caller.is_moderator)


def readable(reader: Reader, *, now: datetime) -> Q:
    """The messages of the meeting that `reader` may read."""
    seen = Q(audience=Audience.EVERYONE) | Q(sender_identity=reader.identity)
    seen |= Q(audience=Audience.PRIVATE, to_identity=reader.identity)
    if reader.is_moderator:
        seen |= Q(audience=Audience.HOSTS)
    return Q(meeting_id=reader.meeting_id) & kept(reader.meeting_id, now=now) & seen


def kept(meeting_id: UUID, *, now: datetime) -> Q:
    """What the retention keeps. Rows that have run out are gone for readers before they are gone."""
    match retention_days(meeting_id):
        case None:
            return Q()
        case 0:
            return Q(session__ended_at=None)
        case days:
            return Q(sent_at__gt=now - timedelta(days=days))


def retention_days(meeting_id: UUID) -> int | None:
    """How long the meeting keeps its chat: None for ever, 0 only while a run goes on."""
    return Meeting.objects.filter(pk=meeting_id).values_list("retention_days", flat=True).first()


def access_message(reader: Reader, message_id: str, *, now: datetime) -> Message:
    """A message that `reader` may read.

    Raises:
        PalaverError: message_not_found, also when it is of another meeting or not for this person.
    """
    try:
        key = UUID(message_id)
    except ValueError:
        raise PalaverError(MESSAGE_NOT_FOUND) from None
    message = Message.objects.filter(readable(reader, now=now), pk=key).first()
    if message is None:
        raise PalaverError(MESSAGE_NOT_FOUND)
    return message


def may_all_read_both(message: Message, *, answer: Audience, sender: str, to: str) -> bool:
    """Whether everybody who may read an answer may read the message that it answers: a quote never tells more."""
    match Audience(message.audience), answer:
        case Audience.EVERYONE, _:
            return True
        case Audience.HOSTS, Audience.HOSTS:
            return True
        case Audience.HOSTS, Audience.PRIVATE:
            # Back to whoever asked. Anybody else may moderate now, but not tomorrow.
            return to == message.sender_identity
        case Audience.PRIVATE, Audience.PRIVATE:
            return {sender, to} == {message.sender_identity, message.to_identity}
        case _:
            return False
