"""The door and the keeping of order: waiting, knocking, being let in or not, and what moderators do to others."""

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import violations
from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person, allow_devices
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SET_POLICY = """
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Policy, Rights, WaitingRoom
from palaver.meetings.services import set_password, set_policy
meeting = Meeting.objects.get(slug={slug!r})
{what}
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture
def alice(person: PersonFactory, sign_ins: SignIns) -> Person:
    return person("alice", storage_state=sign_ins("alice"), viewport={"width": 1280, "height": 800})


def decide(server: PalaverServer, link: str, what: str) -> None:
    """What the owner decided about the meeting, before anybody is there."""
    server.manage("shell", "-c", SET_POLICY.format(slug=link.rsplit("/", 1)[-1], what=what))


def ask(someone: Person, link: str) -> None:
    """Stand at the door."""
    someone.page.goto(link)
    allow = someone.page.get_by_role("button", name="Allow camera and microphone")
    button = someone.page.get_by_role("button", name="Ask to join")
    expect(button).to_be_visible()
    allow_devices(allow)
    someone.page.get_by_label("Your name").fill(someone.first_name)
    button.click()
    at_the_door(someone)


def at_the_door(someone: Person) -> None:
    expect(someone.page.get_by_role("heading", name="You are at the door. Someone will let you in.")).to_be_visible()


def test_a_guest_waits_leaves_a_word_and_is_let_in_and_another_is_turned_away(
    alice: Person, link: str, person: PersonFactory, server: PalaverServer
) -> None:
    decide(server, link, "set_policy(meeting, Policy(waiting_room=WaitingRoom.GUESTS))")
    bob, carol = person("bob"), person("carol")
    alice.join(link)
    ask(bob, link)
    assert violations(bob.page) == []
    assert "At the door" in bob.page.title()
    # Outside there is nothing of the room: no names, no picture of others.
    expect(bob.page.get_by_text("Alice is inside")).to_have_count(0)
    expect(bob.page.get_by_text("Nobody sees or hears you yet.")).to_be_visible()
    toast = alice.page.get_by_role("region", name="Notices")
    expect(toast).to_contain_text("Bob asks to come in")
    bob.page.get_by_label("A word to the host").fill("The new librarian")
    bob.press("Send")
    expect(bob.page.get_by_text("Your word is with the hosts: “The new librarian”")).to_be_visible()
    expect(toast).to_contain_text("The new librarian")
    assert alice.page.title().startswith("(1) ")
    # A second one joins the same notice.
    ask(carol, link)
    expect(toast).to_contain_text("Bob and 1 other ask to come in")
    toast.get_by_role("button", name="View").click()
    expect(toast).not_to_contain_text("ask to come in")
    expect(alice.page.get_by_role("region", name="List of people")).to_contain_text("“The new librarian”")
    assert violations(alice.page) == []
    alice.press("Let in Bob")
    bob.is_in_the_call()
    alice.sees("bob")
    bob.sees("alice")
    bob.hears(1)
    alice.press("Turn Carol away")
    carol.is_told("The host has not let you in")
    expect(alice.page.get_by_role("heading", name="Waiting")).to_have_count(0)


def test_all_who_wait_are_turned_away_at_once_when_that_is_meant(
    alice: Person, link: str, person: PersonFactory, server: PalaverServer
) -> None:
    decide(server, link, "set_policy(meeting, Policy(waiting_room=WaitingRoom.GUESTS))")
    bob, carol = person("bob"), person("carol")
    alice.join(link)
    ask(bob, link)
    ask(carol, link)
    alice.page.get_by_role("region", name="Notices").get_by_role("button", name="View").click()
    waiting = alice.page.get_by_role("region", name="Waiting")
    expect(waiting.get_by_role("listitem")).to_have_count(2)
    alice.press("Turn all away")
    question = alice.page.get_by_role("alertdialog", name="Turn all 2 away?")
    assert violations(alice.page) == []
    question.get_by_role("button", name="Cancel").click()
    expect(waiting.get_by_role("listitem")).to_have_count(2)
    alice.press("Turn all away")
    question.get_by_role("button", name="Turn all away").click()
    for someone in (bob, carol):
        someone.is_told("The host has not let you in")
    expect(waiting).to_have_count(0)


def test_what_is_switched_off_is_not_offered(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    bob.press("People")
    alice.press("Host controls")

    def shut() -> None:
        bob.page.keyboard.press("Escape")
        expect(bob.page.get_by_role("menu")).to_have_count(0)

    def offers(*, rename: int, private: int) -> None:
        for menu in ("More", "More for Bob"):
            bob.press(menu)
            expect(bob.page.get_by_role("menu")).to_be_visible()
            expect(bob.page.get_by_role("menuitem", name="Change your name")).to_have_count(rename)
            shut()
        bob.press("More for Alice Example")
        expect(bob.page.get_by_role("menuitem", name="Pin for me")).to_be_visible()
        expect(bob.page.get_by_role("menuitem", name="Private message")).to_have_count(private)
        shut()

    offers(rename=1, private=1)
    for switch in ("Change their name", "Write to one person"):
        alice.page.get_by_role("switch", name=switch).click()
        expect(alice.page.get_by_role("switch", name=switch)).not_to_be_checked()
    offers(rename=0, private=0)
    # Hosts change their own name whatever the switch says.
    alice.press("More")
    expect(alice.page.get_by_role("menuitem", name="Change your name")).to_be_visible()


def test_a_meeting_is_locked_and_has_a_password(
    alice: Person, link: str, person: PersonFactory, server: PalaverServer
) -> None:
    decide(server, link, "set_password(meeting, 'acorn tree')")
    bob = person("bob")
    alice.join(link)
    bob.page.goto(link)
    bob.page.get_by_label("Your name").fill("Bob")
    field = bob.page.get_by_label("Password of the meeting")
    field.fill("oak")
    bob.press("Join now")
    expect(bob.page.get_by_text("The password is another.")).to_be_visible()
    expect(field).to_be_focused()
    assert violations(bob.page) == []
    field.fill("acorn tree")
    bob.press("Join now")
    bob.is_in_the_call()
    alice.press("Host controls")
    alice.page.get_by_role("switch", name="Lock the meeting").click()
    expect(alice.page.get_by_role("switch", name="Lock the meeting")).to_be_checked()
    assert violations(alice.page) == []
    carol = person("carol")
    carol.page.goto(link)
    carol.page.get_by_label("Your name").fill("Carol")
    # She learns it before she types a password that would not help.
    why = carol.page.get_by_role("status").filter(has_text="The meeting is locked")
    expect(why).to_be_visible()
    expect(carol.page.get_by_role("button", name="Join now")).to_be_disabled()
    alice.page.get_by_role("switch", name="Lock the meeting").click()
    carol.page.get_by_label("Password of the meeting").fill("acorn tree")
    expect(why).to_have_count(0)
    carol.press("Join now")
    carol.is_in_the_call()


def test_the_green_room_says_that_a_meeting_is_locked_and_notices_when_it_opens(
    alice: Person, link: str, person: PersonFactory
) -> None:
    carol = person("carol")
    alice.join(link)
    carol.go_to_the_door(link, types_name=True)
    expect(carol.page.get_by_text("Alice is inside")).to_be_visible()
    alice.press("Host controls")
    alice.page.get_by_role("switch", name="Lock the meeting").click()
    why = carol.page.get_by_role("status").filter(has_text="The meeting is locked")
    expect(why).to_be_visible()
    join = carol.page.get_by_role("button", name="Join now")
    expect(join).to_be_disabled()
    expect(carol.page.get_by_text("is inside")).to_have_count(0)
    assert violations(carol.page) == []
    alice.page.get_by_role("switch", name="Lock the meeting").click()
    expect(why).to_have_count(0)
    expect(join).to_be_enabled()
    join.click()
    carol.is_in_the_call()
    alice.page.get_by_role("switch", name="Lock the meeting").click()
    expect(alice.page.get_by_role("switch", name="Lock the meeting")).to_be_checked()
    # To load the page anew is no goodbye.
    carol.page.once("dialog", lambda dialog: dialog.accept())
    carol.page.reload()
    carol.press("Join now")
    carol.is_in_the_call()


def test_all_are_muted_and_may_not_unmute_until_it_is_lifted(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.hears(1)
    alice.press("Host controls")
    alice.press("Mute all and keep it so")
    expect(bob.page.get_by_role("region", name="Notices")).to_contain_text("Alice Example muted you")
    unmute = bob.page.get_by_role("button", name="Unmute", exact=True)
    expect(unmute).to_have_attribute("aria-disabled", "true")
    unmute.hover()
    expect(bob.page.get_by_role("tooltip")).to_contain_text("Only hosts may use it now.")
    bob.page.keyboard.press("Control+d")
    expect(unmute).to_be_visible()

    def is_silent() -> bool:
        before = alice.energies()
        alice.page.evaluate("() => new Promise((done) => setTimeout(done, 700))")
        return all(energy <= before.get(key, energy) + 0.0001 for key, energy in alice.energies().items())

    alice.wait_for(is_silent, "nothing of Bob's sound arrives at Alice")
    # Alice asks for a word: first the right, then the question.
    alice.page.get_by_role("switch", name="Unmute").click()
    expect(bob.page.get_by_role("region", name="Notices")).to_contain_text("You may unmute again")
    alice.press("People")
    alice.choose("More for Bob", "Ask to unmute")
    asked = bob.page.get_by_role("region", name="Notices")
    expect(asked).to_contain_text("Alice Example would like to hear you")
    asked.get_by_role("button", name="Unmute", exact=True).click()
    expect(bob.page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    alice.hears(1)


def test_a_role_is_given_and_the_meeting_is_suspended_and_goes_on(
    alice: Person, link: str, person: PersonFactory, sign_ins: SignIns
) -> None:
    bob, carol = person("bob"), person("carol", storage_state=sign_ins("carol"))
    alice.join(link)
    carol.join(link)
    bob.join(link, types_name=True)
    expect(carol.page.get_by_role("button", name="Host controls")).to_have_count(0)
    alice.press("People")
    # People without an account do not moderate.
    alice.press("More for Bob")
    expect(alice.page.get_by_role("menuitem", name="Make viewer")).to_be_visible()
    expect(alice.page.get_by_role("menuitem", name="Make co-host")).to_have_count(0)
    alice.page.keyboard.press("Escape")
    alice.choose("More for Carol Example", "Make co-host")
    expect(carol.page.get_by_role("region", name="Notices")).to_contain_text("You are a co-host now")
    expect(bob.tile("carol")).to_contain_text("Co-host")
    carol.press("Host controls")
    carol.press("Suspend everything…")
    question = carol.page.get_by_role("alertdialog", name="Suspend everything?")
    assert violations(carol.page) == []
    question.get_by_role("button", name="Suspend", exact=True).click()
    expect(bob.page.get_by_text("A host has suspended the meeting.")).to_be_visible()
    expect(bob.page.get_by_role("button", name="Start video")).to_have_attribute("aria-disabled", "true")
    expect(bob.page.get_by_role("button", name="Raise hand")).to_have_attribute("aria-disabled", "true")
    expect(alice.tile("bob").locator("video")).to_have_count(0)
    expect(alice.page.get_by_text("Everything is suspended.")).to_be_visible()
    alice.sees("carol")
    alice.press("Let it go on")
    expect(bob.page.get_by_text("A host has suspended the meeting.")).to_have_count(0)
    bob.press("Start video")
    alice.sees("bob")
    # A viewer sees and hears, and sends nothing.
    alice.choose("More for Bob", "Make viewer")
    expect(bob.page.get_by_role("region", name="Notices")).to_contain_text("You are here as a viewer")
    expect(bob.page.get_by_role("button", name="Start video")).to_have_attribute("aria-disabled", "true")
    bob.sees("alice")


def test_who_is_banned_does_not_come_back(alice: Person, link: str, person: PersonFactory) -> None:
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.press("People")
    alice.choose("More for Bob", "Ban…")
    question = alice.page.get_by_role("dialog", name="Ban Bob?")
    expect(question).to_contain_text("guests from the same network cannot come in either")
    assert violations(alice.page) == []
    question.get_by_label("Reason").fill("Shouted")
    question.get_by_role("button", name="Ban", exact=True).click()
    bob.is_told("You may not come into this meeting")
    alice.sees_nobody_called("bob")
    bob.page.goto(link)
    expect(bob.page.get_by_text("You may not come into this meeting")).to_be_visible()
    expect(bob.page.get_by_role("button", name="Join now")).to_have_count(0)
