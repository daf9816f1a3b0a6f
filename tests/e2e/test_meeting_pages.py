"""The pages about who may do what in a meeting: clean for axe in themes and widths, and what is changed is kept."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory
from tests.e2e.people import Person
from tests.e2e.test_pages import faults_of
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PAST_MEETING = Path(__file__).with_name("past_meeting.py")


def seed(server: PalaverServer) -> str:
    """Fill the one meeting of the server; the id of its run."""
    script = PAST_MEETING.read_text() + "\nprint('run', leave_behind())\n"
    return server.manage("shell", "-v", "0", "-c", script).split()[-1]


def owner_of_a_meeting(person: PersonFactory) -> Person:
    alice = person("alice")
    alice.sign_up()
    alice.new_meeting()
    return alice


@pytest.mark.parametrize("path", ["/", "/settings", "/people", "/bans"])
def test_the_pages_of_a_new_meeting_are_accessible(person: PersonFactory, server: PalaverServer, path: str) -> None:
    alice = owner_of_a_meeting(person)
    base = alice.page.url.removeprefix(server.url).rstrip("/")
    assert list(faults_of(alice, base + path)) == []


@pytest.mark.parametrize("path", ["/", "/people", "/bans", "/sessions/{run}/"])
def test_the_pages_of_a_meeting_with_a_past_are_accessible(
    person: PersonFactory, server: PalaverServer, path: str
) -> None:
    alice = owner_of_a_meeting(person)
    base = alice.page.url.removeprefix(server.url).rstrip("/")
    run = seed(server)
    assert list(faults_of(alice, base + path.format(run=run))) == []


def test_each_change_of_the_settings_is_saved_at_once_by_keyboard_too(
    person: PersonFactory, server: PalaverServer
) -> None:
    alice = owner_of_a_meeting(person)
    page = alice.page
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_hidden()
    saved = page.get_by_text("All changes saved")
    page.get_by_role("switch", name="Share their screen").focus()
    page.keyboard.press("Space")
    expect(saved).to_be_visible()
    page.get_by_role("radio", name="Open").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_role("radio", name="For some days").check()
    page.get_by_label("Days after the call").fill("90")
    page.get_by_label("Days after the call").press("Tab")
    page.wait_for_load_state("networkidle")
    expect(saved).to_be_visible()
    page.reload()
    expect(page.get_by_role("switch", name="Share their screen")).not_to_be_checked()
    expect(page.get_by_role("radio", name="Invited only")).to_be_checked()
    expect(page.get_by_label("Days after the call")).to_have_value("90")


def test_a_change_that_cannot_be_is_said_beside_its_field(person: PersonFactory, server: PalaverServer) -> None:
    alice = owner_of_a_meeting(person)
    page = alice.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("radio", name="For some days").check()
    page.get_by_label("Days after the call").fill("0")
    page.get_by_label("Days after the call").press("Tab")
    expect(page.locator("#id_retention_days_error, .error").first).to_be_visible()
