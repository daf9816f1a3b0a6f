"""The story of a first meeting, from signing up to the page after the call."""

import re
from collections import Counter

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Motion, PersonFactory
from tests.e2e.people import WAIT_MS, Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# The streams of what comes, by section.
STREAMS = """
() => window.__connections.flatMap((one) => [...(one.remoteDescription?.sdp ?? '').matchAll(/^a=msid:(PA_[^ ]+)/gm)])
  .map((found) => found[1])
"""


@pytest.fixture(scope="module")
def motion() -> Motion:
    return "no-preference"


@pytest.fixture
def alice(person: PersonFactory) -> Person:
    """Alice has an account."""
    alice = person("alice")
    alice.sign_up()
    return alice


@pytest.fixture
def link(alice: Person) -> str:
    return alice.new_meeting()


def test_three_people_see_and_hear_each_other(alice: Person, link: str, person: PersonFactory) -> None:
    bob, carol = person("bob"), person("carol")
    carol.sign_up()
    alice.join(link)
    bob.join(link, types_name=True)
    carol.join(link)
    everyone = [alice, bob, carol]
    for someone in everyone:
        for other in everyone:
            if other is not someone:
                someone.sees(other.name)
        someone.hears(2)
    for someone in everyone:
        # By what the server sends, not by what the page hopes.
        line = someone.page.locator('[data-hearing="all"]')
        expect(line).to_contain_text("All 2 receive your sound", timeout=WAIT_MS)
        # Lips and voice: browsers keep together what is of one stream.
        streams = Counter(someone.page.evaluate(STREAMS))
        assert sorted(streams.values()) == [2, 2], streams
    # Whoever speaks is marked: the fake microphones beep.
    expect(alice.page.locator('[data-participant-id][data-speaking="true"]').first).to_be_visible()
    # A guest is marked as not signed in; people with an account are not.
    expect(alice.tile("bob")).to_contain_text("Guest")
    expect(alice.tile("carol")).not_to_contain_text("Guest")


def test_every_call_comes_back_after_the_server_was_killed(
    alice: Person, link: str, person: PersonFactory, server: PalaverServer
) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.sees("bob")
    server.kill()
    expect(alice.page.get_by_text(re.compile("Trying again|Reconnecting", re.IGNORECASE)).first).to_be_visible()
    server.start()
    alice.sees("bob")
    bob.sees("alice")
    bob.hears(1)
    expect(alice.page.locator("[data-participant-id]")).to_have_count(2)
    expect(alice.tile("bob")).to_contain_text("Guest")
    # The history knows one meeting, not two.
    alice.press("Leave")
    alice.page.get_by_role("menuitem", name="Leave", exact=True).click()
    alice.page.get_by_role("main").get_by_role("link", name="Home", exact=True).click()
    expect(alice.page.get_by_text(re.compile("On now|is on", re.IGNORECASE)).first).to_be_visible()


def test_ending_for_everyone_says_why_and_offers_ways_on(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.sees("bob")
    alice.press("Leave")
    alice.page.get_by_role("menuitem", name=re.compile("End for everyone")).click()
    alice.page.get_by_role("button", name=re.compile("End")).last.click()
    for someone in (alice, bob):
        expect(someone.page.get_by_text(re.compile("ended", re.IGNORECASE)).first).to_be_visible()
        expect(someone.page.get_by_role("button", name="Rejoin")).to_be_visible()
        expect(someone.page.get_by_role("main").get_by_role("link", name="Home", exact=True)).to_be_visible()
    alice.page.get_by_role("main").get_by_role("link", name="Home", exact=True).click()
    expect(alice.page.get_by_role("main")).to_contain_text("Bob")
