"""The long versions of the tests, before a release: many seeds, many runs, all clients. Writes docs/proof.md.

    python tools/proof.py            every row
    python tools/proof.py rust long  only the rows whose names begin so; the others stay as they were

Each row is a command of its own and says at which commit it ran; one that fails does not stop the others, and the table
says so.
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benches.scoreboard import commit, write  # noqa: E402 - the path above makes it importable as a script

TABLE = ROOT / "docs/proof.md"
HEAD = ("| what | result | tests | seconds | commit |", "|---|---|---|---|---|")
PROPTEST_CASES = 20_000
LIVES = 2_000
ROW_TIMEOUT_S = 3_600


@dataclass(frozen=True, slots=True)
class Suite:
    """One row: what it proves, its command, and the environment that makes it long."""

    name: str
    claim: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


CARGO_TEST = (
    "cargo", "test", "--manifest-path", "media/Cargo.toml", "--locked", "--release", "--quiet",
    "--workspace", "--exclude", "palaver-core",
)  # fmt: skip
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
LIVE_LOAD = ("class_of_thirty", "live_faults", "slow_readers", "full_room")
LONG = (*PYTEST, "-s", "-m", "proof")
SUITES = (
    Suite(
        "rust",
        f"Rust machines and parsers, {PROPTEST_CASES} cases a property",
        CARGO_TEST,
        (("PROPTEST_CASES", str(PROPTEST_CASES)),),
    ),
    Suite(
        "simulate",
        f"{LIVES} seeded lives of the media core on bad networks",
        (*CARGO_TEST[:-3], "-p", "palaver-net", "--test", "simulation"),
        (("SIMULATE_SEEDS", str(LIVES)),),
    ),
    Suite("python", "Python machines, long hypothesis profile", (*PYTEST, "src"), (("HYPOTHESIS_PROFILE", "proof"),)),
    Suite("contract", "Contracts: engines, media port, live wire, PostgreSQL", (*PYTEST, "tests/contract")),
    Suite(
        "interop",
        "Foreign clients and the bare wire: Python, Chromium, Firefox; ours and the reference",
        (*PYTEST, "-s", "tests/interop", "tests/conformance"),
    ),
    Suite(
        "networks",
        "Networks that block, break, move and are slow: a Chromium behind each",
        (*LONG, "tests/interop/test_networks.py", "tests/interop/test_relayed.py"),
    ),
    Suite(
        "cluster",
        "Several processes on Redis and PostgreSQL: kills, stops, outages",
        (*PYTEST, "-s", "-m", "not proof", "tests/cluster"),
    ),
    Suite("e2e", "Stories of a user in Chromium", (*PYTEST, "tests/e2e")),
    Suite(
        "live",
        "A class of thirty; kills, a locked database, floods and slow readers under a room",
        (*PYTEST, "-s", "-m", "not proof", *(f"tests/load/test_{name}.py" for name in LIVE_LOAD)),
    ),
    Suite(
        "long-class",
        "A whole lesson with three browsers and 200 MB; of its two processes one is killed",
        (*LONG, "tests/load/test_class_of_thirty.py"),
    ),
    Suite("long-store", "A store killed 500 times while fifty write", (*LONG, "src/palaver/chat/tests/test_killed.py")),
    Suite("long-faults", "A server killed 40 times; no database for 10 s", (*LONG, "tests/load/test_live_faults.py")),
    Suite("long-room", "A thousand sockets in a room", (*LONG, "tests/load/test_full_room.py")),
    Suite("long-slow", "Peers that read nothing", (*LONG, "tests/load/test_slow_readers.py")),
    Suite("long-files", "A gigabyte there and back", (*LONG, "tests/load/test_file_load.py")),
    Suite("long-cluster", "Twenty kills in a cluster", (*LONG, "tests/cluster/test_killed_while_writing.py")),
)  # fmt: skip


def run(suite: Suite) -> tuple[str, str, float, list[str]]:
    """Run one suite; returns its outcome, its count, its seconds, and the figures that its tests printed."""
    started = time.monotonic()
    try:
        done = subprocess.run(
            suite.command, cwd=ROOT, env=os.environ | dict(suite.environment), capture_output=True, text=True,
            timeout=ROW_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "time-out", "", time.monotonic() - started, []
    output = done.stdout + done.stderr
    if done.returncode:
        # What went wrong stands at the end of the one; the other is full of what clients and servers say meanwhile.
        print(done.stdout[-4_000:], done.stderr[-1_000:], sep="\n", file=sys.stderr)
    outcome = "passed" if done.returncode == 0 else "FAILED"
    return outcome, counts(output), time.monotonic() - started, figures(output)


def counts(output: str) -> str:
    """How many tests passed, failed and skipped, summed over all closing lines of pytest or cargo."""
    found: dict[str, int] = {}
    for line in output.splitlines():
        if re.search(r"\d+ (passed|failed|error)", line):
            for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", line):
                found[word] = found.get(word, 0) + int(number)
    return ", ".join(f"{number} {word}" for word, number in found.items() if number)


def figures(output: str) -> list[str]:
    """What tests measured and said in lines that begin with `figure: `."""
    return [line.removeprefix("figure: ").strip() for line in output.splitlines() if line.startswith("figure: ")]


def forgotten() -> set[str]:
    """Files with long tests that no row runs."""
    named = {word for suite in SUITES for word in suite.command}
    # A row that names a folder and chooses nothing from it runs its long tests too.
    whole = {word for suite in SUITES if "-m" not in suite.command[3:] for word in suite.command}
    files = (path for folder in ("src", "tests") for path in (ROOT / folder).rglob("test_*.py"))
    long = [path.relative_to(ROOT) for path in files if "pytest.mark.proof" in path.read_text()]
    return {str(path) for path in long if str(path) not in named and not whole & {str(one) for one in path.parents}}


def main() -> int:
    wanted = sys.argv[1:] or [""]
    chosen = [suite for suite in SUITES if any(suite.name.startswith(name) for name in wanted)]
    unknown = {name for name in wanted if not any(suite.name.startswith(name) for suite in SUITES)}
    if unknown or forgotten():
        print(f"no such row: {sorted(unknown)}; in no row: {sorted(forgotten())}", file=sys.stderr)
        return 2
    failed, proved = False, commit()
    for suite in chosen:
        print(f"· {suite.claim}", flush=True)
        outcome, count, seconds, said = run(suite)
        failed |= outcome != "passed"
        # Read and written after each row: an hour of proof is not lost by what comes after it, nor by another run.
        earlier = TABLE.read_text() if TABLE.exists() else ""
        rows, measured = rows_by_first_cell(earlier, cells=5), figures_by_claim(earlier)
        rows[suite.claim] = f"| {suite.claim} | {outcome} | {count} | {seconds:.0f} | {proved} |"
        measured[suite.claim] = said
        print(rows[suite.claim], flush=True)
        write(TABLE, title="Proof", table=table(rows, measured), notes="Written by `make proof`.")
    return 1 if failed else 0


def table(rows: dict[str, str], measured: dict[str, list[str]]) -> str:
    """The rows in their order, and below them what was measured."""
    lines = [*HEAD, *(rows[suite.claim] for suite in SUITES if suite.claim in rows)]
    said = [f"| {suite.claim} | {line} |" for suite in SUITES for line in measured.get(suite.claim, ())]
    return "\n".join([*lines, "", "| measured by | figure |", "|---|---|", *said] if said else lines)


def rows_by_first_cell(text: str, *, cells: int) -> dict[str, str]:
    """Lines of a table that was written before."""
    return {
        line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.count(" | ") == cells - 1
    }


def figures_by_claim(text: str) -> dict[str, list[str]]:
    """What was measured before, by the claim of its row."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = line.removeprefix("| ").removesuffix(" |").split(" | ")
        if len(cells) == 2 and line.startswith("| ") and cells[0] != "measured by":
            found.setdefault(cells[0], []).append(cells[1])
    return found


if __name__ == "__main__":
    sys.exit(main())
