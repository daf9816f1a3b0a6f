"""Two screens shared at once: everybody is told, and chooses which one is shown."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import WAIT_MS, Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def shows_screen_of(someone: Person, who: str) -> None:
    screen = someone.page.get_by_role("group", name=f"Screen of {who}")
    video = screen.locator('video[data-painted="true"]')
    expect(video).to_be_visible(timeout=WAIT_MS)
    someone.wait_for(lambda: video.evaluate("(v) => v.getVideoPlaybackQuality().totalVideoFrames") > 3, "it moves")


@pytest.mark.parametrize("viewport", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.proof)], ids=["desktop", "phone"])
def test_both_screens_can_be_seen(person: PersonFactory, sign_ins: SignIns, viewport: dict[str, int]) -> None:
    alice = person("alice", storage_state=sign_ins("alice"), viewport=viewport)
    bob, carol = person("bob"), person("carol")
    link = alice.meeting()
    alice.join(link)
    bob.join(link, types_name=True)
    carol.join(link, types_name=True)
    bob.press("Share screen")
    shows_screen_of(alice, "Bob")
    choice = alice.page.get_by_role("group", name="2 screens are shared")
    expect(choice).to_have_count(0)
    carol.press("Share screen")
    # The newest one is shown, and it is said that there is another.
    shows_screen_of(alice, "Carol")
    expect(choice).to_be_visible()
    expect(choice.get_by_role("button", name="Carol")).to_have_attribute("aria-pressed", "true")
    choice.get_by_role("button", name="Bob").click()
    shows_screen_of(alice, "Bob")
    expect(alice.page.get_by_role("status").filter(has_text="Screen of Bob")).to_be_attached()
    # The same by keyboard; the focus stays where it is.
    alice.page.keyboard.press("Tab")
    expect(choice.get_by_role("button", name="Carol")).to_be_focused()
    alice.page.keyboard.press("Space")
    shows_screen_of(alice, "Carol")
    expect(choice.get_by_role("button", name="Carol")).to_be_focused()
    carol.press("Stop sharing")
    shows_screen_of(alice, "Bob")
    expect(choice).to_have_count(0)
