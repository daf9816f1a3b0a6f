"""A long conversation of somebody who has left. Run inside `palaver manage shell`."""

from datetime import timedelta
from uuid import uuid4

from palaver.chat.models import Audience
from palaver.chat.services import Draft, send_message
from palaver.kernel.clock import system_clock
from palaver.kernel.ids import MeetingId
from palaver.live.domain.people import Identity, ParticipantId, Role
from palaver.live.features import Caller
from palaver.meetings import sessions
from palaver.meetings.models import Meeting

WRITER = "Walter"


def write(slug: str, count: int) -> None:
    """Messages "note 1" to "note *count*" by Walter, who was in a run that is over."""
    meeting = Meeting.objects.get(slug=slug)
    # Slowly enough for the limits on writing.
    start = system_clock() - timedelta(seconds=2 * count + 60)
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=start)
    assert run is not None
    sessions.record_join(
        run.session_id, identity="g_walter", display_name=WRITER, is_signed_in=False, user_id=None, now=start
    )
    walter = Caller(
        meeting_id=meeting.pk,
        session_id=run.session_id,
        participant_id=ParticipantId("p_walter"),
        identity=Identity("g_walter"),
        user_id=None,
        name=WRITER,
        role=Role.GUEST,
        is_signed_in=False,
    )
    for number in range(1, count + 1):
        draft = Draft(client_id=uuid4().hex, text=f"note {number}", audience=Audience.EVERYONE)
        send_message(walter, draft, now=start + timedelta(seconds=2 * number))
    sessions.record_leave(run.session_id, identity="g_walter", now=system_clock())
    sessions.end_session(run.session_id, now=system_clock())
