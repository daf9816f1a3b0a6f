"""A meeting session as one ZIP: chat, files, attendance, log. Written while it is sent, whatever its size."""

import asyncio
import contextlib
import io
import threading
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connections
from typing_extensions import override

from palaver.files import selectors, services
from palaver.files.domain.csv_text import csv_lines
from palaver.files.domain.names import clean_file_name, content_disposition, unique_names
from palaver.files.downloads import HARMLESS
from palaver.files.models import StoredFile
from palaver.files.ports import ports
from palaver.files.requests import Request, encoded
from palaver.files.threads import FileThreads
from palaver.kernel.clock import Clock
from palaver.live.admission import signed_in_user
from palaver.meetings.models import Attendance, MeetingSession

_PIECE_BYTES: Final = 256 * 1024
_QUEUE_PIECES: Final = 4
_SEND_S: Final = 60.0


class _GoneError(Exception):
    """The client has gone; the thread stops at its next piece."""


class Exports:
    """Answers GET of `/files/sessions/<id>.zip`, for the owner's session cookie only."""

    def __init__(self, threads: FileThreads, clock: Clock) -> None:
        self._threads, self._clock = threads, clock

    async def serve(self, request: Request, session_id: UUID) -> None:
        """Stream the archive."""
        cookies = request.for_django().COOKIES
        run = await self._threads.database(_access, cookies.get(settings.SESSION_COOKIE_NAME), session_id)
        name = clean_file_name(f"{run.meeting.title} {run.started_at:%Y-%m-%d %H.%M}.zip")
        headers = {
            **HARMLESS,
            "content-type": "application/zip",
            "content-disposition": content_disposition("attachment", name),
            "cache-control": "private, no-store",
        }
        await request.send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": encoded(headers)})
        if request.scope["method"] == "HEAD":
            await request.send({"type": "http.response.body", "body": b""})
            return
        await self._stream(request, run)

    async def _stream(self, request: Request, run: MeetingSession) -> None:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_PIECES)
        is_gone = threading.Event()

        def put(piece: bytes | None) -> None:
            if is_gone.is_set():
                raise _GoneError
            asyncio.run_coroutine_threadsafe(pieces.put(piece), loop).result()

        def write() -> None:
            try:
                for piece in archive(run, now=self._clock()):
                    put(piece)
                put(None)
            except _GoneError:
                return
            finally:
                connections.close_all()

        writing = loop.run_in_executor(self._threads.exports, write)
        gone = asyncio.create_task(request.disconnected())
        try:
            while (piece := await _next(pieces, writing, gone)) is not None:
                async with asyncio.timeout(_SEND_S):
                    await request.send({"type": "http.response.body", "body": piece, "more_body": True})
            if not gone.done():
                await request.send({"type": "http.response.body", "body": b""})
        finally:
            is_gone.set()
            while not pieces.empty():
                pieces.get_nowait()
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone
            while not writing.done():
                # The thread may wait for room once more before it sees the flag.
                await asyncio.wait({writing}, timeout=0.05)
                while not pieces.empty():
                    pieces.get_nowait()
        await writing


async def _next(
    pieces: "asyncio.Queue[bytes | None]", writing: "asyncio.Future[None]", gone: "asyncio.Task[None]"
) -> bytes | None:
    """The next piece; None at the end, when the client has gone, and when the thread failed."""
    getting = asyncio.create_task(pieces.get())
    waited: set[asyncio.Future[Any]] = {getting, writing, gone}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if gone.done() or (not getting.done() and writing.done() and pieces.empty()):
        getting.cancel()
        return None
    return await getting


def archive(run: MeetingSession, *, now: datetime) -> Iterator[bytes]:
    """The bytes of the ZIP, in pieces. Needs the memory of a piece, and of the list of names."""
    sink = _Sink()
    files = selectors.files_for_export(run)
    names = unique_names(file.name for file in files)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=1) as packed:
        yield from _member(packed, sink, "attendance.csv", _attendance(run), run)
        for name, content in ports().export_parts(run, now):
            yield from _member(packed, sink, name, content, run)
        for file, name in zip(files, names, strict=True):
            yield from _member(packed, sink, f"files/{name}", _content(file), run)
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that can only be written to: what was written is taken away at once."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    @override
    def writable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return False

    @override
    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last call."""
        taken, self._written = bytes(self._written), bytearray()
        return taken

    def __len__(self) -> int:
        return len(self._written)


def _member(
    packed: zipfile.ZipFile, sink: _Sink, name: str, content: Iterable[bytes], run: MeetingSession
) -> Iterator[bytes]:
    moment = run.started_at
    entry = zipfile.ZipInfo(name, (max(1980, moment.year), moment.month, moment.day, moment.hour, moment.minute, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    with packed.open(entry, "w", force_zip64=True) as member:
        for piece in content:
            member.write(piece)
            if len(sink) >= _PIECE_BYTES:
                yield sink.taken()


def _content(file: StoredFile) -> Iterator[bytes]:
    try:
        with services.blobs().path(file.meeting_id, file.pk).open("rb") as opened:
            while piece := opened.read(_PIECE_BYTES):
                yield piece
    except FileNotFoundError:
        return  # deleted while we were writing


def _attendance(run: MeetingSession) -> Iterator[bytes]:
    stays = Attendance.objects.filter(session=run).order_by("joined_at", "pk").iterator(chunk_size=500)
    rows = (
        (
            stay.display_name,
            "yes" if stay.is_signed_in else "no",
            stay.joined_at.isoformat(timespec="seconds"),
            "" if stay.left_at is None else stay.left_at.isoformat(timespec="seconds"),
            "" if stay.left_at is None else round((stay.left_at - stay.joined_at).total_seconds() / 60),
        )
        for stay in stays
    )
    return csv_lines(("Name", "Signed in", "Joined (UTC)", "Left (UTC)", "Minutes"), rows)


def _access(session_key: str | None, session_id: UUID) -> MeetingSession:
    return selectors.access_export(signed_in_user(session_key), session_id)
