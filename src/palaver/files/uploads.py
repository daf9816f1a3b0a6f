"""tus 1.0 over HTTP: creation, HEAD, PATCH, termination. Rules FILE-0xx in `docs/protocol/files.md`."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from palaver.files import selectors, services
from palaver.files.blobs import LockedError, StorageFullError, Writer
from palaver.files.domain import tus
from palaver.files.errors import STORAGE_FULL, UPLOAD_BUSY, UPLOAD_CHECKSUM
from palaver.files.finishing import finish
from palaver.files.models import StoredFile
from palaver.files.requests import InterruptedUploadError, Request
from palaver.files.threads import FileThreads
from palaver.files.writing import Writing
from palaver.kernel.clock import Clock
from palaver.kernel.errors import FILE_NOT_FOUND, TOO_LARGE, UNAVAILABLE, PalaverError
from palaver.live.readers import access_reader

UPLOADS_PATH: Final = "/files/uploads/"
_CHECKPOINT_BYTES: Final = 16 * 1024 * 1024  # what a crash of the process may cost at most
_MOST_RUNNING: Final = 64
_TUS: Final = {"tus-resumable": tus.VERSION}


class Uploads:
    """Every upload that runs in this process."""

    def __init__(self, threads: FileThreads, clock: Clock, limits: Callable[[], int]) -> None:
        self._threads, self._clock, self._most_bytes = threads, clock, limits
        self._running: dict[UUID, Writing] = {}

    async def options(self, request: Request) -> None:
        """What this server can do; the same for everybody."""
        headers = {
            **_TUS,
            "tus-version": tus.VERSION,
            "tus-extension": tus.EXTENSIONS,
            "tus-max-size": str(self._most_bytes()),
            "tus-checksum-algorithm": ",".join(tus.ALGORITHMS),
        }
        await request.answer(HTTPStatus.NO_CONTENT, headers)

    async def create(self, request: Request, slug: str) -> None:
        """POST: a new upload, perhaps with its first bytes."""
        with _in_words():
            tus.require_version(request.headers)
            request.require_own_origin()
            upload = tus.read_creation(request.headers)
            first = tus.read_append(request.headers, is_creation=True) if request.has_body else None
            if first is not None:
                tus.start_of(first, offset=0, length=upload.length)
            now = self._clock()
            reader = await self._threads.database(access_reader, request.for_django(), slug, now=now)
            file = await self._threads.database(services.create_upload, reader, upload, now=now)
            headers = {**_TUS, "location": f"{UPLOADS_PATH}{file.pk}"}
            if first is not None or upload.length == 0:
                try:
                    headers["upload-offset"] = str(await self._write(request, file, first))
                except (PalaverError, StorageFullError):
                    # Its address was never told, so nobody could go on with it.
                    await self._threads.database(services.cancel_upload, file)
                    raise
        await request.answer(HTTPStatus.CREATED, headers | self._expiry(await self._fresh(file)))

    async def head(self, request: Request, file_id: UUID) -> None:
        """HEAD: how much is safely here. Ends a PATCH that still hangs in a connection which is gone."""
        tus.require_version(request.headers)
        file = await self._threads.database(selectors.access_upload, request.for_django(), file_id, now=self._clock())
        if (running := self._running.get(file_id)) is not None:
            await running.stop()
        if file.completed_at is None and file.offset_bytes == file.length_bytes:
            # Whole, but the server was stopped before it had looked at it.
            with _in_words():
                await self._write(request, file, None)
        file = await self._fresh(file)
        headers = {
            **_TUS,
            "upload-offset": str(file.offset_bytes),
            "upload-length": str(file.length_bytes),
            **({"upload-metadata": file.metadata} if file.metadata else {}),
        }
        await request.answer(HTTPStatus.OK, headers | self._expiry(file))

    async def patch(self, request: Request, file_id: UUID) -> None:
        """PATCH: the next bytes."""
        with _in_words():
            tus.require_version(request.headers)
            request.require_own_origin()
            file = await self._threads.database(
                selectors.access_upload, request.for_django(), file_id, now=self._clock()
            )
            offset = await self._write(request, file, tus.read_append(request.headers))
        headers = {**_TUS, "upload-offset": str(offset)}
        await request.answer(HTTPStatus.NO_CONTENT, headers | self._expiry(await self._fresh(file)))

    async def delete(self, request: Request, file_id: UUID) -> None:
        """DELETE: the client does not want it any more."""
        tus.require_version(request.headers)
        request.require_own_origin()
        file = await self._threads.database(selectors.access_upload, request.for_django(), file_id, now=self._clock())
        if (running := self._running.get(file_id)) is not None:
            await running.stop()
        await self._threads.database(services.cancel_upload, file)
        await request.answer(HTTPStatus.NO_CONTENT, _TUS)

    async def shutdown(self) -> None:
        """Stop every upload; what came is kept."""
        for running in list(self._running.values()):
            await running.stop()

    async def _write(self, request: Request, file: StoredFile, append: tus.Append | None) -> int:
        """Take the lock, put the bytes where they belong, and finish the file when it is whole."""
        if file.pk in self._running:
            raise PalaverError(UPLOAD_BUSY)
        if len(self._running) >= _MOST_RUNNING:
            raise PalaverError(UNAVAILABLE)
        running = self._running[file.pk] = Writing(request.stop)
        writer: Writer | None = None
        try:
            path = services.blobs().path(file.meeting_id, file.pk)
            writer = await self._threads.disk(Writer, path)
            file = await self._fresh(file)  # whoever held the lock before may have moved it
            offset = file.offset_bytes
            if append is not None:
                tus.start_of(append, offset=offset, length=file.length_bytes)
                if file.completed_at is None:
                    offset = await self._append(request, writer, file, append)
            if offset == file.length_bytes and file.completed_at is None:
                await finish(self._threads, writer, file, now=self._clock())
            return offset
        finally:
            del self._running[file.pk]
            if writer is not None:
                writer.close()
            running.is_done.set()

    async def _append(self, request: Request, writer: Writer, file: StoredFile, append: tus.Append) -> int:
        start = await self._threads.disk(writer.start_at, file.offset_bytes)
        if start != file.offset_bytes:
            # The disk lost what it had promised: say so, and go on from what is there.
            await self._keep(writer, file, start)
            tus.start_of(append, offset=start, length=file.length_bytes)
        digest = None if append.checksum is None else hashlib.new(append.checksum.algorithm, usedforsecurity=False)
        offset = kept = start
        try:
            while piece := await request.piece():
                if offset + len(piece) > file.length_bytes:
                    raise PalaverError(TOO_LARGE)
                await self._threads.disk(writer.write, piece)
                offset += len(piece)
                if digest is not None:
                    await self._threads.disk(digest.update, piece)
                elif offset - kept >= _CHECKPOINT_BYTES:
                    await self._keep(writer, file, offset)
                    kept = offset
            if append.length is not None and offset - start != append.length:
                raise InterruptedUploadError
            if digest is not None and not _is_same(digest.digest(), append.checksum):
                raise PalaverError(UPLOAD_CHECKSUM)
        except BaseException as problem:
            # As much as possible is kept, but nothing of what a checksum was to prove.
            is_proven = digest is None and not isinstance(problem, PalaverError)
            await self._give_up(writer, file, offset if is_proven else kept)
            raise
        if offset != kept:
            await self._keep(writer, file, offset)
        return offset

    async def _give_up(self, writer: Writer, file: StoredFile, offset: int) -> None:
        try:
            await self._threads.disk(writer.start_at, offset)
            await self._keep(writer, file, offset)
        except (StorageFullError, PalaverError):
            return  # the last checkpoint stands; the rest is cut off at the next try

    async def _keep(self, writer: Writer, file: StoredFile, offset: int) -> None:
        await self._threads.disk(writer.sync)
        if not await self._threads.database(services.checkpoint, file.pk, offset=offset, now=self._clock()):
            raise PalaverError(FILE_NOT_FOUND)

    async def _fresh(self, file: StoredFile) -> StoredFile:
        found = await self._threads.database(StoredFile.objects.filter(pk=file.pk).first)
        if found is None:
            raise PalaverError(FILE_NOT_FOUND)
        return found

    @staticmethod
    def _expiry(file: StoredFile) -> dict[str, str]:
        moment: datetime | None = file.expires_at
        return {} if moment is None else {"upload-expires": tus.http_date(moment)}


def _is_same(digest: bytes, checksum: tus.Checksum | None) -> bool:
    return checksum is not None and hmac.compare_digest(digest, checksum.digest)


class _in_words:  # noqa: N801  reads as a phrase where it is used
    """Turns what the disk says into refusals."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        match problem:
            case LockedError():
                raise PalaverError(UPLOAD_BUSY) from problem
            case StorageFullError():
                raise PalaverError(STORAGE_FULL) from problem
            case FileNotFoundError():
                raise PalaverError(FILE_NOT_FOUND) from problem
