"""Secrets that the first start makes and every later start reuses: files with mode 0600 in a folder with mode 0700.

InsecureFileError     a secret that other users of the machine can read; the start stops rather than go on
"""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

_SECRET_BYTES = 48


class InsecureFileError(Exception):
    """A secret file that others can read."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only this installation knows. `repr` shows nothing."""

    django_key: str
    """Signs sessions, reset links and the tickets that let a guest come back as the same person."""
    sfu_api_key: str
    sfu_api_secret: str

    @override
    def __repr__(self) -> str:
        return "Secrets(…)"


def prepare_data_dir(data_dir: Path) -> None:
    """Make the folder, readable by its owner only. An existing folder keeps its mode."""
    if not data_dir.exists():
        data_dir.mkdir(mode=0o700, parents=True)


def load_secrets(data_dir: Path) -> Secrets:
    """Read the secrets in `data_dir`, making those that are missing.

    Raises:
        InsecureFileError: a file is readable by group or others.
        OSError: the folder cannot be written.
    """
    prepare_data_dir(data_dir)
    folder = data_dir / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    return Secrets(
        django_key=_read_or_make(folder / "django_key", secrets.token_urlsafe(_SECRET_BYTES)),
        sfu_api_key=_read_or_make(folder / "sfu_api_key", "API" + secrets.token_hex(6)),
        sfu_api_secret=_read_or_make(folder / "sfu_api_secret", secrets.token_urlsafe(_SECRET_BYTES)),
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _read_or_make(path: Path, fresh: str) -> str:
    if not path.exists():
        write_private(path, fresh.encode("ascii"))
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InsecureFileError(f"{path} can be read by others; run: chmod 600 {path}")
    text = path.read_text("ascii").strip()
    if not text:
        raise InsecureFileError(f"{path} is empty; remove it, and the next start makes a new one")
    return text
