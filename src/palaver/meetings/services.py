"""What changes meetings. The runs of a meeting are written by `palaver.meetings.sessions`."""

from datetime import datetime

from django.db import IntegrityError, transaction

from palaver.accounts.models import User
from palaver.kernel.facts import publish
from palaver.kernel.ids import MeetingId, Slug, UserId
from palaver.meetings.facts import GuestPolicyChanged, MeetingDeleted, MeetingRenamed
from palaver.meetings.models import Meeting
from palaver.meetings.slugs import new_slug

_SLUG_TRIES = 3  # a second collision of 84 random bits means a broken generator


def create_meeting(*, actor: User, title: str, now: datetime) -> Meeting:
    """Make a meeting with a fresh link."""
    for _ in range(_SLUG_TRIES):
        try:
            with transaction.atomic():
                return Meeting.objects.create(
                    slug=new_slug(), title=title, owner=actor, created_at=now, last_used_at=now
                )
        except IntegrityError:
            continue
    raise RuntimeError("could not find a free link")


def rename_meeting(meeting: Meeting, *, title: str) -> None:
    """Give the meeting another title."""
    with transaction.atomic():
        meeting.title = title
        meeting.full_clean(exclude=["owner"])
        meeting.save(update_fields=["title"])
        publish(MeetingRenamed(meeting_id=MeetingId(meeting.pk), title=title))


def set_guest_policy(meeting: Meeting, *, is_open_to_guests: bool) -> None:
    """Say whether people without an account may join. Guests who are inside stay."""
    with transaction.atomic():
        meeting.is_open_to_guests = is_open_to_guests
        meeting.save(update_fields=["is_open_to_guests"])
        publish(GuestPolicyChanged(meeting_id=MeetingId(meeting.pk), is_open_to_guests=is_open_to_guests))


def delete_meeting(meeting: Meeting, *, actor: User) -> None:
    """Remove the meeting, its link and its history."""
    with transaction.atomic():
        # Nobody may write a stay into a session that is being removed.
        Meeting.objects.select_for_update().filter(pk=meeting.pk).first()
        fact = MeetingDeleted(meeting_id=MeetingId(meeting.pk), slug=Slug(meeting.slug), by=UserId(actor.pk))
        meeting.delete()
        publish(fact)
