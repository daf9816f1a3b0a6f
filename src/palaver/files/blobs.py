"""Where the bytes are: `<folder>/<meeting id>/<file id>`, and beside it `<file id>.webp` when there is a thumbnail.

Everything here blocks and is called on threads. Names from outside never come near a path: both parts are ids of ours.

StorageFullError      the disk has no room; what was written before is still there
LockedError           another request, of whatever process, is writing to this file
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

_READ_BYTES: Final = 1024 * 1024
_MARK: Final = "database"
RESERVED_BYTES: Final = 128 * 1024 * 1024
"""Left free on the disk, for the database and everything else that must go on."""


class StorageFullError(Exception):
    """The disk is full, or the account's share of it."""


class LockedError(Exception):
    """Somebody else is writing."""


class Blobs:
    """The folder of all files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, meeting_id: UUID, file_id: UUID) -> Path:
        """Where a file's bytes are."""
        return self.root / meeting_id.hex / file_id.hex

    def thumbnail_path(self, meeting_id: UUID, file_id: UUID) -> Path:
        """Where its thumbnail is."""
        return self.path(meeting_id, file_id).with_suffix(".webp")

    def has_room_for(self, length: int) -> bool:
        """Whether a file of `length` bytes fits beside all that must go on."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free >= length + RESERVED_BYTES

    def create(self, meeting_id: UUID, file_id: UUID) -> None:
        """Make an empty file, so that writers never have to: a file that was removed stays removed."""
        path = self.path(meeting_id, file_id)
        with _telling_full():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            _sync_folder(path.parent)

    def write_thumbnail(self, meeting_id: UUID, file_id: UUID, webp: bytes) -> None:
        """Keep the small picture."""
        with _telling_full():
            self.thumbnail_path(meeting_id, file_id).write_bytes(webp)

    def remove(self, meeting_id: UUID, file_id: UUID) -> None:
        """Remove a file and what was made of it. Does nothing when it is gone."""
        self.path(meeting_id, file_id).unlink(missing_ok=True)
        self.thumbnail_path(meeting_id, file_id).unlink(missing_ok=True)
        try:
            self.path(meeting_id, file_id).parent.rmdir()
        except OSError:
            return  # other files are there, or somebody was quicker

    def remove_meeting(self, meeting_id: UUID) -> None:
        """Remove every file of a meeting."""
        shutil.rmtree(self.root / meeting_id.hex, ignore_errors=True)

    def belongs_to(self, mark: UUID) -> bool:
        """Whether this is the folder of the database with that mark. A folder without a mark takes it."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with (self.root / _MARK).open("x") as new:
                new.write(mark.hex)
        except FileExistsError:
            return (self.root / _MARK).read_text().strip() == mark.hex
        return True

    def listed(self) -> Iterator[tuple[UUID, UUID]]:
        """The ids of all files that have bytes here. What is not ours is left alone."""
        for folder in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            meeting_id = _id(folder.name)
            if meeting_id is None or not folder.is_dir() or folder.is_symlink():
                continue
            for file in sorted(folder.iterdir()):
                file_id = _id(file.name.removesuffix(".webp"))
                if file_id is not None:
                    yield meeting_id, file_id


class Writer:
    """The one who may write to a file; the lock goes with the process, whatever happens to it."""

    def __init__(self, path: Path) -> None:
        """Open and lock. Raises LockedError, or FileNotFoundError when the file was removed."""
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise LockedError from None

    def start_at(self, offset: int) -> int:
        """Cut off what lies behind `offset`; return where the file really ends, which may be before it."""
        size = os.fstat(self._fd).st_size
        if size > offset:
            os.ftruncate(self._fd, offset)
        return os.lseek(self._fd, min(size, offset), os.SEEK_SET)

    def write(self, data: bytes) -> None:
        """Append `data`. Raises StorageFullError."""
        left = memoryview(data)
        with _telling_full():
            while left:
                left = left[os.write(self._fd, left) :]

    def sync(self) -> None:
        """Return when everything written is on the disk. Raises StorageFullError."""
        with _telling_full():
            os.fdatasync(self._fd)

    def sha256(self) -> str:
        """Of the whole file as it is on the disk, whoever wrote it and in how many parts."""
        digest = hashlib.sha256()
        position = 0
        while block := os.pread(self._fd, _READ_BYTES, position):
            digest.update(block)
            position += len(block)
        return digest.hexdigest()

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._fd)


class _telling_full:  # noqa: N801  reads as a verb where it is used
    """Turns the system's words for a full disk into ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFullError from problem


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _id(name: str) -> UUID | None:
    try:
        return UUID(hex=name) if len(name) == 32 else None
    except ValueError:
        return None
