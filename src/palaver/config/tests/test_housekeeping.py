import asyncio
import threading
from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from palaver.accounts.limits import SIGN_IN_BY_ACCOUNT, count_attempt
from palaver.accounts.models import AttemptCounter, User
from palaver.config import housekeeping
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
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=clock())
    assert run is not None
    sessions.record_join(
        run.session_id, identity="g_bob", display_name="Bob", is_signed_in=False, user_id=None, now=clock()
    )
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


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=-1)])
async def test_a_clock_that_was_set_ends_no_meeting_that_goes_on(
    monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """A room says within half a minute that it goes on; until then its last sign of life looks old."""
    monkeypatch.setattr(housekeeping, "_SWEEP_EVERY_S", 0.001)
    start = ManualClock()()
    seen: list[datetime] = []

    def clock() -> datetime:
        # Asked before and after each pause; set during the first.
        seen.append(start + step if seen else start)
        return seen[-1]

    keeper, swept = Housekeeping(clock=clock), threading.Event()
    asked_before: list[int] = []

    def sweep(*, is_thorough: bool) -> None:
        asked_before.append(len(seen))
        swept.set()

    monkeypatch.setattr(keeper, "sweep", sweep)
    await keeper.startup()
    assert await asyncio.to_thread(swept.wait, 10)
    await keeper.shutdown("server_restart")
    assert asked_before[0] == 4, "the round in which the clock was set passed without a sweep"


async def test_it_starts_and_stops_at_once() -> None:
    keeper = Housekeeping()
    await keeper.startup()
    await keeper.shutdown("server_restart")
    assert keeper._task is not None
    assert keeper._task.done()
