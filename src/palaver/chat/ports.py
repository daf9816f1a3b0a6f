"""What the chat needs of rooms that it does not know; `palaver.config` fills it in once, at the start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from palaver.live.readers import Reader


@dataclass(frozen=True, slots=True)
class FileClaim:
    """Files that somebody wants to send with a message."""

    meeting_id: UUID
    message_id: UUID
    identity: str
    """The sender's."""
    file_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that is shown in the message, and the room that it takes there."""

    file_id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that somebody may fetch, and the address that gives it to them for some hours."""

    name: str
    length_bytes: int
    address: str


@dataclass(frozen=True, slots=True)
class ChatPorts:
    """All of it."""

    claim_files: Callable[[FileClaim], Sequence[Picture] | None]
    """None unless all of these may be attached; if so they belong to the message from here on, and the pictures among
    them are named. Called within the transaction that writes the message: if it fails, the claim is undone with it."""
    link_files: Callable[[Reader, Sequence[str], datetime], Mapping[str, FileLink]] = lambda _reader, _ids, _now: {}
    """By id, those that the reader may read."""


_installed: ChatPorts | None = None


def install_ports(ports: ChatPorts) -> None:
    """Replace the ports. Called by the composition root."""
    global _installed  # noqa: PLW0603 - one composition a process
    _installed = ports


def ports() -> ChatPorts:
    """The ports of this process."""
    if _installed is None:
        raise RuntimeError("palaver.chat has no ports: palaver.config installs them")
    return _installed
