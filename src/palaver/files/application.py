"""The ASGI application under `/files/`: bytes in, bytes out, beside the pages and never through their threads."""

import asyncio
import logging
import re
from typing import Final
from uuid import UUID

from django.conf import settings

from palaver.files.domain import tus
from palaver.files.downloads import LINKS_PATH, Downloads
from palaver.files.exports import Exports
from palaver.files.requests import InterruptedUploadError, Receive, Request, Scope, Send
from palaver.files.threads import FileThreads
from palaver.files.uploads import UPLOADS_PATH, Uploads
from palaver.kernel.clock import Clock, system_clock
from palaver.kernel.errors import FILE_NOT_FOUND, INTERNAL, UNAVAILABLE, PalaverError, define
from palaver.kernel.outages import is_outage

logger = logging.getLogger(__name__)

METHOD_NOT_ALLOWED: Final = define("method_not_allowed", http=405)
_MEETING: Final = re.compile(r"/files/meetings/([A-Za-z0-9-]{1,64})")
_UPLOAD: Final = re.compile(rf"{UPLOADS_PATH}([0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}})")
_LINK: Final = re.compile(rf"{LINKS_PATH}([\w:.-]{{1,1024}})")
_EXPORT: Final = re.compile(r"/files/sessions/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.zip")
_TUS: Final = {"tus-resumable": tus.VERSION, "tus-version": tus.VERSION}


class Files:
    """A part of the server and the application that it serves with."""

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._threads: FileThreads | None = None
        self._answering: set[asyncio.Task[object]] = set()

    async def startup(self) -> None:
        """Begin to take files."""
        self._threads = threads = FileThreads()
        self._uploads = Uploads(threads, self._clock, lambda: int(settings.PALAVER_FILES.file_bytes))
        self._downloads = Downloads(threads, self._clock)
        self._exports = Exports(threads, self._clock)

    async def shutdown(self, reason: str) -> None:
        """Keep what came of every upload, and stop."""
        if self._threads is not None:
            await self._uploads.shutdown()
            threads, self._threads = self._threads, None
            rest = self._answering - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await asyncio.to_thread(threads.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            await self._guarded(scope, receive, send)
        finally:
            self._answering.discard(task)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        is_tus = request.path.startswith((UPLOADS_PATH, "/files/meetings/"))
        try:
            if self._threads is None:
                raise PalaverError(UNAVAILABLE)
            await self._answer(request)
        except PalaverError as refusal:
            if request.has_begun:
                return  # half an answer: the server closes the connection, and the client sees that it is short
            await request.refuse(refusal, _TUS if is_tus else None)
        except InterruptedUploadError:
            return  # nobody is there to be answered
        except Exception as problem:
            if request.has_begun:
                raise  # the server breaks the connection off
            if is_outage(problem):
                logger.warning("A request for files met a database that is away", extra={"problem": repr(problem)})
                await request.refuse(PalaverError(UNAVAILABLE), _TUS if is_tus else None)
                return
            logger.exception("A request for files failed")
            await request.refuse(PalaverError(INTERNAL), _TUS if is_tus else None)

    async def _answer(self, request: Request) -> None:
        path, method = request.path, request.scope["method"]
        if match := _MEETING.fullmatch(path):
            await self._on_meeting(request, tus.method_of(method, request.headers), match.group(1))
        elif match := _UPLOAD.fullmatch(path):
            await self._on_upload(request, tus.method_of(method, request.headers), UUID(match.group(1)))
        elif match := _LINK.fullmatch(path):
            _require_reading(method)
            await self._downloads.serve(request, match.group(1))
        elif match := _EXPORT.fullmatch(path):
            _require_reading(method)
            await self._exports.serve(request, UUID(match.group(1)))
        else:
            raise PalaverError(FILE_NOT_FOUND)

    async def _on_meeting(self, request: Request, method: str, slug: str) -> None:
        match method:
            case "OPTIONS":
                await self._uploads.options(request)
            case "POST":
                await self._uploads.create(request, slug)
            case _:
                raise PalaverError(METHOD_NOT_ALLOWED)

    async def _on_upload(self, request: Request, method: str, file_id: UUID) -> None:
        match method:
            case "OPTIONS":
                await self._uploads.options(request)
            case "HEAD":
                await self._uploads.head(request, file_id)
            case "PATCH":
                await self._uploads.patch(request, file_id)
            case "DELETE":
                await self._uploads.delete(request, file_id)
            case _:
                raise PalaverError(METHOD_NOT_ALLOWED)


def _require_reading(method: str) -> None:
    if method not in ("GET", "HEAD"):
        raise PalaverError(METHOD_NOT_ALLOWED)
