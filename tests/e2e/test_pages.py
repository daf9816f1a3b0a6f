"""Every page in both themes and at three widths: axe finds nothing, nothing scrolls sideways, nothing fails to load."""

from collections.abc import Iterator
from typing import Literal

import pytest

from tests.e2e.accessibility import scrolls_sideways, violations
from tests.e2e.conftest import PersonFactory
from tests.e2e.people import Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

THEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
SIZES = ((1440, 900), (390, 844), (320, 640))
SIGNED_OUT = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/about/",
    "/contact/",
    "/m/no-such-meeting",
)
SIGNED_IN = ("/", "/profile/", "/meetings/", "/accounts/logout/", "/accounts/password/change/")


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def faults_of(visitor: Person, path: str) -> Iterator[str]:
    """What is wrong with the page at *path* in any theme and size."""
    page = visitor.page
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(visitor.server_url + path)
            for violation in violations(page):
                yield f"{path} {theme} {width}: {violation}"
            if scrolls_sideways(page):
                yield f"{path} {theme} {width}: scrolls sideways"


def test_pages_for_visitors_are_accessible(person: PersonFactory) -> None:
    visitor = person("bob")
    assert [fault for path in SIGNED_OUT for fault in faults_of(visitor, path)] == []


def test_pages_for_people_with_an_account_are_accessible(person: PersonFactory) -> None:
    alice = person("alice")
    alice.sign_up()
    alice.new_meeting()
    assert [fault for path in SIGNED_IN for fault in faults_of(alice, path)] == []


def test_pages_ask_no_third_party_and_break_no_policy(person: PersonFactory, server: PalaverServer) -> None:
    visitor = person("bob")
    foreign: list[str] = []
    complaints: list[str] = []
    visitor.page.on(
        "request",
        lambda request: None if request.url.startswith((server.url, "data:", "blob:")) else foreign.append(request.url),
    )
    visitor.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in SIGNED_OUT[:-1]:
        visitor.page.goto(server.url + path)
    assert foreign == []
    assert complaints == []
