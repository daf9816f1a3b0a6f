"""Sockets that take what they are sent too slowly, or never: what they cost a room, and for how long.

The others are thirty sockets of one room. A round measures how soon they hear of an event, first without the slow one
and then while nothing more goes into its connection.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from statistics import median
from typing import Self

import pytest

from benches.fanout.client import Crowd
from benches.fanout.words import hello, rename
from benches.scoreboard import quantile
from palaver_sfu.http.websockets import MAX_UNSENT_BYTES
from tests.load.classroom import PATIENCE_S, Pupil, open_meeting
from tests.load.strangers import PING, PONG, Stranger, frame
from tests.servers.palaver import PalaverServer

OTHERS = 30
# A flooder comes back after each cut.
RETURN_S = 0.5
EVENTS = 60
CUT_WITHIN_S = 15.0
# The test itself looks on from a busy machine.
NOTICED_WITHIN_S = 1.0
MAX_RATIO = 1.2
MAX_HELD_BYTES = 2 * 1024 * 1024
# Of 3.9 kB each, to all: what a window of the kernel's, ours and a queue can hold is passed by none of the rounds.
FILLING = 90


def long_message(mark: str) -> str:
    command = {"kind": "chat_send", "client_id": mark, "text": f"{mark} " + "x" * 3_800}
    return json.dumps({"type": "command", "request_id": "m", "command": command})


@dataclass(frozen=True, slots=True)
class Round:
    """What one slow socket did to the others."""

    before_ms: float
    during_ms: float
    cut_after_s: float
    held_bytes: int


class Room:
    """Thirty sockets, somebody who looks on, and now and then one that does not read."""

    def __init__(self, server: PalaverServer) -> None:
        self.server = server
        self.slug = open_meeting(server)
        self.crowd = Crowd(server.port, greeting=hello, path=f"/ws/meetings/{self.slug}")
        self.observer = Pupil(server, self.slug, "Observer", "127.0.2.1")
        self._number = 0

    async def __aenter__(self) -> Self:
        assert (await self.observer.dial())["type"] == "welcome"
        await self.crowd.gather(OTHERS, at_once=10)
        await self.p95_ms(EVENTS)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.crowd.leave()
        await self.observer.hang_up()

    async def p95_ms(self, count: int) -> float:
        """95 of 100 hear of an event within so long."""
        waits_ns: list[int] = []
        for _ in range(count):
            self._number += 1
            waits_ns += await self.crowd.event(self._number, rename)
        return quantile(waits_ns, 0.95) / 1e6

    async def fill(self) -> None:
        for _ in range(FILLING):
            self._number += 1
            await self.crowd.event(self._number, long_message)

    async def bear(self, *, goes_on_talking: bool) -> Round:
        """One round."""
        before_ms = await self.p95_ms(EVENTS)
        self._number += 1
        name = f"Slow {self._number}"
        with await asyncio.to_thread(Stranger, self.server, self.slug) as slow:
            slow.say_hello(name)
            await self.observer.until(lambda: self.presence(name) == "connected")
            begun_s = time.monotonic()
            talking = asyncio.create_task(slow.go_on_sending(PONG if goes_on_talking else b""))
            await self.fill()
            held = slow.unsent_bytes()
            during_ms = await self.p95_ms(EVENTS)
            held = max(held, slow.unsent_bytes())
            async with asyncio.timeout(PATIENCE_S):
                await talking
            cut_after_s = time.monotonic() - begun_s
            assert slow.unsent_bytes() == 0, "the kernel still keeps it"
        await self.observer.until(lambda: self.presence(name) in ("reconnecting", None))
        return Round(before_ms, during_ms, cut_after_s, held)

    async def is_whole(self) -> None:
        """Nobody who reads was cut, and everybody knows all."""
        assert [client for client in self.crowd.clients if client.is_gone] == []
        before, now = await self.observer.fresh()
        assert before == now

    def presence(self, name: str) -> str | None:
        people = self.observer.replica.participants.values()
        return next((str(who["presence"]) for who in people if who["name"] == name), None)


async def rounds(server: PalaverServer, count: int) -> list[Round]:
    async with Room(server) as room:
        done = [await room.bear(goes_on_talking=number % 2 == 0) for number in range(count)]
        for one in done:
            assert one.cut_after_s <= CUT_WITHIN_S + NOTICED_WITHIN_S, one
            assert one.held_bytes <= 2 * MAX_UNSENT_BYTES <= MAX_HELD_BYTES, one
        await room.is_whole()
    return done


def told(done: list[Round]) -> str:
    before, during = (median(values) for values in zip(*((one.before_ms, one.during_ms) for one in done), strict=True))
    return (
        f"{len(done)} sockets that read nothing, {OTHERS} others: cut after at most "
        f"{max(one.cut_after_s for one in done):.1f} s, at most {max(one.held_bytes for one in done) // 1024} KiB held "
        f"in the kernel, others' p95 {before:.1f} ms before and {during:.1f} ms meanwhile ({during / before:.2f} times)"
    )


@pytest.mark.timeout(180)
async def test_who_does_not_read_is_cut_and_nothing_of_the_connection_stays(server: PalaverServer) -> None:
    """LIVE-062, LIVE-063."""
    print("\nfigure: " + told(await rounds(server, 1)))


@pytest.mark.proof
@pytest.mark.timeout(1_200)
async def test_who_does_not_read_delays_nobody(server: PalaverServer) -> None:
    """LIVE-063."""
    done = await rounds(server, 10)
    print("\nfigure: " + told(done))
    assert median(one.during_ms / one.before_ms for one in done) <= MAX_RATIO


# --- floods ---------------------------------------------------------------------------------------


async def flood(server: PalaverServer, kinds: dict[str, bytes]) -> str:
    """One socket after the other sends as fast as it can; how late the others hear meanwhile."""
    async with Room(server) as room:
        calm_ms = await room.p95_ms(EVENTS)
        said = []
        for name, frames in kinds.items():
            flooding = asyncio.create_task(come_again_and_again(room, frames))
            said.append(f"{name} {await room.p95_ms(EVENTS):.1f} ms")
            flooding.cancel()
            await asyncio.wait({flooding})
        await room.is_whole()
    return f"p95 of {OTHERS} others: calm {calm_ms:.1f} ms, under floods of {', '.join(said)}"


async def come_again_and_again(room: Room, frames: bytes) -> None:
    while True:
        with await asyncio.to_thread(Stranger, room.server, room.slug) as flooder:
            flooder.say_hello("Flood")
            await flooder.go_on_sending(frames, pause_s=0.01)
        await asyncio.sleep(RETURN_S)


FLOODS = {
    "messages": frame(b'{"type":"pong"}') * 500,
    "no messages": frame(b"{}") * 500,
    "pings": frame(b"x" * 100, PING) * 500,
    "one endless message": b"\x01\xfe\xff\xff" + bytes(4) + bytes(65_535),
}


@pytest.mark.timeout(180)
async def test_a_flood_of_one_socket_costs_the_others_little(server: PalaverServer) -> None:
    """LIVE-006."""
    print("\nfigure: " + await flood(server, FLOODS))
