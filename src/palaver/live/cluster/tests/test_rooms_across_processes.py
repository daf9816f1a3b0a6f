"""One room, several processes: people come in anywhere, and nobody can tell where they are connected."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from palaver.accounts.facts import SessionEnded, SignInsRevoked
from palaver.accounts.models import User
from palaver.kernel.ids import UserId
from palaver.live.cluster.tests.stage import Page, Stage
from palaver.live.domain.effects import BannedElsewhere
from palaver.live.domain.people import Identity
from palaver.live.domain.room import Connected
from palaver.live.news import Decided, MeetingDeleted, MeetingRenamed
from palaver.meetings.models import Meeting, MeetingSession


@sync_to_async
def open_runs() -> int:
    return MeetingSession.objects.filter(ended_at=None).count()


async def test_people_of_two_processes_share_a_room(stage: Stage, meeting: Meeting, alice_cookie: str) -> None:
    first, second = await stage.process(), await stage.process()
    alice, bob = Page(first, meeting.slug, cookie=alice_cookie), Page(second, meeting.slug)
    await alice.hello()
    welcome = await bob.hello("Bob")
    assert welcome["snapshot"]["participants"].keys() == {alice.me, bob.me}
    assert welcome["you"]["role"] == "guest"
    await alice.until_names("Alice Moreau", "Bob")
    assert (await bob.command("rename_self", name="Bobby"))["type"] == "ack"
    await alice.until_names("Alice Moreau", "Bobby")
    await bob.until_names("Alice Moreau", "Bobby")
    assert list(first.door.tenures) == [str(meeting.pk)]
    assert not second.door.tenures
    assert not second.hub.rooms


async def test_each_request_gets_exactly_one_answer_from_afar(stage: Stage, meeting: Meeting) -> None:
    first, second = await stage.process(), await stage.process()
    await Page(first, meeting.slug).hello("Dave")
    bob = Page(second, meeting.slug)
    await bob.hello("Bob")
    asked = [bob.ask("rename_self", name=f"Bob {n}") if n % 2 else bob.ask("end_for_all") for n in range(10)]
    last = bob.ask("media_ticket")
    seen: list[dict[str, Any]] = []
    while (message := await bob.next()).get("request_id") != last:
        seen.append(message)
    answers = [(m["request_id"], m["type"]) for m in seen if m["type"] in ("ack", "error")]
    assert answers == [(request, "ack" if n % 2 else "error") for n, request in enumerate(asked)]


async def test_a_host_removes_a_guest_of_another_process(stage: Stage, meeting: Meeting, alice_cookie: str) -> None:
    first, second = await stage.process(), await stage.process()
    bob, alice = Page(first, meeting.slug), Page(second, meeting.slug, cookie=alice_cookie)
    welcome = await bob.hello("Bob")
    await alice.hello()
    assert (await alice.command("remove_participant", participant_id=bob.me))["type"] == "ack"
    assert await bob.farewell() == ("removed", 4411)
    await alice.until_names("Alice Moreau")
    again = Page(second, meeting.slug)
    refused = await again.hello("Bob", guest_ticket=welcome["guest_ticket"])
    assert (refused["type"], refused["code"]) == ("error", "removed")
    assert stage.engine.removals == [(str(meeting.pk), bob.welcome["you"]["identity"])]


async def test_the_end_for_all_reaches_all_processes(stage: Stage, meeting: Meeting, alice_cookie: str) -> None:
    first, second, third = await stage.process(), await stage.process(), await stage.process()
    bob, alice, carol = (
        Page(first, meeting.slug),
        Page(second, meeting.slug, cookie=alice_cookie),
        Page(third, meeting.slug),
    )
    await bob.hello("Bob")
    await alice.hello()
    await carol.hello("Carol")
    assert (await alice.command("end_for_all"))["type"] == "ack"
    for page in (alice, bob, carol):
        assert await page.farewell() == ("ended_by_host", 4410)
    await stage.advance(2)
    await first.hub.settled(timeout_s=5)
    await stage.advance(2)
    assert await open_runs() == 0
    assert not stage.server.claims, "nobody holds a room in which nobody is"
    assert not stage.server.shelves
    assert not first.door.tenures
    assert not second.door.branches


async def test_another_tab_on_another_process_is_asked(stage: Stage, meeting: Meeting, alice_cookie: str) -> None:
    first, second = await stage.process(), await stage.process()
    here, there = Page(first, meeting.slug, cookie=alice_cookie), Page(second, meeting.slug, cookie=alice_cookie)
    await here.hello()
    assert (await there.hello())["code"] == "already_here"
    assert (await there.hello(take_over=True))["you"] == here.welcome["you"]
    assert await here.farewell() == ("taken_over", 4409)


async def test_a_lost_socket_of_another_process_keeps_its_seat(stage: Stage, meeting: Meeting) -> None:
    first, second = await stage.process(), await stage.process()
    await Page(first, meeting.slug).hello("Dave")
    bob = Page(second, meeting.slug)
    welcome = await bob.hello("Bob")
    bob.drop()
    [live] = first.hub.rooms.values()
    while all(isinstance(seat.link, Connected) for seat in live.state.seats.values()):
        await asyncio.sleep(0.01)
    back = Page(first, meeting.slug)
    again = await back.hello(None, guest_ticket=welcome["guest_ticket"], tab_id="another")
    assert again["you"] == welcome["you"]


async def test_news_find_the_room_from_any_process(stage: Stage, meeting: Meeting) -> None:
    first, second = await stage.process(), await stage.process()
    bob = Page(first, meeting.slug)
    await bob.hello("Bob")
    second.door.tell(str(meeting.pk), MeetingRenamed("Retro"))
    [change] = (await bob.until("delta"))["changes"]
    assert change["room"]["title"] == "Retro"
    state = await second.door.look_in(str(meeting.pk))
    assert state is not None
    assert [seat.participant.name for seat in state.seats.values()] == ["Bob"]
    second.door.tell(str(meeting.pk), MeetingDeleted())
    assert await bob.farewell() == ("meeting_deleted", 4404)


async def test_a_broadcast_is_one_letter_to_each_process(stage: Stage, meeting: Meeting) -> None:
    first, second = await stage.process(), await stage.process()
    await Page(first, meeting.slug).hello("Dave")
    crowd = [Page(second, meeting.slug) for _ in range(8)]
    for number, page in enumerate(crowd):
        await page.hello(f"Bob {number}")
    letters: list[str] = []
    inbox = stage.server.inboxes[second.name]

    def listen(text: str) -> None:
        letters.append(text)
        inbox(text)

    stage.server.inboxes[second.name] = listen
    await crowd[0].command("rename_self", name="Zoe")
    for page in crowd:
        while "Zoe" not in page.names():
            await page.next()
    assert len(letters) == 1
    assert letters[0].count("put_participant") == 1


@pytest.mark.parametrize("what", ["signed out", "another password"])
async def test_a_sign_in_that_ends_at_one_process_ends_its_seat_at_another(
    stage: Stage, meeting: Meeting, alice: User, alice_cookie: str, what: str
) -> None:
    """Nobody looks at the database here: what does not come by letter would not come at all."""
    first, second, third = await stage.process(), await stage.process(), await stage.process()
    bob = Page(first, meeting.slug)
    await bob.hello("Bob")
    page = Page(second, meeting.slug, cookie=alice_cookie)
    await page.hello()
    await bob.until_names("Alice Moreau", "Bob")
    third.door.tell_sign_in(SessionEnded("another browser"))
    third.door.tell_sign_in(SignInsRevoked(UserId(alice.pk), alice_cookie))
    ended = SessionEnded(alice_cookie) if what == "signed out" else SignInsRevoked(UserId(alice.pk))
    third.door.tell_sign_in(ended)
    assert (await page.farewell())[0] == "signed_out"
    await bob.until_names("Bob")


async def test_who_is_banned_at_one_process_is_out_at_another(stage: Stage, meeting: Meeting) -> None:
    first, second, third = await stage.process(), await stage.process(), await stage.process()
    dave, bob = Page(first, meeting.slug), Page(second, meeting.slug)
    await dave.hello("Dave")
    await bob.hello("Bob")
    banned = BannedElsewhere(Identity(bob.welcome["you"]["identity"]), None)
    third.door.tell(str(meeting.pk), Decided(banned))
    assert (await bob.farewell())[0] == "banned"
    await dave.until_names("Dave")
