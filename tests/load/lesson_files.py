"""A file that somebody hands in during a lesson: sent in parts with a break, fetched by ranges by somebody else."""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator

import httpx

from benches.processes import resident_kib
from tests.load.classroom import PATIENCE_S, House
from tests.load.lesson import Lesson

MEGABYTE = 1_000_000
PART = 10
MAX_GROWTH_KIB = 48 * 1024
_WHO = ("X-Palaver-Guest-Ticket", "Tus-Resumable", "Origin")


class Memory:
    """By how much the server's processes grew at most, the one that grew most."""

    def __init__(self, server: House) -> None:
        self._first_kib = {pid: resident_kib(pid) for pid in server.pids}
        self.grown_kib = 0

    async def watch(self) -> None:
        while True:
            self.grown_kib = max(self.grown_kib, *(resident_kib(pid) - kib for pid, kib in self._first_kib.items()))
            await asyncio.sleep(0.05)


async def hand_in(lesson: Lesson, megabytes: int) -> str:
    """A guest sends a file by tus and is cut in the middle of it; a member fetches it by ranges."""
    guest, reader = lesson.guests[6], lesson.members[1]
    content = os.urandom(MEGABYTE)
    digest = hashlib.sha256()
    for _ in range(megabytes):
        digest.update(content)
    memory = Memory(lesson.server)
    watching = asyncio.create_task(memory.watch())
    sender = {"X-Palaver-Guest-Ticket": guest.ticket or "", "Tus-Resumable": "1.0.0", "Origin": lesson.server.url}
    async with httpx.AsyncClient(base_url=lesson.server.url, timeout=PATIENCE_S) as browser:
        path, length = f"/files/meetings/{lesson.slug}", str(megabytes * MEGABYTE)
        created = await browser.post(path, headers={**sender, "Upload-Length": length})
        assert created.status_code == 201, created.text
        location, offset, begun_s = created.headers["location"], 0, time.monotonic()
        while offset < megabytes * MEGABYTE:
            rest = (content * PART)[offset % MEGABYTE :][: megabytes * MEGABYTE - offset]
            more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            if offset and offset == megabytes // 2 // PART * PART * MEGABYTE:
                offset = await be_cut(lesson, location, {**sender, **more}, rest)
                continue
            answer = await browser.patch(location, headers={**sender, **more}, content=rest)
            assert answer.status_code == 204, answer.text
            offset = int(answer.headers["upload-offset"])
        rate = megabytes / (time.monotonic() - begun_s)
        file_id = location.rsplit("/", 1)[1]
        await guest.do("chat_send", client_id="guest-file", text="My homework", file_ids=[file_id])
        await reader.until(lambda: "My homework" in reader.heard())
        cookie = {"Cookie": f"sessionid={reader.cookie}"}
        listed = await browser.get(f"/api/meetings/{lesson.slug}/files", params={"id": file_id}, headers=cookie)
        download = listed.json()["files"][0]["download"]
        fetched = hashlib.sha256()
        for start in range(0, megabytes * MEGABYTE, PART * MEGABYTE):
            end = min(start + PART * MEGABYTE, megabytes * MEGABYTE) - 1
            async with browser.stream("GET", download, headers={"Range": f"bytes={start}-{end}"}) as part:
                assert part.status_code == 206
                assert part.headers["content-range"] == f"bytes {start}-{end}/{megabytes * MEGABYTE}"
                async for piece in part.aiter_bytes():
                    fetched.update(piece)
        assert fetched.hexdigest() == digest.hexdigest()
        stranger = await browser.get(f"/api/meetings/{lesson.slug}/files", params={"id": file_id})
        assert stranger.status_code == 404
    watching.cancel()
    await asyncio.wait({watching})
    assert memory.grown_kib <= MAX_GROWTH_KIB, "the server keeps the file in memory"
    return (
        f"file of {megabytes} MB at {rate:.0f} MB/s with a cut, server grew by {memory.grown_kib // 1024} MiB at most"
    )


async def be_cut(lesson: Lesson, location: str, headers: dict[str, str], content: bytes) -> int:
    """The connection breaks within a part; where the file goes on, as the server says."""

    async def half() -> AsyncIterator[bytes]:
        yield content[: len(content) // 2]
        raise ConnectionError("cut")

    async with httpx.AsyncClient(base_url=lesson.server.url, timeout=PATIENCE_S) as broken:
        with contextlib.suppress(ConnectionError):
            await broken.patch(location, headers={**headers, "Content-Length": str(len(content))}, content=half())
    async with httpx.AsyncClient(base_url=lesson.server.url, timeout=PATIENCE_S) as again:
        told = await again.head(location, headers={key: headers[key] for key in _WHO})
    offset = int(told.headers["upload-offset"])
    begun = int(headers["Upload-Offset"])
    assert begun <= offset < begun + len(content)
    return offset
