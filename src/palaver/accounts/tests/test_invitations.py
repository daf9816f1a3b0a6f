from datetime import timedelta

import pytest
from django.test import Client

from palaver.accounts import limits, services
from palaver.accounts.models import Invitation, User
from palaver.conftest import PASSWORD, make_person
from palaver.kernel.clock import system_clock

BOB = {
    "first_name": "Bob",
    "last_name": "Larsen",
    "email": "bob@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_invitation(settings: pytest.FixtureRequest) -> None:
    settings.PALAVER_SIGN_UP = "invited"  # type: ignore[attr-defined]


@pytest.fixture
def token() -> str:
    return services.invite(actor=make_person("Ada", is_administrator=True), note="Bob", now=system_clock()).token


def test_without_an_invitation_nobody_signs_up(client: Client) -> None:
    client.post("/accounts/signup/", BOB)
    assert not User.objects.exists()


def test_an_invitation_lets_one_person_sign_up(client: Client, token: str) -> None:
    answer = client.get(f"/invitation/{token}/")
    assert answer["Location"] == "/accounts/signup/", "the token leaves the address bar"
    client.post("/accounts/signup/", BOB)
    bob = User.objects.get(email="bob@example.org")
    assert Invitation.objects.get().used_by == bob
    assert Client().get(f"/invitation/{token}/").status_code == 404


def test_of_two_browsers_with_one_invitation_one_signs_up(token: str) -> None:
    first, second = Client(), Client()
    for browser in (first, second):
        browser.get(f"/invitation/{token}/")
    first.post("/accounts/signup/", BOB)
    second.post("/accounts/signup/", BOB | {"email": "mallory@example.org"})
    assert not User.objects.filter(email="mallory@example.org").exists()


def test_an_invitation_that_is_used_between_page_and_form_makes_no_account(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get(f"/invitation/{token}/")
    services.use_invitation(token, user=User.objects.get(), now=system_clock())
    monkeypatch.setattr(services, "is_invitation_open", lambda *_, **__: True)
    client.post("/accounts/signup/", BOB)
    assert not User.objects.filter(email="bob@example.org").exists()


def test_whoever_tries_made_up_invitations_keeps_nobody_from_using_a_real_one(client: Client, token: str) -> None:
    answers = [Client().get(f"/invitation/made-up-{number}/").status_code for number in range(21)]
    assert answers == [404] * limits.INVITATION_BY_NETWORK.tries + [429]
    assert client.get(f"/invitation/{token}/").status_code == 302


def test_an_invitation_runs_out(client: Client) -> None:
    long_ago = system_clock() - services.INVITATION_LIFETIME - timedelta(seconds=1)
    token = services.invite(actor=make_person("Ada"), note="", now=long_ago).token
    assert client.get(f"/invitation/{token}/").status_code == 404


def test_an_administrator_makes_one_and_sees_its_link_once(client: Client) -> None:
    client.force_login(make_person("Ada", is_administrator=True))
    page = client.post("/admin/accounts/invitation/add/", {"note": "Bob"}, follow=True).content.decode()
    link = page[page.index("testserver/invitation/") :].split("/")[2]
    assert Client().get(f"/invitation/{link}/").status_code == 302
    assert f"/invitation/{link}/" not in client.get("/admin/accounts/invitation/").content.decode()
