"""What this room tells the others, after commit."""

from dataclasses import dataclass

from palaver.kernel.ids import MeetingId, Slug, UserId
from palaver.meetings.policy import MeetingRole, Policy


@dataclass(frozen=True, slots=True)
class MeetingRenamed:
    """The title is now `title`."""

    meeting_id: MeetingId
    title: str


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """`policy` holds from now on; who is inside stays."""

    meeting_id: MeetingId
    policy: Policy


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """Somebody with an account was listed, is listed otherwise, or is listed no more (`role` is None)."""

    meeting_id: MeetingId
    user_id: UserId
    role: MeetingRole | None
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class PersonBanned:
    """Somebody may not be in any run of the meeting from now on."""

    meeting_id: MeetingId
    identity: str
    user_id: UserId | None


@dataclass(frozen=True, slots=True)
class MeetingDeleted:
    """The link leads nowhere any more; a running call ends."""

    meeting_id: MeetingId
    slug: Slug
    by: UserId
