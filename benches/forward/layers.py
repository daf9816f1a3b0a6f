"""A meeting with cameras in three sizes, whose people look at somebody else all the time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from benches.forward.generator import Generator, Report
from benches.forward.janus import JanusRoom
from benches.forward.measuring import WHOLE, Outcomes, Part, lost_by_kernel, ramp, room_of, watch
from benches.forward.participants import Role, Room
from tests.servers.sfu import SfuAddress

NAME = "10×10 in three sizes"
PEOPLE = 10
INTERVAL_US = 40_000
MEASURED_S = 10.0
# So often everybody looks at somebody else.
LOOK_S = 2.0
SMALL, MIDDLE, LARGE = range(3)
# How many of the others are seen in which size; the rest is small.
IN_MIDDLE = 2
SETTLING_S = 3.0


@dataclass(frozen=True, slots=True)
class Result:
    per_processor_s: float
    delivered: float
    p50_ms: float
    p99_ms: float
    switches: float
    switch_p50_ms: float
    switch_p95_ms: float
    unmet: float
    holes: float
    torn: float
    lost_by_kernel: float

    @classmethod
    def of(cls, report: Report, used_s: float, lost: int) -> Result:
        counts = report.counts
        return cls(
            report.received / max(used_s, 0.01),
            counts["pictures_received"] / max(counts["pictures_sent"] * (PEOPLE - 1), 1),
            report.ms("latency", "p50"), report.ms("latency", "p99"),
            counts["switch_count"], report.ms("switch", "p50"), report.ms("switch", "p95"),
            counts["unmet"], counts["holes"], counts["torn"], lost,
        )  # fmt: skip

    @classmethod
    def median(cls, results: list[Result]) -> Result:
        """Of what is counted because it must not be, all."""
        middle = cls(*(median(getattr(result, each.name) for result in results) for each in fields(cls)))
        sums = {name: sum(getattr(result, name) for result in results) for name in ("unmet", "holes", "torn")}
        return replace(middle, **sums)

    def row(self) -> str:
        """Its cells of the table."""
        forwarded = (
            f"{self.per_processor_s:,.0f} | {min(self.delivered, 1):.1%} | {self.p50_ms:.1f} / {self.p99_ms:.1f}"
        )
        switched = f"{self.switches:.0f} | {self.switch_p50_ms:.0f} / {self.switch_p95_ms:.0f} | {self.unmet:.0f}"
        return f"{forwarded} | {switched} | {self.holes:.0f} | {self.torn:.0f}"


async def look_around(room: Room | JanusRoom) -> None:
    """One after the other turns to somebody else, who is shown large; the same in every run."""
    chance = random.Random(7)
    shown: dict[tuple[int, int], int] = {}
    for turn in itertools.count():
        viewer = turn % PEOPLE
        others = [person for person in range(PEOPLE) if person != viewer]
        chance.shuffle(others)
        for place, person in enumerate(others):
            layer = LARGE if place == 0 else MIDDLE if place <= IN_MIDDLE else SMALL
            if shown.get((viewer, person)) != layer:
                shown[viewer, person] = layer
                await room.want(viewer, person, layer)
        await asyncio.sleep(LOOK_S / PEOPLE)


async def measure(server: SfuAddress, made: Generator, name: str) -> Result:
    def is_there(report: Report) -> bool:
        counts = report.counts
        return counts["pictures_received"] >= WHOLE * counts["pictures_sent"] * (PEOPLE - 1)

    async with room_of(server, made, name) as room:
        await room.admit([Role("layers", PEOPLE - 1, "video")] * PEOPLE)
        made.tell("send", "layers", INTERVAL_US)
        await ramp(made, is_there)
        looking = asyncio.create_task(look_around(room))
        await asyncio.sleep(SETTLING_S)
        lost = lost_by_kernel()
        report, share = await watch(server, made, MEASURED_S)
        lost = lost_by_kernel() - lost
        if looking.done():
            looking.result()
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        return Result.of(report, share * MEASURED_S, lost)


def table(servers: Sequence[str], loads: Sequence[str], outcomes: Outcomes[Result]) -> list[str]:
    titles = (
        "packets / s", "pictures delivered", "latency ms",
        "switches", "wish to key frame ms", "unmet", "holes", "torn",
    )  # fmt: skip
    rows = [f"| {NAME} | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for load in loads:
        for name in servers:
            results = outcomes.of(name, load)
            row = Result.median(results).row() if results else outcomes.failure(name, load) + " |" * (len(titles) - 1)
            rows.append(f"| {name} | {row} |")
    return rows


def faults(result: Result) -> list[str]:
    """Sequence numbers and pictures go on over all switches, unless the machine itself lost packets."""
    if result.lost_by_kernel or not (result.holes or result.torn):
        return []
    return [f"{result.holes:.0f} holes in sequence numbers and {result.torn:.0f} torn pictures over switches"]


PART = Part(loads=(NAME,), measure=measure, say=Result.row, table=table, faults=faults)
NOTES = f"""\
*{NAME}*: {PEOPLE} people with cameras in VP8 simulcast (1, 3 and 8 packets a picture, three times as many in a key
frame, 25 pictures a second, three temporal layers), all sizes always sent, key frames only when the server asks for
one. Everybody sees one of the others large, two in the middle size and the rest small, and every {LOOK_S:.0f} s
others: that is what switches are counted of, from the request on the signal line to the first packet of a key frame
in that size at the viewer's kernel (p50 / p95). A picture is delivered when it came in any size. *Unmet* are wishes
that two seconds later were not fulfilled, *holes* sequence numbers under which nothing came, *torn* packets with
which a decoder could not go on (a gap in picture numbers or TL0PICIDX, or another size without a key frame). Ours may
have none of the last two: the run fails otherwise. livekit-server kept to the size with which it began whatever was
asked for; why is not known, so that its row says little."""
