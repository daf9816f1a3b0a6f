"""A class of thirty in a real `palaver serve`: the whole story of a lesson, by people with room sockets and some with
sound, and at its end everybody's replica is the room as the server has it.

Each comes from an address of their own, as a class does: a ban of one network is not a ban of all.
"""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.interop.test_livekit_python import Person
from tests.load.classroom import PATIENCE_S, Pupil
from tests.servers.palaver import PalaverServer

GUESTS, MEMBERS = 20, 5
MEGABYTE = 1_000_000
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
people = {"Alice": alice, **{f"Carol{n}": account(f"Carol{n}") for n in range(MEMBERS + 1)}}
Membership.objects.create(meeting=meeting, user=people["Carol0"], role="co_host", created_at=system_clock())
print(json.dumps([meeting.slug, {name: cookie(user) for name, user in people.items()}]))
"""


class Lesson:
    """alice owns the room, carol0 helps, the other carols are members, the rest are guests."""

    def __init__(self, server: PalaverServer) -> None:
        self.server = server
        script = _PEOPLE.replace("MEMBERS", str(MEMBERS))
        slug, cookies = json.loads(server.manage("shell", "--no-imports", "-c", script).strip().splitlines()[-1])
        names = [*cookies, *(f"Guest{number}" for number in range(GUESTS))]
        self.everybody = [
            Pupil(server, slug, name, f"127.0.1.{number + 1}", cookies.get(name)) for number, name in enumerate(names)
        ]
        self.alice, self.helper = self.everybody[:2]
        self.members = self.everybody[2 : 2 + MEMBERS]
        self.guests = self.everybody[2 + MEMBERS :]
        self.slug = slug

    async def settled(self) -> None:
        """Until everybody has heard everything: the room is the same for all, but for who sees who waits."""
        for pupil in self.everybody:
            before, now = await pupil.fresh()
            assert before == now, f"{pupil.name} has another room than the server"


@pytest.fixture
def lesson(tmp_path: Path) -> Any:
    with PalaverServer(tmp_path / "palaver", options=("--file-max-size", "1G")) as server:
        yield Lesson(server)


async def come(lesson: Lesson) -> None:
    """Twenty guests wait, unseen and seeing nothing, and are let in at once."""
    for pupil in (lesson.alice, lesson.helper, *lesson.members):
        assert (await pupil.dial())["type"] == "welcome"
    answers = await asyncio.gather(*(guest.dial() for guest in lesson.guests))
    assert {answer["type"] for answer in answers} == {"waiting"}
    await lesson.helper.until(lambda: len(lesson.helper.replica.waiting) == GUESTS)
    assert lesson.members[0].replica.waiting == {}
    assert all(guest.replica.version == -1 for guest in lesson.guests)
    await lesson.alice.do("admit_all")
    await asyncio.gather(*(guest.until(lambda guest=guest: guest.welcome) for guest in lesson.guests))
    await lesson.settled()
    assert len(lesson.alice.replica.participants) == len(lesson.everybody) == GUESTS + MEMBERS + 2


@asynccontextmanager
async def heard_by_alice(lesson: Lesson) -> AsyncIterator[tuple[Person, list[Person]]]:
    """alice listens to two guests who send a tone."""
    listener, speakers = Person("alice"), [Person("guest"), Person("guest")]
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


async def quieten(lesson: Lesson, listener: Person) -> None:
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


async def hand_in(lesson: Lesson, megabytes: int) -> float:
    """A guest sends a file by tus, and a member fetches it whole; megabytes a second on the way up."""
    guest, reader = lesson.guests[6], lesson.members[1]
    content = os.urandom(MEGABYTE)
    digest = hashlib.sha256()
    for _ in range(megabytes):
        digest.update(content)
    sender = {"X-Palaver-Guest-Ticket": guest.ticket or "", "Tus-Resumable": "1.0.0", "Origin": lesson.server.url}
    async with httpx.AsyncClient(base_url=lesson.server.url, timeout=PATIENCE_S) as browser:
        path, length = f"/files/meetings/{lesson.slug}", str(megabytes * MEGABYTE)
        created = await browser.post(path, headers={**sender, "Upload-Length": length})
        assert created.status_code == 201, created.text
        location, offset, begun_s = created.headers["location"], 0, time.monotonic()
        while offset < megabytes:
            part = min(10, megabytes - offset)
            more = {"Upload-Offset": str(offset * MEGABYTE), "Content-Type": "application/offset+octet-stream"}
            answer = await browser.patch(location, headers={**sender, **more}, content=content * part)
            assert answer.status_code == 204, answer.text
            offset += part
        rate = megabytes / (time.monotonic() - begun_s)
        file_id = location.rsplit("/", 1)[1]
        await guest.do("chat_send", client_id="guest-file", text="My homework", file_ids=[file_id])
        await reader.until(lambda: "My homework" in reader.heard())
        cookie = {"Cookie": f"sessionid={reader.cookie}"}
        listed = (
            await browser.get(f"/api/meetings/{lesson.slug}/files", params={"id": file_id}, headers=cookie)
        ).json()
        fetched = hashlib.sha256()
        async with browser.stream("GET", listed["files"][0]["download"]) as download:
            async for piece in download.aiter_bytes():
                fetched.update(piece)
        assert fetched.hexdigest() == digest.hexdigest()
        stranger = await browser.get(f"/api/meetings/{lesson.slug}/files", params={"id": file_id})
        assert stranger.status_code == 404
    return rate


async def ban_somebody(lesson: Lesson) -> None:
    """Out, at once and for good: also with a new identity from the same place, and for what was left behind."""
    troll = lesson.guests.pop()
    lesson.everybody.remove(troll)
    await lesson.alice.do("ban_participant", participant_id=troll.participant_id, reason="Noise")
    await troll.ended()
    assert (troll.closing or {}).get("reason") == "banned"
    assert troll.close_code == 4412
    for ticket in (troll.ticket, None):
        troll.ticket = ticket
        assert (await troll.dial())["code"] == "banned"
    async with httpx.AsyncClient(base_url=lesson.server.url) as browser:
        headers = {"X-Palaver-Guest-Ticket": str(troll.welcome["guest_ticket"])}
        assert (await browser.get(f"/api/meetings/{lesson.slug}/chat", headers=headers)).status_code == 404
    await lesson.settled()
    assert troll.participant_id not in lesson.alice.replica.participants


async def crash_and_return(lesson: Lesson) -> float:
    """kill -9: everybody comes back as who they were, to what was; seconds until the last is inside again."""
    await lesson.alice.do("set_role", participant_id=lesson.members[2].participant_id, role="viewer")
    await lesson.settled()
    before = {pupil.name: pupil.replica.participants[pupil.participant_id] for pupil in lesson.everybody}
    room, page = lesson.alice.replica.room, await lesson.alice.do("chat_page", limit=50)
    lesson.server.kill()
    await asyncio.gather(*(pupil.ended() for pupil in lesson.everybody))
    await asyncio.to_thread(lesson.server.start)
    begun_s = time.monotonic()
    answers = await asyncio.gather(*(pupil.dial() for pupil in lesson.everybody))
    taken_s = time.monotonic() - begun_s
    assert {answer["type"] for answer in answers} == {"welcome"}, "who was inside does not wait again"
    await lesson.settled()
    kept = ("participant_id", "identity", "name", "role", "joined_at", "is_acting")
    for pupil in lesson.everybody:
        now = pupil.replica.participants[pupil.participant_id]
        assert {key: now[key] for key in kept} == {key: before[pupil.name][key] for key in kept}
        assert pupil.replica.room == room
    assert await lesson.alice.do("chat_page", limit=50) == page
    return taken_s


async def end(lesson: Lesson) -> None:
    await lesson.alice.do("end_for_all")
    await asyncio.gather(*(pupil.ended() for pupil in lesson.everybody))
    assert {pupil.close_code for pupil in lesson.everybody} == {4410}


async def play(lesson: Lesson, megabytes: int) -> str:
    await come(lesson)
    async with heard_by_alice(lesson) as (listener, _):
        await quieten(lesson, listener)
    await raise_hands(lesson)
    await present(lesson)
    await write(lesson)
    rate = await hand_in(lesson, megabytes)
    await ban_somebody(lesson)
    taken_s = await crash_and_return(lesson)
    await end(lesson)
    return f"{len(lesson.everybody) + 1} people, file {megabytes} MB at {rate:.0f} MB/s, all back {taken_s:.1f} s after"


@pytest.mark.timeout(300)
async def test_a_class_of_thirty_goes_through_a_whole_lesson(lesson: Lesson) -> None:
    print("\nfigure: " + await play(lesson, 20))


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_a_class_of_thirty_hands_in_a_large_file(lesson: Lesson) -> None:
    print("\nfigure: " + await play(lesson, 200))
