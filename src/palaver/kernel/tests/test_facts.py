from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction

from palaver.kernel import facts


@dataclass(frozen=True, slots=True)
class DoorOpened:
    door: str


@pytest.fixture
def heard() -> Iterator[list[str]]:
    said: list[str] = []
    before = dict(facts._subscribers)

    def broken(fact: DoorOpened) -> None:
        raise RuntimeError(fact.door)

    facts.install_subscribers({DoorOpened: (broken, lambda fact: said.append(fact.door))})
    yield said
    facts.install_subscribers(before)


@pytest.mark.django_db(transaction=True)
def test_a_fact_is_told_after_the_transaction_and_not_before(heard: list[str]) -> None:
    with transaction.atomic():
        facts.publish(DoorOpened("front"))
        assert heard == []
    assert heard == ["front"]


@pytest.mark.django_db(transaction=True)
def test_a_fact_of_a_transaction_that_rolls_back_is_never_told(heard: list[str]) -> None:
    with transaction.atomic():
        facts.publish(DoorOpened("front"))
        transaction.set_rollback(True)
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_subscriber_that_fails_is_logged_and_the_next_one_hears(
    heard: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    facts.publish(DoorOpened("back"))
    assert heard == ["back"]
    assert "A subscriber failed" in caplog.text
