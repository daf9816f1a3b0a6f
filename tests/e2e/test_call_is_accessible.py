"""The green room, the call and the page after it: axe finds nothing, and everything works by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import LOOKS, scrolls_sideways, violations
from tests.e2e.conftest import PersonFactory, SignIns
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.mark.parametrize(("width", "height", "theme"), LOOKS)
def test_axe_finds_nothing_on_the_way_through_a_call(
    person: PersonFactory, sign_ins: SignIns, theme: str, width: int, height: int
) -> None:
    size = {"width": width, "height": height}
    alice = person("alice", storage_state=sign_ins("alice"), color_scheme=theme, viewport=size)
    link = alice.meeting()
    page = alice.page
    page.goto(link)
    found = []
    expect(page.get_by_role("button", name=re.compile("Allow camera|Join now")).first).to_be_visible()
    found += [f"green room: {fault}" for fault in violations(page)]
    alice.join(link)
    expect(alice.tile("alice").locator("video")).to_be_visible()
    found += [f"call: {fault}" for fault in violations(page)]
    assert not scrolls_sideways(page)
    alice.press("People")
    expect(page.get_by_role("complementary")).to_be_visible()
    found += [f"people: {fault}" for fault in violations(page)]
    page.keyboard.press("Escape")
    alice.press("Leave")
    expect(page.get_by_role("menuitem", name="Leave", exact=True)).to_be_visible()
    found += [f"leave menu: {fault}" for fault in violations(page)]
    # axe scrolls while it measures, and a menu closes when what it belongs to scrolls away.
    if not page.get_by_role("menuitem", name="Leave", exact=True).is_visible():
        alice.press("Leave")
    page.get_by_role("menuitem", name="Leave", exact=True).click()
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
    found += [f"after the call: {fault}" for fault in violations(page)]
    assert found == []


def test_a_call_can_be_joined_run_and_left_by_keyboard_alone(person: PersonFactory, sign_ins: SignIns) -> None:
    alice = person("alice", storage_state=sign_ins("alice"))
    link = alice.meeting()
    page = alice.page
    page.goto(link)
    allow = page.get_by_role("button", name="Allow camera and microphone")
    join = page.get_by_role("button", name="Join now")
    expect(allow.or_(join).first).to_be_visible()
    if allow.is_visible():
        allow.focus()
        page.keyboard.press("Enter")
    expect(join).to_be_enabled()
    page.get_by_label("Your name").focus()
    page.keyboard.press("Enter")
    mute = page.get_by_role("button", name="Mute", exact=True)
    expect(mute).to_be_visible()
    page.keyboard.press("Control+d")
    expect(page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    page.keyboard.press("Control+e")
    expect(page.get_by_role("button", name="Start video", exact=True)).to_be_visible()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement?.getAttribute('aria-label') || document.activeElement?.innerText || ''"
            )
        )
    assert any("Leave" in name for name in reached), reached
    page.get_by_role("button", name="Leave", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Leave", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rejoin")).to_be_visible()
