"""The green room's preview and the engine's reports, through Django's own handler."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from palaver.engines.memory import MemoryEngine
from palaver.live.lifecycle import Live
from palaver.live.tests.page import Page
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Policy, WaitingRoom
from palaver.meetings.services import set_password, set_policy


def client(cookie: str | None = None) -> AsyncClient:
    made = AsyncClient()
    if cookie is not None:
        made.cookies["sessionid"] = cookie
    return made


async def preview(slug: str, cookie: str | None = None, *, ticket: str | None = None) -> tuple[int, dict[str, Any]]:
    headers = {} if ticket is None else {"X-Palaver-Guest-Ticket": ticket}
    response = await client(cookie).get(f"/api/meetings/{slug}/preview", headers=headers)
    assert "no-store" in response["Cache-Control"]
    return response.status_code, json.loads(response.content)


@sync_to_async
def set_waiting_room(meeting: Meeting) -> None:
    set_policy(meeting, Policy(waiting_room=WaitingRoom.GUESTS))


async def test_a_guest_sees_who_is_inside_an_open_meeting(live: Live, meeting: Meeting) -> None:
    """LIVE-080."""
    status, empty = await preview(meeting.slug)
    assert (status, empty) == (
        200,
        {
            "title": "Stand-up",
            "host_name": "Alice Moreau",
            "signed_in": False,
            "name": None,
            "may_join": True,
            "reason": None,
            "is_on": False,
            "inside": [],
            "waits": False,
        },
    )
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        _, seen = await preview(meeting.slug)
        assert seen["is_on"] is True
        assert [who["name"] for who in seen["inside"]] == ["Bob"]
        assert set(seen["inside"][0]) == {"name", "tone"}


async def test_who_would_not_be_let_in_sees_no_names(live: Live, closed_meeting: Meeting, carol_cookie: str) -> None:
    """LIVE-080."""
    async with Page(closed_meeting.slug, cookie=carol_cookie) as carol:
        await carol.hello()
        _, for_guests = await preview(closed_meeting.slug)
        assert (for_guests["may_join"], for_guests["reason"], for_guests["inside"]) == (False, "sign_in_required", None)
        assert "Carol" not in json.dumps(for_guests)
        _, for_members = await preview(closed_meeting.slug, carol_cookie)
        assert (for_members["signed_in"], for_members["name"]) == (True, "Carol Okafor")
        assert [who["name"] for who in for_members["inside"]] == ["Carol Okafor"]


async def test_a_locked_meeting_says_so_to_those_whom_it_stops_and_nothing_else(
    live: Live, meeting: Meeting, alice_cookie: str, carol_cookie: str
) -> None:
    """LIVE-080, LIVE-097."""
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        ticket = (await bob.hello("Bob"))["guest_ticket"]
        await alice.command("set_lock", is_locked=True)
        for answer in (await preview(meeting.slug), await preview(meeting.slug, carol_cookie)):
            seen = answer[1]
            assert (seen["may_join"], seen["reason"], seen["inside"]) == (False, "meeting_locked", None)
            assert "Bob" not in json.dumps(seen)
        # Hosts, and whoever was inside before, are not stopped.
        _, for_alice = await preview(meeting.slug, alice_cookie)
        _, for_bob = await preview(meeting.slug, ticket=ticket)
        assert [one["may_join"] for one in (for_alice, for_bob)] == [True, True]
        assert len(for_bob["inside"]) == 2
        await alice.command("set_lock", is_locked=False)
        assert (await preview(meeting.slug))[1]["may_join"] is True


async def test_whoever_is_asked_for_a_password_learns_of_a_lock_before_typing_it(
    live: Live, meeting: Meeting, alice_cookie: str
) -> None:
    """LIVE-081."""
    await sync_to_async(set_password)(meeting, "acorn tree")
    _, empty = await preview(meeting.slug)
    assert (empty["may_join"], empty["reason"], empty["is_on"]) == (False, "password_required", False)
    async with Page(meeting.slug, cookie=alice_cookie) as alice:
        await alice.hello()
        for is_locked, reason in ((True, "meeting_locked"), (False, "password_required")):
            await alice.command("set_lock", is_locked=is_locked)
            _, seen = await preview(meeting.slug)
            assert (seen["may_join"], seen["reason"]) == (False, reason)
            assert (seen["is_on"], seen["inside"], seen["waits"]) == (True, None, False)


async def test_a_guest_who_comes_back_is_known_by_the_ticket(live: Live, meeting: Meeting, alice_cookie: str) -> None:
    """LIVE-080, LIVE-013, LIVE-015, LIVE-095."""
    await set_waiting_room(meeting)
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        await bob.hello("Bob")
        [change] = (await alice.until("delta"))["changes"]
        await alice.command("admit", participant_id=change["person"]["participant_id"])
        ticket = (await bob.until("welcome"))["guest_ticket"]
        _, trusted = await preview(meeting.slug, ticket=ticket)
        _, unknown = await preview(meeting.slug)
        _, forged = await preview(meeting.slug, ticket=ticket[:-2] + "xx")
        assert (trusted["waits"], len(trusted["inside"])) == (False, 2)
        assert unknown == forged
        assert (unknown["waits"], unknown["inside"]) == (True, None)
        await alice.command("remove_participant", participant_id=change["person"]["participant_id"])
        _, removed = await preview(meeting.slug, ticket=ticket)
        assert (removed["may_join"], removed["reason"], removed["inside"]) == (False, "removed", None)


async def test_a_banned_guest_is_known_by_the_ticket_from_any_network(
    live: Live, meeting: Meeting, alice_cookie: str
) -> None:
    """LIVE-080, LIVE-018."""
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        ticket = (await bob.hello("Bob"))["guest_ticket"]
        await alice.command("ban_participant", participant_id=bob.participant_id)
        _, banned = await preview(meeting.slug, ticket=ticket)
        assert (banned["may_join"], banned["reason"]) == (False, "banned")
        assert (await preview(meeting.slug))[1]["may_join"] is True


async def test_missing_meetings_are_not_found_until_guessing_is_limited(live: Live, meeting: Meeting) -> None:
    """LIVE-080, LIVE-010."""
    answers = [await preview(f"guess-{number}") for number in range(32)]
    assert answers[0] == (404, {"code": "meeting_not_found"})
    assert answers[-1] == (429, {"code": "rate_limited"})
    assert (await preview(meeting.slug))[0] == 200, "nobody is locked out who has a right link"


async def test_the_preview_says_when_the_live_room_is_not_running(meeting: Meeting) -> None:
    assert (await preview(meeting.slug))[0] == 503


# --- reports --------------------------------------------------------------------------------------


async def report(body: bytes, authorization: str | None) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await AsyncClient().post(
        "/engine/webhook", data=body, content_type="application/webhook+json", headers=headers
    )
    return int(response.status_code)


async def test_a_signed_report_puts_a_stray_out(live: Live, meeting: Meeting, engine: MemoryEngine) -> None:
    """LIVE-052."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as carol:
        await carol.hello("Carol")
        await bob.hello("Bob")
        token = bob.welcome["media"]["token"]
        await bob.command("leave")
        await live.hub.settled(timeout_s=0)
        connection = engine.connect(token)
        assert await report(*engine.signed_report("participant_joined", connection)) == 200
        await connection.closed.wait()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body, signature: (body, None),
        lambda body, signature: (body, ""),
        lambda body, signature: (body, "nonsense"),
        lambda body, signature: (body + b" ", signature),
        lambda body, signature: (
            body,
            MemoryEngine(api_secret="x" * 32).signed_report("participant_joined", MADE[0])[1],
        ),
        lambda body, signature: (body, MemoryEngine(api_key="other").signed_report("participant_joined", MADE[0])[1]),
    ],
)
async def test_a_report_that_the_engine_did_not_sign_does_nothing(
    live: Live, meeting: Meeting, engine: MemoryEngine, spoil: Callable[[bytes, str], tuple[bytes, str | None]]
) -> None:
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        token = bob.welcome["media"]["token"]
        await bob.command("leave")
        connection = engine.connect(token)
        MADE[:] = [connection]
        body, signature = engine.signed_report("participant_joined", connection)
        assert await report(*spoil(body, signature)) == 401
        assert not connection.closed.is_set()


async def test_reports_of_other_things_are_taken_and_ignored(
    live: Live, meeting: Meeting, engine: MemoryEngine
) -> None:
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        connection = engine.connect(bob.welcome["media"]["token"])
        for event in ("room_started", "track_published", "participant_left", "something_new", "participant_joined"):
            assert await report(*engine.signed_report(event, connection)) == 200
        assert not connection.closed.is_set()
        assert (await bob.command("media_ticket"))["type"] == "ack"


async def test_only_posts_are_reports(live: Live) -> None:
    assert (await AsyncClient().get("/engine/webhook")).status_code == 405


MADE: list[Any] = []
