from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from palaver.accounts import limits
from palaver.accounts.limits import Limit
from palaver.accounts.models import AttemptCounter

THREE_A_MINUTE = Limit("test", 3, timedelta(minutes=1))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_tries_within_the_limit_pass_and_the_next_is_refused() -> None:
    passed = [limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON) for _ in range(5)]
    assert passed == [True, True, True, False, False]


@pytest.mark.django_db
def test_a_new_window_starts_at_nothing() -> None:
    for _ in range(5):
        limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON)
    just_before = NOON + timedelta(seconds=59)
    assert not limits.count_attempt(THREE_A_MINUTE, "alice", now=just_before)
    assert limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON + timedelta(seconds=60))
    assert AttemptCounter.objects.get().count == 1


@pytest.mark.django_db
def test_keys_and_scopes_are_counted_apart() -> None:
    for _ in range(3):
        limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON)
    assert limits.count_attempt(THREE_A_MINUTE, "bob", now=NOON)
    assert limits.count_attempt(Limit("other", 3, timedelta(minutes=1)), "alice", now=NOON)


@pytest.mark.django_db
def test_spelling_an_address_otherwise_is_the_same_key() -> None:
    for spelling in ("alice@example.org", "ALICE@example.org", " Alice@Example.org "):
        limits.count_attempt(THREE_A_MINUTE, spelling, now=NOON)
    assert not limits.count_attempt(THREE_A_MINUTE, "alice@example.org", now=NOON)


@pytest.mark.django_db
def test_exhausted_says_so_without_counting() -> None:
    for _ in range(2):
        limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON)
    assert not any(limits.is_exhausted(THREE_A_MINUTE, "alice", now=NOON) for _ in range(10))
    limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON)
    assert limits.is_exhausted(THREE_A_MINUTE, "alice", now=NOON)
    assert not limits.is_exhausted(THREE_A_MINUTE, "alice", now=NOON + timedelta(minutes=1))


@pytest.mark.django_db
def test_who_is_refused_by_the_narrow_limit_uses_up_nothing_of_the_wide_one() -> None:
    narrow = Limit("narrow", 1, timedelta(minutes=1))
    assert limits.count_attempts([(narrow, "network"), (THREE_A_MINUTE, "alice")], now=NOON)
    for _ in range(10):
        assert not limits.count_attempts([(narrow, "network"), (THREE_A_MINUTE, "alice")], now=NOON)
    assert AttemptCounter.objects.get(scope="test").count == 1


@pytest.mark.django_db
def test_the_table_holds_no_address_and_no_email() -> None:
    limits.count_attempt(THREE_A_MINUTE, "alice@example.org", now=NOON)
    assert "alice" not in AttemptCounter.objects.get().key_hash


@pytest.mark.django_db
def test_counters_of_past_windows_are_dropped() -> None:
    limits.count_attempt(THREE_A_MINUTE, "alice", now=NOON)
    assert limits.drop_old_counters(now=NOON + timedelta(seconds=30)) == 0
    assert limits.drop_old_counters(now=NOON + timedelta(minutes=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_cannot_slip_past() -> None:
    ten = Limit("parallel", 10, timedelta(minutes=1))

    def one_try(_number: int) -> bool:
        try:
            return limits.count_attempt(ten, "alice", now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(one_try, range(40)))
    assert sum(passed) == 10


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::2%eth1"),
        ("rubbish", None),
    ],
)
def test_addresses_of_one_source_are_one_network(one: str | None, other: str | None) -> None:
    assert limits.network_of(one) == limits.network_of(other)


@pytest.mark.parametrize(("one", "other"), [("2001:db8:1:2::1", "2001:db8:1:3::1"), ("192.0.2.7", "192.0.2.8")])
def test_addresses_of_two_sources_are_two_networks(one: str, other: str) -> None:
    assert limits.network_of(one) != limits.network_of(other)
