"""One large audio room in which people take turns: does everybody hear who speaks, and what does it cost?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import median

from benches.forward.generator import Generator, Report
from benches.forward.measuring import OWN, Outcomes, Part, ramp, room_of, watch
from benches.forward.participants import Role
from tests.servers.sfu import SfuAddress

NAME = "large audio room"
# More than `palaver sfu` takes for a small room, in which all are forwarded.
MICROPHONES = 60
LISTENERS = 40
PEOPLE = MICROPHONES + LISTENERS
# Twelve turns.
MEASURED_S = 12.0
THERE = 0.9
# Who joins such a room learns of all others one after the other.
RAMP_S = 40.0
# Less than this is not what a busy machine does.
LEAST = 0.8
# What the generator calls its packets (`media/crates/load/src/turns.rs`).
REST, OPENING, VOICE = range(3)


@dataclass(frozen=True, slots=True)
class Result:
    processor: float
    forwarded: float
    voice: float
    opening: float
    rest: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, report: Report, processor: float) -> Result:
        voice, opening, rest = (delivered(report, what) for what in (VOICE, OPENING, REST))
        p50_ms, p99_ms = (report.ms("latency", quantile) for quantile in ("p50", "p99"))
        return cls(processor, report.received / MEASURED_S, voice, opening, rest, p50_ms, p99_ms)

    @classmethod
    def median(cls, results: list[Result]) -> Result:
        return cls(*(median(getattr(result, each.name) for result in results) for each in fields(cls)))

    def row(self) -> str:
        """Its cells of the table."""
        cost = f"{self.processor * 1_000:,.0f} ms | {self.processor * 1_000 / PEOPLE:.2f} ms | {self.forwarded:,.0f}"
        shares = f"{min(self.voice, 1):.1%} | {min(self.opening, 1):.1%} | {min(self.rest, 1):.1%}"
        return f"{cost} | {shares} | {self.p50_ms:.1f} / {self.p99_ms:.1f}"


def delivered(report: Report, what: int) -> float:
    """The share of such packets that came to all the others."""
    return report.counts[f"received_{what}"] / max(report.counts[f"sent_{what}"] * (PEOPLE - 1), 1)


async def measure(server: SfuAddress, made: Generator, name: str) -> Result:
    async with room_of(server, made, name) as room:
        speaking = [Role("audio", MICROPHONES - 1, "audio")] * MICROPHONES
        await room.admit([*speaking, *[Role("none", MICROPHONES, "audio")] * LISTENERS])
        made.tell("send", "turns")
        await ramp(made, lambda report: delivered(report, VOICE) >= THERE, longest_s=RAMP_S)
        return Result.of(*await watch(server, made, MEASURED_S))


def table(servers: Sequence[str], loads: Sequence[str], outcomes: Outcomes[Result]) -> list[str]:
    titles = ("processor in a second", "for each person", "packets / s", "voices heard", "their beginnings", "the rest")
    rows = [f"| {NAME} | " + " | ".join(titles) + " | latency ms |", "|---" * (len(titles) + 2) + "|"]
    for load in loads:
        for name in servers:
            results = outcomes.of(name, load)
            row = Result.median(results).row() if results else outcomes.failure(name, load) + " |" * len(titles)
            rows.append(f"| {name} | {row} |")
    return rows


def faults(result: Result) -> list[str]:
    """Nobody may miss who speaks."""
    return [] if result.voice >= LEAST else [f"only {result.voice:.1%} of the voices were heard"]


# Janus forwards all as livekit-server does, and by far more connections.
PART = Part(
    loads=(NAME,), measure=measure, say=Result.row, table=table, servers=(OWN, "livekit"), rounds=1, faults=faults
)
NOTES = f"""\
*{NAME}*: {PEOPLE} people, {MICROPHONES} of them with open microphones, of whom 30 speak in turns of 3 s, two or three
at once, a fourth murmurs 15 dB below them, three have noise and the others send a sign of life each 400 ms. Ours
forwards the three loudest (and to who is one of them a fourth), livekit-server all. *Voices* are those who speak from
the 300th millisecond of a turn on, their *beginnings* what comes before, *the rest* is everything else: what a room
with chosen voices does not need. Shares are of what was sent to all others. Janus chooses no voices: it is left out."""
