"""How late packets come while a server is half busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import median

from benches.forward.generator import Generator, Report
from benches.forward.loads import BY_NAME, PICTURE_PACKETS, VIDEO_BYTES, VIDEO_INTERVAL_US
from benches.forward.measuring import MEASURED_S, Outcomes, Part, ramp, room_of, watch
from tests.servers.sfu import SfuAddress

NAME = "half load"
MEETING = BY_NAME["10×10"]
# Of one processor: where ours is full, as it has one media thread here.
HALF = 0.5
CLOSE = 0.05
STEPS = 8
# In one step the rate grows or falls by this at most: what a packet costs depends on the rate.
MOST = 3.0
RETREAT = 1.3
# Pictures do not come as by a clock.
JITTER_PERCENT = 50


@dataclass(frozen=True, slots=True)
class Result:
    per_s: float
    processor: float
    delivered: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    own_p50_ms: float
    own_p99_ms: float

    @classmethod
    def of(cls, report: Report, processor: float) -> Result:
        return cls(
            report.received / MEASURED_S, processor, report.received / max(report.sent * MEETING.receivers, 1),
            *(report.ms("latency", quantile) for quantile in ("p50", "p99", "p999")),
            *(report.ms("own", quantile) for quantile in ("p50", "p99")),
        )  # fmt: skip

    @classmethod
    def median(cls, results: list[Result]) -> Result:
        return cls(*(median(getattr(result, each.name) for result in results) for each in fields(cls)))

    def row(self) -> str:
        """Its cells of the table."""
        load = f"{self.per_s:,.0f} | {self.processor:.2f} | {min(self.delivered, 1):.1%}"
        latency = f"{self.p50_ms:.2f} / {self.p99_ms:.2f} / {self.p999_ms:.2f}"
        own = f"{self.own_p50_ms:.2f} / {self.own_p99_ms:.2f}"
        return f"{load} | {latency} | {own} | **{max(self.p50_ms - self.own_p50_ms, 0):.2f}**"


async def measure(server: SfuAddress, made: Generator, name: str) -> Result:
    async with room_of(server, made, name) as room:
        await room.admit(MEETING.roles())
        interval_us = float(VIDEO_INTERVAL_US)

        def send() -> None:
            made.tell("send", round(interval_us), PICTURE_PACKETS, VIDEO_BYTES, JITTER_PERCENT)

        send()
        await ramp(made, MEETING.is_whole)
        for _ in range(STEPS):
            report, share = await watch(server, made, 1)
            if not MEETING.is_whole(report):
                # Something else is full: the machine, or another part of the server.
                interval_us *= RETREAT
            elif abs(share - HALF) > CLOSE:
                interval_us *= min(max(share / HALF, 1 / MOST), MOST)
            else:
                break
            send()
        return Result.of(*await watch(server, made, MEASURED_S))


def table(servers: Sequence[str], loads: Sequence[str], outcomes: Outcomes[Result]) -> list[str]:
    titles = ("packets / s", "processors", "delivered", "latency ms", "generator's own ms", "added p50 ms")
    rows = [f"| {NAME} | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for load in loads:
        for name in servers:
            results = outcomes.of(name, load)
            row = Result.median(results).row() if results else outcomes.failure(name, load) + " |" * (len(titles) - 1)
            rows.append(f"| {name} | {row} |")
    return rows


PART = Part(loads=(NAME,), measure=measure, say=Result.row, table=table)
NOTES = f"""\
*{NAME}*: the meeting of ten with its pictures sent as much more often (each {JITTER_PERCENT} % sooner or later, at
random) as makes the whole process of the server busy for half of one processor: half of what ours can do, which has
one media thread here; the others may use more than one. Packets a second are thus each server's own. The *generator's
own* time is that of a datagram from one of its sockets to another, sent behind each burst: sealing, one call, one way
through the kernel. *Added* is the rest at the median (aim: at most 0.3 ms; p99 at most 2 ms): above all the turn in
which a picture goes to nine people."""
