"""Hold each source file against the size that one idea needs (ARCHITECTURE.md, rule 10).

Prints the ten files that are furthest over their aim. A file over the hard limit fails the check, unless it is
listed in OVERSIZE with its reason.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Suffix -> (aim, limit) in lines.
LIMITS = {".py": (300, 500), ".rs": (400, 600), ".ts": (200, 400), ".tsx": (200, 300), ".css": (400, 900)}
GENERATED = (".gen.ts", ".gen.css")
# Files that one reads as a table, with the reason why they are not split.
OVERSIZE: dict[str, str] = {}


def sources() -> list[Path]:
    """Every tracked or new source file that a person writes."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    return [
        ROOT / name
        for name in listed
        if Path(name).suffix in LIMITS
        and not name.endswith(GENERATED)
        and "/migrations/" not in name
        and (ROOT / name).is_file()
    ]


def main() -> int:
    rows = []
    for path in sources():
        aim, limit = LIMITS[path.suffix]
        lines = sum(1 for _ in path.open(encoding="utf-8"))
        rows.append((lines / aim, lines, aim, limit, path.relative_to(ROOT).as_posix()))
    rows.sort(reverse=True)
    print("· largest files (lines / aim)")
    for _, lines, aim, _, name in rows[:10]:
        print(f"  {lines:5d} / {aim}  {name}")
    too_long = [(lines, limit, name) for _, lines, _, limit, name in rows if lines > limit and name not in OVERSIZE]
    for lines, limit, name in too_long:
        print(f"{name}: {lines} lines, over the limit of {limit}: split it, or list it with a reason", file=sys.stderr)
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
