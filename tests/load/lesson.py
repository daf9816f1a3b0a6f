"""A lesson of thirty: who takes part, and its acts, each of which says what has to be so after it.

Each comes from an address of their own, as a class does: a ban of one network is not a ban of all.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.sync_api import expect

from tests.e2e.people import Person, allow_devices
from tests.interop.test_livekit_python import Person as MediaPerson
from tests.load.browsers import Browsers
from tests.load.classroom import PATIENCE_S, House, Pupil

GUESTS, MEMBERS = 20, 5
# Silence at the receiver: nothing of a tone that is a hundred times louder.
LOUD = 0.01
_PEOPLE = """
import json
from django.test import Client
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.meetings.models import Membership
from palaver.meetings.policy import Policy, WaitingRoom
from palaver.meetings.services import create_meeting, set_policy
found = {}
def cookie(user):
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies["sessionid"].value
def account(name):
    return User.objects.create_user(f"{name.lower()}@example.org", first_name=name, last_name="Okafor")
alice = account("Alice")
meeting = create_meeting(actor=alice, title="Physics", now=system_clock())
set_policy(meeting, Policy(waiting_room=WaitingRoom.GUESTS))
harriet = account("Harriet")
people = {"Harriet": harriet, "Alice": alice, **{f"Carol{n}": account(f"Carol{n}") for n in range(MEMBERS + 1)}}
for who, role in (("Carol0", "co_host"), ("Harriet", "host")):
    Membership.objects.create(meeting=meeting, user=people[who], role=role, created_at=system_clock())
print(json.dumps([meeting.slug, {name: cookie(user) for name, user in people.items()}]))
"""


class Lesson:
    """alice owns the room, carol0 helps, the other carols are members, the rest are guests: all with sockets.

    Where there are browsers, harriet is a host, bob and dave are guests.
    """

    def __init__(self, server: House) -> None:
        self.server = server
        script = _PEOPLE.replace("MEMBERS", str(MEMBERS))
        slug, cookies = json.loads(server.manage("shell", "--no-imports", "-c", script).strip().splitlines()[-1])
        self.harriets_cookie: str = cookies.pop("Harriet")
        names = [*cookies, *(f"Guest{number}" for number in range(GUESTS))]
        self.everybody = [
            Pupil(server, slug, name, f"127.0.1.{number + 1}", cookies.get(name)) for number, name in enumerate(names)
        ]
        self.alice, self.helper = self.everybody[:2]
        self.members = self.everybody[2 : 2 + MEMBERS]
        self.guests = self.everybody[2 + MEMBERS :]
        self.slug = slug
        self.link = f"{server.url}/m/{slug}"
        self.harriet: Person | None = None
        self.in_browsers: list[Person] = []
        self.banned: Pupil | None = None

    async def settled(self) -> None:
        """Until everybody has heard everything: the room is the same for all, but for who sees who waits."""
        for pupil in self.everybody:
            before, now = await pupil.fresh()
            assert before == now, f"{pupil.name} has another room than the server"


async def come(lesson: Lesson, browsers: Browsers | None) -> None:
    """Guests wait, unseen and seeing nothing; one is let in, one is turned away, and then all others come at once."""
    for pupil in (lesson.alice, lesson.helper, *lesson.members):
        assert (await pupil.dial())["type"] == "welcome"
    stranger = Pupil(lesson.server, lesson.slug, "Stranger", "127.0.1.200")
    waiting = (*lesson.guests, stranger)
    answers = await asyncio.gather(*(guest.dial() for guest in waiting))
    assert {answer["type"] for answer in answers} == {"waiting"}
    if browsers is not None:
        await come_with_browsers(lesson, browsers)
    at_the_door = lesson.helper.replica.waiting
    await lesson.helper.until(lambda: len(at_the_door) == len(waiting) + len(lesson.in_browsers[1:]))
    assert lesson.members[0].replica.waiting == {}
    assert all(guest.replica.version == -1 for guest in lesson.guests)
    first = lesson.guests[0]
    await first.do("knock", note="I forgot my pen")
    await lesson.helper.until(lambda: "I forgot my pen" in {person["note"] for person in at_the_door.values()})
    await lesson.helper.do("admit", participant_id=first.answer["participant_id"])
    await first.until(lambda: first.welcome)
    await lesson.helper.do("deny", participant_id=stranger.answer["participant_id"])
    await stranger.ended()
    assert stranger.close_code == 4414
    assert (await stranger.dial())["code"] == "denied"
    await lesson.alice.do("admit_all")
    await asyncio.gather(*(guest.until(lambda guest=guest: guest.welcome) for guest in lesson.guests))
    await lesson.alice.until(lambda: not lesson.alice.replica.waiting)
    await lesson.settled()
    assert len(lesson.alice.replica.participants) == len(lesson.everybody) + len(lesson.in_browsers)
    if browsers is not None:
        await everybody_sees(lesson, browsers)


async def come_with_browsers(lesson: Lesson, browsers: Browsers) -> None:
    """harriet joins; bob and dave ask at the door."""
    harriet = lesson.harriet = await browsers.person("harriet", film="alice", cookie=lesson.harriets_cookie)
    bob, dave = await browsers.person("bob", film="bob"), await browsers.person("dave", film="carol")
    lesson.in_browsers = [harriet, bob, dave]

    def ask() -> None:
        harriet.join(lesson.link)
        for guest in (bob, dave):
            guest.page.goto(lesson.link)
            allow = guest.page.get_by_role("button", name="Allow camera and microphone")
            button = guest.page.get_by_role("button", name="Ask to join")
            expect(button).to_be_visible()
            allow_devices(allow)
            guest.page.get_by_label("Your name").fill(guest.first_name)
            button.click()

    await browsers.do(ask)


FILMS = {"harriet": "alice", "bob": "bob", "dave": "carol"}


IN_THE_LIGHT = ("harriet", "bob")


async def everybody_sees(lesson: Lesson, browsers: Browsers) -> None:
    """harriet and bob get the big place on all screens, and every page shows their pictures."""
    people = lesson.alice.replica.participants
    ids = [next(pid for pid, who in people.items() if who["name"].lower().startswith(name)) for name in IN_THE_LIGHT]
    await lesson.alice.do("set_spotlight", participant_ids=ids)
    await browsers.do(lambda: see_who_is_in_the_light(lesson))


def see_who_is_in_the_light(lesson: Lesson) -> None:
    for person in lesson.in_browsers:
        person.is_in_the_call()
        for name in IN_THE_LIGHT:
            if name != person.name:
                person.sees(name, film=FILMS[name])


@asynccontextmanager
async def heard_by_alice(lesson: Lesson) -> AsyncIterator[tuple[MediaPerson, list[MediaPerson]]]:
    """alice listens to two guests who send a tone."""
    listener, speakers = MediaPerson("alice"), [MediaPerson("guest"), MediaPerson("guest")]
    try:
        for person, pupil in ((listener, lesson.alice), *zip(speakers, lesson.guests, strict=False)):
            media = (await pupil.do("media_ticket"))["media"]
            async with asyncio.timeout(PATIENCE_S):
                await person.room.connect(media["url"], media["token"])
        for speaker in speakers:
            await speaker.sound()
        await listener.until(lambda: listener.energy > LOUD)
        yield listener, speakers
    finally:
        for person in (listener, *speakers):
            await person.close()


async def quieten(lesson: Lesson, listener: MediaPerson) -> None:
    """Mute all without the right to unmute: nothing is heard any more, and everybody is told by whom."""
    await lesson.helper.do("mute_all", may_unmute=False)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            before = listener.energy
            await asyncio.sleep(0.5)
            if listener.energy - before < LOUD / 10:
                break
    for pupil in (*lesson.members, *lesson.guests):
        await pupil.until(lambda pupil=pupil: [news for news in pupil.news if news["kind"] == "stopped_by"])
        assert not next(news for news in pupil.news if news["kind"] == "stopped_by")["may_resume"]
    assert lesson.alice.replica.room["rights"]["microphone"] is False
    assert (await lesson.helper.command("ask_to_unmute", participant_id=lesson.guests[0].participant_id))[
        "type"
    ] == "ack"
    # Who is given the right back is asked, and unmutes with their own hand.
    rights = lesson.helper.replica.room["rights"] | {"microphone": True}
    await lesson.helper.do("set_rights", rights=rights)
    asked = lesson.guests[1]
    await lesson.helper.do("ask_to_unmute", participant_id=asked.participant_id)
    await asked.until(lambda: [news for news in asked.news if news["kind"] == "asked_to_unmute"])
    assert not [news for news in lesson.guests[2].news if news["kind"] == "asked_to_unmute"]


async def raise_hands(lesson: Lesson) -> list[str]:
    """Hands that go up together are in the same order for everybody."""
    await asyncio.gather(*(pupil.do("raise_hand") for pupil in (*lesson.guests[:8], *lesson.members[:4])))
    await lesson.settled()
    queues = {tuple(hands(pupil)) for pupil in lesson.everybody}
    assert len(queues) == 1
    [queue] = queues
    assert len(queue) == 12
    first = next(pupil for pupil in lesson.everybody if pupil.participant_id == queue[0])
    await lesson.alice.do("lower_hand_of", participant_id=first.participant_id)
    await lesson.settled()
    assert {tuple(hands(pupil)) for pupil in lesson.everybody} == {queue[1:]}
    return list(queue[1:])


async def inside_are(lesson: Lesson) -> None:
    """Until all are connected."""
    count = len(lesson.everybody) + len(lesson.in_browsers)

    def all_here() -> bool:
        people = lesson.alice.replica.participants.values()
        return len(people) == count and {who["presence"] for who in people} == {"connected"}

    await lesson.alice.until(all_here)


def hands(pupil: Pupil) -> list[str]:
    people = pupil.replica.participants
    return sorted((pid for pid in people if people[pid]["hand_at"]), key=lambda pid: (people[pid]["hand_at"], pid))


async def present(lesson: Lesson) -> None:
    """One presents at a time; who asks gets it from who has it."""
    first, second, third = lesson.guests[2], lesson.guests[3], lesson.members[0]
    await lesson.alice.do("set_one_presenter", is_on=True)
    await first.do("share_take")
    assert (await second.command("share_take"))["code"] == "presenter_taken"
    await second.do("share_ask", is_asking=True)
    await first.do("share_hand_over", participant_id=second.participant_id)
    await lesson.helper.do("share_hand_over", participant_id=third.participant_id)
    await lesson.settled()
    assert {pupil.replica.room["presenter_id"] for pupil in lesson.everybody} == {third.participant_id}


async def write(lesson: Lesson) -> None:
    """What is written to everyone comes to all in one order; what is written to one, to nobody else."""
    writers = (*lesson.guests[:10], *lesson.members)
    await asyncio.gather(
        *(pupil.do("chat_send", client_id=f"{pupil.name}-lesson", text=f"I am {pupil.name}") for pupil in writers)
    )
    bob, dave = lesson.guests[4], lesson.guests[5]
    await bob.do("chat_send_private", client_id="bob-to-dave", text="Psst", to=dave.identity)
    await lesson.alice.do("chat_send", client_id="alice-last", text="Thank you")
    for pupil in lesson.everybody:
        await pupil.until(lambda pupil=pupil: "Thank you" in pupil.heard())
    orders = {tuple(text for text in pupil.heard() if text != "Psst") for pupil in lesson.everybody}
    assert len(orders) == 1
    assert {pupil.name for pupil in lesson.everybody if "Psst" in pupil.heard()} == {bob.name, dave.name}
