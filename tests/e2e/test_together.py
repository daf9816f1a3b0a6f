"""Being together: hands in order, reactions, the spotlight, and one presenter at a time."""

import math
import struct
import wave
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import violations
from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.e2e.test_two_screens import shows_screen_of
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

DESKTOP = {"width": 1280, "height": 800}

# Gives one command to the room, as a page of somebody who presses faster than ours allows would.
WATCH_ROOM = """
(() => {
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...words) {
      super(...words);
      if (String(words[0]).includes('/ws/meetings/')) window.__room = this;
    }
  };
})();
"""
GIVE = "(command) => window.__room.send(JSON.stringify({ type: 'command', request_id: crypto.randomUUID(), command }))"


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loud tone that never pauses: somebody who speaks without taking breath."""
    path = tmp_path_factory.mktemp("sounds") / "speech.wav"
    rate = 48_000
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        samples = (int(16_000 * math.sin(2 * math.pi * 220 * n / rate)) for n in range(2 * rate))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


def hand(someone: Person, who: str) -> Any:
    """The number of *who*'s raised hand on *someone*'s page."""
    return someone.tile(who).locator(".mark.hand .num")


def host_and_guest(person: PersonFactory, session: Any, **options: Any) -> tuple[Person, Person]:
    """Both in a call: Alice, who has signed in, and Bob."""
    alice = person("alice", viewport=DESKTOP, storage_state=session)
    bob = person("bob", viewport=DESKTOP, **options)
    for someone in (alice, bob):
        someone.context.add_init_script(WATCH_ROOM)
    link = alice.meeting()
    alice.join(link)
    bob.join(link, types_name=True)
    expect(alice.tile("bob")).to_be_visible()
    expect(bob.tile("alice")).to_be_visible()
    return alice, bob


@pytest.fixture(scope="module")
def pair(lasting_person: PersonFactory, sign_ins: SignIns) -> tuple[Person, Person]:
    """Alice and Bob in one call for several tests, each of which leaves it as it was."""
    return host_and_guest(lasting_person, sign_ins("alice"))


def one_presenter(alice: Person, *, is_on: bool) -> None:
    alice.page.evaluate(GIVE, {"kind": "set_one_presenter", "is_on": is_on})


def test_hands_have_an_order_and_go_down_when_one_has_the_floor(
    person: PersonFactory, sign_ins: SignIns, speech: Path
) -> None:
    alice, bob = host_and_guest(person, sign_ins("alice"), flags=(f"--use-file-for-fake-audio-capture={speech}",))
    # Chromium's own microphone beeps: a muted one never has the floor.
    for someone in (alice, bob):
        someone.press("Mute")
        expect(someone.page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    bob.press("Raise hand")
    expect(hand(alice, "bob")).to_have_text("1")
    expect(alice.page.get_by_role("region", name="Notices")).to_contain_text("Bob raised a hand")
    # By the keyboard, as well.
    alice.page.keyboard.press("Control+Shift+h")
    expect(hand(bob, "alice")).to_have_text("2")
    expect(alice.page.get_by_role("button", name="Raise hand")).to_have_attribute("aria-pressed", "true")
    alice.press("People")
    # Twice in the panel: among the hands with the number in the line, and among all with the hand.
    line = alice.page.get_by_role("region", name="Raised hands").get_by_role("listitem")
    expect(line).to_contain_text(["Bob", "Alice Example"])
    expect(line.first).to_contain_text("1 in line")
    inside = alice.page.get_by_role("region", name="In the call").get_by_role("listitem")
    expect(inside.filter(has_text="Bob")).to_contain_text("Hand raised, number 1")
    assert violations(alice.page) == []
    bob.press("Unmute")
    expect(hand(alice, "bob")).to_have_count(0)
    expect(hand(bob, "alice")).to_have_text("1")
    expect(bob.page.get_by_role("button", name="Raise hand")).to_have_attribute("aria-pressed", "false")
    alice.choose("More", "Speaking time")
    times = alice.page.get_by_role("dialog", name="Speaking time")
    # Alice beeped until she was muted, longer than Bob has spoken on a busy machine.
    expect(times.get_by_role("listitem").filter(has_text="Bob")).to_be_visible()
    expect(times.get_by_role("listitem").filter(has_text="Bob")).not_to_contain_text("0:00")


def test_a_reaction_is_seen_at_its_sender_and_said(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    bob.press("React")
    picker = bob.page.get_by_role("dialog", name="Choose a reaction")
    expect(picker.get_by_role("button", name="Thumbs up")).to_be_focused()
    assert violations(bob.page) == []
    bob.page.keyboard.press("ArrowRight")
    expect(picker.get_by_role("button", name="Applause")).to_be_focused()
    bob.page.keyboard.press("Enter")
    expect(picker).to_have_count(0)
    expect(alice.tile("bob").locator("[data-reaction=clap]")).to_be_visible()
    expect(alice.page.get_by_role("status").filter(has_text="Bob claps")).to_be_attached()
    expect(alice.tile("bob").locator("[data-reaction]")).to_have_count(0)
    # It opens where it was, so that the same key goes on.
    expect(bob.page.get_by_role("button", name="React", exact=True)).to_be_focused()
    bob.page.keyboard.press("Enter")
    expect(picker.get_by_role("button", name="Applause")).to_be_focused()
    bob.page.keyboard.press("Escape")
    rights = dict.fromkeys(("microphone", "camera", "screen_share", "chat", "private_chat", "rename"), True)
    alice.page.evaluate(GIVE, {"kind": "set_rights", "rights": rights | {"reactions": False}})
    react = bob.page.get_by_role("button", name="React", exact=True)
    expect(react).to_have_count(0)
    expect(alice.page.get_by_role("button", name="React", exact=True)).to_be_visible()
    alice.page.evaluate(GIVE, {"kind": "set_rights", "rights": rights | {"reactions": True}})
    expect(react).to_be_visible()


def test_the_spotlight_is_large_for_everybody_and_told_to_whom_it_falls_on(
    pair: tuple[Person, Person], person: PersonFactory
) -> None:
    alice, bob = pair
    carol = person("carol", viewport=DESKTOP)
    carol.join(alice.page.url, types_name=True)
    alice.press("People")
    alice.choose("More for Bob", "Spotlight for everyone")
    expect(bob.page.get_by_role("region", name="Notices")).to_contain_text("You are in the spotlight")
    expect(carol.page.locator(".tile.at-main")).to_have_attribute("aria-label", "Bob")
    # An own pin wins on one's own screen; the mark stays.
    carol.page.get_by_role("button", name="Pin Alice Example for me").press("Enter")
    expect(carol.page.locator(".tile.at-main")).to_have_attribute("aria-label", "Alice Example")
    expect(carol.tile("bob").get_by_text("In the spotlight")).to_be_attached()
    alice.choose("More for Bob", "End the spotlight")
    expect(carol.page.get_by_text("In the spotlight")).to_have_count(0)
    alice.press("Close people")


def test_one_presents_at_a_time_and_hands_over(pair: tuple[Person, Person]) -> None:
    alice, bob = pair
    one_presenter(alice, is_on=True)
    alice.press("Share screen")
    shows_screen_of(bob, "Alice Example")
    bob.press("Share screen")
    notices = bob.page.get_by_role("region", name="Notices")
    expect(notices).to_contain_text("Alice Example is presenting")
    bob.press("Ask to present")
    expect(alice.page.get_by_role("region", name="Notices")).to_contain_text("Bob would like to present")
    # A notice stays while the pointer is on it.
    alice.page.get_by_role("button", name="Hand over", exact=True).hover()
    assert violations(alice.page) == []
    alice.press("Hand over")
    # Alice's screen is stopped, and it is said why.
    expect(alice.page.get_by_role("region", name="Notices")).to_contain_text("Bob presents now.")
    expect(alice.page.get_by_text("You are sharing your screen.", exact=True)).to_have_count(0)
    expect(notices).to_contain_text("You may present now")
    notices.get_by_role("button", name="Share screen").click()
    shows_screen_of(alice, "Bob")
    # Who stops makes room for the next.
    bob.press("Stop sharing")
    expect(alice.page.get_by_role("group", name="Screen of Bob")).to_have_count(0)
    alice.press("Share screen")
    shows_screen_of(bob, "Alice Example")
    alice.press("Stop sharing")
    one_presenter(alice, is_on=False)
