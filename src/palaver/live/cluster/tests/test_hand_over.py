"""A room changes hands: people keep their seats, nothing that was acknowledged is lost, the old holder is silent."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from palaver.kernel.errors import UNAVAILABLE
from palaver.live.cluster.breaker import SETTLE_S
from palaver.live.cluster.tests.stage import Page, Process, Stage
from palaver.meetings.models import Attendance, Meeting, MeetingSession

# By its mark it is among those that also run on PostgreSQL, whose locks are not SQLite's.
pytestmark = pytest.mark.django_db(transaction=True)

# A claim runs out after two seconds, and is looked for twice a second.
TAKE_OVER_S = 3.0


@sync_to_async
def stays() -> list[tuple[str, bool]]:
    return sorted((stay.display_name, stay.left_at is None) for stay in Attendance.objects.all())


@sync_to_async
def runs() -> int:
    return MeetingSession.objects.count()


@sync_to_async
def removals() -> int:
    return MeetingSession.objects.get().removals.count()


@sync_to_async
def fence() -> int:
    return MeetingSession.objects.get().owner_fence


async def dave_and_bob(stage: Stage, meeting: Meeting) -> tuple[Process, Process, Page, Page]:
    """Dave at the process that holds the room, and Bob at another."""
    first, second = await stage.process(), await stage.process()
    dave, bob = Page(first, meeting.slug), Page(second, meeting.slug)
    await dave.hello("Dave")
    await bob.hello("Bob")
    return first, second, dave, bob


async def test_a_killed_holder_is_replaced_and_nobody_else_notices(
    stage: Stage, meeting: Meeting, alice_cookie: str
) -> None:
    first, second, third = [await stage.process() for _ in range(3)]
    dave, alice, bob = (
        Page(first, meeting.slug),
        Page(second, meeting.slug, cookie=alice_cookie),
        Page(third, meeting.slug),
    )
    await dave.hello("Dave")
    await alice.hello()
    await bob.hello("Bob")
    assert (await bob.command("rename_self", name="Bobby"))["type"] == "ack"
    await bob.until_names("Alice Moreau", "Bobby", "Dave")
    before = bob.state["participants"]
    await first.kill()
    await stage.advance(TAKE_OVER_S)
    for page in (alice, bob):
        snapshot = await page.until("snapshot")
        assert snapshot["request_id"] is None
    assert bob.state["participants"] == before, "ids, names and times are the same; dave has time to come back"
    assert bob.state["version"] == alice.state["version"]
    assert (await bob.command("rename_self", name="Robert"))["type"] == "ack"
    await alice.until_names("Alice Moreau", "Dave", "Robert")
    assert await runs() == 1
    holders = [process.name for process in (second, third) if process.door.tenures]
    assert len(holders) == 1
    # Dave redials, and meets the others at another process.
    back = Page(third, meeting.slug)
    assert (await back.hello(None, guest_ticket=dave.welcome["guest_ticket"]))["you"] == dave.welcome["you"]


async def test_what_was_acknowledged_but_not_yet_written_is_written_by_the_next_holder(
    stage: Stage, meeting: Meeting, alice_cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await stage.process(), await stage.process()
    await Page(first, meeting.slug).hello("Dave")
    alice = Page(second, meeting.slug, cookie=alice_cookie)
    await alice.hello()

    async def away(*_: object, **__: object) -> None:
        raise OperationalError

    for name in ("joined", "renamed"):
        monkeypatch.setattr(first.hub.ports.history, name, away)
    assert (await alice.command("rename_self", name="Al"))["type"] == "ack"
    await first.kill()
    await stage.advance(TAKE_OVER_S)
    await alice.until("snapshot")
    [live] = second.hub.rooms.values()
    assert await live.history_lane.flush(timeout_s=9)
    assert await stays() == [("Al", True), ("Dave", True)]


async def test_a_stop_hands_the_room_on_at_once(stage: Stage, meeting: Meeting) -> None:
    first, second, dave, bob = await dave_and_bob(stage, meeting)
    await first.stop()
    assert await dave.farewell() == ("server_restart", 1012)
    assert (await bob.until("snapshot"))["snapshot"]["participants"].keys() == {dave.me, bob.me}
    assert list(second.door.tenures) == [str(meeting.pk)]
    assert (await bob.command("rename_self", name="Bobby"))["type"] == "ack"


async def test_a_holder_that_slept_through_its_claim_says_and_writes_nothing(
    stage: Stage, meeting: Meeting, alice_cookie: str
) -> None:
    first, second = await stage.process(), await stage.process()
    alice, bob = Page(first, meeting.slug, cookie=alice_cookie), Page(second, meeting.slug)
    await alice.hello()
    await bob.hello("Bob")
    first.fall_asleep()
    await stage.advance(TAKE_OVER_S)
    await bob.until("snapshot")
    assert (await bob.command("rename_self", name="Robert"))["type"] == "ack"
    # It wakes, and its own socket speaks before it has looked at any clock.
    asked = alice.ask("remove_participant", participant_id=bob.me)
    first.wake()
    answer = await alice.answer_to(asked)
    assert (answer["type"], answer["code"], answer["retryable"]) == ("error", UNAVAILABLE.code, True)
    assert not [message for message in alice.seen if message["type"] == "delta" and not alice.state]
    await alice.until("snapshot")
    await alice.until_names("Alice Moreau", "Robert")
    assert not stage.engine.removals, "the old holder gives no orders to the engine"
    assert await removals() == 0
    assert not first.door.tenures
    assert (await alice.command("rename_self", name="Alice"))["type"] == "ack"
    await bob.until_names("Alice", "Robert")


async def test_a_claim_that_was_forgotten_is_taken_up_again(stage: Stage, meeting: Meeting) -> None:
    """Redis was restarted with nothing in it."""
    first, _, dave, bob = await dave_and_bob(stage, meeting)
    stage.server.restart()
    assert (await dave.command("rename_self", name="David"))["type"] == "ack"
    await bob.until_names("Bob", "David")
    assert list(first.door.tenures) == [str(meeting.pk)]
    assert await fence() == 1
    await first.kill()
    await stage.advance(TAKE_OVER_S)
    await bob.until("snapshot")
    assert bob.names() == ["Bob", "David"]


async def test_without_the_exchange_a_room_goes_on_for_its_own_and_refuses_the_others(
    stage: Stage, meeting: Meeting
) -> None:
    _, second, dave, bob = await dave_and_bob(stage, meeting)
    stage.server.is_down = True
    assert (await dave.command("rename_self", name="David"))["type"] == "ack"
    for _ in range(2):
        answer = await bob.command("rename_self", name="Robert")
        assert (answer["code"], answer["retryable"]) == ("unavailable", True)
    late = Page(second, meeting.slug)
    assert (await late.hello("Eve"))["code"] == "unavailable"
    await stage.advance(10)
    assert (await dave.command("rename_self", name="Dave"))["type"] == "ack"
    stage.server.is_down = False
    await stage.advance(2)
    await bob.until("snapshot")
    assert bob.names() == ["Bob", "Dave"], "nobody was dropped meanwhile"
    assert (await bob.command("rename_self", name="Robert"))["type"] == "ack"
    await dave.until_names("Dave", "Robert")


async def test_an_exchange_that_forgot_all_leaves_rooms_to_who_went_on_without(stage: Stage, meeting: Meeting) -> None:
    """Whoever finds it first must not take the room, and with it what happened there meanwhile."""
    first, second, dave, bob = await dave_and_bob(stage, meeting)
    stage.server.is_down = True
    assert (await dave.command("rename_self", name="David"))["type"] == "ack"
    assert (await bob.command("rename_self", name="Robert"))["code"] == "unavailable"
    await stage.advance(10)
    stage.server.restart()
    first.exchange.is_cut_off = True  # the last to find the way back
    await stage.advance(1)
    assert await second.door.tenure_or_holder(str(meeting.pk)) is None
    late = Page(second, meeting.slug)
    coming = asyncio.create_task(late.hello("Eve"))
    first.exchange.is_cut_off = False
    await stage.advance(1)
    await bob.until("snapshot")
    assert (await coming)["type"] == "welcome", "who came meanwhile was not sent away"
    await bob.until_names("Bob", "David", "Eve")
    assert list(first.door.tenures) == [str(meeting.pk)]
    assert await fence() == 1


async def test_a_room_whose_holder_died_while_the_exchange_was_away_is_taken_over(
    stage: Stage, meeting: Meeting
) -> None:
    first, second, _, bob = await dave_and_bob(stage, meeting)
    stage.server.is_down = True
    assert (await bob.command("rename_self", name="Robert"))["code"] == "unavailable"
    await stage.advance(1)
    await first.kill()
    stage.server.restart()
    await stage.advance(SETTLE_S + 1)
    await bob.until("snapshot")
    assert list(second.door.tenures) == [str(meeting.pk)]
    assert (await bob.command("rename_self", name="Robert"))["type"] == "ack"


async def test_an_entry_that_nobody_heard_is_sent_again(stage: Stage, meeting: Meeting) -> None:
    """The holder's ear may be back later than its claim."""
    first, second = await stage.process(), await stage.process()
    dave, bob = Page(first, meeting.slug), Page(second, meeting.slug)
    await dave.hello("Dave")
    inbox = stage.server.inboxes.pop(first.name)
    coming = asyncio.create_task(bob.hello("Bob"))
    while (branch := second.door.branches.get(str(meeting.pk))) is None or branch.holder is None:
        await asyncio.sleep(0)
    while branch.holder is not None:  # nobody took the first letter
        await asyncio.sleep(0)
    stage.server.inboxes[first.name] = inbox
    assert (await coming)["type"] == "welcome"


async def test_a_branch_whose_link_was_lost_with_a_letter_is_told(stage: Stage, meeting: Meeting) -> None:
    """The holder alone could not reach the exchange for a moment; the branch has noticed nothing."""
    first, _, dave, bob = await dave_and_bob(stage, meeting)
    first.exchange.is_cut_off = True
    assert (await dave.command("rename_self", name="David"))["type"] == "ack"
    first.exchange.is_cut_off = False
    await stage.advance(1)
    await bob.until("snapshot")
    assert bob.names() == ["Bob", "David"]
    assert await fence() == 1


async def test_a_holder_that_alone_lost_the_exchange_gives_way(stage: Stage, meeting: Meeting) -> None:
    first, _, dave, bob = await dave_and_bob(stage, meeting)
    first.exchange.is_cut_off = True
    await stage.advance(TAKE_OVER_S)
    await bob.until("snapshot")
    assert (await bob.command("rename_self", name="Robert"))["type"] == "ack"
    # The database tells the old holder, which then has no way to the new one.
    answer = await dave.command("rename_self", name="David")
    assert answer["code"] == "unavailable"
    first.exchange.is_cut_off = False
    await stage.advance(2)
    await dave.until("snapshot")
    assert dave.names() == ["Dave", "Robert"]
    assert await fence() == 2


@pytest.mark.parametrize("direction", ["to the branch", "to the holder"])
async def test_a_lost_letter_is_found_and_mended(stage: Stage, meeting: Meeting, direction: str) -> None:
    _, _, dave, bob = await dave_and_bob(stage, meeting)
    await dave.until_names("Bob", "Dave")
    stage.server.letters_to_lose = 1
    if direction == "to the branch":
        await dave.command("rename_self", name="David")
        await dave.command("rename_self", name="Davy")
    else:
        lost = bob.ask("rename_self", name="Nobody")
        while stage.server.letters_to_lose:
            await asyncio.sleep(0)
        answer = await bob.command("rename_self", name="Nobody either")
        assert answer["code"] == "unavailable"
        assert [m["code"] for m in bob.seen if m.get("request_id") == lost] == ["unavailable"]
    await bob.until("snapshot")
    assert (await bob.command("rename_self", name="Bobby"))["type"] == "ack"
    for page in (bob, dave):
        await page.until_names("Bobby", "Dave" if direction == "to the holder" else "Davy")


async def test_a_quiet_link_that_lost_a_letter_is_mended_by_the_next_sign_of_life(
    stage: Stage, meeting: Meeting
) -> None:
    _, _, dave, bob = await dave_and_bob(stage, meeting)
    await dave.until_names("Bob", "Dave")
    stage.server.letters_to_lose = 1
    await dave.command("rename_self", name="David")
    await stage.advance(6)
    await bob.until("snapshot")
    assert bob.names() == ["Bob", "David"]


async def test_the_people_of_a_killed_branch_are_lost_and_then_gone(
    stage: Stage, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, dave, _ = await dave_and_bob(stage, meeting)
    await dave.until_names("Bob", "Dave")
    await second.kill()
    await stage.advance(12)
    [live] = first.hub.rooms.values()
    links = {seat.participant.name: type(seat.link).__name__ for seat in live.state.seats.values()}
    assert links == {"Bob": "Lost", "Dave": "Connected"}


async def test_a_run_that_was_ended_is_not_entered_again_by_those_who_missed_it(
    stage: Stage, meeting: Meeting, alice_cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its holder is killed after the host's ack, before the database heard of the end; the guests' letter got lost."""
    first, second = await stage.process(), await stage.process()
    alice, bob = Page(first, meeting.slug, cookie=alice_cookie), Page(second, meeting.slug)
    await alice.hello()
    await bob.hello("Bob")

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(first.hub.ports.history, "ended", never)
    stage.server.letters_to_lose = 1
    assert (await alice.command("end_for_all"))["type"] == "ack"
    await first.kill()
    await stage.advance(TAKE_OVER_S)
    assert await bob.farewell() == ("ended_by_host", 4410)
    assert await sync_to_async(lambda: MeetingSession.objects.get().ended_at)() is not None
