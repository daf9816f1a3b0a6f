"""Hosts and everyone else: who may do what in a call, and how each arranges it for himself."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

CONNECTED = "() => window.__connections.filter((one) => one.connectionState === 'connected').length"

# Keeps the token of the newest welcome, as somebody with a changed page would.
KEEP_TOKEN = """
(() => {
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...words) {
      super(...words);
      this.addEventListener('message', (event) => {
        if (typeof event.data !== 'string') return;
        const message = JSON.parse(event.data);
        if (message.type === 'welcome') window.__media = message.media;
      });
    }
  };
})();
"""
# Goes to the media server with a token; returns how it ended: the HTTP status of the check, or "let in".
TRY_TOKEN = """
async ({ url, token }) => {
  const http = new URL(url.replace(/^ws/, 'http'));
  http.pathname = '/rtc/v1/validate';
  http.search = new URLSearchParams({ access_token: token });
  return (await fetch(http)).status;
}
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def test_a_guest_who_is_removed_is_told_by_whom_and_stays_out(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.sees("bob")
    # Only the host has the command.
    bob.press("People")
    bob.press("More for Alice Example")
    expect(bob.page.get_by_role("menuitem", name="Pin for me")).to_be_visible()
    expect(bob.page.get_by_role("menuitem", name="Remove from meeting…")).to_have_count(0)
    bob.page.keyboard.press("Escape")
    alice.press("People")
    alice.choose("More for Bob", "Remove from meeting…")
    asked = alice.page.get_by_role("alertdialog", name="Remove Bob?")
    asked.get_by_role("button", name="Cancel").click()
    expect(alice.tile("bob")).to_have_count(1)
    alice.choose("More for Bob", "Remove from meeting…")
    asked.get_by_role("button", name="Remove", exact=True).click()
    bob.is_told("You were removed from the meeting")
    expect(bob.page.get_by_text("Alice Example sent you out.")).to_be_visible()
    expect(bob.page.get_by_role("button", name="Rejoin")).to_have_count(0)
    alice.sees_nobody_called("bob")
    bob.wait_for(lambda: bob.page.evaluate(CONNECTED) == 0, "the media of Bob has stopped")
    # Neither loading the page again nor the kept ticket lets Bob in.
    bob.page.goto(link)
    expect(bob.page.get_by_role("status")).to_contain_text(["You were removed from the meeting"])
    expect(bob.page.get_by_role("button", name="Join now")).to_have_count(0)
    expect(alice.tile("bob")).to_have_count(0)


def test_who_comes_late_with_the_right_is_host_and_nobody_before(
    alice: Person, link: str, person: PersonFactory
) -> None:
    bob = person("bob")
    bob.join(link, types_name=True)
    expect(bob.tile("bob")).to_contain_text("Guest")
    bob.press("Leave")
    # No choice for a guest, also not alone: leaving is one press.
    bob.is_told("You left the meeting")
    bob.press("Rejoin")
    bob.is_in_the_call()
    expect(bob.page.get_by_text("Host", exact=True)).to_have_count(0)
    alice.join(link)
    expect(bob.tile("alice")).to_contain_text("Host")
    bob.sees("alice")
    # A new name reaches the others at once, and is kept.
    bob.rename("Robert")
    expect(alice.tile("robert")).to_be_visible()
    expect(alice.tile("bob")).to_have_count(0)
    alice.press("People")
    expect(alice.page.get_by_role("region", name="List of people")).to_contain_text("Robert")
    # In a window of this width the panel is a sheet above the bar.
    alice.press("Close people")
    # The host leaves without ending: the others stay and may be joined again.
    alice.leave()
    expect(alice.page.get_by_text("The meeting goes on; 1 person was still inside.")).to_be_visible()
    expect(bob.tile("alice")).to_have_count(0)
    bob.is_in_the_call()
    alice.press("Rejoin")
    alice.is_in_the_call()
    bob.sees("alice")
    expect(bob.tile("alice")).to_contain_text("Host")
    # Then ends it for everyone.
    alice.choose("Leave", "End for everyone…")
    alice.page.get_by_role("alertdialog").get_by_role("button", name="End for everyone").click()
    alice.is_told("You ended the meeting")
    bob.is_told("The meeting has ended")
    expect(bob.page.get_by_text("Alice Example ended it for everyone.")).to_be_visible()


def test_each_person_chooses_the_view_and_pins_for_himself(
    alice: Person, link: str, person: PersonFactory, sign_ins: SignIns
) -> None:
    bob, carol = person("bob"), person("carol", storage_state=sign_ins("carol"))
    alice.join(link)
    bob.join(link, types_name=True)
    carol.join(link)
    alice.sees("bob")
    alice.sees("carol")

    def area(someone: Person, who: str) -> float:
        box = someone.tile(who).bounding_box()
        return 0.0 if box is None else box["width"] * box["height"]

    def is_even(someone: Person) -> bool:
        sizes = [area(someone, who) for who in ("alice", "bob", "carol")]
        return min(sizes) > 0.9 * max(sizes)

    def is_big(someone: Person, who: str) -> bool:
        others = [area(someone, other) for other in ("alice", "bob", "carol") if other != who]
        return area(someone, who) > 3 * max(others)

    alice.wait_for(lambda: is_even(alice), "the grid gives everyone the same place")
    alice.tile("bob").hover()
    alice.press("Pin Bob for me")
    alice.wait_for(lambda: is_big(alice, "bob"), "Bob is big for Alice")
    expect(alice.tile("bob")).to_contain_text("Pinned")
    alice.sees("bob")
    alice.sees("carol")
    assert is_even(carol), "Alice's pin is hers alone"
    alice.tile("bob").hover()
    alice.press("Unpin Bob")
    alice.wait_for(lambda: is_even(alice), "the grid is back")
    carol.choose("View", "Speaker view")
    carol.wait_for(lambda: is_big(carol, "alice") or is_big(carol, "bob"), "somebody else is big for Carol")
    assert is_even(alice), "Carol's view is hers alone"
    carol.choose("View", "Grid view")
    carol.wait_for(lambda: is_even(carol), "Carol sees the grid again")
