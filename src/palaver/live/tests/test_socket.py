"""The socket as a page sees it: the whole path from frame to database, with only the network and the engine played."""

import json
from typing import Any

import jwt
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from palaver.accounts.models import User
from palaver.engines.memory import MemoryEngine
from palaver.live import consumers
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.room import Lost
from palaver.live.lifecycle import Live
from palaver.live.sockets import MAX_QUEUED_MESSAGES
from palaver.live.tests.page import Page
from palaver.live.tests.service import live_room
from palaver.meetings.models import Attendance, Meeting, MeetingSession
from palaver.meetings.policy import Policy
from palaver.meetings.services import delete_meeting, rename_meeting, set_policy


def roles(welcome: dict[str, Any]) -> dict[str, str]:
    return {who["name"]: who["role"] for who in welcome["snapshot"]["participants"].values()}


async def test_the_story_of_three_people(live: Live, meeting: Meeting, alice_cookie: str, carol_cookie: str) -> None:
    """LIVE-014, LIVE-065: guest and member are in before the host; each hears of the next."""
    async with (
        Page(meeting.slug) as bob,
        Page(meeting.slug, cookie=carol_cookie) as carol,
        Page(meeting.slug, cookie=alice_cookie) as alice,
    ):
        welcome = await bob.hello("Bob")
        assert roles(welcome) == {"Bob": "guest"}
        assert welcome["guest_ticket"]
        welcome = await carol.hello()
        assert roles(welcome) == {"Bob": "guest", "Carol Okafor": "member"}
        assert welcome["guest_ticket"] is None
        welcome = await alice.hello()
        assert roles(welcome)["Alice Moreau"] == "owner"

        for expected in ("Carol Okafor", "Alice Moreau"):
            delta = await bob.until("delta")
            [put] = delta["changes"]
            assert (put["op"], put["participant"]["name"]) == ("put_participant", expected)
        assert put["participant"]["is_signed_in"] is True
        assert delta["version"] == welcome["snapshot"]["version"]


async def test_each_request_gets_exactly_one_answer(live: Live, meeting: Meeting) -> None:
    """LIVE-008."""
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        for number in range(5):
            bob.send(
                {
                    "type": "command",
                    "request_id": f"r{number}",
                    "command": {"kind": ("rename_self", "end_for_all", "sudo", "media_ticket")[number % 4], "name": "B"}
                    if number % 4 == 0
                    else {"kind": ("rename_self", "end_for_all", "sudo", "media_ticket")[number % 4]},
                }
            )
        bob.send({"type": "sync", "request_id": "last", "version": 1})
        seen = []
        while (message := await bob.next()).get("request_id") != "last":
            if message.get("request_id"):
                seen.append((message["request_id"], message["type"]))
        assert seen == [("r0", "ack"), ("r1", "error"), ("r2", "error"), ("r3", "ack"), ("r4", "ack")]


async def test_a_guest_comes_back_by_ticket_as_the_same_person(live: Live, meeting: Meeting) -> None:
    """LIVE-012, LIVE-013, LIVE-030."""
    async with Page(meeting.slug) as bob:
        first = await bob.hello("Bob")
        await bob.command("leave")
        assert await bob.farewell() == (None, 4499)
    async with Page(meeting.slug) as again, Page(meeting.slug) as stranger:
        second = await again.hello(None, guest_ticket=first["guest_ticket"])
        other = await stranger.hello("Bob")
        assert second["you"]["identity"] == first["you"]["identity"] != other["you"]["identity"]
        assert second["you"]["participant_id"] != first["you"]["participant_id"]
        assert "Bob" in roles(second)


async def test_a_guest_whose_welcome_was_lost_joins_again_as_the_same_person(
    live: Live, meeting: Meeting, alice_cookie: str
) -> None:
    """LIVE-031: to the others there was one join, and they cannot repeat it."""
    key = "bobs-own-secret-of-this-page"
    async with (
        Page(meeting.slug, cookie=alice_cookie) as alice,
        Page(meeting.slug) as given_up,
        Page(meeting.slug) as bob,
        Page(meeting.slug) as mallory,
    ):
        await alice.hello()
        first = await given_up.hello("Bob", tab_id="bobs", guest_key=key)
        second = await bob.hello("Bob", tab_id="bobs", guest_key=key)
        assert second["you"] == first["you"]
        assert await given_up.farewell() == ({"type": "closing", "reason": "taken_over", "by": None}, 4409)
        assert (await bob.command("rename_self", name="Rob"))["type"] == "ack"
        other = await mallory.hello("Bob", tab_id="bobs", guest_key="what-mallory-makes-up-instead")
        assert other["you"]["identity"] != first["you"]["identity"]
        heard = [await alice.until("delta") for _ in range(3)]
        ops = [(change["op"], change["participant"]["name"]) for delta in heard for change in delta["changes"]]
        assert ops == [("put_participant", name) for name in ("Bob", "Rob", "Bob")]
        assert key not in json.dumps([*heard, alice.welcome, other])


async def test_a_key_is_for_guests_without_a_ticket(live: Live, meeting: Meeting, carol_cookie: str) -> None:
    """LIVE-031: neither a ticket nor a sign-in gives way to it."""
    key = "bobs-own-secret-of-this-page"
    async with Page(meeting.slug) as bob:
        first = await bob.hello("Bob")
        await bob.command("leave")
    async with Page(meeting.slug) as again, Page(meeting.slug, cookie=carol_cookie) as carol:
        second = await again.hello(None, guest_ticket=first["guest_ticket"], guest_key=key)
        assert second["you"]["identity"] == first["you"]["identity"]
        member = await carol.hello(guest_key=key)
        assert roles(member) == {"Bob": "guest", "Carol Okafor": "member"}
    async with Page(meeting.slug) as forged:
        third = await forged.hello("Bob", guest_ticket="forged", guest_key=key)
        assert third["you"]["identity"] not in {first["you"]["identity"], member["you"]["identity"]}


async def test_a_removed_guest_is_removed_by_their_key_as_well(live: Live, meeting: Meeting, alice_cookie: str) -> None:
    """LIVE-015, LIVE-031."""
    key = "bobs-own-secret-of-this-page"
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        await bob.hello("Bob", guest_key=key)
        await alice.command("remove_participant", participant_id=bob.participant_id)
        async with Page(meeting.slug) as again:
            assert (await again.hello("Bob", guest_key=key))["code"] == "removed"


async def test_a_second_tab_takes_over_and_the_first_is_told(live: Live, meeting: Meeting, alice_cookie: str) -> None:
    """LIVE-024, LIVE-025."""
    async with Page(meeting.slug, cookie=alice_cookie) as older, Page(meeting.slug, cookie=alice_cookie) as newer:
        first = await older.hello()
        refusal = await newer.hello()
        assert (refusal["type"], refusal["code"], refusal["retryable"]) == ("error", "already_here", False)
        second = await newer.hello(take_over=True)
        assert second["you"] == first["you"]
        assert await older.farewell() == ({"type": "closing", "reason": "taken_over", "by": None}, 4409)
        assert (await newer.command("rename_self", name="Al"))["type"] == "ack"


async def test_the_host_ends_the_meeting_for_all(
    live: Live, meeting: Meeting, alice_cookie: str, engine: MemoryEngine
) -> None:
    """LIVE-043: the ack comes before the closing, and the history has an end."""
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        await bob.hello("Bob")
        connection = engine.connect(bob.welcome["media"]["token"])
        assert (await alice.command("end_for_all"))["type"] == "ack"
        closing = {"type": "closing", "reason": "ended_by_host", "by": "Alice Moreau"}
        assert await alice.farewell() == (closing, 4410)
        assert await bob.farewell() == (closing, 4410)
        await connection.closed.wait()
        assert engine.deleted_rooms == [str(meeting.pk)]
        await live.hub.settled(timeout_s=5)
    run = await MeetingSession.objects.aget(meeting=meeting)
    assert run.ended_at is not None
    assert await Attendance.objects.filter(session=run, left_at=None).acount() == 0
    async with Page(meeting.slug) as bob:
        assert (await bob.hello("Bob"))["snapshot"]["room"]["session_id"] != str(run.pk)


async def test_a_removed_guest_is_out_everywhere_and_stays_out(
    live: Live, meeting: Meeting, alice_cookie: str, engine: MemoryEngine
) -> None:
    """LIVE-042, LIVE-015, LIVE-051."""
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        first = await bob.hello("Bob")
        connection = engine.connect(first["media"]["token"])
        assert (await alice.command("remove_participant", participant_id=bob.participant_id))["type"] == "ack"
        assert await bob.farewell() == ({"type": "closing", "reason": "removed", "by": "Alice Moreau"}, 4411)
        await connection.closed.wait()
        async with Page(meeting.slug) as again:
            refusal = await again.hello("Bob", guest_ticket=first["guest_ticket"])
            assert (refusal["type"], refusal["code"]) == ("error", "removed")
            assert await again.farewell() == (None, 4411)
        with pytest.raises(PermissionError, match="revoked"):
            engine.connect(first["media"]["token"])
        # Where the engine cannot revoke, its report is enough (LIVE-052).
        engine.forget_revocations()
        stray = engine.connect(first["media"]["token"])
        live.hub.engine_joined(str(meeting.pk), stray.participant)
        await stray.closed.wait()


async def test_media_tickets_are_for_this_room_and_person_only(
    live: Live, meeting: Meeting, engine: MemoryEngine
) -> None:
    """LIVE-044, LIVE-050."""
    async with Page(meeting.slug) as bob:
        welcome = await bob.hello("Bob")
        ack = await bob.command("media_ticket")
        for media in (welcome["media"], ack["result"]["media"]):
            assert media["url"] == "ws://127.0.0.1:8000"
            claims = jwt.decode(media["token"], engine.secret, algorithms=["HS256"])
            assert claims["sub"] == welcome["you"]["identity"]
            assert claims["video"] == {
                "roomJoin": True,
                "room": str(meeting.pk),
                "canPublish": True,
                "canSubscribe": True,
                "canPublishData": True,
                "canUpdateOwnMetadata": False,
            }
            assert claims["exp"] - claims["nbf"] == 600


async def test_media_tickets_say_how_many_voices_the_owner_wants(
    live: Live, meeting: Meeting, engine: MemoryEngine
) -> None:
    """LIVE-050, LIVE-101: of the policy as it is now, also when it is changed while somebody is inside."""

    async def wanted(page: Page) -> object:
        media = (await page.command("media_ticket"))["result"]["media"]
        return jwt.decode(media["token"], engine.secret, algorithms=["HS256"])["roomConfig"]

    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        assert await wanted(bob) == {"tags": {"palaver.voices": "3"}}
        await sync_to_async(set_policy)(meeting, Policy(voices=5))
        await bob.until("delta")
        assert await wanted(bob) == {"tags": {"palaver.voices": "5"}}


async def test_a_page_that_is_behind_gets_what_it_missed(live: Live, meeting: Meeting) -> None:
    """LIVE-061."""
    async with Page(meeting.slug) as bob:
        welcome = await bob.hello("Bob")
        for name in ("B1", "B2", "B3"):
            await bob.command("rename_self", name=name)
        await bob.command("media_ticket")
        bob.waiting()
        bob.send({"type": "sync", "request_id": "s1", "version": welcome["snapshot"]["version"] + 1})
        deltas = [await bob.next(), await bob.next()]
        assert [(d["base"], d["version"]) for d in deltas] == [(2, 3), (3, 4)]
        assert (await bob.next())["type"] == "ack"
        bob.send({"type": "sync", "request_id": "s2", "version": 999})
        snapshot, ack = await bob.next(), await bob.next()
        assert (snapshot["type"], snapshot["request_id"], snapshot["snapshot"]["version"]) == ("snapshot", "s2", 4)
        assert (ack["type"], ack["request_id"]) == ("ack", "s2")


async def test_heartbeats_carry_the_version(live: Live, meeting: Meeting) -> None:
    """LIVE-062."""
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        await bob.command("rename_self", name="B")
        await live.hub.beat()
        assert await bob.until("heartbeat") == {"type": "heartbeat", "version": 2}


async def test_the_server_says_that_it_goes_and_the_session_goes_on_afterwards(
    engine: MemoryEngine, meeting: Meeting, alice_cookie: str
) -> None:
    """LIVE-070, LIVE-071: same names, same roles, same run, and nobody twice."""
    async with (
        live_room(engine) as part,
        Page(meeting.slug, cookie=alice_cookie) as alice,
        Page(meeting.slug) as bob,
    ):
        first = await alice.hello()
        ticket = (await bob.hello("Bob"))["guest_ticket"]
        await part.shutdown("test")
        for page in (alice, bob):
            assert await page.farewell() == ({"type": "closing", "reason": "server_restart", "by": None}, 1012)
    async with (
        live_room(engine) as part,
        Page(meeting.slug, cookie=alice_cookie) as alice,
        Page(meeting.slug) as bob,
    ):
        second = await alice.hello()
        assert roles(await bob.hello(None, guest_ticket=ticket)) == {"Alice Moreau": "owner", "Bob": "guest"}
        assert second["snapshot"]["room"] == first["snapshot"]["room"]
        assert second["you"]["identity"] == first["you"]["identity"]
        await part.shutdown("test")
    assert await MeetingSession.objects.filter(meeting=meeting).acount() == 1
    assert await Attendance.objects.filter(session__meeting=meeting).acount() == 2


@pytest.mark.parametrize("kind", ["rename_self", "leave", "end_for_all", "remove_participant", "media_ticket"])
async def test_no_command_is_taken_before_the_hello(live: Live, meeting: Meeting, kind: str) -> None:
    """LIVE-003, LIVE-050."""
    async with Page(meeting.slug) as bob:
        answer = await bob.command(kind)
        assert (answer["type"], answer["code"]) == ("error", "protocol")
        assert await bob.farewell() == ({"type": "closing", "reason": "protocol", "by": None}, 4400)


async def test_a_reloading_page_and_a_cut_wire_are_told_apart(live: Live, meeting: Meeting) -> None:
    """LIVE-021, LIVE-022: by the close code of the client."""
    for code, is_clean in ((1001, True), (1000, True), (1006, False), (1011, False), (1005, False)):
        async with Page(meeting.slug) as bob:
            await bob.hello(f"Bob {code}")
            bob.drop(code)
            await bob.ended()
            [room] = live.hub.rooms.values()
            link = room.state.seats[ParticipantId(bob.participant_id)].link
            assert isinstance(link, Lost)
            assert link.is_clean is is_clean, code


async def test_a_page_that_comes_back_keeps_its_place_and_nobody_hears_of_it(live: Live, meeting: Meeting) -> None:
    """LIVE-023: the five seconds' cut, as far as the others can tell."""
    async with Page(meeting.slug) as carol, Page(meeting.slug) as bob:
        await carol.hello("Carol")
        first = await bob.hello("Bob")
        await carol.until("delta")
        bob.drop(1006)
        await bob.ended()
        async with Page(meeting.slug) as again:
            resume = {"participant_id": bob.participant_id, "version": first["snapshot"]["version"]}
            second = await again.hello("Bob", guest_ticket=first["guest_ticket"], resume=resume)
            assert second["you"] == first["you"]
            assert second["snapshot"]["participants"] == first["snapshot"]["participants"]
            await carol.command("media_ticket")
            assert carol.waiting() == []


async def test_a_connection_that_says_nothing_is_closed(
    live: Live, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIVE-003."""
    monkeypatch.setattr(consumers, "HELLO_TIMEOUT_S", 0.01)
    async with Page(meeting.slug) as bob:
        error = await bob.next()
        assert (error["code"], error["request_id"]) == ("timeout", None)
        assert await bob.farewell() == (None, 4408)


async def test_somebody_who_is_here_already_has_time_to_choose(
    live: Live, meeting: Meeting, alice_cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIVE-024: and not for ever."""
    monkeypatch.setattr(consumers, "CHOICE_TIMEOUT_S", 0.01)
    async with Page(meeting.slug, cookie=alice_cookie) as older, Page(meeting.slug, cookie=alice_cookie) as newer:
        await older.hello()
        assert (await newer.hello())["code"] == "already_here"
        assert await newer.farewell() == (None, 4408)
        assert (await older.command("media_ticket"))["type"] == "ack"


async def test_a_page_that_does_not_read_is_cut_and_its_connection_ends(live: Live, meeting: Meeting) -> None:
    """LIVE-063: also in the middle of a sending."""
    async with Page(meeting.slug) as carol, Page(meeting.slug) as slow:
        await carol.hello("Carol")
        await slow.hello("Slow")
        slow.stop_reading()
        [room] = live.hub.rooms.values()
        for _ in range(MAX_QUEUED_MESSAGES + 2):
            room.broadcast('{"type":"heartbeat","version":2}')
            await carol.until("heartbeat")
        await slow.ended()
        link = room.state.seats[ParticipantId(slow.participant_id)].link
        assert isinstance(link, Lost)
        assert not link.is_clean


async def test_a_removed_page_that_does_not_read_is_gone_as_well(
    live: Live, meeting: Meeting, alice_cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIVE-042, LIVE-063: a goodbye that cannot be delivered is not waited for."""
    monkeypatch.setattr(consumers, "_FAREWELL_S", 0.01)
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        await bob.hello("Bob")
        bob.stop_reading()
        await alice.command("remove_participant", participant_id=bob.participant_id)
        await bob.ended()


async def test_a_new_title_reaches_the_room_and_a_deleted_meeting_closes_it(
    live: Live, meeting: Meeting, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIVE-072: by way of the facts that `meetings` publishes, from another thread."""
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        await sync_to_async(rename_meeting)(meeting, title="Retro")
        delta = await bob.until("delta")
        assert [change["room"]["title"] for change in delta["changes"]] == ["Retro"]
        await sync_to_async(delete_meeting)(meeting, actor=alice)
        assert await bob.farewell() == ({"type": "closing", "reason": "meeting_deleted", "by": None}, 4404)
        await live.hub.settled(timeout_s=20)
        assert live.hub.rooms == {}


async def test_a_database_that_is_away_refuses_who_comes_and_they_may_try_again(
    live: Live, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    async with Page(meeting.slug) as bob:
        with monkeypatch.context() as patch:
            patch.setattr(consumers, "admit", away)
            answer = await bob.hello("Bob")
        assert (answer["code"], answer["retryable"]) == ("unavailable", True)
        assert (await bob.farewell())[1] == 1013
    async with Page(meeting.slug) as bob:
        assert (await bob.hello("Bob"))["type"] == "welcome"
