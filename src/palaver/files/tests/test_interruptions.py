"""Bodies that stop, stall, come twice, or meet a full disk: what came is kept, and nothing else is touched."""

import asyncio
import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from palaver.accounts.models import User
from palaver.files import blobs, requests, services, uploads
from palaver.files.models import StoredFile
from palaver.files.tests.stage import BYTES, TUS, Stage, Visitor, metadata
from palaver.meetings.services import delete_meeting

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = os.urandom(3_000_000)


class Wire:
    """A request whose body comes when the test says so, as from a socket."""

    def __init__(self, stage: Stage, who: Visitor, location: str, *, offset: int, length: int, **headers: str) -> None:
        named = {**who.headers, **TUS, **BYTES, "Upload-Offset": str(offset), "Content-Length": str(length), **headers}
        listed = [(key.lower().encode(), value.encode()) for key, value in named.items()]
        self._scope = {
            "type": "http", "method": "PATCH", "path": location, "scheme": "http", "query_string": b"",
            "headers": [*listed, (b"host", b"testserver"), (b"origin", b"http://testserver")],
            "client": ("127.0.0.1", 1),
        }  # fmt: skip
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.unread = 0
        self.sent: list[Any] = []
        self.task = asyncio.create_task(stage.app(self._scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        message = await self._messages.get()
        self.unread -= 1
        return message

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    def give(self, piece: bytes, *, more: bool = True) -> None:
        self.unread += 1
        self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    def hang_up(self) -> None:
        self.unread += 1
        self._messages.put_nowait({"type": "http.disconnect"})

    async def is_read(self) -> None:
        async with asyncio.timeout(20):
            while self.unread:
                await asyncio.sleep(0)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None


async def begun(stage: Stage, length: int = len(CONTENT)) -> str:
    return str((await stage.bob.create(length)).headers["location"])


async def offset_of(stage: Stage, location: str) -> int:
    return int((await stage.bob.head(location)).headers["upload-offset"])


async def test_what_came_before_the_line_was_cut_is_kept(stage: Stage) -> None:
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:1_000_000])
    wire.hang_up()
    async with asyncio.timeout(20):
        await wire.task
    assert wire.sent == []
    offset = await offset_of(stage, location)
    assert offset == 1_000_000
    assert (await stage.bob.patch(location, offset, CONTENT[offset:])).status_code == 204
    file = await sync_to_async(StoredFile.objects.get)()
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_what_a_checksum_was_to_prove_is_not_kept_when_the_line_is_cut(stage: Stage) -> None:
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT), **{"Upload-Checksum": f"sha1 {'A' * 27}="})
    wire.give(CONTENT[:1_000_000])
    wire.hang_up()
    await wire.task
    assert await offset_of(stage, location) == 0


async def test_a_body_that_stands_still_is_over(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_IDLE_S", 0.05)
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:10])
    async with asyncio.timeout(20):
        await wire.task
    assert await offset_of(stage, location) == 10


async def test_resuming_ends_a_request_that_hangs_in_a_dead_connection(stage: Stage) -> None:
    """FILE-014: a client that asks for the offset has given up the request before."""
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:600_000])
    await wire.is_read()
    async with asyncio.timeout(20):
        assert await offset_of(stage, location) == 600_000
        await wire.task
    assert (await stage.bob.patch(location, 600_000, CONTENT[600_000:])).status_code == 204


async def test_two_requests_for_one_upload_exclude_each_other(stage: Stage) -> None:
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:600_000])
    await wire.is_read()
    busy = await stage.bob.patch(location, 0, CONTENT)
    assert (busy.status_code, busy.json()["code"]) == (423, "upload_busy")
    wire.give(CONTENT[600_000:], more=False)
    await wire.task
    assert wire.status == 204
    file = await sync_to_async(StoredFile.objects.get)()
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_of_many_at_the_same_moment_one_wins_and_the_file_is_right(stage: Stage) -> None:
    location = await begun(stage)
    answers = await asyncio.gather(*(stage.bob.patch(location, 0, CONTENT) for _ in range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 409, 423}
    file = await sync_to_async(StoredFile.objects.get)()
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_nothing_is_read_from_the_socket_while_the_disk_is_busy(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE-015: memory does not grow with the body, because a slow disk slows the sender."""
    gate = asyncio.Event()
    original = stage.app._threads.disk  # type: ignore[union-attr]

    async def slow_disk(call: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(call, "__name__", "") == "write":
            await gate.wait()
        return await original(call, *args, **kwargs)

    monkeypatch.setattr(stage.app._threads, "disk", slow_disk)
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    pieces = [CONTENT[start : start + 65_536] for start in range(0, len(CONTENT), 65_536)]
    for piece in pieces:
        wire.give(piece)
    while wire.unread == len(pieces):
        await asyncio.sleep(0)
    for _ in range(200):
        await asyncio.sleep(0)
    read = (len(pieces) - wire.unread) * 65_536
    assert read <= requests._PIECE_BYTES + 65_536
    gate.set()
    wire.give(b"", more=False)
    await wire.task
    assert wire.status == 204


async def test_a_full_disk_is_said_and_what_was_there_stays(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    location = await begun(stage)
    assert (await stage.bob.patch(location, 0, CONTENT[:1_000_000])).status_code == 204
    write = os.write
    room = 700_000

    def full(fd: int, data: Any) -> int:
        nonlocal room
        if len(data) < 1000:
            return write(fd, data)
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(fd, data[:room])
        room -= done
        return done

    monkeypatch.setattr(os, "write", full)
    refused = await stage.bob.patch(location, 1_000_000, CONTENT[1_000_000:])
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    monkeypatch.setattr(os, "write", write)
    offset = await offset_of(stage, location)
    assert 1_000_000 <= offset <= 1_700_000
    assert (await stage.bob.patch(location, offset, CONTENT[offset:])).status_code == 204
    assert (await sync_to_async(StoredFile.objects.get)()).sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_no_upload_begins_when_it_could_not_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "RESERVED_BYTES", 1 << 60)
    refused = await stage.bob.create(10)
    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    assert await sync_to_async(StoredFile.objects.count)() == 0


async def test_bytes_behind_the_last_checkpoint_of_a_crash_are_cut_off(stage: Stage) -> None:
    location = await begun(stage)
    await stage.bob.patch(location, 0, CONTENT[:1_000_000])
    file = await sync_to_async(StoredFile.objects.get)()
    path = services.blobs().path(file.meeting_id, file.pk)
    with path.open("ab") as torn:
        torn.write(b"half a chunk that no checkpoint knows")
    assert await offset_of(stage, location) == 1_000_000
    await stage.bob.patch(location, 1_000_000, CONTENT[1_000_000:])
    assert (await sync_to_async(StoredFile.objects.get)()).sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_a_disk_that_lost_what_it_had_promised_is_believed(stage: Stage) -> None:
    location = await begun(stage)
    await stage.bob.patch(location, 0, CONTENT[:1_000_000])
    file = await sync_to_async(StoredFile.objects.get)()
    os.truncate(services.blobs().path(file.meeting_id, file.pk), 400_000)
    assert (await stage.bob.patch(location, 1_000_000, CONTENT[1_000_000:])).status_code == 409
    assert await offset_of(stage, location) == 400_000
    assert (await stage.bob.patch(location, 400_000, CONTENT[400_000:])).status_code == 204
    assert (await sync_to_async(StoredFile.objects.get)()).sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_a_file_that_was_whole_when_the_server_died_is_finished_by_the_next_question(stage: Stage) -> None:
    location = await begun(stage, 10)
    file = await sync_to_async(StoredFile.objects.get)()
    services.blobs().path(file.meeting_id, file.pk).write_bytes(b"0123456789")
    await sync_to_async(StoredFile.objects.update)(offset_bytes=10)
    assert await offset_of(stage, location) == 10
    assert (await sync_to_async(StoredFile.objects.get)()).sha256 == hashlib.sha256(b"0123456789").hexdigest()


async def test_an_upload_whose_meeting_is_deleted_meanwhile_ends_and_leaves_no_bytes(
    stage: Stage, folder: Path
) -> None:
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:600_000])
    await wire.is_read()
    owner = await sync_to_async(User.objects.get)(pk=stage.meeting.owner_id)
    await sync_to_async(delete_meeting)(stage.meeting, actor=owner)
    wire.give(CONTENT[600_000:], more=False)
    await wire.task
    assert wire.status == 404
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_stopping_the_server_keeps_what_came(stage: Stage) -> None:
    location = await begun(stage)
    wire = Wire(stage, stage.bob, location, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:600_000])
    await wire.is_read()
    async with asyncio.timeout(20):
        await stage.app.shutdown("server_restart")
    assert (await sync_to_async(StoredFile.objects.get)()).offset_bytes == 600_000
    assert (await stage.bob.head(location)).status_code == 503
    await stage.app.startup()
    assert await offset_of(stage, location) == 600_000


async def test_only_so_many_uploads_write_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_MOST_RUNNING", 1)
    first, second = await begun(stage), await begun(stage)
    wire = Wire(stage, stage.bob, first, offset=0, length=len(CONTENT))
    wire.give(CONTENT[:10])
    await wire.is_read()
    assert (await stage.bob.patch(second, 0, CONTENT)).status_code == 503
    wire.hang_up()
    await wire.task
    assert (await stage.bob.patch(second, 0, CONTENT)).status_code == 204


async def test_quotas_count_what_is_promised_not_only_what_is_there(stage: Stage) -> None:
    assert (await stage.bob.create(60_000_000)).status_code == 201
    refused = await stage.bob.create(30_000_000)
    assert (refused.status_code, refused.json()["code"]) == (413, "person_quota")
    refused = await stage.carol.create(50_000_000)
    assert (refused.status_code, refused.json()["code"]) == (413, "meeting_quota")
    location = (await stage.bob.create(20_000_000)).headers["location"]
    await stage.bob.delete(location)
    assert (await stage.carol.create(40_000_000)).status_code == 201


async def test_a_person_has_so_many_unfinished_uploads(stage: Stage) -> None:
    for _ in range(5):
        assert (await stage.bob.create(10)).status_code == 201
    refused = await stage.bob.create(10)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_uploads")
    assert (await stage.carol.create(10)).status_code == 201


async def test_uploads_that_race_for_the_last_room_do_not_both_get_it(stage: Stage) -> None:
    answers = await asyncio.gather(stage.bob.create(60_000_000), stage.carol.create(60_000_000))
    assert sorted(answer.status_code for answer in answers) == [201, 413]


async def test_names_are_cleaned_and_never_a_path(stage: Stage, folder: Path) -> None:
    answer = await stage.bob.create(3, b"abc", **{"Upload-Metadata": metadata(filename="../../etc/pass\u202ewd\0.sh")})
    assert answer.status_code == 201
    assert (await sync_to_async(StoredFile.objects.get)()).name == "passwd.sh"
    assert all(path.name.isalnum() for path in folder.rglob("*"))


async def test_a_database_that_is_away_is_a_pause_and_not_the_end_of_an_upload(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients try again after 503, from where HEAD says."""
    location = await begun(stage, 10)

    def away(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr("palaver.files.selectors.access_upload", away)
        answer = await stage.bob.head(location)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["tus-resumable"] == "1.0.0"
    assert await offset_of(stage, location) == 0
