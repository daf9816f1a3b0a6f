"""Whoever makes the server write to somebody else chooses the Host header: no mail repeats it."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from palaver.accounts.models import User
from palaver.conftest import PASSWORD

ADDRESS = "https://meet.example.org"
# Accepted hosts with a port of somebody else, and hosts that are refused; what a proxy may add is no better.
HOSTILE = (
    {"host": "localhost:666"},
    {"host": "127.0.0.1:666"},
    {"host": "evil.example"},
    {"host": "localhost@evil.example"},
    {"host": "localhost:evil.example"},
    {"host": "localhost", "x-forwarded-host": "evil.example"},
    {"host": "localhost", "x-forwarded-proto": "http", "x-forwarded-port": "666"},
    {"host": "localhost", "forwarded": "host=evil.example"},
    {"host": "localhost", "x-original-host": "evil.example", "origin": "null"},
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_mail(settings: Any) -> None:
    settings.PALAVER_ADDRESS = ADDRESS
    settings.PALAVER_HAS_MAIL = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]


def sign_up(email: str) -> dict[str, str]:
    names = {"first_name": "Bob", "last_name": "Larsen", "email": email}
    return names | {"password1": PASSWORD, "password2": PASSWORD}


@pytest.mark.parametrize("headers", HOSTILE)
@pytest.mark.parametrize("mail_of", ["reset", "reset of nobody", "sign-up", "sign-up again", "contact"])
def test_no_mail_leads_where_the_host_header_says(
    alice: User, headers: dict[str, str], mail_of: str, settings: Any
) -> None:
    settings.PALAVER_ADMIN_EMAIL = "ada@example.org"
    path, form = {
        "reset": ("/accounts/password/reset/", {"email": alice.email}),
        "reset of nobody": ("/accounts/password/reset/", {"email": "nobody@example.org"}),
        "sign-up": ("/accounts/signup/", sign_up("bob@example.org")),
        "sign-up again": ("/accounts/signup/", sign_up(alice.email)),
        "contact": ("/contact/", {"name": "Bob", "email": "bob@example.org", "text": "Hello"}),
    }[mail_of]
    answer = Client().post(path, form, headers=headers)
    if headers["host"] in ("localhost", "localhost:666", "127.0.0.1:666"):
        assert answer.status_code == 302
        assert len(mail.outbox) == 1
    else:
        assert answer.status_code == 400
        assert not mail.outbox
    for letter in mail.outbox:
        text = f"{letter.subject}\n{letter.message()}\n{letter.body}"
        assert not re.search(r":666|evil|localhost(?!>)|127\.0\.0\.1", text.replace(str(letter.from_email), "")), text
        assert {*re.findall(r"https?://[^/\s]*", str(letter.body))} <= {ADDRESS}


def test_the_links_are_there(alice: User) -> None:
    Client().post("/accounts/password/reset/", {"email": alice.email}, headers={"host": "localhost:666"})
    Client().post("/accounts/signup/", sign_up("bob@example.org"), headers={"host": "localhost:666"})
    Client().post("/accounts/signup/", sign_up(alice.email), headers={"host": "localhost:666"})
    reset, confirm, known = (str(letter.body) for letter in mail.outbox)
    assert f"{ADDRESS}/accounts/password/reset/key/" in reset
    assert f"{ADDRESS}/accounts/confirm-email/" in confirm
    assert f"{ADDRESS}/accounts/password/reset/" in known
    assert all("meet.example.org" in body.splitlines()[-1] for body in (reset, confirm, known))
