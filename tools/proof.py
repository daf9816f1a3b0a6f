"""The long versions of the tests, before a release: many seeds, many runs, all clients. Writes docs/proof.md.

    python tools/proof.py            every row
    python tools/proof.py rust e2e   only the rows of these names; the others stay as they were

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
LIVE_LOAD = ("-m", "not proof", "tests/load/test_class_of_thirty.py", "tests/load/test_live_faults.py")
SUITES = (
    Suite(
        "rust",
        f"Rust machines and parsers, {PROPTEST_CASES} cases a property",
        CARGO_TEST,
        (("PROPTEST_CASES", str(PROPTEST_CASES)),),
    ),
    Suite("python", "Python machines, long hypothesis profile", (*PYTEST, "src"), (("HYPOTHESIS_PROFILE", "proof"),)),
    Suite("contract", "Contracts: engines, media port, live wire, PostgreSQL", (*PYTEST, "tests/contract")),
    Suite("interop", "Foreign clients: Python, Chromium, Firefox; ours and the reference", (*PYTEST, "tests/interop")),
    Suite("cluster", "Several processes on Redis and PostgreSQL: kills, stops, outages", (*PYTEST, "tests/cluster")),
    Suite("e2e", "Stories of a user in Chromium", (*PYTEST, "tests/e2e")),
    Suite("live", "A class of thirty; kills and a locked database under a room", (*PYTEST, "-s", *LIVE_LOAD)),
    Suite("long", "Long runs: repeated kills, cuts, large files", (*PYTEST, "-s", "-m", "proof", "src", "tests")),
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
        print(output[-4_000:], file=sys.stderr)
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


def main() -> int:
    wanted = sys.argv[1:] or [suite.name for suite in SUITES]
    if unknown := set(wanted) - {suite.name for suite in SUITES}:
        print(f"no such row: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    earlier = TABLE.read_text() if TABLE.exists() else ""
    rows, measured = rows_by_first_cell(earlier, cells=5), figures_by_claim(earlier)
    failed = False
    for suite in SUITES:
        if suite.name not in wanted:
            continue
        print(f"· {suite.claim}", flush=True)
        outcome, count, seconds, said = run(suite)
        failed |= outcome != "passed"
        rows[suite.claim] = f"| {suite.claim} | {outcome} | {count} | {seconds:.0f} | {commit()} |"
        measured[suite.claim] = said
        print(rows[suite.claim], flush=True)
        # After each row: an hour of proof is not lost by what comes after it.
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
