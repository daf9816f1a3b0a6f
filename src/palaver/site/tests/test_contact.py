from smtplib import SMTPException

import pytest
from django.core import mail
from django.test import Client

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.conftest import make_person
from palaver.site.models import ContactMessage

LETTER = {"name": "Bob", "email": "bob@example.org", "text": "The camera is upside down."}

pytestmark = pytest.mark.django_db


def test_a_message_is_kept_and_mailed_to_the_administrator(client: Client) -> None:
    make_person("Ada", is_administrator=True)
    answer = client.post("/contact/", LETTER, follow=True)
    assert "Your message has been sent" in answer.content.decode()
    kept = ContactMessage.objects.get()
    assert (kept.name, kept.email, kept.text, kept.is_mailed) == (*LETTER.values(), True)
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert letter.reply_to == ["bob@example.org"]
    assert LETTER["text"] in letter.body


def test_a_setting_names_another_address(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.PALAVER_ADMIN_EMAIL = "help@example.org"  # type: ignore[attr-defined]
    client.post("/contact/", LETTER)
    assert mail.outbox[0].to == ["help@example.org"]


def test_a_message_stays_when_the_mail_server_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_person("Ada", is_administrator=True)

    def refuse(*_: object, **__: object) -> int:
        raise SMTPException("no")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    assert client.post("/contact/", LETTER).status_code == 302
    assert ContactMessage.objects.get().is_mailed is False


def test_without_an_administrator_a_message_is_kept(client: Client) -> None:
    client.post("/contact/", LETTER)
    assert ContactMessage.objects.count() == 1
    assert mail.outbox == []


def test_messages_from_one_network_are_limited(client: Client) -> None:
    for _ in range(limits.CONTACT_BY_NETWORK.tries):
        client.post("/contact/", LETTER)
    answer = client.post("/contact/", LETTER)
    assert answer.status_code == 429
    assert "Too many messages" in answer.content.decode()
    assert "The camera is upside down." in answer.content.decode(), "what was written is not lost"
    assert ContactMessage.objects.count() == limits.CONTACT_BY_NETWORK.tries


def test_mistakes_cost_no_try(client: Client) -> None:
    for _ in range(limits.CONTACT_BY_NETWORK.tries + 1):
        assert client.post("/contact/", LETTER | {"email": "bob"}).status_code == 422
    assert client.post("/contact/", LETTER).status_code == 302


@pytest.mark.parametrize("name", ["Bob\r\nBcc: everyone@example.org", "Bob\nSubject: x"])
def test_a_name_cannot_add_mail_headers(client: Client, name: str) -> None:
    make_person("Ada", is_administrator=True)
    client.post("/contact/", LETTER | {"name": name})
    for letter in mail.outbox:
        assert letter.recipients() == ["ada@example.org"]
        assert "\n" not in letter.subject


def test_a_person_who_is_signed_in_finds_their_name_filled_in(alices_browser: Client, alice: User) -> None:
    page = alices_browser.get("/contact/").content.decode()
    assert 'value="Alice Okafor"' in page
    assert 'value="alice@example.org"' in page
    alices_browser.post("/contact/", LETTER)
    assert ContactMessage.objects.get().user == alice


def test_the_administrator_reads_messages(client: Client) -> None:
    client.post("/contact/", LETTER)
    client.force_login(make_person("Ada", is_administrator=True))
    message = ContactMessage.objects.get()
    page = client.get(f"/admin/palaver_site/contactmessage/{message.pk}/change/").content.decode()
    assert LETTER["text"] in page
