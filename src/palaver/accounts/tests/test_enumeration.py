"""Nobody learns from an answer, or from the time that it takes, whether an address has an account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from palaver.accounts.hashers import Argon2id
from palaver.accounts.models import User
from palaver.conftest import PASSWORD, make_person

KNOWN, CLOSED, WITHOUT_PASSWORD, NOBODY = "alice", "closed", "without", "nobody"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _people(alice: User, settings: Any) -> None:
    settings.PALAVER_HAS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    closed = make_person("Closed")
    closed.is_active = False
    closed.save()
    without = make_person("Without")
    without.set_unusable_password()
    without.save()


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A context that counts how often a password is hashed, which is nearly all of an answer's time."""
    encode, verify = Argon2id.encode, Argon2id.verify

    @contextmanager
    def counted() -> Iterator[list[str]]:
        calls: list[str] = []

        def encoding(self: Argon2id, password: str, salt: str) -> str:
            calls.append("encode")
            return str(encode(self, password, salt))

        def verifying(self: Argon2id, password: str, encoded: str) -> bool:
            calls.append("verify")
            return bool(verify(self, password, encoded))

        with monkeypatch.context() as patch:
            patch.setattr(Argon2id, "encode", encoding)
            patch.setattr(Argon2id, "verify", verifying)
            yield calls

    return counted


def answer_to(path: str, **form: str) -> tuple[int, str | None, str]:
    """Status, where to, and the page without what was typed."""
    browser = Client(enforce_csrf_checks=False)
    answer = browser.post(path, form)
    page = browser.get(answer["Location"]).content.decode() if answer.status_code == 302 else answer.content.decode()
    for typed in (form.get("login"), form.get("email")):
        page = page.replace(typed, "…") if typed else page
    without_tokens = "".join(part for part in page.split("<input") if "csrfmiddlewaretoken" not in part)
    return answer.status_code, answer.get("Location"), without_tokens


@pytest.mark.parametrize("who", [KNOWN, CLOSED, WITHOUT_PASSWORD, NOBODY])
def test_a_wrong_password_is_answered_alike_with_one_hashing(who: str, hashings: Callable[[], Any]) -> None:
    expected = answer_to("/accounts/login/", login="some.body@example.org", password="guess guess")
    with hashings() as calls:
        assert answer_to("/accounts/login/", login=f"{who}@example.org", password="guess guess") == expected
    assert len(calls) == 1, calls


@pytest.mark.parametrize("who", [KNOWN, CLOSED, WITHOUT_PASSWORD, NOBODY])
def test_a_reset_is_answered_alike_with_one_mail_and_no_hashing(who: str, hashings: Callable[[], Any]) -> None:
    expected = answer_to("/accounts/password/reset/", email="some.body@example.org")
    mail.outbox.clear()
    with hashings() as calls:
        assert answer_to("/accounts/password/reset/", email=f"{who}@example.org") == expected
    assert calls == []
    assert [letter.to for letter in mail.outbox] == [[f"{who}@example.org"]]


@pytest.mark.parametrize("who", [KNOWN, CLOSED, WITHOUT_PASSWORD, NOBODY])
def test_a_sign_up_is_answered_alike_with_one_mail_and_one_hashing(who: str, hashings: Callable[[], Any]) -> None:
    form = {"first_name": "Bob", "last_name": "Larsen", "password1": PASSWORD, "password2": PASSWORD}
    expected = answer_to("/accounts/signup/", email="some.body@example.org", **form)
    mail.outbox.clear()
    with hashings() as calls:
        assert answer_to("/accounts/signup/", email=f"{who}@example.org", **form) == expected
    assert len(calls) == 1, calls
    assert [letter.to for letter in mail.outbox] == [[f"{who}@example.org"]]
