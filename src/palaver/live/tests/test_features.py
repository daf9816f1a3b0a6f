"""The door for features: order, permission, refusal, and who hears the news."""

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import pytest
from django.db import OperationalError

from palaver.config.live_handlers import build_registry
from palaver.kernel.errors import RATE_LIMITED, PalaverError
from palaver.live import wire
from palaver.live.domain import effects as fx
from palaver.live.domain.people import Role
from palaver.live.domain.permissions import EVERYONE, MODERATORS, Phase
from palaver.live.domain.room_commands import Leave
from palaver.live.feature_desk import _MAX_WAITING
from palaver.live.features import Caller, FeatureAnswer, FeatureEvent, FeatureSpec, Reach
from palaver.live.room_host import Answered, LiveRoom
from palaver.live.sockets import Socket
from palaver.live.tests.stage import MEETING, Wire, World, drain, give, hold_until, running_world


class Ring(wire.Wire):
    """A command of a feature of the tests."""

    kind: Literal["ring"] = "ring"
    tone: str


class Rang(wire.Wire):
    """Its result, and its news."""

    kind: Literal["rang"] = "rang"
    tone: str
    by: str


def ring(caller: Caller, given: Ring, now: datetime) -> FeatureAnswer:
    del now
    rang = Rang(tone=given.tone, by=caller.name)
    to = {"all": Reach.EVERYONE, "hosts": Reach.MODERATORS}.get(given.tone, frozenset({f"id-{given.tone}"}))
    return FeatureAnswer(result=rang, events=(FeatureEvent(rang, to),))


def spec(perform: Callable[[Caller, Ring, datetime], FeatureAnswer] = ring, *, lane: str = "bell") -> FeatureSpec[Any]:
    return FeatureSpec("ring", Ring, perform, lane=lane, result_type=Rang, event_types=(Rang,))


async def asked(room: LiveRoom, socket: Socket, feature: FeatureSpec[Any], tone: str) -> Answered:
    answers: asyncio.Queue[Answered] = asyncio.Queue()
    room.feature_command(socket, spec=feature, given=Ring(tone=tone), reply=answers.put_nowait)
    return await asyncio.wait_for(answers.get(), 5)


@pytest.fixture
def feature() -> FeatureSpec[Any]:
    return spec()


@pytest.fixture
async def belfry(feature: FeatureSpec[Any]) -> Any:
    registry = build_registry()
    registry.register(feature, permissions={"ring": {Phase.OPEN: EVERYONE - {Role.VIEWER}}})
    async with running_world(registry) as world:
        yield world


async def test_the_news_reach_those_who_may_hear_and_nobody_else(belfry: World, feature: FeatureSpec[Any]) -> None:
    room, alice, _ = await belfry.enter("alice", role=Role.OWNER)
    _, bob, _ = await belfry.enter("bob")
    _, carol, _ = await belfry.enter("carol", role=Role.MEMBER)
    async with Wire(alice) as to_alice, Wire(bob) as to_bob, Wire(carol) as to_carol:
        for tone in ("all", "hosts", "carol"):
            answer = await asked(room, bob, feature, tone)
            assert isinstance(answer, FeatureAnswer)
            assert answer.result == Rang(tone=tone, by="bob")
        await asyncio.sleep(0)
        heard = {
            name: [json.loads(text)["event"]["tone"] for text in network.sent if '"rang"' in text]
            for name, network in (("alice", to_alice), ("bob", to_bob), ("carol", to_carol))
        }
    assert heard == {"alice": ["all", "hosts"], "bob": ["all"], "carol": ["all", "carol"]}


async def test_a_role_without_a_row_is_refused(belfry: World, feature: FeatureSpec[Any]) -> None:
    """LIVE-040: by the same table as the commands of the room."""
    room, viewer, _ = await belfry.enter("vera", role=Role.VIEWER)
    assert await asked(room, viewer, feature, "all") == fx.Refused("not_allowed")


async def test_commands_of_one_lane_are_done_in_order_and_one_at_a_time(belfry: World) -> None:
    room, bob, _ = await belfry.enter("bob")
    seen: list[str] = []

    def slowly(caller: Caller, given: Ring, now: datetime) -> FeatureAnswer:
        seen.append(f"begin {given.tone}")
        seen.append(f"end {given.tone}")
        return ring(caller, given, now)

    feature = spec(slowly)
    await asyncio.gather(*(asked(room, bob, feature, str(number)) for number in range(20)))
    assert seen == [f"{word} {number}" for number in range(20) for word in ("begin", "end")]


async def test_a_command_waits_for_what_the_room_owes_the_database(belfry: World) -> None:
    """CHAT-041: who came in a moment ago is there for a feature too."""
    room, bob, _ = await belfry.enter("bob")
    await room.history_lane.flush(timeout_s=5)
    lines_then: list[list[str]] = []

    def look(caller: Caller, given: Ring, now: datetime) -> FeatureAnswer:
        lines_then.append(list(belfry.history.lines))
        return ring(caller, given, now)

    is_answering = asyncio.Event()
    room.history_lane.submit(hold_until(is_answering))
    await asyncio.sleep(0)
    await belfry.enter("carol")
    asking = asyncio.create_task(asked(room, bob, spec(look), "all"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not asking.done()
    assert lines_then == []
    is_answering.set()
    await asking
    assert "run-1 carol joined" in lines_then[0]


async def test_a_refusal_and_a_fault_are_the_senders_alone(belfry: World) -> None:
    room, bob, _ = await belfry.enter("bob")

    def refuse(caller: Caller, given: Ring, now: datetime) -> FeatureAnswer:
        if given.tone == "loud":
            raise PalaverError(RATE_LIMITED, seconds=3)
        raise OSError("a fault of ours")

    def locked(caller: Caller, given: Ring, now: datetime) -> FeatureAnswer:
        raise OperationalError("database is locked")

    feature = spec(refuse)
    assert await asked(room, bob, feature, "loud") == fx.Refused("rate_limited", {"seconds": 3})
    assert await asked(room, bob, feature, "any") == fx.Refused("internal")
    assert await asked(room, bob, spec(locked), "any") == fx.Refused("unavailable")
    assert isinstance(await asked(room, bob, spec(), "all"), FeatureAnswer), "the lane went on"


async def test_who_is_gone_when_their_turn_comes_did_not_ask(belfry: World) -> None:
    """A removal overtakes what the removed had sent before."""
    room, bob, _ = await belfry.enter("bob")
    await belfry.enter("carol")
    held, free = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(caller: Caller, given: Ring, now: datetime) -> FeatureAnswer:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(free.wait(), loop).result(5)
        return FeatureAnswer()

    first = asyncio.create_task(asked(room, bob, spec(hold), "x"))
    await held.wait()
    second = asyncio.create_task(asked(room, bob, spec(), "all"))
    await asyncio.sleep(0)
    give(room, bob, "leave", Leave())
    free.set()
    assert await first == FeatureAnswer()
    assert await second == fx.Refused("not_allowed")


async def test_more_than_a_room_can_store_is_refused_clearly(belfry: World) -> None:
    room, bob, _ = await belfry.enter("bob")
    answers: list[Answered] = []
    for _ in range(_MAX_WAITING + 5):
        room.feature_command(bob, spec=spec(), given=Ring(tone="all"), reply=answers.append)
    assert answers == [fx.Refused("unavailable")] * 5


async def test_news_without_a_command_reach_a_running_room(belfry: World) -> None:
    _, alice, _ = await belfry.enter("alice", role=Role.OWNER)
    belfry.hub.publish_event(MEETING, FeatureEvent(Rang(tone="t", by="a page"), Reach.MODERATORS))
    belfry.hub.publish_event(uuid.uuid4(), FeatureEvent(Rang(tone="t", by="elsewhere"), Reach.EVERYONE))
    assert [json.loads(text)["event"]["by"] for text in await drain(alice) if '"rang"' in text] == ["a page"]


def test_moderators_are_a_part_of_everyone() -> None:
    assert MODERATORS < EVERYONE
