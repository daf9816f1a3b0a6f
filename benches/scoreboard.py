"""What every scoreboard says beside its figures: which commit, which machine, when."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which *share* (0 to 1) of *values* lie, by linear interpolation."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def commit() -> str:
    """The short hash of the commit, with a plus when the tree differs from it."""

    def run(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

    return run("rev-parse", "--short=10", "HEAD") + (
        "+" if run("status", "--porcelain", "--untracked-files=no") else ""
    )


def write(path: Path, *, title: str, table: str, notes: str) -> None:
    """Print *table* and write it to *path* with the commit and the machine."""
    cores = os.cpu_count()
    head = (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit()}, {cores} cores of {processor()}, Linux {platform.release()}"
    )
    print(table)
    print(notes)
    path.write_text(f"# {title}\n\n{head}.\n\n{table}\n\n{notes}\n")
