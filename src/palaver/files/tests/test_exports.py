"""A meeting session as one ZIP: for its owner, whole, harmless, and written while it is sent."""

import asyncio
import csv
import hashlib
import io
import os
import zipfile
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from palaver.files import exports, ports, selectors, services
from palaver.files.domain.csv_text import csv_lines
from palaver.files.models import FolderMark, StoredFile
from palaver.files.tests.stage import Stage, picture
from palaver.kernel.clock import system_clock
from palaver.kernel.ids import MeetingSessionId
from palaver.meetings import sessions
from palaver.meetings.models import MeetingSession

pytestmark = pytest.mark.django_db(transaction=True)
PRIVATE: set[UUID] = set()


@pytest.fixture(autouse=True)
def _chat_and_log() -> Iterator[None]:
    def parts(_run: MeetingSession, _now: Any) -> list[ports.ExportPart]:
        rows = (("Bob", '=HYPERLINK("//evil.example")'), ("Carol", "hello"))
        return [("chat.csv", csv_lines(("From", "Message"), rows)), ("log.csv", csv_lines(("What",), [("removed",)]))]

    def exported(message_ids: Collection[UUID]) -> set[UUID]:
        return set(message_ids) - PRIVATE

    PRIVATE.clear()
    ports.install_ports(ports.FilePorts(exported_messages=exported, export_parts=parts))
    yield
    ports.install_ports(ports.FilePorts())


def address(stage: Stage) -> str:
    return f"/files/sessions/{stage.session_id}.zip"


def rows_of(packed: zipfile.ZipFile, name: str) -> list[list[str]]:
    text = packed.read(name).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


async def test_the_owner_gets_everything_in_one_archive(stage: Stage) -> None:
    big = os.urandom(3_000_000)
    await stage.bob.send_file(b"first", name="notes.txt")
    await stage.carol.send_file(b"second", name="NOTES.txt")
    await stage.bob.send_file(big, name="big.bin")
    await stage.bob.send_file(picture(), name="../../x.png")
    private = await stage.bob.send_file(b"for one person", name="private.txt")
    assert private.message_id is not None
    PRIVATE.add(private.message_id)
    await stage.bob.send_file(b"never sent", name="loose.txt", is_attached=False)
    await sync_to_async(sessions.record_leave)(stage.session_id, identity=stage.bob.identity, now=system_clock())

    answer = await stage.alice.ask("GET", address(stage))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="Chess club ')
    assert answer.headers["content-security-policy"].startswith("sandbox; ")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == [
            "attendance.csv", "chat.csv", "log.csv",
            "files/notes.txt", "files/NOTES (2).txt", "files/big.bin", "files/x.png",
        ]  # fmt: skip
        assert hashlib.sha256(packed.read("files/big.bin")).digest() == hashlib.sha256(big).digest()
        assert rows_of(packed, "chat.csv")[1] == ["Bob", '\'=HYPERLINK("//evil.example")']
        attendance = rows_of(packed, "attendance.csv")
        assert attendance[0] == ["Name", "Signed in", "Joined (UTC)", "Left (UTC)", "Minutes"]
        assert {(row[0], row[1]) for row in attendance[1:]} == {("Carol", "yes"), ("Bob", "no")}
        assert [row[4] for row in attendance[1:] if row[0] == "Bob"] == ["0"]


async def test_nobody_but_the_owner_gets_it(stage: Stage) -> None:
    for visitor in (stage.carol, stage.bob, stage.stranger):
        for method in ("GET", "HEAD"):
            assert (await visitor.ask(method, address(stage))).status_code == 404
    for wrong in (f"/files/sessions/{uuid4()}.zip", f"/files/sessions/{stage.meeting.pk}.zip"):
        assert (await stage.alice.ask("GET", wrong)).status_code == 404
    assert (await stage.alice.ask("HEAD", address(stage))).status_code == 200
    assert (await stage.alice.ask("POST", address(stage))).status_code == 405


async def test_names_in_the_attendance_are_no_formulas(stage: Stage) -> None:
    await stage.guest('=cmd|"/c calc"!A1')
    with zipfile.ZipFile(io.BytesIO((await stage.alice.ask("GET", address(stage))).content)) as packed:
        assert '\'=cmd|"/c calc"!A1' in [row[0] for row in rows_of(packed, "attendance.csv")]


async def test_no_piece_of_the_archive_is_large_and_few_wait(stage: Stage) -> None:
    await stage.bob.send_file(os.urandom(20_000_000), name="big.bin")
    run = await sync_to_async(MeetingSession.objects.select_related("meeting").get)(pk=stage.session_id)
    pieces = await sync_to_async(lambda: [len(piece) for piece in exports.archive(run, now=system_clock())])()
    assert max(pieces) < 700_000
    assert sum(pieces) > 20_000_000


async def test_a_client_that_leaves_ends_the_thread(stage: Stage) -> None:
    await stage.bob.send_file(os.urandom(20_000_000), name="big.bin")
    sent = 0
    left = asyncio.Event()

    async def receive() -> Any:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if sent > 1_000_000:
            left.set()

    cookie = [(b"cookie", stage.alice.headers["Cookie"].encode())]
    scope = {
        "type": "http",
        "method": "GET",
        "path": address(stage),
        "headers": cookie,
        "scheme": "http",
        "query_string": b"",
    }
    async with asyncio.timeout(30):
        await stage.app(scope, receive, send)
    assert 1_000_000 < sent < 10_000_000


async def test_a_file_that_is_deleted_while_the_archive_is_written_does_not_break_it(stage: Stage) -> None:
    file = await stage.bob.send_file(b"gone", name="gone.txt")
    run = await sync_to_async(MeetingSession.objects.select_related("meeting").get)(pk=stage.session_id)

    def write() -> bytes:
        pieces = exports.archive(run, now=system_clock())
        files = selectors.files_for_export(run)
        assert [listed.pk for listed in files] == [file.pk]
        services.blobs().remove(file.meeting_id, file.pk)
        return b"".join(pieces)

    with zipfile.ZipFile(io.BytesIO(await sync_to_async(write)())) as packed:
        assert packed.read("files/gone.txt") == b""


async def test_retention_and_deletion_leave_no_bytes(stage: Stage, folder: Any) -> None:
    def left() -> int:
        return len([path for path in folder.rglob("*") if path.is_file()])

    file = await stage.bob.send_file(picture())
    await sync_to_async(services.forget_files)(_Gone((str(file.pk),)))
    assert left() == 0
    await stage.bob.send_file(picture())
    await sync_to_async(services.delete_files_of_session)(stage.session_id)
    assert left() == 0
    await stage.bob.send_file(picture())
    await sync_to_async(services.delete_files_before)(stage.meeting.pk, before=system_clock())
    assert left() == 0
    lost = await stage.bob.send_file(picture())
    ports.install_ports(ports.FilePorts(kept_messages=lambda ids: set(ids) - {lost.message_id}))
    kept = await stage.bob.send_file(picture())
    assert await sync_to_async(services.drop_files_of_lost_messages)() == 1
    assert left() == 2
    # A cascade tells nobody: the sweep finds what no row knows.
    await sync_to_async(MeetingSession.objects.filter(pk=MeetingSessionId(stage.session_id)).delete)()
    assert left() == 2
    await sync_to_async(services.sweep)(now=system_clock())
    assert left() == 1, "the mark of the folder"
    assert kept.message_id is not None


class _Gone:
    def __init__(self, file_ids: tuple[str, ...]) -> None:
        self.file_ids = file_ids


async def test_files_of_another_database_are_left_alone(stage: Stage, folder: Any) -> None:
    """FILE-024 must not turn a wrong DATABASE_URL into the loss of everything."""
    file = await stage.bob.send_file(b"precious")
    path = services.blobs().path(file.meeting_id, file.pk)
    assert await sync_to_async(services.sweep)(now=system_clock()) == 0
    await sync_to_async(StoredFile.objects.all().delete)()
    await sync_to_async(FolderMark.objects.update)(mark=uuid4())
    assert await sync_to_async(services.sweep)(now=system_clock()) == 0
    assert path.read_bytes() == b"precious"
