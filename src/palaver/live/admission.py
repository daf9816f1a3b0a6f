"""Who may come in, and as whom. One call, one trip to the database; everything after it happens in memory."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.accounts.selectors import avatar_url
from palaver.kernel.errors import (
    BANNED,
    PASSWORD_REQUIRED,
    PASSWORD_WRONG,
    SIGN_IN_REQUIRED,
    ErrorSpec,
    PalaverError,
)
from palaver.live.domain.effects import Join
from palaver.live.domain.people import FALLBACK_NAME, Identity, ParticipantId, Role, SocketId, clean_name
from palaver.live.identity import Guest, guest_of_key, new_guest, read_guest, sign_guest, user_identity
from palaver.meetings.policy import Access, Policy, Refusal
from palaver.meetings.selectors import MeetingAccess, access_meeting_by_link

REFUSALS: Final[dict[Refusal, ErrorSpec]] = {
    "sign_in_required": SIGN_IN_REQUIRED,
    "password_required": PASSWORD_REQUIRED,
    "password_wrong": PASSWORD_WRONG,
    "banned": BANNED,
}


@dataclass(frozen=True, slots=True)
class Applicant:
    """What a connection brings along."""

    slug: str
    session_key: str | None
    guest_ticket: str | None
    name: str | None
    address: str | None
    """Where it comes from; misses are counted by its network."""
    password: str | None = None
    """The meeting's, as typed; those on its list need none."""
    guest_key: str | None = None
    """What makes a guest without a ticket the same one at the next try."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody who may come in."""

    meeting_id: UUID
    slug: str
    title: str
    identity: Identity
    user_id: int | None
    role: Role
    policy: Policy
    is_trusted: bool
    """Passes the waiting room."""
    always_waits: bool
    """Waits at the door whatever the waiting room takes."""
    network: str
    name: str | None
    """Cleaned; None when the client named nobody."""
    fallback_name: str
    guest_ticket: str | None
    avatar_url: str | None = None

    def join(
        self,
        *,
        socket_id: SocketId,
        participant_id: ParticipantId,
        tab_id: str,
        take_over: bool,
        resume: ParticipantId | None,
    ) -> Join:
        """What the room is asked for them."""
        return Join(
            socket_id=socket_id,
            participant_id=participant_id,
            identity=self.identity,
            user_id=self.user_id,
            role=self.role,
            name=self.name,
            fallback_name=self.fallback_name,
            tab_id=tab_id,
            take_over=take_over,
            resume_participant_id=resume,
            is_trusted=self.is_trusted,
            always_waits=self.always_waits,
            network=self.network,
            avatar_url=self.avatar_url,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in front of a meeting, before anything is decided about the room."""

    access: MeetingAccess
    user: User | None
    guest: Guest | None
    """What a guest has proved by a ticket or a key."""
    network: str


def admit(applicant: Applicant, *, now: datetime) -> Admission:
    """Decide whether and as whom somebody comes in.

    Raises:
        PalaverError: meeting_not_found, rate_limited, sign_in_required, password_required, password_wrong, banned.
    """
    candidate = look_up(applicant, now=now)
    if candidate.access.refusal is not None:
        raise PalaverError(REFUSALS[candidate.access.refusal])
    return admission_of(candidate, name=applicant.name)


def look_up(applicant: Applicant, *, now: datetime) -> Candidate:
    """Who it is, and what the meeting says to them.

    Raises:
        PalaverError: meeting_not_found, rate_limited.
    """
    user = signed_in_user(applicant.session_key)

    def guest_in(meeting_id: UUID) -> Guest | None:
        known = read_guest(applicant.guest_ticket, meeting_id) if applicant.guest_ticket else None
        return guest_of_key(applicant.guest_key, meeting_id) if known is None and applicant.guest_key else known

    def identify(meeting_id: UUID) -> str | None:
        known = guest_in(meeting_id)
        return None if known is None else known.identity

    network = limits.network_of(applicant.address)
    access = access_meeting_by_link(
        applicant.slug,
        user=user,
        network=network,
        now=now,
        identify=identify,
        password=applicant.password,
    )
    return Candidate(access, user, None if user else guest_in(access.meeting.pk), network)


def admission_of(candidate: Candidate, *, name: str | None) -> Admission:
    """The way in of somebody whom the meeting does not refuse, under `name` as it was typed."""
    access, user, network = candidate.access, candidate.user, candidate.network
    meeting = access.meeting
    name = clean_name(name, fallback="") or None
    if user is not None:
        return Admission(
            meeting_id=meeting.pk,
            slug=meeting.slug,
            title=meeting.title,
            identity=user_identity(user.pk, meeting.pk),
            user_id=user.pk,
            role=Role.MEMBER if access.role is None else Role(access.role.value),
            policy=access.policy,
            is_trusted=access.is_trusted,
            always_waits=False,
            network=network,
            name=name,
            fallback_name=clean_name(user.get_full_name()),
            guest_ticket=None,
            avatar_url=avatar_url(user.pk, side=256),
        )
    guest = candidate.guest or new_guest()
    guest = Guest(guest.identity, name or guest.name)
    return Admission(
        meeting_id=meeting.pk,
        slug=meeting.slug,
        title=meeting.title,
        identity=guest.identity,
        user_id=None,
        role=Role.GUEST,
        policy=access.policy,
        is_trusted=False,
        always_waits=access.policy.access is Access.INVITED,
        network=network,
        name=name,
        fallback_name=guest.name or FALLBACK_NAME,
        guest_ticket=sign_guest(guest, meeting.pk),
    )


def signed_in_user(session_key: str | None) -> User | None:
    """The person behind a session cookie, checked as Django checks it for a page."""
    # A cookie may spell U+0000, which PostgreSQL cannot be asked about.
    if not session_key or "\0" in session_key:
        return None
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_authenticated else None
