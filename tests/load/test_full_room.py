"""A room that is full: a thousand real sockets of one `palaver serve` come at once, hear everything, and leave.

Their clients are cheap enough not to be what is measured (`benches.fanout.client`), but share the machine.
"""

import time
from dataclasses import dataclass

import pytest
from typing_extensions import override

from benches.fanout.client import Crowd
from benches.fanout.words import hello, rename
from benches.processes import processor_s, resident_kib
from benches.scoreboard import quantile
from tests.load.classroom import Pupil, open_meeting
from tests.servers.palaver import PalaverServer

MAX_KIB_PER_SOCKET = 60.0
MAX_CPU_US = 40.0
AT_ONCE = 100
# How soon is told for each run: the clients, and whatever else runs, have the same two cores. The limit is of the
# server's own time.
WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Storm:
    """What a full room costs."""

    count: int
    storm_s: float
    join_p95_s: float
    p95_ms: list[float]
    cpu_us: float
    kib_per_socket: float

    @override
    def __str__(self) -> str:
        return (
            f"{self.count} sockets in a room, {AT_ONCE} coming at once: all inside after {self.storm_s:.1f} s, p95 of "
            f"a join {self.join_p95_s:.1f} s, p95 of events {min(self.p95_ms):.1f} to {max(self.p95_ms):.1f} ms in "
            f"{WINDOWS} runs, {self.cpu_us:.0f} µs of the server a delivery, "
            f"{self.kib_per_socket:.0f} KiB a socket, none lost"
        )


async def fill(server: PalaverServer, count: int, events: int) -> Storm:
    """`count` people with one who looks on; everybody hears of every event."""
    slug = open_meeting(server)
    observer = Pupil(server, slug, "Observer", "127.0.2.1")
    assert (await observer.dial())["type"] == "welcome"
    crowd = Crowd(server.port, greeting=hello, path=f"/ws/meetings/{slug}")
    # Whatever is made once is made by the first.
    await crowd.gather(1)
    before_kib, begun_s = resident_kib(server.pid), time.monotonic()
    waits_s = await crowd.gather(count - 2, at_once=AT_ONCE)
    storm_s = time.monotonic() - begun_s
    await observer.until(lambda: len(observer.replica.participants) == count)
    await crowd.event(0, rename)
    grown_kib = resident_kib(server.pid) - before_kib
    numbers = iter(range(1, WINDOWS * events + 1))
    before_s = processor_s(server.pid)
    windows = [
        [wait for _ in range(events) for wait in await crowd.event(next(numbers), rename)] for _ in range(WINDOWS)
    ]
    assert {len(waits_ns) for waits_ns in windows} == {events * (count - 1)}, "somebody did not hear of something"
    spent_s = processor_s(server.pid) - before_s
    assert not [client for client in crowd.clients if client.is_gone], "somebody who reads was cut"
    told, now = await observer.fresh()
    assert told == now
    assert {who["presence"] for who in now["participants"].values()} == {"connected"}
    crowd.leave()
    await observer.until(lambda: len(observer.replica.participants) == 1)
    await observer.hang_up()
    return Storm(
        count=count,
        storm_s=storm_s,
        join_p95_s=quantile(waits_s, 0.95),
        p95_ms=[quantile(waits_ns, 0.95) / 1e6 for waits_ns in windows],
        cpu_us=spent_s / (WINDOWS * events * (count - 1)) * 1e6,
        kib_per_socket=grown_kib / (count - 2),
    )


@pytest.mark.timeout(180)
async def test_two_hundred_who_come_at_once_all_hear_everything(server: PalaverServer) -> None:
    """LIVE-060, LIVE-065."""
    storm = await fill(server, 200, 5)
    print(f"\nfigure: {storm}")


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_a_thousand_who_come_at_once_all_hear_everything(server: PalaverServer) -> None:
    """LIVE-016: as many as a room takes; the next hears that it is full."""
    storm = await fill(server, 1_000, 20)
    print(f"\nfigure: {storm}")
    assert storm.kib_per_socket <= MAX_KIB_PER_SOCKET
    assert storm.cpu_us <= MAX_CPU_US
