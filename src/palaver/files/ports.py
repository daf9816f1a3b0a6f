"""What this room asks of others without knowing them. The composition root installs the answers."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from palaver.meetings.models import MeetingSession


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody who was let into the meeting wants to read what a message carries."""

    meeting_id: UUID
    message_id: UUID
    identity: str
    user_id: int | None
    is_owner: bool
    now: datetime


ExportPart = tuple[str, Iterable[bytes]]
"""A name inside the archive, and the content in pieces."""


def _all_kept(message_ids: Collection[UUID]) -> Collection[UUID]:
    return message_ids


@dataclass(frozen=True, slots=True)
class FilePorts:
    """The seams. Without a chat no file belongs to a message, so nobody but the uploader reads anything."""

    may_read: Callable[[Reading], bool] = lambda _reading: False
    """Whether the message is there for this person."""
    kept_messages: Callable[[Collection[UUID]], Collection[UUID]] = _all_kept
    """Those of the messages that are not deleted: the files of the rest go, should the news of it have been lost."""
    exported_messages: Callable[[Collection[UUID]], Collection[UUID]] = lambda _message_ids: ()
    """Those of the messages that stand in the export of their session: their files go with it, and no others."""
    export_parts: Callable[[MeetingSession, datetime], Iterable[ExportPart]] = lambda _session, _now: ()
    """What other rooms put into the archive of a session: the chat, the log."""


_installed = FilePorts()


def install_ports(ports: FilePorts) -> None:
    """Called once, by the composition root."""
    global _installed  # noqa: PLW0603  the one process-wide value, set once at start
    _installed = ports


def ports() -> FilePorts:
    """The answers of this installation."""
    return _installed
