import pytest
from django.test import Client

from palaver.accounts.models import User

pytestmark = pytest.mark.django_db


def test_a_visitor_chooses_a_theme_and_returns_to_the_page(client: Client) -> None:
    answer = client.post("/preferences/theme", {"theme": "dark", "next": "/about/"})
    assert answer["Location"] == "/about/"
    assert 'data-theme="dark"' in client.get("/about/").content.decode()
    client.post("/preferences/theme", {"theme": "system", "next": "/about/"})
    assert "data-theme" not in client.get("/about/").content.decode()


def test_a_person_keeps_it_in_the_account(alices_browser: Client, alice: User) -> None:
    alices_browser.post("/preferences/theme", {"theme": "light", "next": "/"})
    alice.refresh_from_db()
    assert alice.theme == "light"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "\\\\evil.example", "javascript:x", ""])
def test_the_way_back_never_leads_to_another_site(client: Client, back: str) -> None:
    assert client.post("/preferences/theme", {"theme": "dark", "next": back})["Location"] == "/"


def test_an_unknown_theme_is_not_kept(client: Client) -> None:
    client.post("/preferences/theme", {"theme": "pink", "next": "/"})
    assert "palaver_theme" not in client.cookies
