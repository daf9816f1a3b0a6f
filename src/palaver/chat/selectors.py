"""What somebody reads of the chat: pages, changes, searches. Each answer is true at least up to its `change`.

The counter is read before the rows: what changes in between is told twice, never missed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex

from palaver.chat import limits, wire
from palaver.chat.models import ChatLog, Message, ReadMark
from palaver.chat.reading import Reader, readable, retention_days
from palaver.chat.render import messages_wire, my_reactions
from palaver.chat.texts import search_form

MAX_CHANGES: Final = 200
"""Who missed more is faster with a page."""
MAX_FOUND: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of the chat is asked for: the newest messages, unless one of these is given."""

    before_seq: int | None = None
    after_seq: int | None = None
    limit: int = wire.MAX_PAGE


def page(reader: Reader, place: Place, *, now: datetime) -> wire.ChatPage:
    """A part of the chat in the order of `seq`."""
    log = _log(reader.meeting_id)
    rows = Message.objects.filter(readable(reader, now=now))
    if place.before_seq is not None:
        rows = rows.filter(seq__lt=place.before_seq)
    if place.after_seq is not None:
        rows = rows.filter(seq__gt=place.after_seq)
    is_forward = place.after_seq is not None and place.before_seq is None
    found = list(rows.order_by("seq" if is_forward else "-seq")[: place.limit + 1])
    shown = found[: place.limit]
    if not is_forward:
        shown.reverse()
    quoted = _quoted(reader, shown, now=now)
    return wire.ChatPage(
        messages=messages_wire(shown),
        quoted=messages_wire(quoted),
        mine=my_reactions([*shown, *quoted], reader.identity),
        change=log.last_change,
        has_more=len(found) > place.limit,
        read_seq=read_seq(reader),
        retention_days=retention_days(reader.meeting_id),
    )


def changes(reader: Reader, *, since: int, now: datetime) -> wire.ChatChanges:
    """What changed for `reader` after the change `since`; `reload` when that cannot be told, or is too much."""
    log = _log(reader.meeting_id)
    # A number from the future: the database is an older one than the client has seen.
    is_told = log.reload_before <= since <= log.last_change
    found = list(_changed(reader, since, now=now)[: MAX_CHANGES + 1]) if is_told else []
    is_told = is_told and len(found) <= MAX_CHANGES
    shown = found if is_told else []
    quoted = _quoted(reader, shown, now=now)
    return wire.ChatChanges(
        messages=messages_wire(shown),
        quoted=messages_wire(quoted),
        mine=my_reactions([*shown, *quoted], reader.identity),
        change=log.last_change,
        reload=not is_told,
    )


def search(reader: Reader, *, text: str, before_seq: int | None, now: datetime) -> wire.ChatFound:
    """Messages that contain `text`, newest first. No character of it has a meaning; case has none either.

    Raises:
        PalaverError: rate_limited.
    """
    limits.count(limits.SEARCHES_BY_PERSON, reader.meeting_id, reader.identity, now=now)
    wanted = search_form(text.strip())
    found: list[Message] = []
    if wanted:
        rows = Message.objects.filter(readable(reader, now=now), deleted_at=None)
        if before_seq is not None:
            rows = rows.filter(seq__lt=before_seq)
        # A position, not a pattern: nothing to escape, and the cost of a row grows with its length alone.
        rows = rows.alias(place=StrIndex("search_text", Value(wanted))).filter(place__gt=0)
        found = list(rows.order_by("-seq")[: MAX_FOUND + 1])
    shown = found[:MAX_FOUND]
    return wire.ChatFound(
        messages=messages_wire(shown),
        mine=my_reactions(shown, reader.identity),
        has_more=len(found) > MAX_FOUND,
    )


def read_seq(reader: Reader) -> int | None:
    """Up to where a signed-in person has read; None for guests, and before the first time."""
    if reader.user_id is None:
        return None
    marks = ReadMark.objects.filter(meeting_id=reader.meeting_id, user_id=reader.user_id)
    return marks.values_list("seq", flat=True).first()


def may_read_message(reader: Reader, message_id: UUID, *, now: datetime) -> bool:
    """Whether a message is there for `reader`, and not deleted: whoever may read it may have its files."""
    return Message.objects.filter(readable(reader, now=now), pk=message_id, deleted_at=None).exists()


def _log(meeting_id: UUID) -> ChatLog:
    return ChatLog.objects.filter(pk=meeting_id).first() or ChatLog(meeting_id=meeting_id)


def _changed(reader: Reader, since: int, *, now: datetime) -> "QuerySet[Message]":
    return Message.objects.filter(readable(reader, now=now), change__gt=since).order_by("change")


def _quoted(reader: Reader, shown: list[Message], *, now: datetime) -> list[Message]:
    """The messages that are answered in `shown` and not among them, as far as `reader` may read them."""
    here = {message.pk for message in shown}
    wanted = {message.reply_to for message in shown if message.reply_to is not None} - here
    if not wanted:
        return []
    return list(Message.objects.filter(readable(reader, now=now), pk__in=wanted).order_by("seq"))
