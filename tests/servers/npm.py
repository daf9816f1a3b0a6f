"""Files of packages from the npm registry that are no dependency of ours, fetched once and kept outside the tree."""

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "palaver" / "npm"


def packed_file(package: str, version: str, name: str) -> Path | None:
    """The file *name* of a published package; None where there is no npm or no way to its registry."""
    kept = CACHE / f"{package}-{version}" / Path(name).name
    if kept.exists():
        return kept
    if (npm := shutil.which("npm")) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"]
        if subprocess.run(command, check=False, timeout=120, cwd=folder, capture_output=True).returncode != 0:
            return None
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile(f"package/{name}")
            assert member is not None
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(member.read())
    return kept
