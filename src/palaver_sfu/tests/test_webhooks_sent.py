"""Webhooks as LiveKit's receiver accepts them: order, repeats, and a receiver that is down."""

import asyncio
from typing import Any

import httpx
import pytest
from livekit import api
from livekit.protocol import models, rtc
from typing_extensions import override

from palaver_sfu.adapters.memory import MemoryMedia
from palaver_sfu.tests.serving import KEY, SECRET, serving


class Receiver(httpx.AsyncBaseTransport):
    """An application that checks webhooks with LiveKit's own receiver; refuses the first `failures` of them."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[Any] = []
        self.failures = failures
        self.arrived = asyncio.Event()
        self._receiver = api.WebhookReceiver(api.TokenVerifier(KEY, SECRET))

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            self.failures -= 1
            return httpx.Response(503)
        assert request.headers["content-type"] == "application/webhook+json"
        body = (await request.aread()).decode()
        self.events.append(self._receiver.receive(body, request.headers["authorization"]))
        self.arrived.set()
        return httpx.Response(200)

    async def until(self, name: str) -> list[str]:
        async with asyncio.timeout(10):
            while name not in [event.event for event in self.events]:
                self.arrived.clear()
                await self.arrived.wait()
        return [event.event for event in self.events]


@pytest.mark.parametrize("failures", [0, 2])
async def test_livekits_receiver_accepts_our_webhooks_in_order(failures: int) -> None:
    receiver = Receiver(failures)
    fields: dict[str, Any] = {"webhook_urls": ("http://app.example/engine/webhook",), "webhook_api_key": KEY}
    async with serving(webhook_transport=receiver, **fields) as sfu:
        async with sfu.join("alice") as alice:
            await alice.publish_camera()
            sfu.media.start_tracks(alice.sid, "video/vp8")
            await receiver.until("track_published")
            await alice.send(leave=rtc.LeaveRequest())
            await alice.closed()
        await sfu.twirp("DeleteRoom", {"room": "standup"}, room_create=True)
        names = await receiver.until("room_finished")
    assert names == [
        "room_started",
        "participant_joined",
        "track_published",
        "track_unpublished",
        "participant_left",
        "room_finished",
    ]
    published = receiver.events[2]
    assert (published.room.name, published.participant.identity, published.track.source) == (
        "standup",
        "alice",
        models.CAMERA,
    )
    assert len({event.id for event in receiver.events}) == 6
    assert all(event.id.startswith("EV_") and event.created_at for event in receiver.events)


async def test_a_receiver_that_is_down_holds_up_nothing() -> None:
    receiver = Receiver(failures=10_000)
    fields: dict[str, Any] = {"webhook_urls": ("http://app.example/hook",), "webhook_api_key": KEY}
    async with serving(webhook_transport=receiver, **fields) as sfu, sfu.join("alice") as alice:
        await alice.send(ping_req=rtc.Ping(timestamp=1))
        await alice.until("pong_resp")


class ClosingMedia(MemoryMedia):
    """Tells when it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = asyncio.Event()
        self._loop_of_the_test = asyncio.get_running_loop()

    @override
    def close(self) -> None:
        super().close()
        self._loop_of_the_test.call_soon_threadsafe(self.closed.set)


class SlowReceiver(Receiver):
    """Takes nothing before the media is closed."""

    def __init__(self, media: ClosingMedia) -> None:
        super().__init__()
        self._media = media

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._media.closed.wait()
        return await super().handle_async_request(request)


async def test_a_receiver_that_is_slow_at_the_end_does_not_keep_the_media_open() -> None:
    media = ClosingMedia()
    receiver = SlowReceiver(media)
    fields: dict[str, Any] = {"webhook_urls": ("http://app.example/hook",), "webhook_api_key": KEY}
    async with serving(media=media, webhook_transport=receiver, **fields) as sfu, sfu.join("alice") as alice:
        await alice.send(leave=rtc.LeaveRequest())
        await alice.closed()
    assert [event.event for event in receiver.events][:2] == ["room_started", "participant_joined"]
