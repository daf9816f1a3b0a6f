"""What is done with a file whose last byte has come: hash it, look at it, and let it be sent. Safe to repeat."""

from datetime import datetime
from typing import Final

from palaver.files import services
from palaver.files.blobs import StorageFullError, Writer
from palaver.files.errors import UPLOAD_CHECKSUM
from palaver.files.models import StoredFile
from palaver.files.services import Finished
from palaver.files.threads import FileThreads
from palaver.kernel.errors import FILE_NOT_FOUND, PalaverError
from palaver.pictures.shrinking import Thumbnail, make_thumbnail

_MOST_SHOWN_BYTES: Final = 32 * 1024 * 1024  # a larger picture is downloaded, never put into a page


async def finish(threads: FileThreads, writer: Writer, file: StoredFile, *, now: datetime) -> None:
    """Call it while holding the file's lock.

    Raises:
        PalaverError: upload_checksum, and the upload starts over; file_not_found, when it was removed meanwhile.
    """
    await threads.disk(writer.sync)
    sha256 = await threads.slow(writer.sha256)
    if file.wanted_sha256 and file.wanted_sha256 != sha256:
        await threads.disk(writer.start_at, 0)
        await threads.database(services.checkpoint, file.pk, offset=0, now=now)
        raise PalaverError(UPLOAD_CHECKSUM)
    picture = await threads.slow(_thumbnail, file)
    finished = Finished(sha256=sha256)
    if picture is not None:
        finished = Finished(sha256, picture.kind.value, picture.width, picture.height)
    if not await threads.database(services.complete, file.pk, finished, now=now):
        # Removed while we looked at it; the thumbnail came after the removal.
        await threads.disk(services.blobs().remove, file.meeting_id, file.pk)
        raise PalaverError(FILE_NOT_FOUND)


def _thumbnail(file: StoredFile) -> Thumbnail | None:
    if not 0 < file.length_bytes <= _MOST_SHOWN_BYTES:
        return None
    store = services.blobs()
    try:
        picture = make_thumbnail(store.path(file.meeting_id, file.pk))
        if picture is not None:
            store.write_thumbnail(file.meeting_id, file.pk, picture.webp)
    except (StorageFullError, FileNotFoundError):
        return None
    return picture
