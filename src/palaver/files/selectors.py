"""How any interface gets at files. Missing and forbidden look the same: file_not_found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from palaver.accounts.models import User
from palaver.files.errors import UPLOAD_EXPIRED
from palaver.files.links import Link, Purpose
from palaver.files.models import StoredFile
from palaver.files.ports import Reading, ports
from palaver.kernel.errors import FILE_NOT_FOUND, MEETING_NOT_FOUND, PalaverError
from palaver.live.domain.people import Identity
from palaver.live.identity import user_identity
from palaver.live.readers import Reader, access_reader, reader_of
from palaver.meetings.models import MeetingSession


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a message tells of a file that it carries."""

    file_id: UUID
    name: str
    size: int
    image_type: str
    width: int | None
    height: int | None


def describe_files(file_ids: Iterable[UUID]) -> dict[UUID, FileInfo]:
    """For those who already may read the message: what its files are. Deleted ones are left out."""
    return {file.pk: file_info(file) for file in StoredFile.objects.filter(pk__in=list(file_ids)).order_by("pk")}


def file_info(file: StoredFile) -> FileInfo:
    """What is told of one file."""
    return FileInfo(file.pk, file.name, file.length_bytes, file.image_type, file.width, file.height)


def access_upload(request: HttpRequest, file_id: UUID, *, now: datetime) -> StoredFile:
    """An upload, for the person who began it and who is still let into its meeting.

    Raises:
        PalaverError: file_not_found; upload_expired, to its uploader; rate_limited.
    """
    file = StoredFile.objects.select_related("meeting").filter(pk=file_id).first()
    if file is None:
        raise PalaverError(FILE_NOT_FOUND)
    try:
        reader = access_reader(request, file.meeting.slug, now=now)
    except PalaverError as refusal:
        raise PalaverError(FILE_NOT_FOUND) if refusal.spec is MEETING_NOT_FOUND else refusal from None
    if file.identity != reader.identity:
        raise PalaverError(FILE_NOT_FOUND)
    if file.expires_at is not None and file.expires_at <= now:
        raise PalaverError(UPLOAD_EXPIRED)
    return file


def readable_files(reader: Reader, file_ids: Iterable[UUID], *, now: datetime) -> list[StoredFile]:
    """Those of the files that this person may read."""
    files = StoredFile.objects.filter(pk__in=list(file_ids), meeting=reader.meeting).exclude(completed_at=None)
    return [file for file in files.order_by("created_at", "pk") if _may_read(file, _Person.of(reader), now=now)]


def access_linked_file(link: Link, *, now: datetime) -> StoredFile:
    """The file behind a signed link, if the person it was made for may read it at this moment.

    Raises:
        PalaverError: file_not_found.
    """
    file = StoredFile.objects.select_related("meeting__owner").filter(pk=link.file_id).first()
    if file is None or file.completed_at is None or not file.meeting.owner.is_active:
        raise PalaverError(FILE_NOT_FOUND)
    if link.purpose is not Purpose.DOWNLOAD and not file.image_type:
        raise PalaverError(FILE_NOT_FOUND)
    reader = _reader_behind(link, file, now=now)
    if reader is None or not _may_read(file, _Person.of(reader), now=now):
        raise PalaverError(FILE_NOT_FOUND)
    return file


def access_export(user: User | None, session_id: UUID) -> MeetingSession:
    """A run of a meeting, for the owner.

    Raises:
        PalaverError: meeting_not_found.
    """
    run = MeetingSession.objects.select_related("meeting").filter(pk=session_id).first()
    if run is None or user is None or run.meeting.owner_id != user.pk:
        raise PalaverError(MEETING_NOT_FOUND)
    return run


def files_for_export(run: MeetingSession) -> list[StoredFile]:
    """The files of the run's messages as far as these are exported, in the order in which they were sent."""
    sent = StoredFile.objects.filter(session=run).exclude(message_id=None).order_by("attached_at", "pk")
    exported = set(ports().exported_messages({file.message_id for file in sent if file.message_id is not None}))
    return [file for file in sent if file.message_id in exported]


@dataclass(frozen=True, slots=True)
class _Person:
    identity: str
    user_id: int | None
    is_owner: bool

    @classmethod
    def of(cls, reader: Reader) -> "_Person":
        return cls(reader.identity, reader.user_id, reader.is_owner)


def _reader_behind(link: Link, file: StoredFile, *, now: datetime) -> Reader | None:
    user = None
    if link.user_id is not None:
        user = User.objects.filter(pk=link.user_id, is_active=True).first()
        if user is None or link.identity != user_identity(user.pk, file.meeting_id):
            return None
    return reader_of(file.meeting, Identity(link.identity), user=user, now=now)


def _may_read(file: StoredFile, person: _Person, *, now: datetime) -> bool:
    is_own = file.identity == person.identity
    if file.message_id is None:
        return is_own and file.expires_at is not None and file.expires_at > now
    return is_own or ports().may_read(
        Reading(file.meeting_id, file.message_id, person.identity, person.user_id, person.is_owner, now)
    )
