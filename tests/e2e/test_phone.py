"""A call on a phone: touch, a small screen, a camera on each side."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.plugged_cameras import PluggedCamera, plug_in
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FRONT = PluggedCamera("Front camera", "alice", "user")
BACK = PluggedCamera("Back camera", "carol", "environment")


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def test_front_and_back_camera_are_switched_before_and_in_the_call(person: PersonFactory, sign_ins: SignIns) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    alice = person("alice", storage_state=sign_ins("alice"), **phone)
    plug_in(alice.context, FRONT, BACK)
    bob = person("bob")
    link = alice.meeting()
    alice.go_to_the_door(link)
    alice.press("Switch camera")
    alice.press("Join now")
    alice.is_in_the_call()
    bob.join(link, types_name=True)
    bob.sees("alice", film=BACK.film)
    # A mirror shows oneself; what is in front of the phone is not turned round.
    own_picture = alice.tile("alice").locator("video")
    expect(own_picture).to_have_css("transform", "none")
    alice.choose("More", "Switch camera")
    bob.sees("alice", film=FRONT.film)
    expect(own_picture).to_have_css("transform", "matrix(-1, 0, 0, 1, 0, 0)")
    alice.choose("More", "Switch camera")
    bob.sees("alice", film=BACK.film)
    # Everything that a call needs is within reach of a thumb.
    for name in ("Mute", "Stop video", "More", "Leave"):
        box = alice.page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box is not None, name
        assert box["width"] >= 44, (name, box)
        assert box["height"] >= 44, (name, box)
        assert box["x"] >= 0, (name, box)
        assert box["x"] + box["width"] <= 390, (name, box)
        assert box["y"] + box["height"] <= 844, (name, box)
    alice.choose("More", "Speaker view")
    expect(alice.tile("bob").locator("video")).to_be_visible()
    alice.sees("bob")
