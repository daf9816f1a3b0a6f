import pytest
from django.test import Client

from palaver.accounts.models import User

pytestmark = pytest.mark.django_db

CHANGED = {"first_name": "Alicia", "last_name": "Moreau", "language": "de", "theme": "dark"}


def test_the_profile_needs_a_person_who_is_signed_in(client: Client) -> None:
    assert client.get("/profile/")["Location"] == "/accounts/login/?next=/profile/"


def test_names_language_and_theme_are_kept(alices_browser: Client, alice: User) -> None:
    assert alices_browser.post("/profile/", CHANGED)["Location"] == "/profile/"
    alice.refresh_from_db()
    assert {name: getattr(alice, name) for name in CHANGED} == CHANGED


@pytest.mark.parametrize(
    "change", [{"first_name": ""}, {"theme": "pink"}, {"language": "tlh"}, {"last_name": "x" * 61}]
)
def test_what_cannot_be_is_not_kept(alices_browser: Client, alice: User, change: dict[str, str]) -> None:
    assert alices_browser.post("/profile/", CHANGED | change).status_code == 422
    alice.refresh_from_db()
    assert alice.first_name == "Alice"


def test_nobody_makes_themselves_an_administrator(alices_browser: Client, alice: User) -> None:
    alices_browser.post("/profile/", CHANGED | {"is_staff": "on", "is_superuser": "on", "email": "x@example.org"})
    alice.refresh_from_db()
    assert not alice.is_staff
    assert not alice.is_superuser
    assert alice.email == "alice@example.org"


def test_pages_speak_the_language_and_wear_the_theme_of_the_profile(alices_browser: Client) -> None:
    alices_browser.post("/profile/", CHANGED)
    page = alices_browser.get("/").content.decode()
    assert '<html lang="de"' in page
    assert 'data-theme="dark"' in page


def test_the_browser_keeps_the_choice_after_signing_out(alices_browser: Client) -> None:
    alices_browser.post("/profile/", CHANGED)
    alices_browser.post("/accounts/logout/")
    page = alices_browser.get("/accounts/login/").content.decode()
    assert '<html lang="de"' in page
    assert 'data-theme="dark"' in page


def test_a_cookie_cannot_put_anything_else_into_the_page(client: Client) -> None:
    client.cookies["palaver_theme"] = '"><script>'
    client.cookies["palaver_language"] = "../x"
    page = client.get("/").content.decode()
    assert "<script>" not in page
    assert "data-theme" not in page
    assert '<html lang="en"' in page


def test_a_name_is_text_and_never_markup(alices_browser: Client) -> None:
    alices_browser.post("/profile/", CHANGED | {"first_name": "<img src=x>", "language": "en"})
    page = alices_browser.get("/").content.decode()
    assert "&lt;img src=x&gt;" in page
    assert "<img src=x>" not in page
