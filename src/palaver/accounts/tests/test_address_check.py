"""With a mail server, an address is checked before its account opens."""

import re
from smtplib import SMTPException

import pytest
from django.core import mail
from django.test import Client

from palaver.accounts.models import User
from palaver.conftest import PASSWORD

BOB = {
    "first_name": "Bob",
    "last_name": "Larsen",
    "email": "bob@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_mail(settings: pytest.FixtureRequest) -> None:
    settings.PALAVER_HAS_MAIL = True  # type: ignore[attr-defined]
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # type: ignore[attr-defined]


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"https?://testserver(/\S+)", str(message.body))
    assert found
    return found.group(1)


def test_the_account_opens_when_its_link_is_followed_and_confirmed(client: Client) -> None:
    answer = client.post("/accounts/signup/", BOB, follow=True)
    assert "Check your mail" in answer.content.decode()
    assert client.get("/profile/").status_code == 302
    (letter,) = mail.outbox
    assert letter.to == ["bob@example.org"]
    assert letter.subject == "Is this your address?"
    link = link_in(letter)
    assert "Yes, it is mine" in client.get(link).content.decode(), "opening alone confirms nothing: scanners do that"
    client.post(link)
    client.post("/accounts/login/", {"login": BOB["email"], "password": PASSWORD})
    assert client.get("/profile/").status_code == 200


def test_an_unchecked_address_cannot_sign_in_and_gets_the_link_again(client: Client) -> None:
    client.post("/accounts/signup/", BOB)
    answer = Client().post("/accounts/login/", {"login": BOB["email"], "password": PASSWORD}, follow=True)
    assert "Check your mail" in answer.content.decode()


def test_signing_up_with_a_taken_address_looks_the_same_and_tells_its_owner(client: Client, alice: User) -> None:
    fresh = client.post("/accounts/signup/", BOB)
    taken = Client().post("/accounts/signup/", BOB | {"email": alice.email})
    assert (fresh.status_code, fresh["Location"]) == (taken.status_code, taken["Location"])
    assert mail.outbox[-1].to == [alice.email]
    assert mail.outbox[-1].subject == "You already have an account"
    assert User.objects.filter(email=alice.email).count() == 1


def test_a_mail_server_that_fails_shows_nobody_an_error(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise SMTPException("no")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    for email in (alice.email, "nobody@example.org"):
        answer = client.post("/accounts/password/reset/", {"email": email}, follow=True)
        assert "If there is an account with this address" in answer.content.decode()
    assert caplog.text.count("A mail could not be sent") == 2


def test_a_server_without_mail_promises_none(client: Client, alice: User, settings: pytest.FixtureRequest) -> None:
    settings.PALAVER_HAS_MAIL = False  # type: ignore[attr-defined]
    asked = client.get("/accounts/password/reset/").content.decode()
    told = client.post("/accounts/password/reset/", {"email": alice.email}, follow=True).content.decode()
    assert "we send" not in asked
    assert "Send the link" not in asked
    assert "Ask the administrator" in told
    assert "Check your mail" not in told


def test_an_unknown_address_is_told_so_by_mail_and_not_on_the_page(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    (letter,) = mail.outbox
    assert letter.subject == "There is no account with this address"
    assert "http" not in letter.body
