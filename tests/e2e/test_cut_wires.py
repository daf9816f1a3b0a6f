"""A socket is cut for five seconds: the room socket unnoticed, the signalling with a return by itself."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.servers.palaver import PalaverServer
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

CUT_MS = 5_000
# Notes every change of the number of people, so that a flicker between two looks is not missed.
COUNT_PEOPLE = """
() => {
  window.__seen = [];
  const note = () => {
    const tiles = [...document.querySelectorAll('[data-participant-id]')];
    const now = tiles.map((tile) => tile.getAttribute('aria-label')).sort().join('|');
    if (window.__seen.at(-1) !== now) window.__seen.push(now);
  };
  note();
  const watch = { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] };
  new MutationObserver(note).observe(document.body, watch);
}
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture
def call(person: PersonFactory, sign_ins: SignIns, wires: WireCutter) -> tuple[Person, Person]:
    """Alice, directly connected, and Bob, whose TCP connections run through the wire cutter, see each other."""
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.meeting()
    alice.join(link)
    bob.server_url = wires.url
    bob.join(link.replace(alice.server_url, wires.url), types_name=True)
    alice.sees("bob")
    bob.sees("alice")
    return alice, bob


def test_nobody_notices_a_room_socket_that_is_cut_for_five_seconds(
    call: tuple[Person, Person], wires: WireCutter
) -> None:
    alice, bob = call
    alice.page.evaluate(COUNT_PEOPLE)
    frames = (alice.look_at("bob") or {})["frames"]
    assert wires.cut("/ws/") == 1
    alice.page.wait_for_timeout(CUT_MS)
    assert (alice.look_at("bob") or {})["frames"] > frames + 10, "the picture stood still"
    wires.mend()
    # Back in the room: a change of name reaches Alice through the new socket.
    bob.rename("Robert")
    expect(alice.tile("robert")).to_be_visible()
    alice.sees("robert", film="bob")
    bob.sees("alice")
    bob.hears(1)
    # That is all that Alice was shown.
    assert len(alice.page.evaluate("window.__seen")) == 2, alice.page.evaluate("window.__seen")
    expect(bob.page.get_by_role("button", name="Leave", exact=True)).to_be_visible()


def test_media_returns_by_itself_after_the_signalling_was_cut_for_five_seconds(
    call: tuple[Person, Person], wires: WireCutter
) -> None:
    alice, bob = call
    alice.page.evaluate(COUNT_PEOPLE)
    assert wires.cut("/rtc") == 1
    alice.page.wait_for_timeout(CUT_MS)
    wires.mend()
    alice.sees("bob")
    bob.sees("alice")
    bob.hears(1)
    alice.hears(1)
    assert len(alice.page.evaluate("window.__seen")) == 1, alice.page.evaluate("window.__seen")
