"""The log of a run: complete, in order, never changed."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from palaver.accounts.models import User
from palaver.kernel.ids import MeetingId, MeetingSessionId
from palaver.meetings import services, sessions
from palaver.meetings.models import AuditEntry, Meeting
from palaver.meetings.policy import AuditAction
from palaver.meetings.services import MAX_DETAIL_CHARS, Someone
from palaver.meetings.tests.cast import NOW

ALICE, BOB = Someone("u_alice", "Alice Okafor"), Someone("g_bob", "Bob")


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return services.create_meeting(actor=alice, title="Chess club", now=NOW)


@pytest.fixture
def session_id(meeting: Meeting) -> MeetingSessionId:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    return run.session_id


@pytest.mark.django_db
def test_the_log_says_who_did_what_to_whom_and_when(session_id: MeetingSessionId) -> None:
    services.record_audit(session_id, actor=ALICE, action=AuditAction.LOCK, now=NOW)
    services.record_audit(
        session_id, actor=ALICE, action=AuditAction.CHANGE_ROLE, target=BOB, detail={"role": "co_host"}, now=NOW
    )
    first, second = AuditEntry.objects.order_by("number")
    assert (first.number, first.at, first.actor_identity, first.actor_name) == (1, NOW, "u_alice", "Alice Okafor")
    assert (first.action, first.target_identity, first.target_name, first.detail) == ("lock", "", "", {})
    assert (second.number, second.action, second.target_identity, second.target_name) == (
        2,
        "change_role",
        "g_bob",
        "Bob",
    )
    assert second.detail == {"role": "co_host"}


@pytest.mark.django_db
def test_each_run_counts_for_itself(meeting: Meeting, session_id: MeetingSessionId) -> None:
    services.record_audit(session_id, actor=ALICE, action=AuditAction.LOCK, now=NOW)
    sessions.end_session(session_id, now=NOW)
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    services.record_audit(run.session_id, actor=ALICE, action=AuditAction.UNLOCK, now=NOW)
    assert list(AuditEntry.objects.values_list("number", flat=True)) == [1, 1]


@pytest.mark.django_db
def test_long_names_are_cut_and_large_details_refused(session_id: MeetingSessionId) -> None:
    long = Someone("g_long", "L" * 500)
    services.record_audit(session_id, actor=long, action=AuditAction.MUTE, target=long, now=NOW)
    assert len(AuditEntry.objects.get().target_name) == 80
    with pytest.raises(ValueError, match="too large"):
        services.record_audit(
            session_id, actor=ALICE, action=AuditAction.MUTE, detail={"x": "y" * MAX_DETAIL_CHARS}, now=NOW
        )


@pytest.mark.django_db
def test_the_log_of_a_meeting_that_is_gone_is_gone(meeting: Meeting, session_id: MeetingSessionId) -> None:
    services.record_audit(session_id, actor=ALICE, action=AuditAction.LOCK, now=NOW)
    meeting.delete()
    services.record_audit(session_id, actor=ALICE, action=AuditAction.UNLOCK, now=NOW)
    services.record_audit(MeetingSessionId(uuid4()), actor=ALICE, action=AuditAction.UNLOCK, now=NOW)
    assert not AuditEntry.objects.exists()


def test_every_action_fits_its_column() -> None:
    length = AuditEntry._meta.get_field("action").max_length
    assert length is not None
    assert all(len(action.value) <= length for action in AuditAction)


@pytest.mark.django_db(transaction=True)
def test_entries_at_the_same_time_are_all_kept_without_a_gap(session_id: MeetingSessionId) -> None:
    def write(number: int) -> None:
        try:
            services.record_audit(session_id, actor=ALICE, action=AuditAction.MUTE, detail={"n": number}, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(30)))
    entries = list(AuditEntry.objects.order_by("number").values_list("number", "detail"))
    assert [number for number, _ in entries] == list(range(1, 31))
    assert sorted(detail["n"] for _, detail in entries) == list(range(30))
