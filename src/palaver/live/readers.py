"""Who may read what a meeting keeps (chat, files) over HTTP: those who came in, as long as nobody put them out.

It rests on the attendances in the database, so the answer is the same in every process and after a restart.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from palaver.accounts import limits
from palaver.kernel.errors import MEETING_NOT_FOUND, PalaverError
from palaver.live.admission import signed_in_user
from palaver.live.domain.people import Identity
from palaver.live.identity import read_guest, user_identity
from palaver.meetings.models import Attendance, Meeting, Removal
from palaver.meetings.selectors import access_meeting_by_link

GUEST_TICKET_HEADER: Final = "X-Palaver-Guest-Ticket"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read, and as whom."""

    meeting: Meeting
    identity: Identity
    user_id: int | None
    is_owner: bool


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
    if not (access.is_owner or was_let_in(meeting, identity)):
        raise PalaverError(MEETING_NOT_FOUND)
    return Reader(meeting, identity, None if user is None else user.pk, access.is_owner)


def was_let_in(meeting: Meeting, identity: Identity) -> bool:
    """Whether somebody came into this meeting, ever, and is not put out of the run that goes on."""
    is_out = Removal.objects.filter(session__meeting=meeting, session__ended_at=None, identity=identity).exists()
    return not is_out and Attendance.objects.filter(session__meeting=meeting, identity=identity).exists()
