"""What this room tells the others, after commit."""

from dataclasses import dataclass

from palaver.kernel.ids import MeetingId, Slug, UserId


@dataclass(frozen=True, slots=True)
class MeetingRenamed:
    """The title is now `title`."""

    meeting_id: MeetingId
    title: str


@dataclass(frozen=True, slots=True)
class GuestPolicyChanged:
    """Guests may or may not join from now on; guests who are inside stay."""

    meeting_id: MeetingId
    is_open_to_guests: bool


@dataclass(frozen=True, slots=True)
class MeetingDeleted:
    """The link leads nowhere any more; a running call ends."""

    meeting_id: MeetingId
    slug: Slug
    by: UserId
