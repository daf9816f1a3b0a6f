import re
from dataclasses import replace

import pytest
from django.test import Client

from palaver.accounts import limits
from palaver.accounts.models import AttemptCounter, User
from palaver.conftest import PASSWORD, make_person

URL = "/accounts/login/"

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str = "alice@example.org", password: str = PASSWORD, **extra: str) -> str:
    """The page that follows, without what differs from request to request."""
    answer = client.post(URL, {"login": email, "password": password}, **extra)  # type: ignore[arg-type]
    if answer.status_code == 302:
        return str(answer["Location"])
    without_token = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return without_token.replace(email, "…")


def test_a_person_signs_in_by_email_and_password(client: Client, alice: User) -> None:
    assert sign_in(client, "ALICE@example.org") == "/"
    assert client.get("/profile/").status_code == 200


def test_signing_in_from_a_meeting_goes_back_to_it(client: Client, alice: User) -> None:
    answer = client.post(URL, {"login": alice.email, "password": PASSWORD, "next": "/m/some-meeting"})
    assert answer["Location"] == "/m/some-meeting"


def test_next_never_leads_to_another_site(client: Client, alice: User) -> None:
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = Client().post(URL, {"login": alice.email, "password": PASSWORD, "next": elsewhere})
        assert answer["Location"] == "/"


def test_an_unknown_account_and_a_wrong_password_look_the_same(client: Client, alice: User) -> None:
    wrong, unknown = sign_in(client, password="guess"), sign_in(client, "nobody@example.org")
    assert "do not fit together" in wrong
    assert wrong == unknown


def test_guessing_at_an_account_stops_even_for_the_right_password(client: Client, alice: User) -> None:
    for number in range(limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries):
        assert "do not fit together" in sign_in(client, password=f"guess {number}")
    assert "Too many tries" in sign_in(client)


def test_guessing_from_many_networks_stops_too(client: Client, alice: User) -> None:
    refused = 0
    for number in range(40):
        page = sign_in(client, password=f"guess {number}", REMOTE_ADDR=f"198.51.100.{number}")
        refused += "Too many tries" in page
    assert refused == 40 - limits.SIGN_IN_BY_ACCOUNT.tries


def test_the_limit_tells_nothing_about_an_account(client: Client, alice: User) -> None:
    pages = {
        email: [sign_in(client, email, "guess") for _ in range(12)][-1] for email in (alice.email, "nobody@example.org")
    }
    assert "Too many tries" in pages[alice.email]
    assert pages[alice.email] == pages["nobody@example.org"]


def test_guessing_at_many_accounts_from_one_network_stops(client: Client, alice: User) -> None:
    for number in range(limits.SIGN_IN_BY_NETWORK.tries):
        assert "do not fit together" in sign_in(client, f"person{number}@example.org", "guess")
    assert "Too many tries" in sign_in(client, "another@example.org", "guess")
    assert "Too many tries" in sign_in(client)


def failures_of_the_network() -> int:
    return sum(AttemptCounter.objects.filter(scope=limits.SIGN_IN_BY_NETWORK.scope).values_list("count", flat=True))


def test_a_school_behind_one_address_signs_in_however_many_they_are(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_BY_NETWORK", replace(limits.SIGN_IN_BY_NETWORK, tries=2))
    assert [sign_in(Client()) for _ in range(5)] == ["/"] * 5
    assert failures_of_the_network() == 0


def test_a_success_takes_back_no_failure_of_others(alice: User, carol: User) -> None:
    for number in range(3):
        sign_in(Client(), carol.email, f"guess {number}")
    assert sign_in(Client()) == "/"
    assert failures_of_the_network() == 3
    rest = limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries - 3
    pages = [sign_in(Client(), carol.email, "guess") for _ in range(rest)]
    assert not any("Too many tries" in page for page in pages)
    assert "Too many tries" in sign_in(Client(), carol.email)


def test_hammering_at_one_account_does_not_shut_out_its_network(client: Client, alice: User, carol: User) -> None:
    for _ in range(limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries + 20):
        sign_in(client, password="guess")
    assert failures_of_the_network() == limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries
    assert sign_in(Client(), carol.email) == "/"


def test_changing_the_ipv6_address_within_a_64_changes_nothing(client: Client, alice: User) -> None:
    for number in range(limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries):
        sign_in(client, password="guess", REMOTE_ADDR=f"2001:db8::{number:x}")
    assert "Too many tries" in sign_in(client, REMOTE_ADDR="2001:db8::ffff")


def test_a_made_up_forwarded_for_header_changes_nothing(client: Client, alice: User) -> None:
    for number in range(limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries):
        sign_in(client, password="guess", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert "Too many tries" in sign_in(client, HTTP_X_FORWARDED_FOR="203.0.113.250")


def test_a_right_password_starts_the_count_anew(client: Client, alice: User) -> None:
    for _ in range(2):
        for number in range(limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK.tries - 1):
            sign_in(client, password=f"guess {number}")
        assert sign_in(Client()) == "/"


def test_a_closed_account_does_not_open(client: Client, alice: User) -> None:
    alice.is_active = False
    alice.save()
    sign_in(client)
    assert client.get("/profile/").status_code == 302


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client, alice: User) -> None:
    sign_in(client)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_signing_out_ends_the_session_and_only_by_post(client: Client, alice: User) -> None:
    sign_in(client)
    client.get("/accounts/logout/")
    assert client.get("/profile/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/profile/").status_code == 302


def test_a_changed_password_signs_other_browsers_out(client: Client, alice: User) -> None:
    other = Client()
    sign_in(client)
    sign_in(other)
    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "four loud geese", "password2": "four loud geese"},
    )
    assert answer.status_code == 302
    assert client.get("/profile/").status_code == 200
    assert other.get("/profile/").status_code == 302


def test_guessing_the_old_password_in_an_open_session_stops(client: Client, alice: User) -> None:
    client.force_login(alice)
    new = {"password1": "four loud geese", "password2": "four loud geese"}
    for number in range(limits.PASSWORD_BY_ACCOUNT.tries):
        client.post("/accounts/password/change/", {"oldpassword": f"guess {number}", **new})
    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
    assert "Too many tries" in answer.content.decode()


def test_the_administration_is_for_administrators_only(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/admin/").status_code == 302
    client.force_login(make_person("Ada", is_administrator=True))
    assert client.get("/admin/").status_code == 200


def test_the_administration_has_no_door_of_its_own(client: Client) -> None:
    ada = make_person("Ada", is_administrator=True)
    guess = {"username": ada.email, "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", guess).status_code == 405
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/", follow=True).redirect_chain[-1] == (f"{URL}?next=/admin/", 302)
    client.post(URL, {"login": ada.email, "password": PASSWORD, "next": "/admin/"})
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/")["Location"] == "/admin/"
    # There the old password is asked for as often as our limit lets, not as often as one likes.
    assert client.post("/admin/password_change/")["Location"] == "/accounts/password/change/"


def test_who_administers_nothing_is_told_so_and_sent_nowhere(alices_browser: Client) -> None:
    assert [step[0] for step in alices_browser.get("/admin/", follow=True).redirect_chain] == [
        "/admin/login/?next=/admin/"
    ]
    assert alices_browser.get("/admin/login/").status_code == 403
