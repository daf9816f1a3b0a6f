"""Two media threads, a room on each, and one of the threads dies: its room comes back, the other hears every packet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, nullcontext
from dataclasses import dataclass

import pytest
import uvicorn
from livekit import rtc

from palaver_sfu.adapters.media import CoreMedia
from palaver_sfu.adapters.pool import MediaPool
from palaver_sfu.app import SfuApp, create_app
from palaver_sfu.config import DEV_KEYS, SfuSettings
from palaver_sfu.server import listen, uvicorn_config
from tests.interop.test_livekit_python import Person
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

SOME_SOUND = 0.5  # a second of the tone is about 7


@dataclass(frozen=True)
class Serving:
    app: SfuApp
    address: SfuAddress
    threads: list[CoreMedia]


@asynccontextmanager
async def two_threads() -> AsyncIterator[Serving]:
    """An SFU in this process, so that one can reach into it."""
    threads = [CoreMedia(binds=[("127.0.0.1", 0)], announce=["127.0.0.1"]) for _ in range(2)]
    app = create_app(SfuSettings(keys=DEV_KEYS, is_dev=True), media=MediaPool(threads))
    server = uvicorn.Server(uvicorn_config(app))
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    with closing(listen("127.0.0.1", 0)) as listener:
        (key, secret), port = *DEV_KEYS.items(), listener.getsockname()[1]
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listener]))
            try:
                yield Serving(
                    app, SfuAddress("palaver", f"http://127.0.0.1:{port}", key, secret, 0, app.media_port), threads
                )
            finally:
                await app.shutdown("test is over")
                server.should_exit = True


@dataclass
class Listener:
    """Whoever listens in a room, whoever speaks there, and what they noticed."""

    speaker: Person
    person: Person
    troubles: list[str]

    async def hears_on(self) -> None:
        before = self.person.energy
        await self.person.until(lambda: self.person.energy > before + SOME_SOUND)

    async def received(self) -> tuple[int, int]:
        """Packets that came, and that were lost."""
        (speaker,) = self.person.room.remote_participants.values()
        (publication,) = speaker.track_publications.values()
        assert publication.track is not None
        stats = [stat for stat in await publication.track.get_stats() if stat.HasField("inbound_rtp")]
        return (
            sum(stat.inbound_rtp.received.packets_received for stat in stats),
            sum(stat.inbound_rtp.received.packets_lost for stat in stats),
        )


@asynccontextmanager
async def talking(server: SfuAddress, room: str) -> AsyncIterator[Listener]:
    speaker, person = Person(f"{room} speaker"), Person(f"{room} listener")
    troubles: list[str] = []
    for one in (speaker, person):
        one.room.on("reconnecting", lambda: troubles.append("reconnecting"))
        one.room.on("disconnected", lambda *_: troubles.append("disconnected"))
    await asyncio.gather(*(one.connect(server, room) for one in (speaker, person)))
    try:
        await speaker.sound()
        yield Listener(speaker, person, troubles)
    finally:
        await person.close()
        await speaker.close()


async def test_a_thread_that_dies_costs_its_room_a_moment_and_the_other_room_nothing() -> None:
    async with AsyncExitStack() as stack:
        serving = await stack.enter_async_context(two_threads())
        lost = await stack.enter_async_context(talking(serving.address, "lost"))
        other = await stack.enter_async_context(talking(serving.address, "other"))
        await asyncio.gather(lost.hears_on(), other.hears_on())
        assert {room.name: room.media_thread for room in serving.app.rooms()} == {"lost": 0, "other": 1}
        came, missing = await other.received()

        serving.threads[0].fail_for_a_test()
        is_back = rtc.ConnectionState.CONN_CONNECTED
        await lost.person.until(lambda: lost.troubles)
        for one in (lost.speaker, lost.person):
            await one.until(lambda one=one: one.room.connection_state == is_back)  # type: ignore[misc]
        await asyncio.gather(lost.hears_on(), other.hears_on())

        came_since, missing_now = await other.received()
        assert came_since > came
        assert missing_now == missing
        assert other.troubles == []
        assert [thread.rooms for thread in serving.app.media_threads()] == [1, 1]
        await other.person.until(lambda: serving.app.media_threads()[0].failures)
        assert [thread.failures for thread in serving.app.media_threads()] == [1, 0]
