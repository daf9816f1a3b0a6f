"""Nanoseconds and allocations per forwarded packet: parsing, choosing and numbering, without encryption and sockets."""

import subprocess
import sys
from pathlib import Path

from benches.scoreboard import ROOT, write

COMMAND = (
    "cargo", "bench", "--quiet", "--manifest-path", "media/Cargo.toml", "--locked", "-p", "palaver-forward",
    "--bench", "forward",
)  # fmt: skip
NOTES = (
    "The ratio of many to few viewers says whether one viewer's packet grows dearer with the crowd: at most 1.10 is "
    "the aim. Sealing and sending cost ten to a hundred times as much and are not in here."
)


def main() -> int:
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-4_000:], file=sys.stderr)
        return done.returncode
    lines = [line.strip() for line in done.stdout.splitlines() if " ns and " in line or line.startswith("ratio")]
    table = "\n".join(["| |", "|---|", *(f"| {line} |" for line in lines)])
    write(Path(__file__).parent / "SCOREBOARD.md", title="Deciding about a packet", table=table, notes=NOTES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
