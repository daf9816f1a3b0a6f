import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver

from palaver.accounts.models import User
from palaver.accounts.services import open_setup_link
from palaver.kernel.clock import system_clock
from palaver.meetings.services import create_meeting

pytestmark = pytest.mark.django_db

PAGES = ("/", "/about/", "/contact/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nothing")


def policy_of(client: Client, path: str, **extra: object) -> dict[str, list[str]]:
    header = client.get(path, **extra)["Content-Security-Policy"]  # type: ignore[arg-type]
    return {words[0]: words[1:] for words in (part.split() for part in header.split(";"))}


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_of_every_page_allows_our_own_files_only(client: Client, path: str) -> None:
    policy = policy_of(client, path)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    sources = {source for listed in policy.values() for source in listed}
    assert not sources & {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"}


def test_sockets_may_go_to_the_own_host_only(client: Client) -> None:
    assert policy_of(client, "/")["connect-src"] == ["'self'", "ws://testserver"]
    assert policy_of(client, "/", secure=True)["connect-src"] == ["'self'", "wss://testserver"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_what_its_policy_forbids(client: Client, alice: User, path: str) -> None:
    for is_signed_in in (False, True):
        if is_signed_in:
            client.force_login(alice)
        page = client.get(path, follow=True).content.decode()
        scripts = re.findall(r"<script\b([^>]*)>", page)
        assert all("src=" in script or "application/json" in script for script in scripts)
        assert not re.search(r"<[^>]+\s(?:on\w+|style)=", page)
        assert "<style" not in page
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
        assert addresses
        assert all(address.startswith(("/", "#", "?")) and not address.startswith("//") for address in addresses)


def test_other_headers_are_as_strict(client: Client) -> None:
    answer = client.get("/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(self), microphone=(self)" in answer["Permissions-Policy"]
    assert "geolocation=()" in answer["Permissions-Policy"]


def test_a_host_that_is_not_ours_gets_nothing(client: Client) -> None:
    answer = client.get("/accounts/password/reset/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "testserver.evil.example",
        "eviltestserver",
        "sub.testserver",
        "testserver@evil.example",
        "testserver:80@evil.example",
        "testserver:evil",
        "testserver/evil",
        "testserver evil.example",
        "testserver,evil.example",
        "evil.example:80",
        "[evil.example]",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/m/oak-oak-oak-000000000000", "/nothing"])
def test_a_made_up_host_gets_one_bare_refusal(client: Client, host: str, path: str) -> None:
    answer = client.get(path, HTTP_HOST=host)
    assert answer.status_code == 400
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "evil" not in answer.content.decode() + str(answer.headers)


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded"])
def test_what_else_may_name_a_host_is_not_listened_to(client: Client, name: str) -> None:
    plain = client.get("/accounts/login/")
    told = client.get("/accounts/login/", headers={name: "evil.example"})
    assert told.status_code == plain.status_code
    assert told["Content-Security-Policy"] == plain["Content-Security-Policy"]
    assert "evil" not in told.content.decode() + str(told.headers)


def test_the_page_of_a_secret_link_tells_no_other_page_of_it(client: Client, alice: User) -> None:
    meeting = create_meeting(actor=alice, title="Chess club", now=system_clock())
    page = client.get(f"/m/{meeting.slug}")
    assert '<meta name="referrer" content="no-referrer">' in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    # Forms post from these: with "no-referrer" browsers would say "Origin: null", which no form is taken with.
    token = open_setup_link(now=system_clock())
    assert client.get(f"/setup/{token}/")["Referrer-Policy"] == "same-origin"


def test_every_page_carries_the_same_header(client: Client, alice: User) -> None:
    for path in PAGES:
        page = client.get(path).content.decode()
        nav = page[page.index("<nav") : page.index("</nav>")]
        assert re.findall(r">([^<>\s][^<>]*)</a>", nav) == ["Sign In", "Sign Up", "Contact", "About"]
    client.force_login(alice)
    page = client.get("/about/").content.decode()
    nav = page[page.index("<nav") : page.index("</nav>")]
    for word in ("Home", "Contact", "About", "Profile", "Sign out"):
        assert word in nav
    assert "Administration" not in nav


def test_every_page_has_one_heading_a_skip_link_and_a_language(client: Client) -> None:
    for path in PAGES:
        page = client.get(path).content.decode()
        assert page.count("<h1") == 1
        assert '<a class="skip" href="#main">' in page
        assert 'id="main"' in page
        assert '<html lang="en" dir="ltr"' in page


def test_only_pages_that_have_an_address_here_exist(client: Client) -> None:
    for path in ("/accounts/email/", "/accounts/social/", "/accounts/3rdparty/", "/accounts/password/set/"):
        assert client.get(path).status_code == 404


def test_a_page_of_ours_never_goes_into_a_shared_cache_when_it_is_personal(client: Client, alice: User) -> None:
    client.force_login(alice)
    for path in ("/", "/profile/", "/meetings/", "/about/", "/contact/", "/nothing", "/meetings/nothing", "/meetings"):
        told = client.get(path)["Cache-Control"]
        assert "private" in told
        assert "no-store" in told  # nor does the button Back bring it up after somebody signed out


def test_every_named_address_is_reachable_without_a_server_error(client: Client) -> None:
    for name in get_resolver().reverse_dict:
        if isinstance(name, str) and not get_resolver().reverse_dict.getlist(name)[0][0][0][1]:
            path = "/" + get_resolver().reverse_dict.getlist(name)[0][0][0][0]
            assert client.get(path).status_code < 500 or path.startswith(("/api/", "/engine/"))
    assert settings.DEBUG is False
