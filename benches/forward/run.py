"""What a forwarded packet costs: the decision alone, and the whole server beside others.

The loads go to our SFU, to livekit-server and to Janus in turn, so that a drift of the machine's speed meets all alike.
`python -m benches.forward.run NAME…` measures only those loads, and writes nothing. Where the time goes in ours is in
`PROFILE.md`.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benches.forward import half, layers, loads, memory, voices
from benches.forward.generator import build
from benches.forward.measuring import RAMP_S, ROUNDS, Part
from benches.processes import prefer
from benches.scoreboard import ROOT, write
from tests.servers import janus, livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

DECISION = (
    "cargo", "bench", "--quiet", "--manifest-path", "media/Cargo.toml", "--locked", "-p", "palaver-forward",
    "--bench", "forward",
)  # fmt: skip
PARTS: tuple[Part[Any], ...] = (loads.PART, half.PART, layers.PART, voices.PART)
NAMES = tuple(name for part in PARTS for name in part.loads)
COMMON_NOTES = f"""\
The servers in turn, medians of {ROUNDS} rounds (one of the {voices.NAME}); measuring begins when everything is
delivered, or after {RAMP_S:.0f} s. LiveKit clients have one connection for both ways, those of Janus (1.1.2,
VideoRoom, an event loop for each processor) one for each. Janus' idle subscribers are subscribed to somebody who
sends nothing, the others' to nobody. The machine does the generator's work beside the server's, and other work: trust
ratios, and read latencies as upper bounds.

In the decision's figures, sealing and sending, which cost ten to a hundred times as much, are left out; at most 1.10
is the aim of their ratio."""
NOTES = "\n\n".join([loads.NOTES, half.NOTES, layers.NOTES, voices.NOTES, COMMON_NOTES])


def decision_cost() -> list[str]:
    """Nanoseconds and allocations of the pure crate."""
    done = subprocess.run(DECISION, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.strip() for line in done.stdout.splitlines() if " ns and " in line or line.startswith("ratio")]
    return ["| the decision alone |", "|---|", *(f"| {line} |" for line in lines)]


@contextmanager
def all_servers() -> Iterator[list[SfuAddress]]:
    """Ours first, and those of the others that this machine has."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(palaver_sfu(folder))]
        if livekit.binary() is not None:
            servers.append(stack.enter_context(livekit.livekit_server(folder)))
        else:
            print(livekit.SKIP_REASON)
        if janus.binary() is not None:
            servers.append(stack.enter_context(janus.janus_server(folder)))
        else:
            print(janus.SKIP_REASON)
        for pid in [os.getpid(), *(server.pid for server in servers)]:
            prefer(pid)
        yield servers


async def measure(servers: list[SfuAddress], chosen: Sequence[str]) -> tuple[list[list[str]], list[str]]:
    """The tables of all parts of which something was chosen, and what must not be."""
    tables, wrong = [], []
    for part in PARTS:
        lines, faults = await part.run(servers, chosen)
        wrong += faults
        if lines:
            tables.append(lines)
    return tables, wrong


def main() -> int:
    chosen = sys.argv[1:]
    if unknown := set(chosen) - set(NAMES):
        print(f"no such load: {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    build()
    with all_servers() as servers:
        # Before other loads have grown the heaps.
        tables = [] if chosen else [asyncio.run(memory.table(servers))]
        measured, wrong = asyncio.run(measure(servers, chosen or NAMES))
    tables = [*measured, *tables]
    if not chosen:
        tables.append(decision_cost())
    text = "\n\n".join("\n".join(lines) for lines in tables)
    if chosen:
        print(text)
    else:
        write(Path(__file__).parent / "SCOREBOARD.md", title="Forwarding a packet", table=text, notes=NOTES)
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
