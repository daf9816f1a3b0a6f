"""Who somebody is: one person in two tabs, a guest who comes back, and those who are not let in."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import PASSWORD, Person
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


# Says hello at the room's socket without the page; returns the code with which it is shut.
KNOCK = """
(path) => new Promise((done) => {
  const socket = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
  const who = { name: 'Bob', guest_ticket: null, tab_id: 'tab-of-the-test' };
  const hello = { type: 'hello', request_id: '1', protocol: 1, ...who };
  socket.onopen = () => socket.send(JSON.stringify({ ...hello, take_over: false, resume: null }));
  socket.onclose = (event) => done(event.code);
})
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture
def link(alice: Person) -> str:
    return alice.new_meeting()


def test_a_second_tab_is_told_apart_and_each_can_take_the_call_from_the_other(
    alice: Person, link: str, person: PersonFactory
) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    bob.sees("alice")
    bob.watch_tiles()
    newer = alice.new_tab()
    newer.go_to_the_door(link)
    newer.press("Join now")
    newer.is_told("You are already in this meeting")
    alice.is_in_the_call()
    newer.press("Join here instead")
    newer.is_in_the_call()
    alice.is_told("You went on in another tab")
    newer.sees("bob")
    bob.sees("alice")
    bob.hears(1)
    alice.press("Come back here")
    alice.is_in_the_call()
    newer.is_told("You went on in another tab")
    bob.sees("alice")
    alice.sees("bob")
    # To Bob she was one person, here all the time.
    assert bob.tiles_seen() == ["Alice Example | Bob (you)"]


def test_a_guest_who_loads_the_page_again_is_the_same_person(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    expect(alice.tile("bob")).to_contain_text("Guest")
    identity = alice.tile("bob").get_attribute("data-identity")
    assert identity
    alice.watch_tiles()
    bob.page.reload()
    expect(bob.page.get_by_label("Your name")).to_have_value("Bob")
    bob.press("Join now")
    bob.is_in_the_call()
    alice.sees("bob")
    bob.sees("alice")
    expect(alice.tile("bob")).to_have_count(1)
    assert alice.tile("bob").get_attribute("data-identity") == identity
    # Never twice, and never under another name.
    assert set(alice.tiles_seen()) <= {"Alice Example (you) | Bob", "Alice Example (you)"}
    # Another browser with the same name is another person.
    stranger = person("bob")
    stranger.join(link, types_name=True)
    expect(alice.tile("bob")).to_have_count(2)
    identities = {tile.get_attribute("data-identity") for tile in alice.tile("bob").all()}
    assert len(identities) == 2


def test_the_green_room_names_who_is_inside_only_to_those_who_may_come_in(
    alice: Person, link: str, person: PersonFactory, sign_ins: SignIns
) -> None:
    bob, carol = person("bob"), person("carol", storage_state=sign_ins("carol"))
    inside = "Alice is inside"
    bob.page.goto(link)
    expect(bob.page.get_by_text("Nobody is inside yet.")).to_be_visible()
    manage = alice.page.url
    alice.join(link)
    bob.page.goto(link)
    expect(bob.page.get_by_text(inside)).to_be_visible()
    # Now without guests: Bob is asked to sign in and told no names; Carol may come.
    office = alice.new_tab()
    office.page.goto(manage)
    office.page.get_by_role("link", name="Settings").click()
    office.page.get_by_role("radio", name="Signed in").check()
    expect(office.page.get_by_text("All changes saved")).to_be_visible()
    office.page.goto(manage)
    expect(office.page.get_by_text("Whoever has this link and an account here may join.")).to_be_visible()
    bob.page.goto(link)
    expect(bob.page.get_by_text("This meeting takes no guests")).to_be_visible()
    expect(bob.page.get_by_text("The meeting is on.")).to_be_visible()
    expect(bob.page.get_by_text(inside)).to_have_count(0)
    expect(bob.page.get_by_role("button", name="Join now")).to_have_count(0)
    slug = link.rsplit("/", 1)[1]
    told = bob.context.request.get(f"{bob.server_url}/api/meetings/{slug}/preview").json()
    assert told["inside"] is None
    # The way round the page is shut as well.
    assert bob.page.evaluate(KNOCK, f"/ws/meetings/{slug}") == 4401
    carol.page.goto(link)
    expect(carol.page.get_by_text(inside)).to_be_visible()
    carol.join(link)
    alice.sees("carol")
    # Signing in is the way for Bob, and it leads back to the meeting.
    bob.page.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(bob.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    bob.page.get_by_label("Email").fill("carol@example.org")
    bob.page.get_by_label("Password").fill(PASSWORD)
    bob.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(bob.page).to_have_url(link)


def test_a_missing_meeting_and_one_that_is_not_yours_look_alike(
    alice: Person, link: str, person: PersonFactory, sign_ins: SignIns
) -> None:
    carol = person("carol", storage_state=sign_ins("carol"))
    url = carol.server_url
    meeting_id = alice.page.url.rstrip("/").rsplit("/", 1)[1]
    slug = link.rsplit("/", 1)[1]
    words, _, tail = slug.rpartition("-")
    nearly = f"{words}-{tail[:-1]}{'a' if tail[-1] != 'a' else 'b'}"
    pairs = [
        (f"/meetings/{meeting_id}/", f"/meetings/{uuid.uuid4()}/"),
        (f"/meetings/{meeting_id}/delete", f"/meetings/{uuid.uuid4()}/delete"),
        (f"/m/{nearly}", f"/m/quite-another-place-{tail[::-1]}"),
        (f"/api/meetings/{nearly}/preview", f"/api/meetings/quite-another-place-{tail[::-1]}/preview"),
    ]
    assert alice.context.request.get(url + pairs[0][0]).status == 200
    for forbidden, missing in pairs:
        answers = [carol.context.request.get(url + path) for path in (forbidden, missing)]
        assert [answer.status for answer in answers] == [404, 404], forbidden
        bodies = [
            answer.text().replace(path, "PATH") for answer, path in zip(answers, (forbidden, missing), strict=True)
        ]
        assert mask_tokens(bodies[0]) == mask_tokens(bodies[1]), forbidden
    carol.page.goto(url + pairs[2][0])
    expect(carol.page.get_by_role("heading", level=1)).to_have_text(
        "There is no meeting behind this link, or it is not open to you."
    )
    assert carol.page.evaluate(KNOCK, f"/ws/meetings/{nearly}") == 4404


def mask_tokens(body: str) -> str:
    """*body* without what differs each time that any page is made."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", body)
