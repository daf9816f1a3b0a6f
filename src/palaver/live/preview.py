"""What the green room may know before somebody joins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from palaver.accounts import limits
from palaver.live.admission import signed_in_user
from palaver.live.domain.people import clean_name
from palaver.meetings.selectors import access_meeting_by_link


@dataclass(frozen=True, slots=True)
class Preview:
    """A meeting as seen from its door."""

    meeting_id: UUID
    title: str
    host_name: str
    is_signed_in: bool
    name: str | None
    refusal: str | None
    waits: bool
    """Whether a moderator would have to let the person in."""


def preview_meeting(slug: str, *, session_key: str | None, address: str | None, now: datetime) -> Preview:
    """Look at a meeting.

    Raises:
        PalaverError: meeting_not_found, rate_limited.
    """
    user = signed_in_user(session_key)
    access = access_meeting_by_link(slug, user=user, network=limits.network_of(address), now=now)
    return Preview(
        meeting_id=access.meeting.pk,
        title=access.meeting.title,
        host_name=clean_name(access.meeting.owner.get_full_name()),
        is_signed_in=user is not None,
        name=None if user is None else clean_name(user.get_full_name()),
        refusal=access.refusal,
        waits=access.policy.waits_at_the_door(role=access.role, is_trusted=access.is_trusted, is_guest=user is None),
    )
