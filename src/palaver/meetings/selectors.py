"""How any interface gets at meetings. `access_*` is the only way to an object: missing and forbidden look the same."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.utils.crypto import salted_hmac

from palaver.accounts import limits
from palaver.accounts.addresses import owns_address
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.meetings.models import Attendance, Ban, Meeting, MeetingSession, Membership
from palaver.meetings.policy import (
    RIGHT_NAMES,
    Access,
    MeetingRole,
    Policy,
    Refusal,
    Rights,
    WaitingRoom,
    may_manage,
    typed_password,
)
from palaver.meetings.slugs import normal_slug

MEETINGS_PER_PAGE = 10
SESSIONS_PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class MeetingAccess:
    """A meeting that a link leads to, what this person is to it, and whether they may go in."""

    meeting: Meeting
    policy: Policy
    role: MeetingRole | None
    """None for who is not on the list: anybody else with an account, and every guest."""
    is_trusted: bool
    """Passes the waiting room."""
    refusal: Refusal | None

    @property
    def is_owner(self) -> bool:
        """Whether the meeting is this person's own."""
        return self.role is MeetingRole.OWNER

    @property
    def may_join(self) -> bool:
        """Whether the person may go in, or to the door if they have to wait."""
        return self.refusal is None


@dataclass(frozen=True, slots=True)
class ManagedMeeting:
    """A meeting whose list and bans somebody manages, and what they are to it."""

    meeting: Meeting
    actor: User
    role: MeetingRole

    @property
    def is_owner(self) -> bool:
        """Whether the meeting is the actor's own."""
        return self.role is MeetingRole.OWNER


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One run, for people to read."""

    session_id: UUID
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

    @property
    def takes_guests(self) -> bool:
        """Whether people without an account may come."""
        return policy_of(self.meeting).takes_guests


def access_own_meeting(user: User | AnonymousUser, meeting_id: UUID) -> Meeting:
    """A meeting that `user` owns.

    Raises:
        PalaverError: meeting_not_found, also when it is somebody else's.
    """
    meeting = Meeting.objects.filter(pk=meeting_id, owner_id=user.pk).first() if user.pk else None
    if meeting is None:
        raise errors.PalaverError(errors.MEETING_NOT_FOUND)
    return meeting


def access_own_session(user: User | AnonymousUser, meeting_id: UUID, session_id: UUID) -> MeetingSession:
    """A run of a meeting that `user` owns.

    Raises:
        PalaverError: meeting_not_found, also when it is somebody else's or of another meeting.
    """
    meeting = access_own_meeting(user, meeting_id)
    session = MeetingSession.objects.select_related("meeting").filter(pk=session_id, meeting=meeting).first()
    if session is None:
        raise errors.PalaverError(errors.MEETING_NOT_FOUND)
    return session


def access_managed_meeting(user: User | AnonymousUser, meeting_id: UUID) -> ManagedMeeting:
    """A meeting whose list and bans `user` manages: its owner, or a host on its list.

    Raises:
        PalaverError: meeting_not_found, also when it is there and not theirs to manage.
    """
    meeting = Meeting.objects.select_related("owner").filter(pk=meeting_id, owner__is_active=True).first()
    if meeting is not None and isinstance(user, User):
        role, _ = standing_of(meeting, user)
        if role is not None and any(may_manage(role, subject) for subject in MeetingRole):
            return ManagedMeeting(meeting, user, role)
    raise errors.PalaverError(errors.MEETING_NOT_FOUND)


def access_meeting_by_link(
    slug: str,
    *,
    user: User | AnonymousUser | None,
    network: str,
    now: datetime,
    identify: Callable[[UUID], str | None] | None = None,
    password: str | None = None,
) -> MeetingAccess:
    """The meeting behind a link.

    A right link always leads to its meeting: it has 84 random bits, so that an answer to one tells a guesser nothing
    that guessing could have found, and nobody can lock out those who share an address by missing on purpose. Misses
    count against the account of who is signed in, else against `network` (`limits.network_of` of the address).

    `identify` tells the identity that a guest has proved for a meeting, if any. `password` is what was typed.

    Raises:
        PalaverError: meeting_not_found, also when it is for invited people only and this person, signed in, is not;
            rate_limited instead of it after too many misses, or after too many wrong passwords.
    """
    meeting = Meeting.objects.select_related("owner").filter(slug=normal_slug(slug)).first()
    person = user if isinstance(user, User) else None
    role, is_trusted = (None, False) if meeting is None else standing_of(meeting, person)
    policy = Policy() if meeting is None else policy_of(meeting)
    is_shut_out = person is not None and role is None and not policy.takes_unlisted
    if meeting is None or not meeting.owner.is_active or is_shut_out:
        raise errors.PalaverError(_count_miss(person, network, now))
    visitor = _Visitor(person, None if person or not identify else identify(meeting.pk), network, password, now)
    refusal = None if role is MeetingRole.OWNER else _refusal(meeting, policy, role, visitor)
    return MeetingAccess(meeting=meeting, policy=policy, role=role, is_trusted=is_trusted, refusal=refusal)


def policy_of(meeting: Meeting) -> Policy:
    """What the owner decided for all runs."""
    return Policy(
        access=Access(meeting.access),
        guests=meeting.guests,
        waiting_room=WaitingRoom(meeting.waiting_room),
        rights=Rights(**{name: getattr(meeting, f"right_{name}") for name in RIGHT_NAMES}),
        one_presenter=meeting.one_presenter,
        voices=meeting.voices,
        retention_days=meeting.retention_days,
    )


def standing_of(meeting: Meeting, user: User | None) -> tuple[MeetingRole | None, bool]:
    """What an account is to the meeting, and whether it passes the waiting room."""
    if user is None:
        return None, False
    if user.pk == meeting.owner_id:
        return MeetingRole.OWNER, True
    rows = list(Membership.objects.filter(meeting=meeting).filter(Q(user=user) | Q(email=user.email, user=None)))
    # Listed by account goes before listed by address.
    listed = min(rows, key=lambda row: row.user_id is None, default=None)
    if listed is not None and listed.user_id is None and not owns_address(user):
        listed = None
    return (None, False) if listed is None else (MeetingRole(listed.role), listed.is_trusted)


def active_ban(meeting: Meeting, *, user: User | None, identity: str | None, network: str, now: datetime) -> Ban | None:
    """The ban that keeps somebody out: by account for who is signed in, by identity or network for a guest."""
    in_force = Ban.objects.filter(meeting=meeting, lifted_at=None).exclude(expires_at__lte=now)
    if user is not None:
        return in_force.filter(user=user).order_by("created_at", "pk").first()
    is_meant = Q(pk=None) if identity is None else Q(identity=identity)
    if network_hash := ban_network_hash(meeting.pk, network):
        is_meant |= Q(network_hash=network_hash, network_until__gt=now)
    return in_force.filter(is_meant).order_by("created_at", "pk").first()


def ban_network_hash(meeting_id: UUID, network: str | None) -> str:
    """What a ban keeps of a network; empty for one that is not known, which would be everybody's."""
    if network is None or network == limits.UNKNOWN_NETWORK:
        return ""
    return salted_hmac("palaver.meetings.ban-network", f"{meeting_id}:{network}", algorithm="sha256").hexdigest()


def _count_miss(user: User | None, network: str, now: datetime) -> errors.ErrorSpec:
    if user is None:
        limit, key = limits.MEETING_LINK_BY_NETWORK, network
    else:
        limit, key = limits.MEETING_LINK_BY_ACCOUNT, str(user.pk)
    # Asked before it is counted: a flood of misses beyond the limit reads, but writes nothing.
    if limits.is_exhausted(limit, key, now=now) or not limits.count_attempt(limit, key, now=now):
        return errors.RATE_LIMITED
    return errors.MEETING_NOT_FOUND


def meetings_of(user: User, *, page: int) -> "Page[Meeting]":
    """The meetings a person owns, last used first."""
    owned = Meeting.objects.filter(owner=user).order_by("-last_used_at", "-pk")
    return Paginator(owned, MEETINGS_PER_PAGE).get_page(page)


def meetings_hosted_by(user: User) -> list[Meeting]:
    """The meetings of others whose list and bans a person manages, last used first."""
    is_listed = Q(memberships__user=user)
    if owns_address(user):
        is_listed |= Q(memberships__email=user.email, memberships__user=None)
    hosted = Meeting.objects.filter(is_listed, memberships__role=MeetingRole.HOST.value, owner__is_active=True)
    return list(hosted.distinct().order_by("-last_used_at", "-pk")[:MEETINGS_PER_PAGE])


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
        session_id=session.pk,
        started_at=session.started_at,
        ended_at=session.ended_at,
        names=tuple(first_by_identity.values()),
    )


def _attendances() -> "Prefetch[str]":
    return Prefetch("attendances", queryset=Attendance.objects.order_by("joined_at", "pk"))


@dataclass(frozen=True, slots=True)
class _Visitor:
    user: User | None
    identity: str | None
    network: str
    password: str | None
    now: datetime


def _refusal(meeting: Meeting, policy: Policy, role: MeetingRole | None, visitor: _Visitor) -> Refusal | None:
    if visitor.user is None and not policy.takes_guests:
        return "sign_in_required"
    ban = active_ban(meeting, user=visitor.user, identity=visitor.identity, network=visitor.network, now=visitor.now)
    if ban is not None:
        return "banned"
    if role is not None or not meeting.has_password or _is_known_inside(meeting, visitor):
        return None
    return _password_refusal(meeting, visitor)


def _is_known_inside(meeting: Meeting, visitor: _Visitor) -> bool:
    # Who came in and lost the connection need not type the password again, whoever else uses up the tries meanwhile.
    stays = Attendance.objects.filter(session__meeting=meeting, session__ended_at=None)
    if visitor.user is not None:
        return stays.filter(user=visitor.user).exists()
    return visitor.identity is not None and stays.filter(identity=visitor.identity).exists()


def _password_refusal(meeting: Meeting, visitor: _Visitor) -> Refusal | None:
    if not visitor.password:
        return "password_required"
    by_network, by_meeting = f"{meeting.pk} {visitor.network}", str(meeting.pk)
    # Counted before it is looked at: tries at the same time cannot slip past.
    tries = ((limits.MEETING_PASSWORD_BY_NETWORK, by_network), (limits.MEETING_PASSWORD, by_meeting))
    if not limits.count_attempts(tries, now=visitor.now):
        raise errors.PalaverError(errors.RATE_LIMITED)
    if not check_password(typed_password(visitor.password), meeting.password_hash):
        return "password_wrong"
    limits.forget_attempts(limits.MEETING_PASSWORD_BY_NETWORK, by_network)
    limits.take_back_attempt(limits.MEETING_PASSWORD, by_meeting)
    return None
