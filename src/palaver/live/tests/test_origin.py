"""LIVE-002: which pages may open a socket here."""

import pytest

from palaver.live.handshake import read_handshake
from palaver.live.origin import own_origin, parse_origin

HOSTS = ["meet.example.org", "127.0.0.1", "[::1]"]
COOKIE = (b"cookie", b"sessionid=abc")


def handshake(*headers: tuple[bytes, bytes], scheme: str = "wss", public_url: str | None = None) -> str | None:
    scope = {"scheme": scheme, "headers": [(b"host", b"meet.example.org"), *headers], "client": ("192.0.2.1", 5)}
    found = read_handshake(scope, cookie_name="sessionid", allowed_hosts=HOSTS, public_url=public_url)
    return None if found is None else found.page.websocket_url


@pytest.mark.parametrize(
    "origin",
    [
        "https://meet.example.org",
        "https://meet.example.org:443",
        "HTTPS://MEET.Example.ORG",
        "https://meet.example.org/",
    ],
)
def test_our_own_pages_are_let_in(origin: str) -> None:
    assert handshake((b"origin", origin.encode()), COOKIE) == "wss://meet.example.org"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "https://sub.meet.example.org",
        "https://example.org",
        "https://meet.example.org.evil.example",
        "https://evilmeet.example.org",
        "http://meet.example.org",
        "https://meet.example.org:8443",
        "https://meet.example.org:0",
        "https://meet.example.org:99999",
        "https://meet.example.org@evil.example",
        "https://evil.example@meet.example.org",
        "https://meet.example.org/path",
        "https://meet.example.org?x",
        "https://meet.example.org#x",
        "https://xn--meet-example.org",
        "https://m\u0435et.example.org",  # a Cyrillic letter
        "wss://meet.example.org",
        "file://",
        "chrome-extension://abcdef",
        "https://meet.example.org https://evil.example",
        "//meet.example.org",
        "https://",
        "https://[::1",
        "https://meet\t.example.org",
        " https://meet.example.org",
        "https://meet.example.org\n",
        "https://meet\u3002example.org",  # an ideographic full stop, which IDNA reads as a dot
        "https://\uff4deet.example.org",  # a full-width letter, which IDNA folds
        "https://meet%2eexample.org",
        "https://meet.example.org\\@evil.example",
        "https://meet.example.org:443443",
        "https://meet.example.org:+443",
        "https://meet..example.org",
        "https://meet.example.org, https://meet.example.org",
    ],
)
def test_other_pages_are_not(origin: str) -> None:
    assert handshake((b"origin", origin.encode("utf-8"))) is None
    assert handshake((b"origin", origin.encode("utf-8")), COOKIE) is None


def test_a_program_without_origin_is_let_in_unless_it_brings_a_session() -> None:
    assert handshake() == "wss://meet.example.org"
    assert handshake(COOKIE) is None
    assert handshake((b"cookie", b"theme=dark")) == "wss://meet.example.org"


def test_two_origins_are_none_of_ours() -> None:
    own = (b"origin", b"https://meet.example.org")
    assert handshake(own, (b"origin", b"https://evil.example")) is None
    assert handshake(own, own) is None
    assert handshake((b"host", b"evil.example")) is None


def test_the_session_may_hide_in_a_second_cookie_header() -> None:
    assert handshake((b"cookie", b"theme=dark"), COOKIE) is None


def test_behind_a_proxy_the_public_address_counts() -> None:
    origin = (b"origin", b"https://public.example")
    assert handshake(origin, COOKIE, scheme="ws", public_url="https://public.example") == "wss://public.example"
    assert handshake(origin, COOKIE, scheme="ws") is None


@pytest.mark.parametrize("host", ["evil.example", "", "meet.example.org.", "meet.example.org@evil", "127.0.0.1.evil"])
def test_a_host_that_is_not_ours_has_no_origin(host: str) -> None:
    is_trailing_dot = host == "meet.example.org."  # Django takes an absolute name for the name itself
    assert (own_origin(scheme="ws", host_header=host, allowed_hosts=HOSTS) is None) != is_trailing_dot


def test_addresses_and_ports_are_understood() -> None:
    for text, url in (
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000"),
        ("http://[::1]:8000", "ws://[::1]:8000"),
        ("https://[::1]", "wss://[::1]"),
    ):
        origin = parse_origin(text)
        assert origin is not None
        assert origin.websocket_url == url
