"""LIVE-012, LIVE-013: who somebody is."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing

from palaver.live import identity
from palaver.live.domain.people import Identity
from palaver.live.identity import (
    TICKET_LIFETIME,
    Guest,
    guest_of_key,
    new_guest,
    read_guest,
    sign_guest,
    user_identity,
)

HERE, THERE = uuid.UUID(int=1), uuid.UUID(int=2)
BOB = Guest(Identity("g_bob"), "Bob")


def test_a_user_is_the_same_in_a_meeting_and_another_elsewhere() -> None:
    assert user_identity(7, HERE) == user_identity(7, HERE)
    others = {user_identity(7, HERE), user_identity(7, THERE), user_identity(8, HERE)}
    assert len(others) == 3


def test_guests_are_new_each_time() -> None:
    assert len({new_guest().identity for _ in range(100)}) == 100


def test_a_key_is_the_same_guest_in_a_meeting_and_another_elsewhere() -> None:
    """LIVE-031: and the identity, which everybody sees, says nothing of the key."""
    key = "k" * 22
    assert guest_of_key(key, HERE) == guest_of_key(key, HERE)
    others = {guest_of_key(key, HERE), guest_of_key(key, THERE), guest_of_key("l" * 22, HERE)}
    assert len(others) == 3
    assert not any(key in guest.identity for guest in others)


def test_a_ticket_brings_identity_and_name_back() -> None:
    assert read_guest(sign_guest(BOB, HERE), HERE) == BOB


def test_a_ticket_of_another_meeting_is_none() -> None:
    assert read_guest(sign_guest(BOB, THERE), HERE) is None


def test_each_altered_ticket_is_none() -> None:
    ticket = sign_guest(BOB, HERE)
    for position in range(len(ticket)):
        altered = ticket[:position] + ("A" if ticket[position] != "A" else "B") + ticket[position + 1 :]
        read = read_guest(altered, HERE)
        # Base64 has spare bits at its end: another spelling of the same signature is no forgery.
        assert read is None or read == BOB
    assert read_guest(ticket[:-1], HERE) is None


@pytest.mark.parametrize("text", ["", ":", "::", "a:b:c", "\x00", "\ud800", "x" * 2048, "é:é:é"])
def test_rubbish_is_none(text: str) -> None:
    assert read_guest(text, HERE) is None


def test_a_ticket_signed_with_another_key_or_for_another_purpose_is_none() -> None:
    claims = {"v": 1, "m": str(HERE), "i": "u_alice", "n": None}
    assert read_guest(signing.dumps(claims, salt="password-reset"), HERE) is None
    assert read_guest(signing.dumps(claims, key="another-key", salt=identity._TICKET_SALT), HERE) is None


@pytest.mark.parametrize(
    "claims",
    [{"v": 2, "m": str(HERE), "i": "g_x", "n": None}, {"v": 1, "m": str(HERE)}, ["g_x"], "g_x", None, 1],
)
def test_a_ticket_of_another_version_or_shape_is_none(claims: object) -> None:
    assert read_guest(signing.dumps(claims, salt=identity._TICKET_SALT), HERE) is None


def test_a_ticket_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = sign_guest(BOB, HERE)
    now = datetime.now(tz=UTC)
    for age, expected in ((TICKET_LIFETIME - timedelta(hours=1), BOB), (TICKET_LIFETIME + timedelta(hours=1), None)):
        monkeypatch.setattr("django.core.signing.time.time", lambda age=age: (now + age).timestamp())
        assert read_guest(ticket, HERE) == expected
