"""How any interface gets at meetings. `access_*` is the only way to an object: missing and forbidden look the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, Prefetch, Subquery

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.meetings.models import Attendance, Meeting, MeetingSession
from palaver.meetings.slugs import normal_slug

MEETINGS_PER_PAGE = 10
SESSIONS_PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class MeetingAccess:
    """A meeting that a link leads to, and whether this person may go in."""

    meeting: Meeting
    is_owner: bool
    refusal: Literal["sign_in_required"] | None

    @property
    def may_join(self) -> bool:
        """Whether the person may go in."""
        return self.refusal is None


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One run, for people to read."""

    started_at: datetime
    ended_at: datetime | None
    names: tuple[str, ...]
    """Who came, in the order of arrival, each person once."""

    @property
    def is_on(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class MeetingSummary:
    """A meeting and its latest run."""

    meeting: Meeting
    latest: SessionSummary | None

    @property
    def is_on(self) -> bool:
        """Whether somebody is inside now."""
        return self.latest is not None and self.latest.is_on


def access_own_meeting(user: User | AnonymousUser, meeting_id: UUID) -> Meeting:
    """A meeting that `user` owns.

    Raises:
        PalaverError: meeting_not_found, also when it is somebody else's.
    """
    meeting = Meeting.objects.filter(pk=meeting_id, owner_id=user.pk).first() if user.pk else None
    if meeting is None:
        raise errors.PalaverError(errors.MEETING_NOT_FOUND)
    return meeting


def access_meeting_by_link(
    slug: str, *, user: User | AnonymousUser | None, network: str, now: datetime
) -> MeetingAccess:
    """The meeting behind a link. Misses count against `network` (`limits.network_of` of the address).

    Raises:
        PalaverError: meeting_not_found, or rate_limited after too many misses, whatever the link.
    """
    if limits.is_exhausted(limits.MEETING_LINK_BY_NETWORK, network, now=now):
        raise errors.PalaverError(errors.RATE_LIMITED)
    meeting = Meeting.objects.select_related("owner").filter(slug=normal_slug(slug)).first()
    if meeting is None or not meeting.owner.is_active:
        limits.count_attempt(limits.MEETING_LINK_BY_NETWORK, network, now=now)
        raise errors.PalaverError(errors.MEETING_NOT_FOUND)
    is_signed_in = user is not None and user.is_authenticated
    return MeetingAccess(
        meeting=meeting,
        is_owner=is_signed_in and user is not None and user.pk == meeting.owner_id,
        refusal=None if is_signed_in or meeting.is_open_to_guests else "sign_in_required",
    )


def meetings_of(user: User, *, page: int) -> "Page[Meeting]":
    """The meetings a person owns, last used first."""
    owned = Meeting.objects.filter(owner=user).order_by("-last_used_at", "-pk")
    return Paginator(owned, MEETINGS_PER_PAGE).get_page(page)


def summaries(meetings: Iterable[Meeting]) -> list[MeetingSummary]:
    """Each meeting with its latest run."""
    listed = list(meetings)
    newest = MeetingSession.objects.filter(meeting=OuterRef("pk")).order_by("-started_at", "-pk").values("pk")[:1]
    wanted = Meeting.objects.filter(pk__in=[meeting.pk for meeting in listed]).values(newest=Subquery(newest))
    runs = MeetingSession.objects.filter(pk__in=wanted).prefetch_related(_attendances())
    by_meeting = {run.meeting_id: session_summary(run) for run in runs}
    return [MeetingSummary(meeting, by_meeting.get(meeting.pk)) for meeting in listed]


def sessions_of(meeting: Meeting, *, page: int) -> "Page[MeetingSession]":
    """The runs of a meeting, newest first. Turn them into text by `session_summary`."""
    runs = MeetingSession.objects.filter(meeting=meeting).order_by("-started_at", "-pk")
    return Paginator(runs.prefetch_related(_attendances()), SESSIONS_PER_PAGE).get_page(page)


def session_summary(session: MeetingSession) -> SessionSummary:
    """One run, for people to read."""
    first_by_identity: dict[str, str] = {}
    for attendance in session.attendances.all():
        first_by_identity[attendance.identity] = attendance.display_name
    return SessionSummary(
        started_at=session.started_at, ended_at=session.ended_at, names=tuple(first_by_identity.values())
    )


def _attendances() -> "Prefetch[str]":
    return Prefetch("attendances", queryset=Attendance.objects.order_by("joined_at", "pk"))
