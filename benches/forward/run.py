"""What a forwarded packet costs: the decision alone, and the whole server beside others.

The loads go to our SFU, to livekit-server and to Janus in turn, so that a drift of the machine's speed meets all alike.
Where the time goes in ours is in `PROFILE.md`.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benches.forward.generator import Generator, generator
from benches.forward.janus import JanusRoom
from benches.forward.loads import LOADS, MEMORY_PEOPLE, Load, Result
from benches.forward.participants import Role, Room
from benches.processes import family, prefer, processor_s, resident_kib
from benches.scoreboard import ROOT, write
from tests.servers import janus, livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

DECISION = (
    "cargo", "bench", "--quiet", "--manifest-path", "media/Cargo.toml", "--locked", "-p", "palaver-forward",
    "--bench", "forward",
)  # fmt: skip
ROUNDS = 2
MEASURED_S = 4.0
# Some joins take their time, and some servers look for what a line carries before they fill it.
RAMP_S = 20.0
WHOLE = 0.98
NOTES = """\
Packets forwarded per processor-second of the whole server process, delivered share, and milliseconds from the
publisher's send call to the subscriber's kernel (p50 / p99 / p99.9); medians of {rounds} rounds, the servers in turn.
The ratio is to the better of the others. LiveKit clients have one connection for both ways, those of Janus (1.1.2,
VideoRoom, an event loop for each processor) one for each. Janus' idle subscribers are subscribed to somebody who sends
nothing, the others' to nobody.
Video is 200 packets of 1,100 bytes a second and publisher, as pictures of eight packets; *evenly* is one packet each
5 ms. Audio is 50 packets of 120 bytes. Subscribers send receiver reports, and *with feedback* also tell ten times a
second when each packet came, of which the server estimates what the line carries. Measuring begins when everything is
delivered, or after {ramp:.0f} s. The machine does the generator's work beside the server's, and other work: trust
ratios, and read latencies as upper bounds.

In the decision's figures, sealing and sending, which cost ten to a hundred times as much, are left out; at most 1.10 is
the aim of their ratio."""


def decision_cost() -> list[str]:
    """Nanoseconds and allocations of the pure crate."""
    done = subprocess.run(DECISION, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stdout.splitlines() if " ns and " in line or line.startswith("ratio")]


def used_s(server: SfuAddress) -> float:
    return sum(processor_s(pid) for pid in family(server.pid))


def room_of(server: SfuAddress, made: Generator, name: str) -> Room | JanusRoom:
    return JanusRoom(server, made, name) if server.name == "janus" else Room(server, made, name)


async def measure(server: SfuAddress, made: Generator, load: Load, name: str) -> Result:
    async with room_of(server, made, name) as room:
        await room.admit(load.roles())
        made.tell("send", load.interval_us, load.burst, load.payload_bytes)
        deadline = time.monotonic() + RAMP_S
        while time.monotonic() < deadline:
            made.tell("mark")
            await asyncio.sleep(1)
            report = await made.report()
            if report.received >= WHOLE * report.sent * load.receivers:
                break
        made.tell("mark")
        before = used_s(server)
        await asyncio.sleep(MEASURED_S)
        used = used_s(server) - before
        report = await made.report()
        return Result.of(report, used, load.receivers)


async def memory_kib(
    server: SfuAddress, made: Generator, role: Role, name: str, *, count: int = MEMORY_PEOPLE
) -> float:
    async with room_of(server, made, name) as room:
        await room.prepare(role)
        before = resident_kib(server.pid)
        await room.admit([role] * count)
        if role.publishes != "none":
            made.tell("send", 40_000, 8, 1_100)
        await asyncio.sleep(2)
        return (resident_kib(server.pid) - before) / count


async def compare(servers: list[SfuAddress], chosen: list[Load]) -> tuple[list[str], list[str]]:
    """The table of loads and the table of memory."""
    results: dict[tuple[str, str], list[Result]] = {}
    kib: dict[tuple[str, str], float] = {}
    async with generator() as made:
        for pid in [os.getpid(), made.pid, *(server.pid for server in servers)]:
            prefer(pid)
        for server in servers:
            # The first of all pays for what is made once.
            await memory_kib(server, made, Role("none", 1, "video"), "first", count=4)
            kib[server.name, "subscriber"] = await memory_kib(server, made, Role("none", 1, "video"), "idle")
            kib[server.name, "publisher"] = await memory_kib(server, made, Role("video", 0, "video"), "alone")
        for number in range(ROUNDS):
            for load in chosen:
                for server in servers:
                    result = await measure(server, made, load, f"{load.name}-{number}".replace(" ", "-"))
                    print(f"{load.name} on {server.name}: {result.row()}", flush=True)
                    results.setdefault((server.name, load.name), []).append(result)
    return loads_table(servers, chosen, results), memory_table(servers, kib)


def loads_table(
    servers: list[SfuAddress], chosen: list[Load], results: dict[tuple[str, str], list[Result]]
) -> list[str]:
    names = [server.name for server in servers]
    titles = [f"{name}: {what}" for name in names for what in ("packets / s", "delivered", "latency ms")]
    rows = ["| load | " + " | ".join(titles) + " | ratio |", "|---" * (len(titles) + 2) + "|"]
    costs: dict[tuple[str, str], float] = {}
    for load in chosen:
        cells = []
        for name in names:
            best = Result.median(results[name, load.name])
            costs[name, load.name] = best.per_processor_s
            cells.append(best.row())
        ratio = costs[names[0], load.name] / max(costs[name, load.name] for name in names[1:] or names)
        rows.append(f"| {load.name} | " + " | ".join(cells) + f" | **{ratio:.1f}** |")
    if all((names[0], name) in costs for name in ("1→10", "1→100")):
        grown = [f"{name} {costs[name, '1→10'] / costs[name, '1→100']:.2f}" for name in names]
        rows += [
            "",
            "Cost of a packet at 100 subscribers, by that at 10 (aim: at most 1.25): " + ", ".join(grown) + ".",
        ]
    return rows


def memory_table(servers: list[SfuAddress], kib: dict[tuple[str, str], float]) -> list[str]:
    rows = ["| memory, KiB each | idle subscriber | publisher |", "|---|---|---|"]
    return rows + [f"| {s.name} | {kib[s.name, 'subscriber']:.0f} | {kib[s.name, 'publisher']:.0f} |" for s in servers]


def main() -> int:
    decisions = ["| the decision alone |", "|---|", *(f"| {line} |" for line in decision_cost())]
    chosen = [load for load in LOADS if not sys.argv[1:] or load.name in sys.argv[1:]]
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
        loads, memory = asyncio.run(compare(servers, chosen))
    table = "\n".join([*loads, "", *memory, "", *decisions])
    notes = NOTES.format(rounds=ROUNDS, ramp=RAMP_S)
    write(Path(__file__).parent / "SCOREBOARD.md", title="Forwarding a packet", table=table, notes=notes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
