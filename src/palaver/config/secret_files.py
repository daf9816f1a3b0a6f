"""The data folder, readable by its owner only, and the secrets in it, which the first start makes and all others reuse.

InsecureFileError     a secret that other users of the machine can read, or that is damaged; the start stops
"""

import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from typing_extensions import override

_SECRET_BYTES = 48
_FILE_NAME = "secrets.json"
DATABASE_FILE = "palaver.sqlite3"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class InsecureFileError(Exception):
    """A secret file that others can read, or that does not hold what it should."""


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
    """Make the folder, or take it from everybody else; so too the database that an earlier version left open.

    A folder of somebody else keeps its mode, and so does one that all share, such as /tmp: what is in it is private
    all the same.
    """
    if not data_dir.exists():
        data_dir.mkdir(mode=0o700, parents=True)
    if not data_dir.stat().st_mode & stat.S_ISVTX:
        _take_from_others(data_dir)
    for path in data_dir.glob(f"{DATABASE_FILE}*"):
        _take_from_others(path)


def make_private_file(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one.

    SQLite takes an empty file for a new database, and gives what it puts beside it (-wal, -shm) the same mode.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def load_secrets(data_dir: Path) -> Secrets:
    """Read the secrets in `data_dir`, making them at the first start.

    Raises:
        InsecureFileError: the file is readable by group or others, or damaged.
        OSError: the folder cannot be written.
    """
    prepare_data_dir(data_dir)
    path = data_dir / _FILE_NAME
    if not path.exists():
        _create(path, json.dumps(asdict(_fresh()), indent=2).encode("ascii"))
    if path.stat().st_mode & _OTHERS:
        raise InsecureFileError(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        content = json.loads(path.read_bytes())
        known = {field.name: content[field.name] for field in fields(Secrets)}
    except (ValueError, KeyError, TypeError):
        raise InsecureFileError(f"{path} is damaged; restore it, or remove it to sign everybody out") from None
    if not all(isinstance(value, str) and value for value in known.values()):
        raise InsecureFileError(f"{path} is damaged; restore it, or remove it to sign everybody out")
    return Secrets(**known)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, all of it or nothing, replacing an earlier one."""
    draft = _draft(path, content)
    try:
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _take_from_others(path: Path) -> None:
    state = path.stat()
    if state.st_uid == os.geteuid() and state.st_mode & _OTHERS:
        path.chmod(stat.S_IMODE(state.st_mode) & ~_OTHERS)


def _create(path: Path, content: bytes) -> None:
    draft = _draft(path, content)
    try:
        # A link, not a rename: of two first starts at the same moment one wins, and both read what it wrote.
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _fresh() -> Secrets:
    return Secrets(
        django_key=secrets.token_urlsafe(_SECRET_BYTES),
        sfu_api_key="API" + secrets.token_hex(6),
        sfu_api_secret=secrets.token_urlsafe(_SECRET_BYTES),
    )
