"""Packets of one size, from some to all: what they cost, whether they come, and how late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benches.forward.generator import Generator, Report
from benches.forward.measuring import MEASURED_S, WHOLE, Outcomes, Part, ramp, room_of, watch
from benches.forward.participants import Role
from tests.servers.sfu import SfuAddress

VIDEO_BYTES = 1_100
VIDEO_INTERVAL_US = 40_000
PICTURE_PACKETS = 8
AUDIO_BYTES = 120
AUDIO_INTERVAL_US = 20_000


@dataclass(frozen=True, slots=True)
class Load:
    """Publishers who also subscribe, and subscribers who do not publish."""

    name: str
    publishers: int
    listeners: int = 0
    kind: str = "video"
    interval_us: int = VIDEO_INTERVAL_US
    burst: int = PICTURE_PACKETS
    payload_bytes: int = VIDEO_BYTES
    has_feedback: bool = False

    def roles(self) -> list[Role]:
        publisher = Role(self.kind, self.publishers - 1, self.kind, self.has_feedback)
        listener = Role("none", self.publishers, self.kind, self.has_feedback)
        return [publisher] * self.publishers + [listener] * self.listeners

    @property
    def receivers(self) -> int:
        """Of each packet."""
        return self.publishers + self.listeners - 1

    def is_whole(self, report: Report) -> bool:
        return report.received >= WHOLE * report.sent * self.receivers


LOADS = (
    Load("1→10", 1, 10),
    Load("1→50", 1, 50),
    Load("1→50 evenly", 1, 50, interval_us=VIDEO_INTERVAL_US // PICTURE_PACKETS, burst=1),
    Load("1→50 with feedback", 1, 50, has_feedback=True),
    Load("1→100", 1, 100),
    Load("1→200", 1, 200),
    Load("10×10", 10),
    Load("20×20", 20),
    Load("50×50 audio", 50, kind="audio", interval_us=AUDIO_INTERVAL_US, burst=1, payload_bytes=AUDIO_BYTES),
)
BY_NAME = {load.name: load for load in LOADS}


@dataclass(frozen=True, slots=True)
class Result:
    per_processor_s: float
    delivered: float
    p50_ms: float
    p99_ms: float
    p999_ms: float

    @classmethod
    def of(cls, report: Report, used_s: float, receivers: int) -> Result:
        delivered = report.received / max(report.sent * receivers, 1)
        latencies = (report.ms("latency", quantile) for quantile in ("p50", "p99", "p999"))
        return cls(report.received / max(used_s, 0.01), delivered, *latencies)

    @classmethod
    def median(cls, results: list[Result]) -> Result:
        return cls(
            median(result.per_processor_s for result in results),
            median(result.delivered for result in results),
            median(result.p50_ms for result in results),
            median(result.p99_ms for result in results),
            median(result.p999_ms for result in results),
        )

    def row(self) -> str:
        """Its cells of the table."""
        delivered = f"{min(self.delivered, 1):.1%}"
        return f"{self.per_processor_s:,.0f} | {delivered} | {self.p50_ms:.1f} / {self.p99_ms:.1f} / {self.p999_ms:.1f}"


async def measure(server: SfuAddress, made: Generator, name: str) -> Result:
    load = BY_NAME[name]
    async with room_of(server, made, name) as room:
        await room.admit(load.roles())
        made.tell("send", load.interval_us, load.burst, load.payload_bytes)
        await ramp(made, load.is_whole)
        report, share = await watch(server, made, MEASURED_S)
        return Result.of(report, share * MEASURED_S, load.receivers)


def table(servers: Sequence[str], loads: Sequence[str], outcomes: Outcomes[Result]) -> list[str]:
    titles = [f"{name}: {what}" for name in servers for what in ("packets / s", "delivered", "latency ms")]
    rows = ["| load | " + " | ".join(titles) + " | ratio |", "|---" * (len(titles) + 2) + "|"]
    costs: dict[tuple[str, str], float] = {}
    for load in loads:
        cells = []
        for name in servers:
            if results := outcomes.of(name, load):
                middle = Result.median(results)
                costs[name, load] = middle.per_processor_s
                cells.append(middle.row())
            else:
                cells.append(f"{outcomes.failure(name, load)} | |")
        rows.append(f"| {load} | " + " | ".join(cells) + f" | {_ratio(servers, load, costs)} |")
    both = [name for name in servers if all((name, load) in costs for load in ("1→10", "1→100"))]
    grown = [f"{name} {costs[name, '1→10'] / costs[name, '1→100']:.2f}" for name in both]
    if grown:
        said = "Cost of a packet at 100 subscribers, by that at 10 (aim: at most 1.25): "
        rows += ["", said + ", ".join(grown) + "."]
    return rows


def _ratio(servers: Sequence[str], load: str, costs: dict[tuple[str, str], float]) -> str:
    """Of the first server to the better of the others."""
    own, *others = (costs.get((name, load)) for name in servers)
    known = [cost for cost in others if cost is not None]
    return f"**{own / max(known):.1f}**" if own is not None and known else ""


PART = Part(loads=tuple(BY_NAME), measure=measure, say=Result.row, table=table)
NOTES = """\
Packets forwarded per processor-second of the whole server process, delivered share, and milliseconds from the
publisher's send call to the subscriber's kernel (p50 / p99 / p99.9). The ratio is to the better of the others.
Video is 200 packets of 1,100 bytes a second and publisher, as pictures of eight packets; *evenly* is one packet each
5 ms. Audio is 50 packets of 120 bytes. Subscribers send receiver reports, and *with feedback* also tell ten times a
second when each packet came, of which the server estimates what the line carries."""
