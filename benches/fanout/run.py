"""The cost of one delivered room event, at 100 and 1,000 sockets: our hub and a stock Channels group in the same run.

An event is a change of a name: a message from one socket that all get to see. The next is sent when everybody has the
last. Cost is the processor time of the server process over the deliveries; nothing else runs in that process.
"""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benches.fanout.client import Crowd
from benches.scoreboard import quantile, write

ROOT = Path(__file__).parents[2]
SIZES = {100: 200, 1000: 40}
"""Sockets, and events to each."""
WARM_UPS = 5
AIM_US = 40.0
AIM_RATIO = 5.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one arrangement costs."""

    us_per_delivery: float
    p50_ms: float
    p95_ms: float


def hello(number: int) -> str:
    """The greeting of the live room."""
    message = {
        "type": "hello",
        "request_id": "hello",
        "protocol": 1,
        "tab_id": f"tab-{number}",
        "name": f"Person {number}",
    }
    return json.dumps(message)


def rename(mark: str) -> str:
    """An event in the live room."""
    return json.dumps({"type": "command", "request_id": "r", "command": {"kind": "rename_self", "name": mark}})


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


async def measure(kind: str, size: int, events: int) -> Cost:
    """Start a server, fill a room, send events."""
    command = [sys.executable, "-m", "benches.fanout.server", kind]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        crowd = Crowd(port, greeting=hello if kind == "hub" else None)
        await crowd.gather(size)
        text_of = rename if kind == "hub" else delta
        for number in range(WARM_UPS):
            await crowd.event(number, text_of)
        before_ns = await asyncio.to_thread(cpu_ns, port)
        waits_ns = [wait for number in range(events) for wait in await crowd.event(WARM_UPS + number, text_of)]
        after_ns = await asyncio.to_thread(cpu_ns, port)
        crowd.leave()
    finally:
        server.terminate()
        server.wait(timeout=20)
    assert len(waits_ns) == events * size
    return Cost(
        us_per_delivery=(after_ns - before_ns) / len(waits_ns) / 1e3,
        p50_ms=quantile(waits_ns, 0.5) / 1e6,
        p95_ms=quantile(waits_ns, 0.95) / 1e6,
    )


def cpu_ns(port: int) -> int:
    """The processor time that the server has used."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/cpu", timeout=30) as answer:
        return int(answer.read())


def main() -> int:
    """Measure, print, write; 1 when an aim is missed."""
    lines = [
        "| sockets | | CPU µs per delivery | delivery p50 ms | p95 ms |",
        "|---|---|---|---|---|",
    ]
    is_reached = True
    for size, events in SIZES.items():
        ours = uvloop.run(measure("hub", size, events))
        stock = uvloop.run(measure("channels", size, events))
        for name, cost in (("our hub", ours), ("Channels group, in memory", stock)):
            lines.append(f"| {size} | {name} | {cost.us_per_delivery:.1f} | {cost.p50_ms:.1f} | {cost.p95_ms:.1f} |")
        ratio = stock.us_per_delivery / ours.us_per_delivery
        lines.append(f"| {size} | **ratio** | **{ratio:.1f}×** | | {stock.p95_ms / ours.p95_ms:.1f}× |")
        is_reached &= ours.us_per_delivery <= AIM_US and ratio >= AIM_RATIO
    write(
        Path(__file__).with_name("SCOREBOARD.md"),
        title="Fan-out of room events",
        table="\n".join(lines),
        notes=f"Aim: at most {AIM_US:.0f} µs and at least {AIM_RATIO:.0f} times cheaper: "
        f"{'reached' if is_reached else 'missed'}. Both under uvicorn with uvloop and wsproto, as `palaver serve`. "
        f"Events: {', '.join(f'{events} to {size} sockets' for size, events in SIZES.items())}, each delivered to all.",
    )
    return 0 if is_reached else 1


if __name__ == "__main__":
    sys.exit(main())
