"""Starts the worker, waits for it, and believes it nothing but sizes and bytes. Call from a thread, never the loop."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from palaver.pictures.kinds import HEAD_BYTES, Kind, kind_of

_WORKER: Final = Path(__file__).with_name("worker.py")
_PATIENCE_S: Final = 12.0  # more than the worker's own limit of processor time
_AT_ONCE: Final = 2  # decoders use a whole core and up to some hundred megabytes each
_MOST_OUTPUT_BYTES: Final = 4 * 1024 * 1024

_slots = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture that may be shown, and a small one of it."""

    kind: Kind
    width: int
    height: int
    webp: bytes


@dataclass(frozen=True, slots=True)
class Avatars:
    """A square picture in two sizes, each as WebP and as JPEG for those who cannot read that."""

    webp_96: bytes
    jpeg_96: bytes
    webp_256: bytes
    jpeg_256: bytes


def make_thumbnail(path: Path) -> Thumbnail | None:
    """Look at a file; None when it is no picture that we show, or one that asks too much of us."""
    kind = _sniff(path)
    found = None if kind is None else _run("thumbnail", kind, path)
    if kind is None or found is None:
        return None
    told, outputs = found
    return Thumbnail(kind=kind, width=told["width"], height=told["height"], webp=outputs[0])


def make_avatars(path: Path) -> Avatars | None:
    """Four small squares of a picture; None as in `make_thumbnail`."""
    kind = _sniff(path)
    found = None if kind is None else _run("avatar", kind, path)
    return None if found is None else Avatars(*found[1])


def _sniff(path: Path) -> Kind | None:
    with path.open("rb") as file:
        return kind_of(file.read(HEAD_BYTES))


def _run(job: str, kind: Kind, path: Path) -> tuple[dict[str, int], list[bytes]] | None:
    if not _slots.acquire(timeout=_PATIENCE_S):
        return None
    try:
        try:
            done = subprocess.run(  # noqa: S603  our own interpreter and script; the path is made by us
                [sys.executable, "-I", str(_WORKER), job, kind.value, str(path)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE_S,
                check=False,
                env={},
                cwd="/",
            )
        except subprocess.TimeoutExpired:
            return None
    finally:
        _slots.release()
    if done.returncode != 0 or len(done.stdout) > _MOST_OUTPUT_BYTES:
        return None
    line, _, rest = done.stdout.partition(b"\n")
    told = json.loads(line)
    outputs = []
    for length in told.pop("lengths"):
        outputs.append(rest[:length])
        rest = rest[length:]
    return told, outputs
