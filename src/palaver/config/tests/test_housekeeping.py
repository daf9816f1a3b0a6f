from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from palaver.accounts.limits import SIGN_IN_BY_ACCOUNT, count_attempt
from palaver.accounts.models import AttemptCounter, User
from palaver.config.housekeeping import Housekeeping
from palaver.kernel.clock import ManualClock, system_clock
from palaver.kernel.ids import MeetingId
from palaver.meetings import sessions
from palaver.meetings.models import MeetingSession
from palaver.meetings.services import create_meeting

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_round_closes_what_a_crash_left_open(alice: User) -> None:
    clock = ManualClock()
    meeting = create_meeting(actor=alice, title="Chess club", now=clock())
    sessions.open_or_continue_session(MeetingId(meeting.pk), now=clock())
    keeper = Housekeeping(clock=clock)
    keeper.sweep(is_thorough=False)
    assert MeetingSession.objects.get().ended_at is None
    clock.advance(timedelta(minutes=3))
    keeper.sweep(is_thorough=False)
    assert MeetingSession.objects.get().ended_at is not None


def test_a_thorough_round_drops_what_has_run_out() -> None:
    clock = ManualClock()
    count_attempt(SIGN_IN_BY_ACCOUNT, "alice", now=clock())
    Session.objects.create(session_key="old", session_data="", expire_date=system_clock() - timedelta(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=system_clock() + timedelta(days=1))
    clock.advance(timedelta(hours=1))
    Housekeeping(clock=clock).sweep(is_thorough=False)
    assert AttemptCounter.objects.exists()
    Housekeeping(clock=clock).sweep(is_thorough=True)
    assert not AttemptCounter.objects.exists()
    assert [session.session_key for session in Session.objects.all()] == ["new"]


async def test_it_starts_and_stops_at_once() -> None:
    keeper = Housekeeping()
    await keeper.startup()
    await keeper.shutdown("server_restart")
    assert keeper._task is not None
    assert keeper._task.done()
