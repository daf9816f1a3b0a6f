"""What this room asks of others without knowing them. The composition root installs the answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One message of an exported meeting session."""

    sent_at: datetime
    sender: str
    to: str
    """Whom it went to, in words; empty for everybody."""
    text: str
    file_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class FilePorts:
    """The seams. Without a chat nothing is ever attached, so nobody but the uploader reads anything."""

    may_read: Callable[[UUID, str, bool], bool] = lambda _file_id, _identity, _is_owner: False
    """Whether the message that carries this file may be read by this identity; the last argument: by the owner."""
    chat_lines: Callable[[UUID, str], Iterable[ChatLine]] = lambda _session_id, _identity: ()
    """The messages of a session that this identity, the owner, may read, in order."""
    log_header: Sequence[str] = ()
    log_rows: Callable[[UUID], Iterable[Sequence[object]]] = lambda _session_id: ()
    """The audit log of a session, a row each."""


_installed = FilePorts()


def install_ports(ports: FilePorts) -> None:
    """Called once, by the composition root."""
    global _installed  # noqa: PLW0603  the one process-wide value, set once at start
    _installed = ports


def ports() -> FilePorts:
    """The answers of this installation."""
    return _installed
