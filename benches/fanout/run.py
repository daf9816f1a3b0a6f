"""The cost of one delivered room event, at 100 to 1,000 sockets: ours and stock Channels groups in the same run.

Four arrangements: our hub alone; our hub as one of two processes on Redis, with all measured sockets at the one that
does not hold the room; a Channels group in memory, and one on Redis. An event is a change of a name: a message from one
socket that all get to see. The next is sent when everybody has the last. Cost is the processor time of the server
process over the deliveries; nothing else runs in that process.
"""

import asyncio
import json
import math
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benches.fanout.client import Crowd
from benches.fanout.words import hello, rename
from benches.processes import resident_kib
from benches.scoreboard import quantile, write
from tests.servers.redis import RedisServer

ROOT = Path(__file__).parents[2]
SIZES = {100: 200, 300: 80, 1000: 40}
"""Sockets, and events to each."""
WARM_UPS = 5
AIM_US = 40.0
AIM_RATIO = 5.0
AIM_P95_MS = {100: 15.0, 1000: 100.0}
AIM_KIB = 60.0
AIM_EXPONENT = 0.10
NAMES = {
    "hub": "our hub",
    "cluster": "our hub, held by another process",
    "channels": "Channels group, in memory",
    "channels-redis": "Channels group, on Redis",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one arrangement costs."""

    us_per_delivery: float
    p50_ms: float
    p95_ms: float
    kib_per_socket: float
    holder_us_per_delivery: float | None
    """What the process that holds the room spends on each delivery, where that is another one."""


def delta(mark: str) -> str:
    """An event for the group: the very text that our hub sends, so that both deliver the same."""
    participant = {
        "participant_id": "p_0123456789abcdef",
        "identity": "g_Person 100",
        "name": mark,
        "role": "guest",
        "is_signed_in": False,
        "joined_at": "2026-03-02T09:00:00.000000Z",
        "presence": "connected",
        "tone": "leaf",
    }
    change = {"op": "put_participant", "participant": participant}
    return json.dumps({"type": "delta", "base": 1000, "version": 1001, "changes": [change]}, separators=(",", ":"))


@contextmanager
def serving(kind: str, redis_url: str) -> Iterator[tuple[int, int]]:
    """Run a server; its port and its process."""
    command = [sys.executable, "-m", "benches.fanout.server", kind]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "BENCH_REDIS_URL": redis_url}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline()), server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)


async def measure(kind: str, size: int, events: int, redis_url: str) -> Cost:
    """Start what is needed, fill a room, send events."""
    is_ours = kind in ("hub", "cluster")
    # A room takes a thousand; whoever makes the other process its holder is one of them.
    count = size - 1 if kind == "cluster" else size
    with ExitStack() as stack:
        holder_port = None
        if kind == "cluster":
            holder_port, _ = stack.enter_context(serving(kind, redis_url))
            holder = Crowd(holder_port, greeting=lambda _: hello(100_000))
            await holder.gather(1)
        port, pid = stack.enter_context(serving(kind, redis_url))
        crowd = Crowd(port, greeting=hello if is_ours else None)
        # Whatever is made once is made by the first socket.
        await crowd.gather(1)
        before_kib = resident_kib(pid)
        await crowd.gather(count - 1)
        grown_kib = resident_kib(pid) - before_kib
        text_of = rename if is_ours else delta
        for number in range(WARM_UPS):
            await crowd.event(number, text_of)
        before_ns, holder_ns = await cpu_of(port), await cpu_of(holder_port)
        waits_ns = [wait for number in range(events) for wait in await crowd.event(WARM_UPS + number, text_of)]
        after_ns, holder_after_ns = await cpu_of(port), await cpu_of(holder_port)
        crowd.leave()
    assert len(waits_ns) == events * count
    return Cost(
        us_per_delivery=(after_ns - before_ns) / len(waits_ns) / 1e3,
        p50_ms=quantile(waits_ns, 0.5) / 1e6,
        p95_ms=quantile(waits_ns, 0.95) / 1e6,
        kib_per_socket=grown_kib / (count - 1),
        holder_us_per_delivery=None if holder_port is None else (holder_after_ns - holder_ns) / len(waits_ns) / 1e3,
    )


async def cpu_of(port: int | None) -> int:
    """The processor time of a server; none of no server."""
    return 0 if port is None else await asyncio.to_thread(cpu_ns, port)


def cpu_ns(port: int) -> int:
    """The processor time that the server has used."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/cpu", timeout=30) as answer:
        return int(answer.read())


def main() -> int:
    """Measure, print, write; 1 when an aim is missed."""
    with RedisServer() as redis:
        costs = {
            (kind, size): uvloop.run(measure(kind, size, events, redis.url))
            for size, events in SIZES.items()
            for kind in NAMES
        }
    missed = list(misses(costs))
    write(
        Path(__file__).with_name("SCOREBOARD.md"),
        title="Fan-out of room events",
        table="\n".join(rows(costs)),
        notes=f"Aims, for both of ours: at most {AIM_US:.0f} µs and {AIM_KIB:.0f} KiB, p95 at most "
        f"{AIM_P95_MS[100]:.0f} ms at 100 and {AIM_P95_MS[1000]:.0f} ms at 1,000 sockets, an exponent of at most "
        f"{AIM_EXPONENT}, and our hub at least {AIM_RATIO:.0f} times cheaper than the group in memory: "
        f"{'reached' if not missed else 'missed by ' + '; '.join(missed)}. All under uvicorn with uvloop and wsproto, "
        f"as `palaver serve`. Events: "
        f"{', '.join(f'{events} to {size} sockets' for size, events in SIZES.items())}, each "
        "delivered to all. The exponent is that of the cost per delivery from 100 to 1,000 sockets. Memory is what the "
        "process grew by; the groups keep no roster, no state and no name.",
    )
    return 1 if missed else 0


def rows(costs: Mapping[tuple[str, int], Cost]) -> Iterator[str]:
    """The table."""
    yield "| sockets | | CPU µs per delivery | and of the holder | p50 ms | p95 ms | KiB per socket | exponent |"
    yield "|---|---|---|---|---|---|---|---|"
    for (kind, size), cost in costs.items():
        held = "" if cost.holder_us_per_delivery is None else f"{cost.holder_us_per_delivery:.1f}"
        scaling = f"{exponent(costs, kind):.2f}" if size == max(SIZES) else ""
        yield (
            f"| {size} | {NAMES[kind]} | {cost.us_per_delivery:.1f} | {held} | {cost.p50_ms:.1f} | {cost.p95_ms:.1f} "
            f"| {cost.kib_per_socket:.0f} | {scaling} |"
        )


def exponent(costs: Mapping[tuple[str, int], Cost], kind: str) -> float:
    """How the cost of a delivery grows with the room: 0 is not at all, 1 is as fast as the room."""
    least, most = min(SIZES), max(SIZES)
    return math.log(costs[kind, most].us_per_delivery / costs[kind, least].us_per_delivery) / math.log(most / least)


def misses(costs: Mapping[tuple[str, int], Cost]) -> Iterator[str]:
    """The aims that were not reached."""
    for kind in ("hub", "cluster"):
        for size in SIZES:
            cost = costs[kind, size]
            if cost.us_per_delivery > AIM_US:
                yield f"{NAMES[kind]}, {size}: {cost.us_per_delivery:.1f} µs"
            if cost.p95_ms > AIM_P95_MS.get(size, math.inf):
                yield f"{NAMES[kind]}, {size}: p95 {cost.p95_ms:.1f} ms"
            if cost.kib_per_socket > AIM_KIB:
                yield f"{NAMES[kind]}, {size}: {cost.kib_per_socket:.0f} KiB"
        if exponent(costs, kind) > AIM_EXPONENT:
            yield f"{NAMES[kind]}: exponent {exponent(costs, kind):.2f}"
    for size in SIZES:
        ratio = costs["channels", size].us_per_delivery / costs["hub", size].us_per_delivery
        if ratio < AIM_RATIO:
            yield f"only {ratio:.1f} times cheaper at {size}"


if __name__ == "__main__":
    sys.exit(main())
