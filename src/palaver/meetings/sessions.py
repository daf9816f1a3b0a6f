"""The runs of a meeting as the live room writes them: start or go on, join, leave, still there, end.

Every call is one short transaction and safe to repeat. After a crash nothing is lost: a run goes on when somebody
returns within `RETURN_WITHIN` of the last sign of life, otherwise it is closed with the time of that sign. A run that
nobody ever entered is forgotten.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, ForeignObjectRel
from django.db.models.functions import Greatest

from palaver.kernel.ids import AttendanceId, MeetingId, MeetingSessionId, UserId
from palaver.meetings.models import DISPLAY_NAME_MAX_LENGTH, Attendance, Meeting, MeetingSession, Removal

RETURN_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A run that goes on."""

    session_id: MeetingSessionId
    meeting_id: MeetingId
    started_at: datetime
    is_continued: bool
    """True when it was running before this server started."""
    removed: frozenset[str]
    """The identities of those who were put out of this run."""
    live_state: dict[str, Any] | None
    """What `save_live_state` kept last of a run that goes on."""


def open_or_continue_session(meeting_id: MeetingId, *, now: datetime) -> OpenSession | None:
    """Called when the first person enters a room that this server does not hold yet; None if the meeting is gone."""
    with transaction.atomic():
        # The row lock makes two servers or threads agree on one run (SQLite: the transaction is exclusive anyway).
        meeting = Meeting.objects.select_for_update().filter(pk=meeting_id).first()
        if meeting is None:
            return None
        meeting.last_used_at = max(now, meeting.last_used_at)
        meeting.save(update_fields=["last_used_at"])
        session = MeetingSession.objects.filter(meeting=meeting, ended_at=None).first()
        if session is not None and now - session.last_seen_at <= RETURN_WITHIN:
            _assume_left(session)
            session.last_seen_at = max(now, session.last_seen_at)
            session.save(update_fields=["last_seen_at"])
            return _open(session, is_continued=True)
        if session is not None:
            _close(session, at=session.last_seen_at)
        session = MeetingSession.objects.create(meeting=meeting, started_at=now, last_seen_at=now)
        return _open(session, is_continued=False)


def record_join(
    session_id: MeetingSessionId,
    *,
    identity: str,
    display_name: str,
    is_signed_in: bool,
    user_id: UserId | None,
    now: datetime,
) -> AttendanceId:
    """A person is inside. Somebody who was inside when the server stopped goes on with the same stay."""
    with transaction.atomic():
        # The meeting before its session, as everywhere: whoever deletes the meeting waits, or is waited for.
        Meeting.objects.select_for_update().filter(sessions=session_id).first()
        session = MeetingSession.objects.select_for_update().get(pk=session_id)
        known = Attendance.objects.filter(session=session, identity=identity).order_by("-joined_at", "-pk").first()
        name = display_name[:DISPLAY_NAME_MAX_LENGTH]
        if known is not None and (known.left_at is None or known.is_leave_assumed):
            known.left_at, known.is_leave_assumed, known.display_name = None, False, name
            known.save(update_fields=["left_at", "is_leave_assumed", "display_name"])
            attendance = known
        else:
            attendance = Attendance.objects.create(
                session=session,
                identity=identity,
                display_name=name,
                user_id=user_id,
                is_signed_in=is_signed_in,
                joined_at=now,
            )
        _touch(session_id, now)
        Meeting.objects.filter(pk=session.meeting_id, last_used_at__lt=now).update(last_used_at=now)
    return AttendanceId(attendance.pk)


def record_name(session_id: MeetingSessionId, *, identity: str, display_name: str) -> None:
    """A person inside goes by another name."""
    open_stays = Attendance.objects.filter(session_id=session_id, identity=identity, left_at=None)
    open_stays.update(display_name=display_name[:DISPLAY_NAME_MAX_LENGTH])


def record_leave(session_id: MeetingSessionId, *, identity: str, now: datetime) -> None:
    """A person is no longer inside."""
    with transaction.atomic():
        open_stays = Attendance.objects.filter(session_id=session_id, identity=identity, left_at=None)
        open_stays.update(left_at=Greatest(F("joined_at"), now))
        _touch(session_id, now)


def record_removal(session_id: MeetingSessionId, *, identity: str, now: datetime) -> None:
    """A person was put out and stays out of this run, whatever becomes of the server."""
    with transaction.atomic():
        # The session may be gone with its meeting; then there is nothing to come back to.
        if MeetingSession.objects.select_for_update().filter(pk=session_id).exists():
            Removal.objects.get_or_create(session_id=session_id, identity=identity, defaults={"removed_at": now})


def save_live_state(session_id: MeetingSessionId, state: dict[str, Any], now: datetime) -> None:
    """Keep what the live room needs to go on after a restart, in place of what was kept. A run that is over keeps none.

    `state` is JSON and the room's own: nobody else reads it.
    """
    with transaction.atomic():
        MeetingSession.objects.filter(pk=session_id, ended_at=None).update(live_state=state)
        _touch(session_id, now)


def touch_session(session_id: MeetingSessionId, *, now: datetime) -> None:
    """Somebody is still inside. Call it at least every 30 seconds while the room is not empty."""
    _touch(session_id, now)


def end_session(session_id: MeetingSessionId, *, now: datetime) -> None:
    """The room is empty or was ended. Ending twice changes nothing."""
    with transaction.atomic():
        session = MeetingSession.objects.select_for_update().filter(pk=session_id, ended_at=None).first()
        if session is not None:
            _close(session, at=max(now, session.started_at))


def sweep_stale_sessions(*, now: datetime) -> int:
    """Close runs without a sign of life for `RETURN_WITHIN`, with the time of the last one; return how many."""
    stale = MeetingSession.objects.filter(ended_at=None, last_seen_at__lt=now - RETURN_WITHIN)
    closed = 0
    for session_id in stale.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            session = MeetingSession.objects.select_for_update().filter(pk=session_id, ended_at=None).first()
            if session is not None and session.last_seen_at < now - RETURN_WITHIN:
                _close(session, at=session.last_seen_at)
                closed += 1
    return closed


def _open(session: MeetingSession, *, is_continued: bool) -> OpenSession:
    return OpenSession(
        session_id=MeetingSessionId(session.pk),
        meeting_id=MeetingId(session.meeting_id),
        started_at=session.started_at,
        is_continued=is_continued,
        removed=frozenset(Removal.objects.filter(session=session).values_list("identity", flat=True)),
        live_state=session.live_state,
    )


def _touch(session_id: MeetingSessionId, now: datetime) -> None:
    MeetingSession.objects.filter(pk=session_id, ended_at=None, last_seen_at__lt=now).update(last_seen_at=now)


def _assume_left(session: MeetingSession) -> None:
    open_stays = Attendance.objects.filter(session=session, left_at=None)
    open_stays.update(left_at=Greatest(F("joined_at"), session.last_seen_at), is_leave_assumed=True)


def _close(session: MeetingSession, *, at: datetime) -> None:
    if not _left_a_trace(session):
        # People knocked, and nobody ever opened: that was no meeting.
        session.delete()
        return
    session.ended_at = session.last_seen_at = max(at, session.started_at)
    session.live_state = None
    session.save(update_fields=["ended_at", "last_seen_at", "live_state"])
    open_stays = Attendance.objects.filter(session=session, left_at=None)
    open_stays.update(left_at=Greatest(F("joined_at"), session.ended_at))


def _left_a_trace(session: MeetingSession) -> bool:
    """Whether anything hangs on a run: a stay, a removal, a line of the log, or what other rooms keep of it."""
    return any(
        field.related_model._base_manager.filter(**{field.field.name: session}).exists()
        for field in MeetingSession._meta.get_fields(include_hidden=True)
        if isinstance(field, ForeignObjectRel)
    )
