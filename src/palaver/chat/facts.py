"""What the chat tells the others, after commit."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from palaver.kernel.ids import MeetingId, MeetingSessionId


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """Somebody deleted a message; its files are to go as well."""

    meeting_id: MeetingId
    session_id: MeetingSessionId
    """The run that the message was written in."""
    message_id: UUID
    file_ids: tuple[str, ...]
    sender_identity: str
    sender_name: str
    by_identity: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MessagesExpired:
    """Messages are gone by the meeting's retention; so are their files."""

    meeting_id: MeetingId
    message_ids: tuple[UUID, ...]
    file_ids: tuple[str, ...]
