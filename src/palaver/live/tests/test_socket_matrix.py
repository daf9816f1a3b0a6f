"""LIVE-040 over real sockets: every person, every registered command, every state, as pages send them.

What a person may not do is tried first, and must change nothing that somebody inside could notice; then what they may.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async

from palaver.accounts.models import User
from palaver.config.live_handlers import REGISTRY
from palaver.live import lifecycle, wire
from palaver.live.domain.people import Role
from palaver.live.domain.permissions import Phase, is_allowed
from palaver.live.lifecycle import Live
from palaver.live.parsing import parse_command
from palaver.live.tests.conftest import user
from palaver.live.tests.page import Page
from palaver.live.tests.samples import Aims, samples
from palaver.meetings.models import AuditEntry, Meeting, Membership
from palaver.meetings.policy import MeetingRole, Policy, WaitingRoom
from palaver.meetings.services import create_meeting, set_policy

# Which row of the table each person is judged by; the acting host also may not do what reaches beyond the run.
PEOPLE: Mapping[str, Role] = {
    "owner": Role.OWNER,
    "host": Role.HOST,
    "co_host": Role.CO_HOST,
    "member": Role.MEMBER,
    "guest": Role.GUEST,
    "viewer": Role.VIEWER,
    "acting host": Role.HOST,
}
NOT_FOR_WHO_ACTS = frozenset({"ban_participant"})
# Refused to a member who does not present, by the command itself.
NEEDS_PRESENTER = frozenset({"share_hand_over"})
KINDS = frozenset(spec.kind for spec in REGISTRY.specs())


def test_there_is_a_sample_of_every_command_and_it_is_read() -> None:
    """A new command without a sample, and so without this whole file, fails here."""
    assert set(samples(Aims())) == KINDS == set(REGISTRY.permissions())
    for kind, fields in samples(Aims()).items():
        message = wire.CommandMessage(request_id="r", command={"kind": kind, **fields})
        assert parse_command(message, REGISTRY)[0].kind == kind


@dataclass
class Scene:
    """Somebody of one kind; bob, a guest, is inside and looks on; dave waits at the door."""

    actor: Page
    bob: Page
    dave: Page
    aims: Aims


PageOf = Callable[[str], Awaitable[Page]]


@pytest.fixture
def page_of(meeting: Meeting, cookie_of: Callable[[User], str], alice_cookie: str) -> PageOf:
    """The browser of somebody of that kind: listed, signed in, or a guest."""

    def cookie(kind: str) -> str:
        person = user(kind.replace("_", "").title(), "Okafor")
        if kind in set(MeetingRole):
            Membership.objects.create(
                meeting=meeting, user=person, role=kind, is_trusted=False, created_at=datetime.now(tz=UTC)
            )
        return cookie_of(person)

    async def page(kind: str) -> Page:
        match kind:
            case "owner":
                return Page(meeting.slug, cookie=alice_cookie)
            case "guest":
                return Page(meeting.slug)
            case _:
                return Page(meeting.slug, cookie=await sync_to_async(cookie)(kind))

    return page


@asynccontextmanager
async def scene(meeting: Meeting, page_of: PageOf, who: str, phase: Phase) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        bob, alice = [await stack.enter_async_context(page) for page in (Page(meeting.slug), await page_of("owner"))]
        await bob.hello("Bob")
        await alice.hello()
        actor = moderator = alice
        if who != "owner":
            actor = await stack.enter_async_context(await page_of("member" if who == "acting host" else who))
            assert (await actor.hello("Erin" if who == "guest" else None))["type"] == "welcome"
        if who == "acting host":
            moderator = actor
            await alice.command("leave")
            await actor.until("snapshot")  # whoever moderates sees more from then on
        sent = await bob.command("chat_send", **samples(Aims())["chat_send"])
        assert (await moderator.command("set_waiting_room", waiting_room="guests"))["type"] == "ack"
        dave = await stack.enter_async_context(Page(meeting.slug))
        waiting = await dave.hello("Dave")
        assert waiting["type"] == "waiting"
        if phase is Phase.SUSPENDED:
            assert (await moderator.command("set_suspended", is_suspended=True))["type"] == "ack"
        aims = Aims(
            participant_id=bob.participant_id,
            waiting_id=waiting["participant_id"],
            identity=bob.welcome["you"]["identity"],
            message_id=sent["result"]["message"]["message_id"],
        )
        await settle(bob, actor, dave)
        yield Scene(actor, bob, dave, aims)


async def settle(*pages: Page) -> None:
    """All that is on its way has come in, and is forgotten."""
    live = lifecycle.running()
    assert live is not None
    for room in live.hub.rooms.values():
        assert await room.history_lane.flush(timeout_s=9)
    for page in pages:
        page.waiting()


def may(who: str, kind: str, phase: Phase) -> bool:
    allowed = is_allowed(REGISTRY.permissions(), kind=kind, role=PEOPLE[who], phase=phase)
    return allowed and not (who == "acting host" and kind in NOT_FOR_WHO_ACTS)


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.SUSPENDED])
@pytest.mark.parametrize("who", PEOPLE)
async def test_a_person_can_do_what_the_table_says_and_nothing_else(
    live: Live, meeting: Meeting, page_of: PageOf, who: str, phase: Phase
) -> None:
    async with scene(meeting, page_of, who, phase) as room:
        commands = samples(room.aims)
        lines = await AuditEntry.objects.acount()
        for kind in (kind for kind in commands if not may(who, kind, phase)):
            answer = await room.actor.command(kind, **commands[kind])
            assert answer.get("code") == "not_allowed", (kind, answer)
        await settle()
        for page in (room.bob, room.dave):
            assert {message["type"] for message in page.waiting()} <= {"heartbeat"}, "somebody noticed something"
        assert await AuditEntry.objects.acount() == lines

        allowed = [kind for kind in commands if may(who, kind, phase)]
        if "end_for_all" in allowed:
            allowed.remove("leave")  # one of the two is the last that can be tried
        for kind in allowed:
            answer = await room.actor.command(kind, **commands[kind])
            is_refused = answer.get("code") in ("not_allowed", "invalid_message", "unknown_command", "internal")
            assert not is_refused or kind in NEEDS_PRESENTER, (kind, answer)
        assert (await room.actor.farewell())[1] in (4410, 4499)


@pytest.mark.parametrize("who", ["guest", "unlisted", "member", "viewer"])
async def test_somebody_at_the_door_can_knock_and_go_and_sees_nothing(
    live: Live, meeting: Meeting, page_of: PageOf, who: str
) -> None:
    """LIVE-064, LIVE-092."""
    await sync_to_async(set_policy)(meeting, Policy(waiting_room=WaitingRoom.EVERYONE))
    async with await page_of("owner") as alice, await page_of(who) as erin:
        await alice.hello()
        waiting = await erin.hello("Erin" if who == "guest" else None)
        assert waiting["type"] == "waiting"
        said = await alice.command("chat_send", **samples(Aims())["chat_send"])
        identity, message = alice.welcome["you"]["identity"], said["result"]["message"]["message_id"]
        aims = Aims(alice.participant_id, waiting["participant_id"], identity, message)
        erin.waiting()
        alice.waiting()
        for kind, fields in samples(aims).items():
            if kind not in ("knock", "leave"):
                answer = await erin.command(kind, **fields)
                assert answer.get("code") == "not_allowed", (kind, answer)
        erin.send({"type": "sync", "request_id": "s", "version": 0})
        assert (await erin.answer_to("s"))["code"] == "not_allowed"
        await settle()
        assert {heard["type"] for heard in (*alice.waiting(), *erin.waiting())} <= {"heartbeat"}
        assert (await erin.command("knock", note="It is me"))["type"] == "ack"
        assert (await erin.command("leave"))["type"] == "ack"


@pytest.mark.parametrize("who", ["owner", "co_host", "member", "guest", "viewer"])
async def test_after_the_end_nobody_can_do_anything(live: Live, meeting: Meeting, page_of: PageOf, who: str) -> None:
    """LIVE-043: what a page sends before it has heard of the end is answered by nothing."""
    async with await page_of("owner") as alice, await page_of("owner") as again, Page(meeting.slug) as bob:
        await alice.hello()
        await bob.hello("Bob")
        erin = again if who == "owner" else await page_of(who)
        async with AsyncExitStack() as stack:
            if who != "owner":
                await stack.enter_async_context(erin)
                await erin.hello("Erin" if who == "guest" else None)
                await alice.command("end_for_all")
            else:
                await again.hello(take_over=True)
                await again.command("end_for_all")
            await live.hub.settled(timeout_s=9)
            lines = await AuditEntry.objects.acount()
            for kind, fields in samples(Aims(participant_id=bob.participant_id)).items():
                erin.send({"type": "command", "request_id": kind, "command": {"kind": kind, **fields}})
            closing, code = await erin.farewell()
            assert (closing or {}).get("reason") == "ended_by_host"
            assert code == 4410
            assert erin.waiting() == []
            assert await AuditEntry.objects.acount() == lines


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.usefixtures("live")
async def test_ids_of_another_meeting_name_nobody_and_nothing(
    meeting: Meeting, page_of: PageOf, carol: User, carol_cookie: str, who: str
) -> None:
    """Whoever somebody is here, what is of another meeting is out of reach, and looks like what never was."""
    other = await sync_to_async(create_meeting)(actor=carol, title="Other", now=datetime.now(tz=UTC))
    async with (
        Page(other.slug, cookie=carol_cookie) as carol_page,
        Page(other.slug) as frank,
        scene(meeting, page_of, who, Phase.OPEN) as room,
    ):
        await carol_page.hello()
        await frank.hello("Frank")
        said = await frank.command("chat_send", **samples(Aims())["chat_send"])
        assert (await carol_page.command("set_waiting_room", waiting_room="guests"))["type"] == "ack"
        async with Page(other.slug) as grace:
            waiting = await grace.hello("Grace")
            foreign = Aims(
                participant_id=frank.participant_id,
                waiting_id=waiting["participant_id"],
                identity=frank.welcome["you"]["identity"],
                message_id=said["result"]["message"]["message_id"],
                file_id="00000000-0000-4000-8000-000000000001",
            )
            theirs, nobodys = samples(foreign), samples(Aims(file_id="00000000-0000-4000-8000-000000000002"))
            await settle(carol_page, frank, grace)
            for kind in (kind for kind in theirs if theirs[kind] != nobodys[kind] and kind != "chat_send"):
                if kind == "chat_send_private":
                    nobodys[kind]["client_id"] = theirs[kind]["client_id"] + "x"
                first, second = [await room.actor.command(kind, **given[kind]) for given in (theirs, nobodys)]
                assert first["type"] == second["type"] == "error", (kind, first)
                assert {**first, "request_id": ""} == {**second, "request_id": ""}, kind
            assert (await room.actor.command("chat_send", **theirs["chat_send"]))["code"] == "file_not_found"
            await settle()
            for page in (carol_page, frank, grace):
                assert {heard["type"] for heard in page.waiting()} <= {"heartbeat"}, "somebody noticed something"
