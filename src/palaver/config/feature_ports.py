"""Chat and files, which do not know each other, introduced to one another: who attaches what, who reads it, what is
taken along in an export.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from palaver.accounts.models import User
from palaver.chat import export, selectors as chat
from palaver.chat.models import Audience, Message
from palaver.chat.ports import ChatPorts, FileClaim, FileLink, Picture
from palaver.chat.reading import Reader
from palaver.files import services as files
from palaver.files.domain.csv_text import csv_lines
from palaver.files.downloads import LINKS_PATH
from palaver.files.links import Link, Purpose, sign_link
from palaver.files.models import StoredFile
from palaver.files.ports import FilePorts, Reading
from palaver.files.selectors import readable_files
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import PalaverError
from palaver.live.readers import Reader as FileReader
from palaver.meetings.models import AuditEntry, Meeting, MeetingSession
from palaver.meetings.selectors import standing_of

_ROWS_AT_ONCE: Final = 500


def _claim_files(claim: FileClaim) -> Sequence[Picture] | None:
    if not claim.file_ids:
        return ()
    try:
        attached = files.attach_files(
            claim.file_ids,
            meeting_id=claim.meeting_id,
            message_id=claim.message_id,
            identity=claim.identity,
            now=system_clock(),
        )
    except PalaverError:
        return None
    return [Picture(str(file.pk), file.width, file.height) for file in attached if file.width and file.height]


def _may_read(reading: Reading) -> bool:
    reader = Reader(
        meeting_id=reading.meeting_id,
        identity=reading.identity,
        user_id=reading.user_id,
        is_moderator=reading.is_owner or _moderates(reading.meeting_id, reading.user_id),
    )
    return chat.may_read_message(reader, reading.message_id, now=reading.now)


def _moderates(meeting_id: UUID, user_id: int | None) -> bool:
    """By the meeting's own list. A role that was given in a run ends with it, and opens no files from outside."""
    user = None if user_id is None else User.objects.filter(pk=user_id, is_active=True).first()
    meeting = Meeting.objects.filter(pk=meeting_id).first()
    if user is None or meeting is None:
        return False
    role, _ = standing_of(meeting, user)
    return role is not None and role.is_moderator


def _kept_messages(message_ids: Collection[UUID]) -> Collection[UUID]:
    return set(Message.objects.filter(pk__in=message_ids, deleted_at=None).values_list("pk", flat=True))


def _exported_messages(message_ids: Collection[UUID]) -> Collection[UUID]:
    public = Message.objects.filter(pk__in=message_ids, deleted_at=None).exclude(audience=Audience.PRIVATE)
    return set(public.values_list("pk", flat=True))


def _export_parts(session: MeetingSession, now: datetime) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "chat.json", _encoded(export.json_lines(export.export_session(session, now=now)))
    yield "chat.txt", _encoded(export.text_lines(export.export_session(session, now=now)))
    yield "chat.html", _encoded(export.html_pieces(session, export.export_session(session, now=now)))
    yield "log.csv", csv_lines(("Number", "Time (UTC)", "Who", "Did", "To whom", "Detail"), _log_rows(session))


def _encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode("utf-8", "replace")


def _log_rows(session: MeetingSession) -> Iterator[tuple[object, ...]]:
    entries = AuditEntry.objects.filter(session=session).order_by("number").iterator(chunk_size=_ROWS_AT_ONCE)
    for entry in entries:
        detail = ", ".join(f"{key}: {value}" for key, value in entry.detail.items())
        yield entry.number, entry.at.isoformat(), entry.actor_name, entry.action, entry.target_name, detail


def _link_files(reader: FileReader, file_ids: Sequence[str], now: datetime) -> Mapping[str, FileLink]:
    def link(file: StoredFile) -> FileLink:
        signed = sign_link(Link(file.pk, Purpose.DOWNLOAD, reader.identity, reader.user_id), now=now)
        return FileLink(file.name, file.length_bytes, LINKS_PATH + signed)

    readable = readable_files(reader, map(UUID, file_ids), now=now)
    return {str(file.pk): link(file) for file in readable}


CHAT_PORTS: Final = ChatPorts(claim_files=_claim_files, link_files=_link_files)
FILE_PORTS: Final = FilePorts(
    may_read=_may_read,
    kept_messages=_kept_messages,
    exported_messages=_exported_messages,
    export_parts=_export_parts,
)
