"""From the first page to the one after the call by keyboard alone; the focus is always seen and never lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Motion, PersonFactory, SignIns
from tests.e2e.keys import tab_to
from tests.e2e.people import WAIT_MS
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture(scope="module")
def motion() -> Motion:
    return "no-preference"


def press(page: Page, name: str, key: str = "Enter") -> None:
    tab_to(page, name)
    page.keyboard.press(key)


def has_focus(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()


@pytest.mark.parametrize("size", [(1280, 800), pytest.param((1024, 640), marks=pytest.mark.proof)])
def test_the_whole_way_can_be_walked_by_keyboard(
    person: PersonFactory, sign_ins: SignIns, size: tuple[int, int]
) -> None:
    alice = person("alice", storage_state=sign_ins("alice"), viewport={"width": size[0], "height": size[1]})
    page = alice.page
    page.goto(alice.server_url)
    press(page, "New meeting")
    expect(page.get_by_role("textbox", name="Link to share")).to_be_visible()
    press(page, "Open meeting")
    # Chromium has answered the question of the devices by itself.
    expect(page.locator(".preview video")).to_be_visible(timeout=WAIT_MS)
    press(page, "Join now")
    expect(page.get_by_role("region", name="Call controls")).to_be_focused(timeout=WAIT_MS)

    # A panel takes the focus and gives it back.
    press(page, "People")
    expect(page.get_by_role("complementary")).to_be_focused()
    tab_to(page, "Close people")
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_have_count(0)
    has_focus(page, "People")

    # A menu, and a dialog out of it.
    page.get_by_role("region", name="Call controls").focus()
    press(page, "More")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    has_focus(page, "More")
    page.keyboard.press("Enter")
    rename = page.get_by_role("menuitem", name="Change your name")
    expect(rename).to_be_visible()
    # Up from the first goes to the last: once round, and no further.
    for _ in range(page.get_by_role("menu").locator("[role^=menuitem]").count()):
        if rename.evaluate("(entry) => entry === document.activeElement"):
            break
        page.keyboard.press("ArrowUp")
    expect(rename).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Change your name")
    expect(dialog).to_be_visible()
    tab_to(page, "Your name")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    has_focus(page, "More")

    # The button of the banner goes away with the screen.
    page.get_by_role("region", name="Call controls").focus()
    press(page, "Share screen")
    stop = page.get_by_role("main").get_by_role("button", name="Stop sharing")
    expect(stop).to_be_visible(timeout=WAIT_MS)
    page.keyboard.press("F6")
    expect(page.get_by_role("main")).to_be_focused()
    press(page, "Stop sharing")
    expect(stop).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()

    # The last question can be taken back; leaving is one more press.
    page.keyboard.press("F6")
    press(page, "Leave")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    has_focus(page, "Stay")
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    has_focus(page, "Leave")
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="You left the meeting")).to_be_focused(timeout=WAIT_MS)
    tab_to(page, "Rejoin")
    press(page, "Home")
    expect(page.get_by_role("button", name="New meeting")).to_be_visible()
