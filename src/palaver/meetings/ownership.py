"""Which process writes a run, when several serve the same meetings.

Whoever opens a run takes the next number; whatever is written under an earlier one is refused. The number is drawn
where it is checked, so it cannot go back as one from elsewhere could that forgets.

DeposedError          somebody else has opened the run since, or it is over
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.db.models import Max

from palaver.kernel.ids import MeetingSessionId
from palaver.meetings.models import Meeting, MeetingSession

T = TypeVar("T")


class DeposedError(Exception):
    """This process does not write the run any more."""


def take_over_session(session_id: MeetingSessionId) -> int:
    """Become the one who writes a run; the number to write under.

    Raises:
        DeposedError: the run is gone.
    """
    with transaction.atomic():
        session = _lock(session_id)
        if session is None:
            raise DeposedError
        # Numbers grow over all runs of a meeting, so that those who hear of them need not know which run they are of.
        highest = MeetingSession.objects.filter(meeting_id=session.meeting_id).aggregate(Max("owner_fence"))
        session.owner_fence = (highest["owner_fence__max"] or 0) + 1
        session.save(update_fields=["owner_fence"])
        return session.owner_fence


def write_as_owner(session_id: MeetingSessionId, fence: int, write: Callable[[], T]) -> T:
    """`write()` in one transaction with the check that nobody took the run over.

    Raises:
        DeposedError: somebody did; nothing was written.
    """
    with transaction.atomic():
        session = _lock(session_id)
        if session is None or session.owner_fence != fence:
            raise DeposedError
        return write()


def is_session_owned(session_id: MeetingSessionId, fence: int) -> bool:
    """Whether the run goes on and was opened under that number last."""
    return MeetingSession.objects.filter(pk=session_id, ended_at=None, owner_fence=fence).exists()


def is_session_open(session_id: MeetingSessionId) -> bool:
    """Whether the run goes on."""
    return MeetingSession.objects.filter(pk=session_id, ended_at=None).exists()


def _lock(session_id: MeetingSessionId) -> MeetingSession | None:
    # The meeting before its session, as everywhere: whoever deletes the meeting waits, or is waited for.
    Meeting.objects.select_for_update().filter(sessions=session_id).first()
    return MeetingSession.objects.select_for_update().filter(pk=session_id).first()
