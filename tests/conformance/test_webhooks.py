"""Webhooks as LiveKit's own receiver takes them: signed, in order, complete."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from livekit import api, rtc
from livekit.protocol import models

from tests.conformance.client import token
from tests.servers import livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(90),
    pytest.mark.skipif("CONFORMANCE_URL" in os.environ, reason="where webhooks go is a setting of the server"),
    pytest.mark.filterwarnings("ignore:The HMAC key"),
]


class Receiver:
    """A small web server that keeps what is posted to it; refuses the first post."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], str]] = []
        self.refusals = 1

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.splitlines()[1:])
        }
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        status = HTTPStatus.OK
        if self.refusals:
            self.refusals -= 1
            status = HTTPStatus.SERVICE_UNAVAILABLE
        else:
            self.posts.append((headers, body))
        writer.write(f"HTTP/1.1 {status.value} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def events(self, server: SfuAddress) -> list[Any]:
        """Every event, whose signature was checked."""
        check = api.WebhookReceiver(api.TokenVerifier(server.api_key, server.api_secret))
        return [check.receive(body, headers["authorization"]) for headers, body in self.posts]


@asynccontextmanager
async def served(name: str, folder: Path) -> AsyncIterator[tuple[SfuAddress, Receiver]]:
    receiver = Receiver()
    async with await asyncio.start_server(receiver.take, "127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/hook"
        if name == "palaver":
            running = palaver_sfu(folder, "--webhook-url", url)
        elif livekit.binary() is None:
            pytest.skip(livekit.SKIP_REASON)
        else:
            running = livekit.livekit_server(folder, webhook_url=url)
        with running as server:
            yield server, receiver


@pytest.mark.parametrize("name", ["palaver", "livekit"])
async def test_the_life_of_a_room_is_told_in_order(name: str, tmp_path: Path, room: str) -> None:
    async with served(name, tmp_path) as (server, receiver):
        alice = rtc.Room()
        await alice.connect(server.ws_url, token(server, "alice", room))
        source = rtc.AudioSource(48_000, 1)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        frame = rtc.AudioFrame.create(48_000, 1, 480)

        async def speak() -> None:
            while True:
                await source.capture_frame(frame)

        speaking = asyncio.create_task(speak())
        await alice.local_participant.publish_track(track, options)

        async def until(fact: str) -> None:
            async with asyncio.timeout(40):
                while fact not in [event.event for event in receiver.events(server)]:
                    await asyncio.sleep(0.05)

        await until("track_published")
        speaking.cancel()
        await alice.disconnect()
        await until("participant_left")
        async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as client:
            await client.room.delete_room(api.DeleteRoomRequest(room=room))
        await until("room_finished")

        events = receiver.events(server)
        assert [event.event for event in events] == [
            "room_started",
            "participant_joined",
            "track_published",
            "track_unpublished",
            "participant_left",
            "room_finished",
        ]
        assert {event.room.name for event in events} == {room}
        assert len({event.room.sid for event in events}) == 1
        assert len({event.id for event in events}) == len(events)
        assert all(event.id.startswith("EV_") and event.created_at for event in events)
        assert {event.participant.identity for event in events[1:5]} == {"alice"}
        assert events[2].track.sid == events[3].track.sid
        assert events[2].track.source == models.MICROPHONE
        assert all(headers["content-type"] == "application/webhook+json" for headers, _ in receiver.posts)
