"""Messages that a meeting does not keep any longer go, with their reactions; open pages are told to look again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from palaver.chat.facts import MessagesExpired
from palaver.chat.models import ChatLog, Message
from palaver.chat.services import next_change, open_log
from palaver.chat.wire import ChatTrimmedEvent
from palaver.kernel.errors import PalaverError
from palaver.kernel.facts import publish
from palaver.kernel.ids import MeetingId
from palaver.live import lifecycle
from palaver.live.features import FeatureEvent, Reach
from palaver.meetings.models import Meeting

# Nobody should wait long for a meeting's row.
_MESSAGES_AT_ONCE: Final = 500


def drop_expired(*, now: datetime) -> int:
    """Delete what the meetings' retention does not keep; returns how many messages went. Safe to repeat."""
    return sum(_trim(meeting_id, out) for meeting_id, out in _overdue(now))


def _overdue(now: datetime) -> Iterator[tuple[UUID, Q]]:
    """Meetings that hold something to be dropped, and what."""
    limits = Meeting.objects.filter(retention_days__isnull=False).values_list("retention_days", flat=True)
    for days in sorted({days for days in limits.distinct().order_by() if days is not None}):
        out = Q(session__ended_at__isnull=False) if days == 0 else Q(sent_at__lte=now - timedelta(days=days))
        held = Message.objects.filter(out, meeting__retention_days=days).order_by("meeting_id")
        for meeting_id in list(held.values_list("meeting_id", flat=True).distinct()):
            yield meeting_id, out


def _trim(meeting_id: UUID, out: Q) -> int:
    dropped = 0
    while count := _trim_some(meeting_id, out):
        dropped += count
    return dropped


def _trim_some(meeting_id: UUID, out: Q) -> int:
    """One short transaction; returns how many messages went."""
    with transaction.atomic():
        try:
            log = open_log(meeting_id)
        except PalaverError:
            return 0  # deleted meanwhile, and its chat with it
        some = Message.objects.filter(out, meeting_id=meeting_id).order_by("seq")[:_MESSAGES_AT_ONCE]
        rows = list(some.values_list("pk", "file_ids"))
        if not rows:
            return 0
        message_ids = tuple(pk for pk, _ in rows)
        Message.objects.filter(pk__in=message_ids).delete()
        log.reload_before = next_change(log)
        log.save(update_fields=["last_change", "reload_before"])
        file_ids = tuple(file_id for _, ids in rows for file_id in ids)
        publish(MessagesExpired(MeetingId(meeting_id), message_ids, file_ids))
        _tell_pages(log)
    return len(rows)


def _tell_pages(log: ChatLog) -> None:
    news = FeatureEvent(ChatTrimmedEvent(change=log.last_change), Reach.EVERYONE)
    meeting_id = log.meeting_id
    transaction.on_commit(lambda: lifecycle.publish_event(meeting_id, news))
