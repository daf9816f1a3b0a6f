"""Who may read what a meeting keeps (chat, files) over HTTP: those who came in, as long as nobody put them out.

It rests on the attendances, the list and the bans in the database, so the answer is the same in every process and after
a restart. The password of a meeting is not asked for: it opens the door, and whoever reads has come through it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel.errors import MEETING_NOT_FOUND, PalaverError
from palaver.live.admission import signed_in_user
from palaver.live.domain.people import Identity
from palaver.live.identity import read_guest, user_identity
from palaver.meetings.models import Attendance, Meeting, Removal
from palaver.meetings.policy import MeetingRole
from palaver.meetings.selectors import access_meeting_by_link, active_ban, policy_of, standing_of

GUEST_TICKET_HEADER: Final = "X-Palaver-Guest-Ticket"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read, and as whom."""

    meeting: Meeting
    identity: Identity
    user_id: int | None
    is_owner: bool
    is_moderator: bool
    """By the list of the meeting: a role that was given in a run ends with it."""


def access_reader(request: HttpRequest, slug: str, *, now: datetime) -> Reader:
    """The person behind a request, if they were let into this meeting.

    Signed-in people are known by their session, guests by the ticket in `GUEST_TICKET_HEADER`.

    Raises:
        PalaverError: meeting_not_found, also for a meeting that exists but was never entered; rate_limited.
    """
    user = signed_in_user(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    network = limits.network_of(request.META.get("REMOTE_ADDR"))
    access = access_meeting_by_link(slug, user=user, network=network, now=now)
    meeting = access.meeting
    if user is not None:
        identity = user_identity(user.pk, meeting.pk)
    else:
        guest = read_guest(request.headers.get(GUEST_TICKET_HEADER, ""), meeting.pk)
        if guest is None:
            raise PalaverError(MEETING_NOT_FOUND)
        identity = guest.identity
    reader = reader_of(meeting, identity, user=user, network=network, now=now)
    if reader is None:
        raise PalaverError(MEETING_NOT_FOUND)
    return reader


def reader_of(
    meeting: Meeting, identity: Identity, *, user: User | None, network: str = limits.UNKNOWN_NETWORK, now: datetime
) -> Reader | None:
    """Somebody whose identity is proved, as a reader; None when there is nothing for them to read, now or any more.

    `user` is None for a guest. Without `network`, as behind a signed link, a guest is known by the identity alone.
    """
    role, _ = standing_of(meeting, user)
    is_owner = role is MeetingRole.OWNER
    if not is_owner:
        policy = policy_of(meeting)
        if user is None:
            # Who is inside when the meeting stops taking guests stays inside, and reads what the others read.
            may_come = policy.takes_guests or _is_inside(meeting, identity)
        else:
            may_come = role is not None or policy.takes_unlisted
        if not (may_come and _was_let_in(meeting, identity)):
            return None
        if active_ban(meeting, user=user, identity=identity, network=network, now=now) is not None:
            return None
    return Reader(
        meeting=meeting,
        identity=identity,
        user_id=None if user is None else user.pk,
        is_owner=is_owner,
        is_moderator=role is not None and role.is_moderator,
    )


def _was_let_in(meeting: Meeting, identity: Identity) -> bool:
    """Whether somebody came into this meeting, ever, and is not put out of the run that goes on."""
    is_out = Removal.objects.filter(session__meeting=meeting, session__ended_at=None, identity=identity).exists()
    return not is_out and Attendance.objects.filter(session__meeting=meeting, identity=identity).exists()


def _is_inside(meeting: Meeting, identity: Identity) -> bool:
    return Attendance.objects.filter(
        session__meeting=meeting, session__ended_at=None, identity=identity, left_at=None
    ).exists()
