"""The doors of a meeting as a socket finds them: password, ban, list, and who may see who is inside."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel.ids import MeetingId, UserId
from palaver.live.domain.people import Identity
from palaver.live.identity import Guest, sign_guest, user_identity
from palaver.live.lifecycle import Live
from palaver.live.tests.page import Page
from palaver.meetings.memberships import add_member
from palaver.meetings.models import Attendance, Meeting
from palaver.meetings.policy import Access, MeetingRole, Policy, WaitingRoom
from palaver.meetings.selectors import access_managed_meeting
from palaver.meetings.services import ban, set_password, set_policy

RIGHT = "seven herons"


async def refused(page: Page, **fields: object) -> tuple[str, int]:
    answer = await page.hello("Bob", **fields)
    assert answer["type"] == "error"
    assert "media" not in json.dumps(answer)
    return answer["code"], (await page.farewell())[1]


async def preview(slug: str) -> dict[str, object]:
    answer = await AsyncClient().get(f"/api/meetings/{slug}/preview")
    seen: dict[str, object] = json.loads(answer.content)
    return seen


async def test_a_password_is_asked_for_and_whoever_was_inside_returns_without(live: Live, meeting: Meeting) -> None:
    """LIVE-017."""
    await sync_to_async(set_password)(meeting, RIGHT)
    async with Page(meeting.slug) as bob:
        assert await refused(bob) == ("password_required", 4405)
    async with Page(meeting.slug) as bob:
        assert await refused(bob, password="eight herons") == ("password_wrong", 4406)
    async with Page(meeting.slug) as bob:
        welcome = await bob.hello("Bob", password=RIGHT)
        assert welcome["type"] == "welcome"
        assert RIGHT not in json.dumps(welcome)
        while not await Attendance.objects.aexists():  # the history is written behind the room
            await bob.command("media_ticket")
        bob.drop(1006)
        await bob.ended()
        async with Page(meeting.slug) as again:
            back = await again.hello("Bob", guest_ticket=welcome["guest_ticket"])
            assert back["type"] == "welcome"
    seen = await preview(meeting.slug)
    assert (seen["may_join"], seen["reason"], seen["inside"]) == (False, "password_required", None)


async def test_the_password_cannot_be_guessed_over_the_socket(live: Live, meeting: Meeting) -> None:
    """LIVE-017."""
    await sync_to_async(set_password)(meeting, RIGHT)
    answers = []
    for number in range(limits.MEETING_PASSWORD_BY_NETWORK.tries + 1):
        async with Page(meeting.slug) as mallory:
            answers.append(await refused(mallory, password=f"guess {number}"))
    assert set(answers[:-1]) == {("password_wrong", 4406)}
    assert answers[-1] == ("rate_limited", 4429)


async def test_a_banned_account_and_a_banned_ticket_are_refused(
    live: Live, meeting: Meeting, carol: User, carol_cookie: str
) -> None:
    """LIVE-018."""
    ticket = sign_guest(Guest(Identity("g_bob"), "Bob"), UUID(str(meeting.pk)))
    for identity, user_id in (("g_bob", None), (user_identity(carol.pk, meeting.pk), UserId(carol.pk))):
        await sync_to_async(ban)(
            MeetingId(meeting.pk), identity=identity, user_id=user_id, network=None, display_name="x",
            by_name="Alice", by_user_id=None, now=datetime.now(tz=UTC),
        )  # fmt: skip
    async with Page(meeting.slug) as bob:
        assert await refused(bob, guest_ticket=ticket) == ("banned", 4412)
    async with Page(meeting.slug, cookie=carol_cookie) as page:
        assert await refused(page) == ("banned", 4412)


async def test_who_is_not_invited_hears_of_no_meeting(
    live: Live, meeting: Meeting, carol: User, carol_cookie: str
) -> None:
    """LIVE-011."""
    await sync_to_async(set_policy)(meeting, Policy(access=Access.INVITED, guests=False))
    async with Page(meeting.slug, cookie=carol_cookie) as page:
        assert await refused(page) == ("meeting_not_found", 4404)

    def invite() -> None:
        managed = access_managed_meeting(User.objects.get(pk=meeting.owner_id), meeting.pk)
        add_member(managed, whom=carol, role=MeetingRole.MEMBER, is_trusted=True, now=datetime.now(tz=UTC))

    await sync_to_async(invite)()
    async with Page(meeting.slug, cookie=carol_cookie) as page:
        assert (await page.hello())["type"] == "welcome"


@pytest.mark.parametrize("waiting_room", [WaitingRoom.GUESTS, WaitingRoom.EVERYONE])
async def test_who_would_wait_at_the_door_sees_no_names(
    live: Live, meeting: Meeting, alice_cookie: str, waiting_room: WaitingRoom
) -> None:
    """LIVE-080."""
    await sync_to_async(set_policy)(meeting, Policy(waiting_room=waiting_room))
    async with Page(meeting.slug, cookie=alice_cookie) as alice:
        await alice.hello()
        seen = await preview(meeting.slug)
        assert (seen["may_join"], seen["is_on"], seen["inside"]) == (True, True, None)
        assert seen["waits"]
