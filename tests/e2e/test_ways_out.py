"""The browser's own ways out of a call: Back, Forward, and a tab that is closed."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import WAIT_MS, Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def stands_in_the_green_room(someone: Person) -> None:
    expect(someone.page.get_by_role("button", name="Join now")).to_be_enabled(timeout=WAIT_MS)


def test_back_leaves_the_call_for_the_green_room(person: PersonFactory, sign_ins: SignIns) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.new_meeting()
    meeting_page = alice.page.url
    alice.join(link)
    bob.join(link, types_name=True)
    alice.sees("bob")
    alice.page.go_back()
    stands_in_the_green_room(alice)
    bob.sees_nobody_called("alice")
    # The devices are as they were, and the way in is open.
    expect(alice.page.locator(".preview video")).to_be_visible(timeout=WAIT_MS)
    alice.press("Join now")
    alice.sees("bob")
    bob.sees("alice")

    alice.leave()
    alice.page.go_back()
    stands_in_the_green_room(alice)
    alice.page.go_forward()
    stands_in_the_green_room(alice)
    alice.page.go_back()
    alice.page.go_back()
    expect(alice.page).to_have_url(meeting_page)


def test_a_reload_in_the_call_leaves_one_way_back(person: PersonFactory, sign_ins: SignIns) -> None:
    alice = person("alice", storage_state=sign_ins("alice"))
    link = alice.new_meeting()
    meeting_page = alice.page.url
    alice.join(link)
    alice.page.reload()
    stands_in_the_green_room(alice)
    alice.page.go_back()
    expect(alice.page).to_have_url(meeting_page)


def test_a_tab_that_would_be_missed_asks_before_it_closes(person: PersonFactory, sign_ins: SignIns) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.meeting()
    alice.join(link)
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    bob.join(link, types_name=True)
    bob.sees("alice")
    bob.page.on("dialog", stay)
    bob.page.close(run_before_unload=True)
    bob.wait_for(lambda: asked == ["beforeunload"], "the browser asks")
    bob.sees("alice")
    # Nothing leaves this browser any more: nobody would miss it.
    bob.press("Mute")
    bob.press("Stop video")
    expect(alice.tile("bob").get_by_text(re.compile("muted", re.IGNORECASE))).to_be_attached(timeout=WAIT_MS)
    bob.page.close(run_before_unload=True)
    alice.sees_nobody_called("bob")
    assert asked == ["beforeunload"]
