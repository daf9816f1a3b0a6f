"""Run every scoreboard in benches/, one after the other; each prints ratios and writes its SCOREBOARD.md."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    failed = []
    for program in sorted(ROOT.glob("benches/*/run.py")):
        name = program.parent.name
        print(f"\n# {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benches.{name}.run"], cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
