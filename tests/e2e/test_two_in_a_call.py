"""Two people in a call: what one of them changes, the other one sees at once."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory
from tests.e2e.people import Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def test_microphone_and_camera_changes_show_at_once(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    bob.sees("alice")
    alice.press("Mute")
    expect(bob.tile("alice").get_by_text(re.compile("muted", re.IGNORECASE))).to_be_attached()
    alice.press("Unmute")
    expect(bob.tile("alice").get_by_text(re.compile("muted", re.IGNORECASE))).not_to_be_attached()
    bob.hears(1)
    alice.press("Stop video")
    expect(bob.tile("alice").locator("video")).to_have_count(0)
    alice.press("Start video")
    bob.sees("alice")


def test_a_shared_screen_gets_the_big_place(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    bob.sees("alice")
    alice.press("Share screen")
    screen = bob.page.locator("[data-screen-of] video")
    expect(screen).to_be_visible()
    bob.wait_for(lambda: screen.evaluate("(v) => v.getVideoPlaybackQuality().totalVideoFrames") > 3, "the screen moves")
    box, stage = screen.bounding_box(), bob.page.get_by_role("main").bounding_box()
    assert box is not None
    assert stage is not None
    # The screen keeps its shape, so the tighter of the two sides tells how much of the stage it has.
    assert max(box["width"] / stage["width"], box["height"] / stage["height"]) >= 0.7
    alice.press("Stop sharing")
    expect(screen).to_have_count(0)


def test_a_closed_tab_leaves_within_seconds(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.sees("bob")
    bob.page.close()
    # Whoever is merely lost keeps the place for 20 s.
    expect(alice.tile("bob")).to_have_count(0, timeout=15_000)
