"""The pages about who may do what in a meeting: clean for axe in themes and widths, and what is changed is kept."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import PAGE_LOOKS, Looks
from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.e2e.test_pages import faults_of
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PAST_MEETING = Path(__file__).with_name("past_meeting.py")


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture
def alice(person: PersonFactory, sign_ins: SignIns) -> Person:
    """The owner of a new meeting, on its page."""
    alice = person("alice", storage_state=sign_ins("alice"))
    alice.new_meeting()
    return alice


@pytest.mark.parametrize("looks", PAGE_LOOKS)
def test_the_pages_of_a_meeting_are_accessible(alice: Person, server: PalaverServer, looks: Looks) -> None:
    base = alice.page.url.removeprefix(server.url).rstrip("/")
    new = ("/", "/settings", "/people", "/bans")
    found = [fault for path in new for fault in faults_of(alice, base + path, looks)]
    meeting_id = base.rsplit("/", 1)[-1]
    script = f"{PAST_MEETING.read_text()}\nprint('run', leave_behind({meeting_id!r}))\n"
    run = server.manage("shell", "-v", "0", "-c", script).split()[-1]
    with_a_past = ("/", "/people", "/bans", f"/sessions/{run}/")
    found += [f"past: {fault}" for path in with_a_past for fault in faults_of(alice, base + path, looks)]
    assert found == []


def test_each_change_of_the_settings_is_saved_at_once_by_keyboard_too(alice: Person) -> None:
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


def test_a_change_that_cannot_be_is_said_beside_its_field(alice: Person) -> None:
    page = alice.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("radio", name="For some days").check()
    page.get_by_label("Days after the call").fill("0")
    page.get_by_label("Days after the call").press("Tab")
    expect(page.locator("#id_retention_days_error, .error").first).to_be_visible()
