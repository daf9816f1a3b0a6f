"""Stories with a browser keep to their lanes, and no worker idles while there is work for it."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from tests.lanes import lanes, next_unit

STORIES = {"door:browser": 8, "chat:browser": 5, "interop:browser": 16}
REST = {"postgresql": 1, "rooms": 40}


def test_one_of_three_workers_has_stories_and_begins_with_the_longest() -> None:
    first = next_unit(REST | STORIES, workers=3, others_with_stories=0, had_stories=False)
    second = next_unit(REST | STORIES, workers=3, others_with_stories=1, had_stories=False)
    assert (first, second) == ("interop:browser", "postgresql")


def test_the_others_end_when_the_rest_is_done() -> None:
    assert next_unit(STORIES, workers=3, others_with_stories=1, had_stories=False) is None
    assert next_unit(STORIES, workers=5, others_with_stories=1, had_stories=False) == "interop:browser"


def test_whoever_had_a_browser_gets_no_tests_of_coroutines() -> None:
    assert next_unit(REST, workers=3, others_with_stories=0, had_stories=True) is None


def test_a_worker_alone_runs_stories_last() -> None:
    assert next_unit(REST | STORIES, workers=1, others_with_stories=0, had_stories=False) == "postgresql"
    assert next_unit(STORIES, workers=1, others_with_stories=0, had_stories=False) == "interop:browser"


@pytest.mark.parametrize(("workers", "expected"), [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2)])
def test_stories_have_half_of_the_cores(workers: int, expected: int) -> None:
    assert lanes(workers) == expected


@given(st.integers(1, 6), st.dictionaries(st.sampled_from([*STORIES, *REST]), st.integers(1, 40)), st.randoms())
def test_everything_is_run_whoever_asks_first(workers: int, waiting: dict[str, int], chance: Random) -> None:
    had, ended = set[int](), set[int]()
    while waiting:
        asking = [one for one in range(workers) if one not in ended]
        assert asking, f"left over: {waiting}"
        worker = chance.choice(asking)
        others = len(had - ended - {worker})
        unit = next_unit(waiting, workers=workers, others_with_stories=others, had_stories=worker in had)
        if unit is None:
            ended.add(worker)
            continue
        del waiting[unit]
        if unit.endswith(":browser"):
            had.add(worker)
