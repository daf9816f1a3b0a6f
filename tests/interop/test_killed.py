"""`palaver sfu` is killed under a room of people and started again, as a service manager does it: all are back soon.

The media of these people is the generator's of the benchmarks, with ICE and DTLS as a browser has them: twenty-five
browsers, or as many libraries of one, would only show how long the machine takes to come to them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import WebSocketException

from benches.forward.generator import Generator, generator
from benches.forward.loads import AUDIO_BYTES, AUDIO_INTERVAL_US
from benches.forward.participants import Participant, Role
from tests.conformance.client import dial, join_parameter, token
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.proof, pytest.mark.timeout(180)]

PEOPLE, SPEAKERS = 25, 3
BACK_S = 6.0
# Between two tries of somebody who finds no server.
RETRY_S = 0.3
COUNTED_S = 0.2


class Member:
    """Somebody who stays in the room, and comes back when the server is gone."""

    def __init__(self, server: SfuAddress, made: Generator, number: int) -> None:
        self._server = server
        self._generator = made
        self._number = number
        is_speaker = number < SPEAKERS
        self._role = Role("audio" if is_speaker else "none", SPEAKERS - is_speaker, "audio")
        self.connections = 0

    async def stay(self) -> None:
        """Until the task is cancelled."""
        while True:
            with suppress(OSError, WebSocketException):
                await self._be_there()
            await asyncio.sleep(RETRY_S)

    async def _be_there(self) -> None:
        path = f"/rtc/v1?join_request={join_parameter()}"
        async with dial(self._server, path, token(self._server, f"person {self._number}", "room")) as client:
            participant = Participant(client, self._generator, self._number, self._role)
            self._generator.up(self._number).add_done_callback(self._count)
            await participant.join()
            pinging = asyncio.create_task(participant.ping())
            try:
                await participant.serve()
            finally:
                pinging.cancel()
                await asyncio.gather(pinging, return_exceptions=True)

    def _count(self, up: asyncio.Future[str]) -> None:
        self.connections += not up.cancelled()


async def all_connected(members: list[Member], times: int) -> None:
    while not all(member.connections >= times for member in members):
        await asyncio.sleep(0.02)


async def all_hear(made: Generator) -> None:
    """Wait until everybody gets what every other speaker says."""
    made.tell("send", AUDIO_INTERVAL_US, 1, AUDIO_BYTES)
    while True:
        made.tell("mark")
        await asyncio.sleep(COUNTED_S)
        report = await made.report()
        # What is under way when the counting ends has not come, and nobody waits for it.
        if report.sent and report.received >= 0.9 * report.sent * (PEOPLE - 1):
            return


@asynccontextmanager
async def staying(members: list[Member]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(member.stay()) for member in members]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_whole_room_is_back_after_the_server_was_killed(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    with ExitStack() as servers:
        sfu = servers.enter_context(palaver_sfu(tmp_path / "first"))
        ports = (urlsplit(sfu.url).port or 0, sfu.media_port)
        async with generator() as made:
            members = [Member(sfu, made, number) for number in range(PEOPLE)]
            async with staying(members):
                await all_connected(members, 1)
                await all_hear(made)

                killed_s = time.monotonic()
                os.kill(sfu.pid, signal.SIGKILL)
                await asyncio.to_thread(servers.enter_context, palaver_sfu(tmp_path / "second", ports=ports))
                up_s = time.monotonic() - killed_s
                await all_connected(members, 2)
                connected_s = time.monotonic() - killed_s
                await all_hear(made)
                back_s = time.monotonic() - killed_s
                assert {member.connections for member in members} == {2}
    print(
        f"\nfigure: `palaver sfu` killed under {PEOPLE} people: up again after {up_s:.1f} s, the last connected "
        f"after {connected_s:.1f} s, all heard each other after {back_s:.1f} s"
    )
    assert back_s <= BACK_S
