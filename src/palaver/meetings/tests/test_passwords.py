"""A meeting's password: who needs it, and how often it can be guessed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId, UserId
from palaver.meetings import services, sessions
from palaver.meetings.models import Meeting
from palaver.meetings.tests.cast import NOW, Caller

RIGHT, WRONG = "seven hérons", "eight herons"


@pytest.fixture
def meeting(alice: User) -> Meeting:
    made = services.create_meeting(actor=alice, title="Board", now=NOW)
    services.set_password(made, RIGHT)
    return made


def answer(meeting: Meeting, password: str | None, caller: Caller | None = None) -> str | None:
    try:
        return (caller or Caller()).knock(meeting, password=password).refusal
    except PalaverError as refusal:
        return refusal.spec.code


@pytest.mark.django_db
def test_the_password_is_asked_for_until_it_is_right(meeting: Meeting) -> None:
    assert answer(meeting, None) == answer(meeting, "") == "password_required"
    assert answer(meeting, WRONG) == "password_wrong"
    assert answer(meeting, RIGHT) is None
    assert answer(meeting, "seven he\u0301rons") is None, "another keyboard writes the same letter in two parts"


@pytest.mark.django_db
def test_only_a_hash_is_kept_and_it_can_go(meeting: Meeting) -> None:
    meeting.refresh_from_db()
    assert meeting.has_password
    assert meeting.password_hash.startswith("argon2$")
    assert RIGHT not in meeting.password_hash
    services.clear_password(meeting)
    assert answer(meeting, None) is None


@pytest.mark.django_db
def test_an_empty_password_is_a_mistake_of_the_caller(meeting: Meeting) -> None:
    with pytest.raises(ValueError, match="clear_password"):
        services.set_password(meeting, "")


@pytest.mark.django_db
def test_guessing_ends_by_network_and_the_right_password_comes_too_late(meeting: Meeting) -> None:
    answers = [answer(meeting, f"guess {number}") for number in range(limits.MEETING_PASSWORD_BY_NETWORK.tries)]
    assert set(answers) == {"password_wrong"}
    assert answer(meeting, RIGHT) == "rate_limited"
    assert answer(meeting, RIGHT, Caller(network="192.0.2.200")) is None


@pytest.mark.django_db
def test_who_hammers_from_one_network_shuts_nobody_else_out(meeting: Meeting) -> None:
    for number in range(2 * limits.MEETING_PASSWORD.tries):
        answer(meeting, f"guess {number}")
    assert answer(meeting, WRONG, Caller(network="192.0.2.200")) == "password_wrong"
    assert answer(meeting, RIGHT, Caller(network="192.0.2.200")) is None


@pytest.mark.django_db
def test_guessing_from_many_networks_ends_too(meeting: Meeting) -> None:
    answers = [answer(meeting, WRONG, Caller(network=f"192.0.2.{number}")) for number in range(40)]
    assert answers.count("password_wrong") == limits.MEETING_PASSWORD.tries
    assert set(answers[limits.MEETING_PASSWORD.tries :]) == {"rate_limited"}


@pytest.mark.django_db
def test_a_class_that_types_the_right_password_is_never_limited(meeting: Meeting) -> None:
    for number in range(60):
        assert answer(meeting, RIGHT, Caller(identity=f"g_{number}")) is None
        assert answer(meeting, WRONG if number % 12 == 0 else RIGHT, Caller(identity=f"g_{number}")) in (
            None,
            "password_wrong",
        )


@pytest.mark.django_db
def test_the_limit_of_one_meeting_is_not_that_of_another(meeting: Meeting, alice: User) -> None:
    other = services.create_meeting(actor=alice, title="Choir", now=NOW)
    services.set_password(other, RIGHT)
    for number in range(limits.MEETING_PASSWORD.tries + 1):
        answer(meeting, WRONG, Caller(network=f"192.0.2.{number}"))
    assert answer(other, RIGHT) is None


@pytest.mark.django_db
def test_who_is_inside_comes_back_without_it_whatever_others_guess(meeting: Meeting, carol: User) -> None:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    for identity, user_id in (("g_bob", None), ("u_carol", UserId(carol.pk))):
        sessions.record_join(
            run.session_id, identity=identity, display_name="x", is_signed_in=bool(user_id), user_id=user_id, now=NOW
        )
    for number in range(limits.MEETING_PASSWORD.tries + 1):
        answer(meeting, WRONG, Caller(network=f"192.0.2.{number}"))
    assert answer(meeting, None, Caller(identity="g_bob")) is None
    assert answer(meeting, None, Caller(carol)) is None
    assert answer(meeting, None, Caller(identity="g_eve")) == "password_required"
    sessions.end_session(run.session_id, now=NOW)
    assert answer(meeting, None, Caller(identity="g_bob")) == "password_required"


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_do_not_slip_past_the_limit(alice: User) -> None:
    meeting = services.create_meeting(actor=alice, title="Board", now=NOW)
    services.set_password(meeting, RIGHT)

    def guess(number: int) -> str | None:
        try:
            return answer(meeting, f"guess {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(50)))
    assert answers.count("password_wrong") == limits.MEETING_PASSWORD_BY_NETWORK.tries
    assert answers.count("rate_limited") == 50 - limits.MEETING_PASSWORD_BY_NETWORK.tries
    assert errors.RATE_LIMITED.is_retryable
