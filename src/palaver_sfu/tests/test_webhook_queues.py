"""The queues of webhooks: several receivers, some of them down, and what is said of events that were dropped."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from typing_extensions import override

from palaver_sfu.adapters import webhooks
from palaver_sfu.adapters.webhooks import WebhookSender
from palaver_sfu.room.values import DEFAULT_OPTIONS, RoomInfo, RoomName, RoomSid
from palaver_sfu.session.effects import Announce, RoomFact
from palaver_sfu.tests.serving import KEY, SECRET
from palaver_sfu.wire.tokens import Keys

ONE, TWO = "http://one.example/hook", "http://two.example/hook"
FACTS = list(RoomFact)


class Receivers(httpx.AsyncBaseTransport):
    """Receivers by host; `answer` says the status of each, which is awaited first."""

    def __init__(self, answer: Callable[[str], int]) -> None:
        self.answer = answer
        self.tries: dict[str, list[str]] = defaultdict(list)
        self.events: dict[str, list[dict[str, object]]] = defaultdict(list)
        self.arrived = asyncio.Event()

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, event = request.url.host, json.loads(await request.aread())
        self.tries[host].append(event["event"])
        status = self.answer(host)
        if status == 200:
            self.events[host].append(event)
        self.arrived.set()
        return httpx.Response(status)

    async def until(self, check: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not check():
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def sending(receivers: Receivers, *urls: str) -> AsyncIterator[WebhookSender]:
    sender = WebhookSender(
        urls=urls,
        keys=Keys(secrets={KEY: SECRET}),
        api_key=KEY,
        clock=lambda: 1.0,
        nonce=iter(map(str, range(10_000))).__next__,
        transport=receivers,
        first_backoff_s=0.001,
    )
    yield sender
    await sender.close(timeout_s=1.0)


def happened(fact: RoomFact, room: str = "standup") -> Announce:
    info = RoomInfo(RoomSid(f"RM_{room}"), RoomName(room), DEFAULT_OPTIONS, 1.0, 0, 0)
    return Announce(fact=fact, room=info)


def names(events: list[dict[str, object]]) -> list[object]:
    return [event["event"] for event in events]


async def test_a_receiver_that_is_down_delays_no_other() -> None:
    receivers = Receivers(lambda host: 503 if host == "one.example" else 200)
    async with sending(receivers, ONE, TWO, TWO) as sender:
        for fact in FACTS:
            sender.publish(happened(fact))
        await receivers.until(lambda: len(receivers.events["two.example"]) == len(FACTS))
    assert names(receivers.events["two.example"]) == [fact.value for fact in FACTS]
    assert receivers.events["one.example"] == []


async def test_a_refusal_that_would_be_repeated_is_not() -> None:
    answers = iter([401, 500, 429, 200])
    receivers = Receivers(lambda _: next(answers))
    async with sending(receivers, ONE) as sender:
        sender.publish(happened(FACTS[0]))
        sender.publish(happened(FACTS[1]))
        await receivers.until(lambda: bool(receivers.events["one.example"]))
        assert (sender.sent, sender.dropped) == (1, 1)
    assert receivers.tries["one.example"] == [FACTS[0].value, *[FACTS[1].value] * 3]


async def test_what_does_not_fit_is_counted_and_the_next_that_arrives_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhooks, "MAX_WAITING_OF_ROOM", 3)
    receivers = Receivers(lambda _: 200)
    async with sending(receivers, ONE) as sender:
        for _ in range(10):
            sender.publish(happened(FACTS[0]))
        sender.publish(happened(FACTS[0], room="other"))
        assert (sender.waiting, sender.dropped) == (4, 7)
        await receivers.until(lambda: len(receivers.events["one.example"]) == 4)
    assert sorted(int(str(event.get("numDropped", 0))) for event in receivers.events["one.example"]) == [0, 0, 0, 7]
    said = [record for record in caplog.records if record.getMessage() == "webhook dropped"]
    assert len(said) == 3, "at one, two and four: not for each"


async def test_all_rooms_together_have_their_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_WAITING", 5)
    receivers = Receivers(lambda _: 200)
    async with sending(receivers, ONE) as sender:
        for number in range(8):
            sender.publish(happened(FACTS[0], room=f"room {number}"))
        assert (sender.waiting, sender.dropped) == (5, 3)


async def test_an_event_that_never_arrives_makes_room_for_the_next() -> None:
    is_down = True
    receivers = Receivers(lambda _: 503 if is_down else 200)
    async with sending(receivers, ONE) as sender:
        sender.publish(happened(FACTS[0]))
        await receivers.until(lambda: len(receivers.tries["one.example"]) == webhooks.MAX_TRIES)
        is_down = False
        sender.publish(happened(FACTS[1]))
        await receivers.until(lambda: bool(receivers.events["one.example"]))
    assert names(receivers.events["one.example"]) == [FACTS[1].value]
    assert receivers.events["one.example"][0]["numDropped"] == 1
