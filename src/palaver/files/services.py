"""What changes files. Each call is one short transaction; bytes are removed after the commit that forgets them."""

import itertools
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from palaver.files.blobs import Blobs, StorageFullError
from palaver.files.domain.tus import NewUpload
from palaver.files.errors import (
    FILE_IN_USE,
    FILE_TOO_LARGE,
    MEETING_QUOTA,
    PERSON_QUOTA,
    STORAGE_FULL,
    TOO_MANY_UPLOADS,
)
from palaver.files.limits import FileLimits
from palaver.files.models import FolderMark, StoredFile
from palaver.files.ports import ports
from palaver.kernel.errors import FILE_NOT_FOUND, MEETING_NOT_FOUND, PalaverError
from palaver.live.readers import Reader
from palaver.meetings.facts import MeetingDeleted
from palaver.meetings.models import Meeting, MeetingSession

logger = logging.getLogger(__name__)

UPLOAD_LIFETIME: Final = timedelta(hours=24)
"""How long an unfinished upload waits to be resumed, and a finished file for its message."""
MOST_FILES_OF_A_MESSAGE: Final = 10
_MESSAGES_AT_ONCE: Final = 500
_FILES_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Finished:
    """What was found out about a whole file."""

    sha256: str
    image_type: str = ""
    width: int | None = None
    height: int | None = None


def blobs() -> Blobs:
    """The folder of this installation."""
    return Blobs(settings.PALAVER_FILES_DIR)


def create_upload(reader: Reader, upload: NewUpload, *, now: datetime) -> StoredFile:
    """Begin an upload. Its whole length counts against the quotas from now on, so it never meets them half-way.

    Raises:
        PalaverError: file_too_large, meeting_quota, person_quota, too_many_uploads, storage_full, meeting_not_found.
    """
    limits: FileLimits = settings.PALAVER_FILES
    if upload.length > limits.file_bytes:
        raise PalaverError(FILE_TOO_LARGE, most=limits.file_bytes)
    promised: int = (
        StoredFile.objects.filter(completed_at=None).aggregate(left=Sum(F("length_bytes") - F("offset_bytes")))["left"]
        or 0
    )
    if not blobs().has_room_for(promised + upload.length):
        raise PalaverError(STORAGE_FULL)
    with transaction.atomic():
        # One at a time in a meeting: two uploads that fit alone must not both get the last room.
        meeting = Meeting.objects.select_for_update().filter(pk=reader.meeting.pk).first()
        if meeting is None:
            raise PalaverError(MEETING_NOT_FOUND)
        _refuse_above_quota(reader, upload.length, limits)
        file = StoredFile.objects.create(
            meeting=meeting,
            session=MeetingSession.objects.filter(meeting=meeting, ended_at=None).first(),
            identity=reader.identity,
            user_id=reader.user_id,
            name=upload.name,
            metadata=upload.metadata,
            wanted_sha256=upload.sha256,
            length_bytes=upload.length,
            created_at=now,
            expires_at=now + UPLOAD_LIFETIME,
        )
    try:
        # After the commit: bytes that no row knows are swept away.
        blobs().create(file.meeting_id, file.pk)
    except StorageFullError:
        delete_files([file.pk])
        raise PalaverError(STORAGE_FULL) from None
    return file


def checkpoint(file_id: UUID, *, offset: int, now: datetime) -> bool:
    """Say that everything before `offset` is on the disk. False when the upload is gone meanwhile."""
    unfinished = StoredFile.objects.filter(pk=file_id, completed_at=None)
    return unfinished.update(offset_bytes=offset, expires_at=now + UPLOAD_LIFETIME) == 1


def complete(file_id: UUID, finished: Finished, *, now: datetime) -> bool:
    """The file is whole. From here on it waits for its message. False when it is gone meanwhile."""
    return (
        StoredFile.objects.filter(pk=file_id, completed_at=None).update(
            sha256=finished.sha256,
            image_type=finished.image_type,
            width=finished.width,
            height=finished.height,
            completed_at=now,
            expires_at=now + UPLOAD_LIFETIME,
        )
        == 1
    )


def attach_files(
    file_ids: Iterable[str | UUID], *, meeting_id: UUID, message_id: UUID, identity: str, now: datetime
) -> list[StoredFile]:
    """Give whole files of this person to a message, in the order named. Call it in the message's transaction.

    Raises:
        PalaverError: file_not_found, when one is unknown, not theirs, unfinished, expired, or in a message already.
    """
    wanted = list(dict.fromkeys(_uuids(file_ids)))
    if len(wanted) > MOST_FILES_OF_A_MESSAGE:
        raise PalaverError(FILE_NOT_FOUND)
    with transaction.atomic():
        usable = StoredFile.objects.select_for_update().filter(
            pk__in=wanted, meeting_id=meeting_id, identity=identity, attached_at=None, expires_at__gt=now
        )
        found = {file.pk: file for file in usable.exclude(completed_at=None).order_by("pk")}
        if set(found) != set(wanted):
            raise PalaverError(FILE_NOT_FOUND)
        StoredFile.objects.filter(pk__in=wanted).update(message_id=message_id, attached_at=now, expires_at=None)
    for file in found.values():
        file.message_id, file.attached_at, file.expires_at = message_id, now, None
    return [found[file_id] for file_id in wanted]


def cancel_upload(file: StoredFile) -> None:
    """Remove what its uploader has not sent with a message.

    Raises:
        PalaverError: file_in_use, when it belongs to a message: it is deleted with that.
    """
    with transaction.atomic():
        locked = StoredFile.objects.select_for_update().filter(pk=file.pk).first()
        if locked is not None and locked.attached_at is not None:
            raise PalaverError(FILE_IN_USE)
        delete_files([file.pk])


def delete_files(file_ids: Iterable[UUID]) -> int:
    """Forget files, and remove their bytes once that is committed; return how many there were."""
    return _delete(StoredFile.objects.filter(pk__in=list(file_ids)))


class CarriesFiles(Protocol):
    """A fact about messages that are gone."""

    @property
    def file_ids(self) -> tuple[str, ...]:
        """The files that they carried."""
        ...


def forget_files(fact: CarriesFiles) -> None:
    """Subscriber: messages are gone, by somebody's hand or by retention, and their files go with them."""
    _delete(StoredFile.objects.filter(pk__in=_uuids(fact.file_ids)))


def delete_files_of_session(session_id: UUID) -> int:
    """Everything that was sent or begun in one run of a meeting."""
    return _delete(StoredFile.objects.filter(session_id=session_id))


def delete_files_before(meeting_id: UUID, *, before: datetime) -> int:
    """Retention: every file of the meeting that was sent before a moment."""
    return _delete(StoredFile.objects.filter(meeting_id=meeting_id, attached_at__lt=before))


def forget_meeting(fact: MeetingDeleted) -> None:
    """Subscriber: the rows went with the meeting, the bytes go now."""
    blobs().remove_meeting(fact.meeting_id)


def sweep(*, now: datetime) -> int:
    """Remove what has expired, and bytes that no row knows: after a crash, or a cascade. Returns how many files."""
    removed = _delete(StoredFile.objects.filter(expires_at__lte=now))
    return removed + sweep_unknown()


def sweep_unknown() -> int:
    """Remove bytes that no row knows; returns how many files. A folder of another database is left alone."""
    store = blobs()
    mark, _ = FolderMark.objects.get_or_create(pk=1)
    if not store.belongs_to(mark.mark):
        logger.error("The folder of files belongs to another database; nothing in it is removed")
        return 0
    removed, listed = 0, store.listed()
    while some := list(itertools.islice(listed, _FILES_AT_ONCE)):
        # Asked after listing: a row is committed before its bytes come to be.
        known = StoredFile.objects.filter(pk__in={file_id for _, file_id in some})
        kept = set(known.values_list("meeting_id", "pk"))
        for meeting_id, file_id in set(some) - kept:
            store.remove(meeting_id, file_id)
            removed += 1
    return removed


def drop_files_of_lost_messages() -> int:
    """Remove files whose message is gone without our hearing of it, as when a crash came in between."""
    removed, last = 0, UUID(int=0)
    attached = StoredFile.objects.exclude(message_id=None).order_by("message_id")
    while some := list(
        attached.filter(message_id__gt=last).values_list("message_id", flat=True).distinct()[:_MESSAGES_AT_ONCE]
    ):
        message_ids = [message_id for message_id in some if message_id is not None]
        lost = set(message_ids) - set(ports().kept_messages(message_ids))
        removed += _delete(StoredFile.objects.filter(message_id__in=lost))
        last = message_ids[-1]
    return removed


def _delete(files: "QuerySet[StoredFile]") -> int:
    with transaction.atomic():
        gone = list(files.select_for_update().order_by("pk").values_list("meeting_id", "pk"))
        StoredFile.objects.filter(pk__in=[file_id for _, file_id in gone]).delete()
        transaction.on_commit(lambda: _remove_bytes(gone))
    return len(gone)


def _remove_bytes(gone: list[tuple[UUID, UUID]]) -> None:
    for meeting_id, file_id in gone:
        blobs().remove(meeting_id, file_id)


def _uuids(texts: Iterable[str | UUID]) -> list[UUID]:
    try:
        return [text if isinstance(text, UUID) else UUID(text) for text in texts]
    except ValueError:
        raise PalaverError(FILE_NOT_FOUND) from None


def _refuse_above_quota(reader: Reader, length: int, limits: FileLimits) -> None:
    of_person = Q(user_id=reader.user_id) if reader.user_id else Q(meeting=reader.meeting, identity=reader.identity)
    if StoredFile.objects.filter(of_person, completed_at=None).count() >= limits.uploads_at_once:
        raise PalaverError(TOO_MANY_UPLOADS, most=limits.uploads_at_once)
    for files, most, refusal in (
        (StoredFile.objects.filter(of_person), limits.person_bytes, PERSON_QUOTA),
        (StoredFile.objects.filter(meeting=reader.meeting), limits.meeting_bytes, MEETING_QUOTA),
    ):
        used: int = files.aggregate(used=Sum("length_bytes"))["used"] or 0
        if used + length > most:
            raise PalaverError(refusal, most=most, used=used)
