import re

import pytest
from django.core import mail
from django.test import Client

from palaver.accounts import limits
from palaver.accounts.models import User

URL = "/accounts/password/reset/"

pytestmark = pytest.mark.django_db


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"https?://testserver(/\S+)", str(message.body))
    assert found
    return found.group(1)


def test_a_link_by_mail_lets_a_person_choose_another_password(client: Client, alice: User) -> None:
    client.post(URL, {"email": alice.email})
    assert mail.outbox[0].to == [alice.email]
    page = client.get(link_in(mail.outbox[0]), follow=True)
    here = page.request["PATH_INFO"]
    assert "set-password" in here, "the token must leave the address bar"
    client.post(here, {"password1": "four loud geese", "password2": "four loud geese"})
    alice.refresh_from_db()
    assert alice.check_password("four loud geese")


def test_a_link_works_once(client: Client, alice: User) -> None:
    client.post(URL, {"email": alice.email})
    link = link_in(mail.outbox[0])
    here = client.get(link, follow=True).request["PATH_INFO"]
    client.post(here, {"password1": "four loud geese", "password2": "four loud geese"})
    assert "run out or was used" in Client().get(link, follow=True).content.decode()


def test_an_unknown_address_gets_the_same_answer(client: Client, alice: User) -> None:
    known = client.post(URL, {"email": alice.email}, follow=True)
    unknown = Client().post(URL, {"email": "nobody@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert known.status_code == unknown.status_code == 200
    assert "If there is an account with this address" in unknown.content.decode()


def test_mails_to_one_address_are_limited_whether_it_is_known_or_not(client: Client, alice: User) -> None:
    for email in (alice.email, "nobody@example.org"):
        for _ in range(limits.RESET_BY_ACCOUNT.tries):
            client.post(URL, {"email": email})
        answer = client.post(URL, {"email": email})
        assert "Too many tries" in answer.content.decode()
    assert len(mail.outbox) == 2 * limits.RESET_BY_ACCOUNT.tries
