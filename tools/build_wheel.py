"""Build the one wheel into dist/: Python packages, compiled core (abi3) and built web client.

The web client must have been built (`make web`); maturin compiles the core with the profile that the tests use, so
that nothing is compiled twice.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What a wheel must hold to be whole; a missing pattern here means a broken install there.
MUST_HOLD = (
    "palaver/web_dist/.vite/manifest.json",
    "palaver/config/cli.py",
    "palaver_sfu/_core.abi3.so",
    "palaver_sfu/_core.pyi",
    "palaver/meetings/migrations/0001_initial.py",
)


def build(out: Path) -> Path:
    """Build into *out* and return the wheel's path. Raises RuntimeError when the wheel is not whole."""
    for old in out.glob("palaver-*.whl"):
        old.unlink()
    subprocess.run(
        [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--quiet", "--out", str(out)],
        cwd=ROOT,
        check=True,
    )
    (wheel,) = out.glob("palaver-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    missing = [name for name in MUST_HOLD if name not in names]
    if missing:
        raise RuntimeError(f"{wheel.name} lacks {', '.join(missing)}")
    return wheel


if __name__ == "__main__":
    made = build(ROOT / "dist")
    print(f"dist/{made.name}  {made.stat().st_size / 1e6:.1f} MB")
