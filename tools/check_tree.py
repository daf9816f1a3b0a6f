"""Nothing in the tree may point at one machine or at a package host, and nothing large may slip in.

Locks with download addresses tie a build to a host; a path of somebody's machine is true nowhere else.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Written in pieces so that this file does not find itself.
FORBIDDEN = {
    "a package host": re.compile(
        r"(pypi|npmjs|pythonhosted|golang)\.(or" + r"g|io)|index\.crates" + r"\.io|static\.crates" + r"\.io"
    ),
    "a path of one machine": re.compile(r"/wor" + r"k/|/roo" + r"t/|/hom" + r"e/[a-z]+/"),
}
MAX_BYTES = 1_500_000


def main() -> int:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    findings = []
    for name in filter(None, names):
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            findings.append(f"{name}: {len(content)} bytes; large files do not belong into the history")
        if b"\0" in content[:8192]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            findings += [
                f"{name}:{number}: names {what}" for what, pattern in FORBIDDEN.items() if pattern.search(line)
            ]
    print("\n".join(findings), file=sys.stderr, end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
