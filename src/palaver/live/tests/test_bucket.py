"""The token bucket."""

from hypothesis import given, strategies as st

from palaver.live.domain.bucket import TokenBucket


def test_a_burst_is_taken_then_the_rate_counts() -> None:
    bucket = TokenBucket.full(capacity=3, refill_per_s=2, now_s=10)
    assert [bucket.take(1, now_s=10) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(1, now_s=10.4)
    assert bucket.take(1, now_s=10.5)


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket.full(capacity=1, refill_per_s=1, now_s=10)
    assert bucket.take(1, now_s=10)
    assert not bucket.take(1, now_s=5)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.1, 4)), max_size=50))
def test_no_more_is_ever_taken_than_capacity_and_time_allow(steps: list[tuple[float, float]]) -> None:
    bucket = TokenBucket.full(capacity=5, refill_per_s=2, now_s=0)
    now_s, taken = 0.0, 0.0
    for wait_s, cost in steps:
        now_s += wait_s
        if bucket.take(cost, now_s=now_s):
            taken += cost
        assert taken <= 5 + 2 * now_s + 1e-6
