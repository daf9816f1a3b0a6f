"""What all measurements of a server have in common: loads that share a table, and what became of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from benches.forward.generator import Generator, Report, generator
from benches.forward.janus import JanusRoom
from benches.forward.participants import Room
from benches.processes import family, processor_s
from tests.servers.sfu import SfuAddress

ROUNDS = 2
MEASURED_S = 4.0
# Some joins take their time, and some servers look for what a line carries before they fill it.
RAMP_S = 20.0
WHOLE = 0.98
# A measurement that takes longer hangs.
LONGEST_S = 150.0
OWN = "palaver"

R = TypeVar("R")

_rooms = itertools.count(1)


def used_s(server: SfuAddress) -> float:
    return sum(processor_s(pid) for pid in family(server.pid))


def room_of(server: SfuAddress, made: Generator, name: str) -> Room | JanusRoom:
    """A new room for that load."""
    name = f"{name}-{next(_rooms)}".replace(" ", "-")
    return JanusRoom(server, made, name) if server.name == "janus" else Room(server, made, name)


async def ramp(made: Generator, is_there: Callable[[Report], bool], *, longest_s: float = RAMP_S) -> None:
    """Wait until what comes is what should, for a time."""
    deadline = time.monotonic() + longest_s
    while time.monotonic() < deadline:
        made.tell("mark")
        await asyncio.sleep(1)
        if is_there(await made.report()):
            return


async def watch(server: SfuAddress, made: Generator, seconds: float) -> tuple[Report, float]:
    """What was counted in that time, and the share of a processor that the server used."""
    made.tell("mark")
    before, began = used_s(server), time.monotonic()
    await asyncio.sleep(seconds)
    share = (used_s(server) - before) / (time.monotonic() - began)
    return await made.report(), share


def lost_by_kernel() -> int:
    """Datagrams that this machine had no room for, of whomever."""
    names, values = (
        line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")
    )
    counts = dict(zip(names, map(int, values), strict=True))
    return counts["RcvbufErrors"] + counts["SndbufErrors"]


@dataclass
class Outcomes(Generic[R]):
    """What the loads of a part came to, by server and load."""

    results: dict[tuple[str, str], list[R]] = field(default_factory=dict)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, server: str, load: str) -> list[R]:
        return self.results.get((server, load), [])

    def failure(self, server: str, load: str) -> str:
        """A cell for what has no result."""
        return f"failed: {self.failures.get((server, load), 'not measured')}"


@dataclass(frozen=True)
class Part(Generic[R]):
    """Loads whose results stand in one table."""

    loads: Sequence[str]
    measure: Callable[[SfuAddress, Generator, str], Awaitable[R]]
    say: Callable[[R], str]
    table: Callable[[Sequence[str], Sequence[str], Outcomes[R]], list[str]]
    servers: Sequence[str] = (OWN, "livekit", "janus")
    rounds: int = ROUNDS
    # What is wrong with a result of ours whatever the machine did; the run fails then.
    faults: Callable[[R], list[str]] = lambda _: []

    async def run(self, servers: Sequence[SfuAddress], chosen: Sequence[str]) -> tuple[list[str], list[str]]:
        """The lines of the table, and what must not be. One load that fails takes no other with it."""
        outcomes: Outcomes[R] = Outcomes()
        wrong = []
        loads = [load for load in self.loads if load in chosen]
        measured = [server for server in servers if server.name in self.servers]
        for _, load, server in itertools.product(range(self.rounds), loads, measured):
            at = server.name, load
            try:
                async with asyncio.timeout(LONGEST_S), generator() as made:
                    result = await self.measure(server, made, load)
            except Exception as error:
                outcomes.failures[at] = f"{type(error).__name__} {error}".strip().replace("|", "/")[:100]
                print(f"{load} on {server.name}: {outcomes.failure(*at)}", flush=True)
                if server.name == OWN:
                    wrong.append(f"{load}: {outcomes.failure(*at)}")
                continue
            outcomes.results.setdefault(at, []).append(result)
            print(f"{load} on {server.name}: {self.say(result)}", flush=True)
            if server.name == OWN:
                wrong += [f"{load}: {fault}" for fault in self.faults(result)]
        names = [server.name for server in measured]
        return (self.table(names, loads, outcomes) if loads else []), wrong
