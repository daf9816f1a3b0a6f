"""Every page in both themes and at three widths: axe finds nothing, nothing scrolls sideways, nothing fails to load."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import PAGE_LOOKS, Looks, scrolls_sideways, violations
from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

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


def faults_of(visitor: Person, path: str, looks: Looks) -> Iterator[str]:
    """What is wrong with the page at *path*."""
    page = visitor.page
    for width, height, theme in looks:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        page.goto(visitor.server_url + path)
        for violation in violations(page):
            yield f"{path} {theme} {width}: {violation}"
        if scrolls_sideways(page):
            yield f"{path} {theme} {width}: scrolls sideways"


@pytest.mark.parametrize("looks", PAGE_LOOKS)
def test_pages_for_visitors_are_accessible(person: PersonFactory, looks: Looks) -> None:
    visitor = person("bob")
    assert [fault for path in SIGNED_OUT for fault in faults_of(visitor, path, looks)] == []
    # A form that is not taken leads to what needs another look.
    visitor.page.goto(f"{visitor.server_url}/contact/")
    visitor.page.get_by_role("button", name="Send").click()
    expect(visitor.page.get_by_label("Your name")).to_be_focused()
    assert violations(visitor.page) == []


@pytest.mark.parametrize("looks", PAGE_LOOKS)
def test_pages_for_people_with_an_account_are_accessible(
    person: PersonFactory, sign_ins: SignIns, looks: Looks
) -> None:
    alice = person("alice", storage_state=sign_ins("alice"))
    alice.new_meeting()
    assert [fault for path in SIGNED_IN for fault in faults_of(alice, path, looks)] == []


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
