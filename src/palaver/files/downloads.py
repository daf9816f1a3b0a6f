"""Downloads behind signed links, with ranges, straight from the disk."""

import asyncio
import contextlib
import os
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from palaver.files import selectors, services
from palaver.files.domain import ranges
from palaver.files.domain.names import content_disposition
from palaver.files.links import Link, Purpose, read_link
from palaver.files.models import StoredFile
from palaver.files.requests import Request, encoded
from palaver.files.threads import FileThreads
from palaver.kernel.clock import Clock
from palaver.kernel.errors import FILE_NOT_FOUND, PalaverError

LINKS_PATH: Final = "/files/links/"
_PIECE_BYTES: Final = 256 * 1024
_ASK_AGAIN_BYTES: Final = 16 * 1024 * 1024  # somebody removed in the middle gets no more than this
_SEND_S: Final = 60.0  # for a quarter of a megabyte; who is slower is gone
BYTES_TYPE: Final = "application/octet-stream"

# Whatever a file claims to be, a browser that shows it runs nothing, loads nothing and sends nothing.
HARMLESS: Final = {
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    size: int
    etag: str
    media_type: str
    disposition: str


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: dict[str, str]
    parts: tuple[tuple[bytes, ranges.Span], ...]
    """Each with what stands before it."""
    tail: bytes = b""

    @property
    def length(self) -> int:
        return sum(len(head) + span.length for head, span in self.parts) + len(self.tail)


class Downloads:
    """Answers GET and HEAD of links. Reads no cookie: the link says who asks."""

    def __init__(self, threads: FileThreads, clock: Clock) -> None:
        self._threads, self._clock = threads, clock

    async def serve(self, request: Request, text: str) -> None:
        """Answer with the file, a part of it, or the news that it is unchanged."""
        link = read_link(text, now=self._clock())
        if link is None:
            raise PalaverError(FILE_NOT_FOUND)
        file = await self._access(link)
        found = await self._threads.disk(_find, file, link.purpose)
        headers = {
            **HARMLESS,
            "content-type": found.media_type,
            "content-disposition": found.disposition,
            "etag": found.etag,
            "accept-ranges": "bytes",
            # May be kept, but is asked for again each time: who was removed finds the door closed.
            "cache-control": "private, no-cache",
        }
        if not _matches(request.headers.get("if-match"), found.etag, default=True):
            await request.answer(HTTPStatus.PRECONDITION_FAILED, headers)
        elif _matches(request.headers.get("if-none-match"), found.etag, default=False):
            await self._unchanged(request, headers)
        else:
            await self._send(request, link, found, headers)

    async def _send(self, request: Request, link: Link, found: _Found, headers: dict[str, str]) -> None:
        wanted: ranges.Wanted = ranges.Whole()
        parts: tuple[tuple[bytes, ranges.Span], ...]
        if request.scope["method"] == "GET":
            wanted = ranges.wanted(
                request.headers.get("range"),
                size=found.size,
                if_range=request.headers.get("if-range"),
                etag=found.etag,
            )
        match wanted:
            case ranges.Unsatisfiable():
                headers["content-range"] = f"bytes */{found.size}"
                await request.answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
            case ranges.Whole():
                parts = ((b"", ranges.Span(0, found.size - 1)),) if found.size else ()
                await self._stream(request, link, found, _Reply(HTTPStatus.OK, headers, parts))
            case (span,):
                headers["content-range"] = f"bytes {span.first}-{span.last}/{found.size}"
                reply = _Reply(HTTPStatus.PARTIAL_CONTENT, headers, ((b"", span),))
                await self._stream(request, link, found, reply)
            case spans:
                boundary = secrets.token_hex(16)
                parts = tuple((_part_head(boundary, found, span), span) for span in spans)
                headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
                tail = f"\r\n--{boundary}--\r\n".encode()
                await self._stream(request, link, found, _Reply(HTTPStatus.PARTIAL_CONTENT, headers, parts, tail))

    async def _stream(self, request: Request, link: Link, found: _Found, reply: _Reply) -> None:
        start = {**reply.headers, "content-length": str(reply.length)}
        await request.send({"type": "http.response.start", "status": reply.status, "headers": encoded(start)})
        if request.scope["method"] == "HEAD":
            await request.send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.create_task(request.disconnected())
        try:
            fd = await self._threads.disk(os.open, found.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                asked_at = sent = 0
                for head, span in reply.parts:
                    await self._put(request, head)
                    position = span.first
                    while position <= span.last and not gone.done():
                        if sent - asked_at >= _ASK_AGAIN_BYTES:
                            asked_at = sent
                            await self._access(link)  # a refusal now breaks the connection off: better than going on
                        piece = await self._threads.disk(
                            os.pread, fd, min(_PIECE_BYTES, span.last + 1 - position), position
                        )
                        if not piece:
                            raise FileNotFoundError(found.path)
                        await self._put(request, piece)
                        position += len(piece)
                        sent += len(piece)
            finally:
                os.close(fd)
            if not gone.done():
                await request.send({"type": "http.response.body", "body": reply.tail})
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _put(self, request: Request, piece: bytes) -> None:
        if piece:
            # Returns when the socket's buffer has room again: memory does not grow with a slow reader.
            async with asyncio.timeout(_SEND_S):
                await request.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _access(self, link: Link) -> StoredFile:
        return await self._threads.database(selectors.access_linked_file, link, now=self._clock())

    @staticmethod
    async def _unchanged(request: Request, headers: dict[str, str]) -> None:
        kept = {name: value for name, value in headers.items() if name not in ("content-type", "content-disposition")}
        await request.send({"type": "http.response.start", "status": HTTPStatus.NOT_MODIFIED, "headers": encoded(kept)})
        await request.send({"type": "http.response.body", "body": b""})


def _find(file: StoredFile, purpose: Purpose) -> _Found:
    store = services.blobs()
    if purpose is Purpose.THUMBNAIL:
        path, media_type, etag = store.thumbnail_path(file.meeting_id, file.pk), "image/webp", f'"t-{file.sha256}"'
    else:
        path, etag = store.path(file.meeting_id, file.pk), f'"{file.sha256}"'
        media_type = file.image_type if purpose is Purpose.VIEW else BYTES_TYPE
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise PalaverError(FILE_NOT_FOUND) from None
    kind = "attachment" if purpose is Purpose.DOWNLOAD else "inline"
    return _Found(path, size, etag, media_type, content_disposition(kind, file.name))


def _part_head(boundary: str, found: _Found, span: ranges.Span) -> bytes:
    return (
        f"\r\n--{boundary}\r\ncontent-type: {found.media_type}\r\n"
        f"content-range: bytes {span.first}-{span.last}/{found.size}\r\n\r\n"
    ).encode()


def _matches(header: str | None, etag: str, *, default: bool) -> bool:
    if header is None:
        return default
    listed = [text.strip().removeprefix("W/") for text in header.split(",")]
    return header.strip() == "*" or etag in listed
