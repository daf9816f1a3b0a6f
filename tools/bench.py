"""Run every scoreboard in benches/, one after the other; each prints ratios and writes its SCOREBOARD.md."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    failed = []
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    for program in sorted(ROOT.glob("benches/*/run.py")):
        name = program.parent.name
        print(f"\n# {name}", flush=True)
        command = [sys.executable, "-m", f"benches.{name}.run"]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
