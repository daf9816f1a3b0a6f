from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from palaver.accounts.models import User
from palaver.kernel.ids import MeetingId, MeetingSessionId
from palaver.meetings import sessions
from palaver.meetings.models import Attendance, Meeting, MeetingSession
from palaver.meetings.services import create_meeting

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def after(minutes: float = 0, seconds: float = 0) -> datetime:
    return NINE + timedelta(minutes=minutes, seconds=seconds)


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return create_meeting(actor=alice, title="Chess club", now=NINE)


def start(meeting: Meeting, at: datetime) -> sessions.OpenSession:
    opened = sessions.open_or_continue_session(MeetingId(meeting.pk), now=at)
    assert opened is not None
    return opened


def join(session_id: MeetingSessionId, name: str, at: datetime) -> None:
    sessions.record_join(session_id, identity=f"id-{name}", display_name=name, is_signed_in=False, user_id=None, now=at)


def stays(name: str) -> list[tuple[datetime, datetime | None]]:
    rows = Attendance.objects.filter(identity=f"id-{name}").order_by("joined_at", "pk")
    return [(row.joined_at, row.left_at) for row in rows]


@pytest.mark.django_db
def test_a_run_says_who_came_and_went_and_when(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "alice", NINE)
    join(run.session_id, "bob", after(5))
    sessions.record_leave(run.session_id, identity="id-bob", now=after(20))
    sessions.end_session(run.session_id, now=after(30))
    assert stays("alice") == [(NINE, after(30))]
    assert stays("bob") == [(after(5), after(20))]
    kept = MeetingSession.objects.get()
    assert (kept.started_at, kept.ended_at) == (NINE, after(30))


@pytest.mark.django_db
def test_who_leaves_and_returns_has_two_stays(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "bob", NINE)
    sessions.record_leave(run.session_id, identity="id-bob", now=after(1))
    join(run.session_id, "bob", after(2))
    assert stays("bob") == [(NINE, after(1)), (after(2), None)]


@pytest.mark.django_db
def test_who_was_removed_is_known_as_long_as_the_run_goes_on(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    assert run.removed == frozenset()
    join(run.session_id, "bob", NINE)
    sessions.record_removal(run.session_id, identity="id-bob", now=after(1))
    sessions.record_removal(run.session_id, identity="id-bob", now=after(1))
    assert start(meeting, after(2)).removed == {"id-bob"}
    sessions.end_session(run.session_id, now=after(3))
    assert start(meeting, after(4)).removed == frozenset()


@pytest.mark.django_db
def test_a_removal_from_a_meeting_that_is_deleted_meanwhile_is_nothing(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    meeting.delete()
    sessions.record_removal(run.session_id, identity="id-bob", now=after(1))


@pytest.mark.django_db
def test_what_the_room_needs_to_go_on_is_kept_while_the_run_goes_on(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    assert run.live_state is None
    join(run.session_id, "bob", NINE)
    sessions.save_live_state(run.session_id, {"locked": False}, after(1))
    sessions.save_live_state(run.session_id, {"locked": True, "roles": {"g_bob": "co_host"}}, after(2))
    again = start(meeting, after(3))
    assert again.live_state == {"locked": True, "roles": {"g_bob": "co_host"}}
    assert MeetingSession.objects.get().last_seen_at == after(3)
    sessions.end_session(run.session_id, now=after(4))
    sessions.save_live_state(run.session_id, {"locked": True}, after(5))
    assert MeetingSession.objects.get().live_state is None
    assert start(meeting, after(6)).live_state is None


@pytest.mark.django_db
def test_joining_twice_is_one_stay(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "bob", NINE)
    join(run.session_id, "bob", after(1))
    assert stays("bob") == [(NINE, None)]


@pytest.mark.django_db
def test_after_a_crash_the_run_goes_on_when_somebody_returns_within_two_minutes(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "alice", NINE)
    join(run.session_id, "bob", after(1))
    sessions.touch_session(run.session_id, now=after(10))
    again = start(meeting, after(11, 59))
    assert again.session_id == run.session_id
    assert again.is_continued
    assert again.started_at == NINE
    join(run.session_id, "alice", after(12))
    sessions.end_session(run.session_id, now=after(40))
    assert stays("alice") == [(NINE, after(40))], "who returned never left"
    assert stays("bob") == [(after(1), after(10))], "who did not return left with the crash"
    assert MeetingSession.objects.count() == 1


@pytest.mark.django_db
def test_after_a_crash_and_a_longer_silence_the_run_ended_with_the_last_sign_of_life(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "alice", NINE)
    sessions.touch_session(run.session_id, now=after(10))
    again = start(meeting, after(12, 1))
    assert again.session_id != run.session_id
    assert not again.is_continued
    old = MeetingSession.objects.get(pk=run.session_id)
    assert old.ended_at == after(10)
    assert stays("alice") == [(NINE, after(10))]


@pytest.mark.django_db
def test_the_sweep_closes_what_nobody_returns_to_and_nothing_else(meeting: Meeting, alice: User) -> None:
    other = create_meeting(actor=alice, title="Choir", now=NINE)
    silent, lively = start(meeting, NINE), start(other, NINE)
    join(silent.session_id, "bob", NINE)
    sessions.touch_session(lively.session_id, now=after(4))
    assert sessions.sweep_stale_sessions(now=after(5)) == 1
    assert MeetingSession.objects.get(pk=silent.session_id).ended_at == NINE
    assert MeetingSession.objects.get(pk=lively.session_id).ended_at is None
    assert sessions.sweep_stale_sessions(now=after(5)) == 0


@pytest.mark.django_db
def test_ending_twice_and_touching_afterwards_change_nothing(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "bob", NINE)
    sessions.end_session(run.session_id, now=after(3))
    sessions.end_session(run.session_id, now=after(9))
    sessions.touch_session(run.session_id, now=after(9))
    assert MeetingSession.objects.get().ended_at == after(3)


@pytest.mark.django_db
def test_a_clock_that_goes_back_never_breaks_the_order(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "bob", after(1))
    sessions.record_leave(run.session_id, identity="id-bob", now=NINE)
    sessions.end_session(run.session_id, now=NINE - timedelta(minutes=5))
    assert stays("bob") == [(after(1), after(1))]
    assert MeetingSession.objects.get().ended_at == NINE


@pytest.mark.django_db
def test_a_meeting_that_is_gone_starts_nothing() -> None:
    assert sessions.open_or_continue_session(MeetingId(uuid4()), now=NINE) is None


@pytest.mark.django_db
def test_a_run_moves_the_meeting_to_the_top(meeting: Meeting) -> None:
    run = start(meeting, after(60))
    join(run.session_id, "bob", after(90))
    meeting.refresh_from_db()
    assert meeting.last_used_at == after(90)


@pytest.mark.django_db
def test_a_long_name_is_cut_and_a_new_name_is_kept(meeting: Meeting) -> None:
    run = start(meeting, NINE)
    join(run.session_id, "bob", NINE)
    sessions.record_name(run.session_id, identity="id-bob", display_name="B" * 500)
    assert Attendance.objects.get().display_name == "B" * 80


@pytest.mark.django_db(transaction=True)
def test_two_that_open_the_same_room_at_once_share_one_run(meeting: Meeting) -> None:
    def open_it(_number: int) -> MeetingSessionId:
        try:
            return start(meeting, NINE).session_id
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        opened = set(pool.map(open_it, range(12)))
    assert len(opened) == 1
    assert MeetingSession.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["ended", "swept", "begun anew"])
def test_a_run_that_nobody_entered_is_not_in_the_history(meeting: Meeting, way: str) -> None:
    """Somebody stood at the door, and nobody came to open."""
    run = start(meeting, NINE)
    sessions.save_live_state(run.session_id, {"v": 1}, after(1))
    match way:
        case "ended":
            sessions.end_session(run.session_id, now=after(2))
        case "swept":
            assert sessions.sweep_stale_sessions(now=after(9)) == 1
        case _:
            assert start(meeting, after(9)).session_id != run.session_id
    assert not MeetingSession.objects.filter(pk=run.session_id).exists()
