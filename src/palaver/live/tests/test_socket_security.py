"""Hostile and broken clients. Whatever they do costs themselves only; alice and bob in the same room notice nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.core import signing

from palaver.accounts.models import User
from palaver.live.domain.people import Identity
from palaver.live.identity import Guest, sign_guest, user_identity
from palaver.live.lifecycle import Live
from palaver.live.sockets import BURST_MESSAGES
from palaver.live.tests.page import Page
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting

PROTOCOL_FAREWELL = ({"type": "closing", "reason": "protocol", "by": None}, 4400)


async def assert_untouched(bystander: Page) -> None:
    """The bystander is still served, and all that it heard is who came and went."""
    assert (await bystander.command("media_ticket"))["type"] == "ack"
    for message in bystander.waiting():
        assert message["type"] == "delta"
        assert {change["op"] for change in message["changes"]} <= {"put_participant", "drop_participant"}


# --- coming in ------------------------------------------------------------------------------------


async def test_a_missing_and_a_malformed_link_look_alike(live: Live, meeting: Meeting) -> None:
    """LIVE-010."""
    answers = []
    for slug in ("no-such-meeting", "../admin", "%00", "\x00", "x" * 300, meeting.slug + "x", "' OR 1=1 --"):
        if "/" in slug:
            continue
        async with Page(slug) as mallory:
            answers.append((await mallory.hello("Mallory"), await mallory.farewell()))
    assert {json.dumps(answer) for answer in answers} == {
        json.dumps(
            (
                {
                    "type": "error",
                    "request_id": "hello-1",
                    "code": "meeting_not_found",
                    "retryable": False,
                    "params": {},
                },
                (None, 4404),
            )
        )
    }


async def test_guessing_links_is_limited_by_network(live: Live, meeting: Meeting, alice_cookie: str) -> None:
    """LIVE-010: and whoever has a right link comes in from that very network."""
    codes = []
    for number in range(32):
        async with Page(f"guess-{number}") as mallory:
            codes.append((await mallory.hello("Mallory"))["code"])
            farewell = await mallory.farewell()
    assert codes[0] == "meeting_not_found"
    assert codes[-1] == "rate_limited"
    assert farewell[1] == 4429
    async with Page("guess-33", cookie=alice_cookie) as alice:
        assert (await alice.hello())["code"] == "meeting_not_found"
    async with Page(meeting.slug) as bob, Page(meeting.slug, cookie=alice_cookie) as alice:
        assert (await bob.hello("Bob"))["type"] == "welcome"
        assert (await alice.hello())["type"] == "welcome"


async def test_a_guest_is_not_let_into_a_meeting_that_takes_none(
    live: Live, closed_meeting: Meeting, carol_cookie: str
) -> None:
    """LIVE-011: neither with a ticket, nor with a made-up session."""
    ticket = sign_guest(Guest(Identity("g_bob"), "Bob"), UUID(str(closed_meeting.pk)))
    for cookie, given in ((None, None), (None, ticket), ("made-up-session-key", None), ('"made-up\\000key"', None)):
        async with Page(closed_meeting.slug, cookie=cookie) as bob:
            answer = await bob.hello("Bob", guest_ticket=given)
            assert (answer["code"], (await bob.farewell())[1]) == ("sign_in_required", 4401)
            assert "media" not in json.dumps(answer)
    async with Page(closed_meeting.slug, cookie=carol_cookie) as carol:
        assert (await carol.hello())["type"] == "welcome"


async def test_no_ticket_makes_a_guest_somebody_else(
    live: Live, meeting: Meeting, alice: User, alice_cookie: str
) -> None:
    """LIVE-012, LIVE-013: forged, foreign, and honest tickets that claim too much."""
    elsewhere = UUID(int=7)
    alices = user_identity(alice.pk, meeting.pk)
    forged = signing.dumps(
        {"v": 1, "m": str(meeting.pk), "i": alices, "n": "Alice"}, key="guess", salt="palaver.live.guest-ticket"
    )
    foreign = sign_guest(Guest(alices, "Alice"), elsewhere)
    async with Page(meeting.slug, cookie=alice_cookie) as alice_page:
        await alice_page.hello()
        for ticket in (forged, foreign, "x", "a:b:c", "é" * 100):
            async with Page(meeting.slug) as mallory:
                welcome = await mallory.hello("Alice", guest_ticket=ticket, take_over=True)
                assert welcome["you"]["role"] == "guest"
                assert welcome["you"]["identity"] not in {alices, "g_bob"}
        await assert_untouched(alice_page)


async def test_a_session_that_was_signed_out_is_a_guest(
    live: Live, meeting: Meeting, carol: User, cookie_of: Callable[[User], str], transactional_db: None
) -> None:
    key = await sync_to_async(cookie_of)(carol)
    carol.set_password("another password")
    await carol.asave()
    async with Page(meeting.slug, cookie=key) as page:
        assert (await page.hello("Carol"))["you"]["role"] == "guest"


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1:8000", "http://127.0.0.1"])
async def test_a_foreign_page_gets_no_connection_with_somebodys_session(
    live: Live, meeting: Meeting, alice_cookie: str, origin: str | None
) -> None:
    """LIVE-002."""
    async with Page(meeting.slug, cookie=alice_cookie, origin=origin) as evil:
        assert evil.close_code == 4403
        assert evil.waiting() == []


# --- frames ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{",
        '{"type":"pong","type":"pong"}',
        '{"type":"command","request_id":"r","command":{"kind":"leave","kind":"end_for_all"}}',
        "[" * 50_000,
    ],
)
@pytest.mark.parametrize("is_inside", [True, False])
async def test_what_is_no_message_ends_the_connection_of_its_sender(
    live: Live, meeting: Meeting, text: str, is_inside: bool
) -> None:
    """LIVE-001, LIVE-005."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as mallory:
        await bob.hello("Bob")
        if is_inside:
            await mallory.hello("Mallory")
        mallory.send_text(text)
        assert await mallory.farewell() == PROTOCOL_FAREWELL
        await assert_untouched(bob)


async def test_a_binary_frame_ends_the_connection_of_its_sender(live: Live, meeting: Meeting) -> None:
    """LIVE-001."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as mallory:
        await bob.hello("Bob")
        await mallory.hello("Mallory")
        mallory.send_bytes(b'{"type":"pong"}')
        assert await mallory.farewell() == PROTOCOL_FAREWELL
        await assert_untouched(bob)


async def test_an_oversize_message_ends_the_connection_of_its_sender(live: Live, meeting: Meeting) -> None:
    """LIVE-004."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as mallory:
        await bob.hello("Bob")
        await mallory.hello("Mallory")
        mallory.send({"type": "command", "request_id": "r", "command": {"kind": "rename_self", "name": "x" * 65_536}})
        closing, code = await mallory.farewell()
        assert (closing, code) == ({"type": "closing", "reason": "protocol", "by": None}, 4413)
        await assert_untouched(bob)


async def test_unknown_messages_and_commands_are_refused_and_forgiven(live: Live, meeting: Meeting) -> None:
    """LIVE-007."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as mallory:
        await bob.hello("Bob")
        await mallory.hello("Mallory")
        for message, code in (
            ({"type": "teleport", "request_id": "a"}, "invalid_message"),
            ({"type": "welcome", "request_id": "b"}, "invalid_message"),
            ({"type": "command", "request_id": "c", "command": {"kind": "sudo"}}, "unknown_command"),
            ({"type": "command", "request_id": "d", "command": {"kind": "leave", "all": True}}, "invalid_message"),
            ({"type": "command", "request_id": "e", "command": []}, "invalid_message"),
            ({"type": "sync", "request_id": "f", "version": "1"}, "invalid_message"),
            ({"type": "hello", "request_id": "g", "protocol": 1, "tab_id": "t"}, "invalid_message"),
        ):
            mallory.send(message)
            answer = await mallory.answer_to(str(message["request_id"]))
            assert (answer["type"], answer["code"]) == ("error", code)
        assert (await mallory.command("rename_self", name="Mal"))["type"] == "ack"
        await assert_untouched(bob)


async def test_a_flood_ends_the_connection_of_its_sender(live: Live, meeting: Meeting) -> None:
    """LIVE-006: what got through before is answered; the others see at most that much."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as mallory:
        await bob.hello("Bob")
        await mallory.hello("Mallory")
        for number in range(5_000):
            mallory.send({"type": "command", "request_id": f"r{number}", "command": {"kind": "media_ticket"}})
        answers = 0
        try:
            while True:
                answers += (await mallory.next())["type"] == "ack"
        except ConnectionError:
            pass
        assert mallory.close_code == 4429
        assert 0 < answers <= BURST_MESSAGES + 5
        await assert_untouched(bob)


async def test_a_flood_of_broken_messages_ends_sooner(live: Live, meeting: Meeting) -> None:
    """LIVE-006."""
    async with Page(meeting.slug) as mallory:
        await mallory.hello("Mallory")
        for number in range(100):
            mallory.send({"type": "teleport", "request_id": f"r{number}"})
        errors = 0
        try:
            while True:
                errors += (await mallory.next()).get("code") == "invalid_message"
        except ConnectionError:
            pass
        assert mallory.close_code == 4429
        assert errors <= BURST_MESSAGES // 6 + 1


# --- other people's things ------------------------------------------------------------------------


async def test_a_host_of_one_meeting_is_nothing_in_another(
    live: Live, meeting: Meeting, carol: User, carol_cookie: str, alice_cookie: str
) -> None:
    """LIVE-040, LIVE-042: an id from another room names nobody here."""
    carols = await create_for(carol)
    async with (
        Page(meeting.slug, cookie=alice_cookie) as alice,
        Page(carols.slug) as bob,
        Page(carols.slug, cookie=carol_cookie) as carol_page,
    ):
        await alice.hello()
        await bob.hello("Bob")
        await carol_page.hello()
        assert carol_page.welcome["you"]["role"] == "owner"
        across = await alice.command("remove_participant", participant_id=bob.participant_id)
        assert across["code"] == "participant_not_found"
        async with Page(meeting.slug, cookie=carol_cookie) as visitor:
            await visitor.hello()
            assert visitor.welcome["you"]["role"] == "member"
            for command in (("end_for_all", {}), ("remove_participant", {"participant_id": alice.participant_id})):
                assert (await visitor.command(command[0], **command[1]))["code"] == "not_allowed"
        await assert_untouched(bob)
        await assert_untouched(alice)


async def test_a_tab_that_was_taken_over_has_no_say_any_more(live: Live, meeting: Meeting, alice_cookie: str) -> None:
    """LIVE-025: messages that it sent before it heard of it change nothing."""
    async with Page(meeting.slug, cookie=alice_cookie) as older, Page(meeting.slug, cookie=alice_cookie) as newer:
        await older.hello()
        await newer.hello(take_over=True)
        older.send({"type": "command", "request_id": "late", "command": {"kind": "end_for_all"}})
        await older.farewell()
        assert (await newer.command("rename_self", name="Al"))["type"] == "ack"


async def create_for(owner: User) -> Meeting:
    """A meeting of somebody else."""
    return await sync_to_async(create_meeting)(actor=owner, title="Other", now=datetime.now(tz=UTC))
