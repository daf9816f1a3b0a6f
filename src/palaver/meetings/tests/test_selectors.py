from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId
from palaver.meetings import selectors, services, sessions
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Access, Policy

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOBODY = AnonymousUser()

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return services.create_meeting(actor=alice, title="Chess club", now=NOW)


def knock(slug: str, user: User | AnonymousUser = NOBODY, network: str = "192.0.2.1") -> selectors.MeetingAccess:
    return selectors.access_meeting_by_link(slug, user=user, network=network, now=NOW)


def test_only_the_owner_reaches_a_meeting_by_its_id(meeting: Meeting, alice: User, carol: User) -> None:
    assert selectors.access_own_meeting(alice, meeting.pk) == meeting
    for stranger in (carol, NOBODY):
        with pytest.raises(PalaverError) as forbidden:
            selectors.access_own_meeting(stranger, meeting.pk)
        with pytest.raises(PalaverError) as missing:
            selectors.access_own_meeting(stranger, uuid4())
        assert forbidden.value.spec is missing.value.spec is errors.MEETING_NOT_FOUND


def test_everyone_with_the_link_may_join_an_open_meeting(meeting: Meeting, alice: User, carol: User) -> None:
    assert knock(meeting.slug).may_join
    assert knock(meeting.slug, carol).may_join
    assert not knock(meeting.slug, carol).is_owner
    assert knock(meeting.slug, alice).is_owner


def test_a_meeting_without_guests_asks_them_to_sign_in(meeting: Meeting, carol: User) -> None:
    services.set_policy(meeting, Policy(access=Access.SIGNED_IN))
    assert knock(meeting.slug).refusal == "sign_in_required"
    assert knock(meeting.slug, carol).may_join


def test_the_link_of_a_person_whose_account_is_closed_leads_nowhere(meeting: Meeting, alice: User) -> None:
    alice.is_active = False
    alice.save()
    with pytest.raises(PalaverError) as refusal:
        knock(meeting.slug)
    assert refusal.value.spec is errors.MEETING_NOT_FOUND


def test_a_link_is_found_as_people_type_it(meeting: Meeting) -> None:
    assert knock(meeting.slug.upper()).meeting == meeting


def miss(number: int, user: User | AnonymousUser = NOBODY) -> errors.ErrorSpec:
    with pytest.raises(PalaverError) as refusal:
        knock(f"oak-oak-oak-{number:012d}", user)
    return refusal.value.spec


def test_guessing_ends(meeting: Meeting) -> None:
    answers = [miss(number) for number in range(limits.MEETING_LINK_BY_NETWORK.tries + 2)]
    assert answers[:-2] == [errors.MEETING_NOT_FOUND] * limits.MEETING_LINK_BY_NETWORK.tries
    assert answers[-2:] == [errors.RATE_LIMITED] * 2


def test_a_network_that_misses_locks_nobody_out_who_has_a_right_link(meeting: Meeting, carol: User) -> None:
    for number in range(limits.MEETING_LINK_BY_NETWORK.tries + 1):
        miss(number)
    assert knock(meeting.slug).may_join
    assert knock(meeting.slug, carol).may_join
    services.set_policy(meeting, Policy(access=Access.SIGNED_IN))
    assert knock(meeting.slug).refusal == "sign_in_required"


def test_misses_of_strangers_and_of_each_account_are_counted_apart(meeting: Meeting, alice: User, carol: User) -> None:
    tries = limits.MEETING_LINK_BY_ACCOUNT.tries
    assert [miss(number, carol) for number in range(tries + 1)][-1] is errors.RATE_LIMITED
    assert miss(0, alice) is errors.MEETING_NOT_FOUND
    assert miss(0) is errors.MEETING_NOT_FOUND
    assert knock(meeting.slug, carol).may_join


def test_an_exhausted_guesser_cannot_tell_a_missing_link_from_a_forbidden_one(meeting: Meeting, alice: User) -> None:
    alice.is_active = False
    alice.save()
    answers = [
        (miss(number), _refusal_of(meeting.slug)) for number in range(limits.MEETING_LINK_BY_NETWORK.tries // 2 + 2)
    ]
    assert all(missing is forbidden for missing, forbidden in answers)
    assert answers[-1][0] is errors.RATE_LIMITED


def _refusal_of(slug: str) -> errors.ErrorSpec:
    with pytest.raises(PalaverError) as refusal:
        knock(slug)
    return refusal.value.spec


def test_misses_beyond_the_limit_write_nothing(meeting: Meeting) -> None:
    for number in range(limits.MEETING_LINK_BY_NETWORK.tries):
        miss(number)
    with CaptureQueriesContext(connection) as queries:
        miss(0)
    assert all(query["sql"].lstrip().startswith("SELECT") for query in queries)


def test_right_links_are_never_counted(meeting: Meeting) -> None:
    for _ in range(limits.MEETING_LINK_BY_NETWORK.tries + 5):
        assert knock(meeting.slug).may_join


def test_a_person_lists_their_own_meetings_last_used_first(alice: User, carol: User) -> None:
    made = [
        services.create_meeting(actor=alice, title=f"Meeting {number}", now=NOW + timedelta(hours=number))
        for number in range(12)
    ]
    services.create_meeting(actor=carol, title="Carol’s", now=NOW)
    first, second = selectors.meetings_of(alice, page=1), selectors.meetings_of(alice, page=2)
    assert list(first) + list(second) == made[::-1]
    assert list(selectors.meetings_of(alice, page=99)) == list(second)


def test_a_summary_tells_the_latest_run_and_each_person_once(
    meeting: Meeting, alice: User, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    other = services.create_meeting(actor=alice, title="Never held", now=NOW)
    for day in (0, 1):
        run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW + timedelta(days=day))
        assert run is not None
        for second, name in enumerate(("Alice", "Bob", "Alice")):
            sessions.record_join(
                run.session_id,
                identity=name,
                display_name=f"{name} {day}",
                is_signed_in=False,
                user_id=None,
                now=NOW + timedelta(days=day, seconds=second),
            )
            sessions.record_leave(run.session_id, identity=name, now=NOW + timedelta(days=day, minutes=1))
        if day == 0:
            sessions.end_session(run.session_id, now=NOW + timedelta(minutes=9))
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        held, never = selectors.summaries([meeting, other])
    assert held.is_on
    assert held.latest is not None
    assert held.latest.started_at == NOW + timedelta(days=1)
    assert held.latest.names == ("Alice 1", "Bob 1")
    assert never.latest is None
    assert not never.is_on
