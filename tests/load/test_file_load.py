"""Files of a real size through a real server: its memory does not grow, a crash costs nothing, nobody waits for them.

Memory is that of the process (`/proc/<pid>/status`): the peak while the bytes move, over what it held before.
"""

import hashlib
import json
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import pytest

from benches.processes import resident_kib
from tests.servers.palaver import PalaverServer

MEGABYTE = 1_000_000
MOST_GROWTH_MB = 30
_BLOCK = bytes(range(256)) * 4096  # a megabyte and a bit
_PEOPLE = """
import json
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.live.identity import Guest, new_guest, sign_guest
from palaver.meetings import sessions
from palaver.meetings.services import create_meeting
alice = User.objects.create_user("alice@example.org", first_name="Alice", last_name="Okafor")
meeting = create_meeting(actor=alice, title="Chess club", now=system_clock())
run = sessions.open_or_continue_session(meeting.pk, now=system_clock())
tickets = []
for name in ("Bob", "Dave"):
    guest = new_guest()
    sessions.record_join(
        run.session_id, identity=guest.identity, display_name=name, is_signed_in=False, user_id=None, now=system_clock()
    )
    tickets.append(sign_guest(Guest(guest.identity, name), meeting.pk))
print(json.dumps([meeting.slug, tickets]))
"""


@dataclass
class Uploader:
    """A guest with a plain HTTP connection."""

    server: PalaverServer
    slug: str
    ticket: str
    sent: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def headers(self, **more: str) -> dict[str, str]:
        named = {key.replace("_", "-"): value for key, value in more.items()}
        return {"Tus-Resumable": "1.0.0", "X-Palaver-Guest-Ticket": self.ticket, **named}

    def ask(self, method: str, path: str, **headers: str) -> dict[str, str]:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request(method, path, headers=self.headers(**headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status < 300, (answer.status, body)
        return {name.lower(): value for name, value in answer.getheaders()} | {"body": body.decode()}

    def create(self, length: int) -> str:
        path = f"/files/meetings/{self.slug}"
        return self.ask("POST", path, Upload_Length=str(length), Content_Length="0")["location"]

    def begin_patch(self, location: str, offset: int, length: int) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.putrequest("PATCH", location)
        more = self.headers(
            Upload_Offset=str(offset), Content_Length=str(length), Content_Type="application/offset+octet-stream"
        )
        for name, value in more.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def patch(self, location: str, offset: int, length: int) -> None:
        connection = self.begin_patch(location, offset, length)
        for piece in content(offset, length):
            connection.send(piece)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert (answer.status, answer.getheader("upload-offset")) == (204, str(offset + length))

    def offset(self, location: str) -> int:
        return int(self.ask("HEAD", location)["upload-offset"])

    def told(self, location: str) -> dict[str, str]:
        file_id = location.rsplit("/", 1)[1]
        answer = json.loads(self.ask("GET", f"/api/meetings/{self.slug}/files?id={file_id}")["body"])
        told: dict[str, str] = answer["files"][0]
        return told

    def download(self, link: str, start: int = 0) -> str:
        """The SHA-256 of what arrives from `start` on."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        connection.request("GET", link, headers={"Range": f"bytes={start}-"} if start else {})
        answer = connection.getresponse()
        assert answer.status == (206 if start else 200)
        digest = hashlib.sha256()
        while piece := answer.read(1 << 18):
            digest.update(piece)
        connection.close()
        return digest.hexdigest()


def content(offset: int, length: int) -> Iterator[bytes]:
    """The bytes of every file of these tests, from `offset` on."""
    position = offset
    while position < offset + length:
        start = position % len(_BLOCK)
        piece = _BLOCK[start : start + min(len(_BLOCK) - start, offset + length - position)]
        yield piece
        position += len(piece)


def digest_of(length: int, offset: int = 0) -> str:
    digest = hashlib.sha256()
    for piece in content(offset, length - offset):
        digest.update(piece)
    return digest.hexdigest()


def memory_mb(pid: int, what: str) -> float:
    return resident_kib(pid, field=what) * 1024 / MEGABYTE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PalaverServer]:
    with PalaverServer(tmp_path / "palaver", options=("--file-max-size", "3G")) as running:
        yield running


@pytest.fixture
def guests(server: PalaverServer) -> tuple[Uploader, Uploader]:
    slug, tickets = json.loads(server.manage("shell", "--no-imports", "-c", _PEOPLE))
    bob, dave = (Uploader(server, slug, ticket) for ticket in tickets)
    return bob, dave


def there_and_back(server: PalaverServer, bob: Uploader, length: int) -> float:
    """Send and fetch `length` bytes; returns by how many megabytes the process grew at its peak."""
    warm = bob.create(8 * MEGABYTE)
    bob.patch(warm, 0, 8 * MEGABYTE)
    bob.download(bob.told(warm)["download"])
    before = memory_mb(server.pid, "VmRSS")
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # the peak is counted from here
    location = bob.create(length)
    started = time.monotonic()
    bob.patch(location, 0, length)
    sent = time.monotonic()
    told = bob.told(location)
    assert told["sha256"] == digest_of(length)
    assert bob.download(told["download"]) == told["sha256"]
    fetched = time.monotonic()
    assert bob.download(told["download"], start=length - 1000) == digest_of(length, length - 1000)
    grown = memory_mb(server.pid, "VmHWM") - before
    print(
        f"\n{length / MEGABYTE:.0f} MB: up {length / MEGABYTE / (sent - started):.0f} MB/s, "
        f"down {length / MEGABYTE / (fetched - sent):.0f} MB/s, memory +{grown:.1f} MB"
    )
    return grown


def test_200_mb_go_there_and_back_and_the_memory_does_not_grow(
    server: PalaverServer, guests: tuple[Uploader, Uploader]
) -> None:
    assert there_and_back(server, guests[0], 200 * MEGABYTE) < MOST_GROWTH_MB


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_a_gigabyte_goes_there_and_back_and_the_memory_does_not_grow(
    server: PalaverServer, guests: tuple[Uploader, Uploader]
) -> None:
    assert there_and_back(server, guests[0], 1000 * MEGABYTE) < MOST_GROWTH_MB


def test_an_upload_goes_on_after_the_server_was_killed_in_the_middle(
    server: PalaverServer, guests: tuple[Uploader, Uploader]
) -> None:
    bob, _ = guests
    length = 60 * MEGABYTE
    location = bob.create(length)
    offset = 0
    for cut in (25 * MEGABYTE, 45 * MEGABYTE):
        connection = bob.begin_patch(location, offset, length - offset)
        for piece in content(offset, cut - offset):
            connection.send(piece)
        server.kill()
        connection.close()
        server.start()
        kept = bob.offset(location)
        assert offset <= kept <= cut
        assert cut - kept < 20 * MEGABYTE, "more than one checkpoint and the buffers were lost"
        offset = kept
    assert offset > 0
    bob.patch(location, offset, length - offset)
    told = bob.told(location)
    assert told["sha256"] == digest_of(length)
    assert bob.download(told["download"]) == told["sha256"]


def test_nobody_waits_for_uploads_and_downloads_that_hang(
    server: PalaverServer, guests: tuple[Uploader, Uploader]
) -> None:
    """Not a race: what hangs, hangs until the rest is done."""
    bob, dave = guests
    whole = bob.create(30 * MEGABYTE)
    bob.patch(whole, 0, 30 * MEGABYTE)
    link = bob.told(whole)["download"]
    hanging: list[HTTPConnection] = []
    for guest in (bob, dave):
        for _ in range(4):
            location = guest.create(50 * MEGABYTE)
            connection = guest.begin_patch(location, 0, 50 * MEGABYTE)
            connection.send(b"x" * 100_000)
            hanging.append(connection)
    for _ in range(20):
        reader = HTTPConnection("127.0.0.1", server.port, timeout=60)
        reader.connect()
        reader.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        reader.request("GET", link)  # and never reads
        hanging.append(reader)

    for path in ("/", "/about/", "/health/ready", f"/api/meetings/{bob.slug}/preview", "/static/favicon.svg"):
        with urllib.request.urlopen(f"{server.url}{path}", timeout=20) as answer:
            assert answer.status == 200
    other = dave.create(5 * MEGABYTE)
    dave.patch(other, 0, 5 * MEGABYTE)
    assert dave.download(dave.told(other)["download"]) == digest_of(5 * MEGABYTE)
    for connection in hanging:
        assert connection.sock is not None, "something got done: this proved nothing"
        connection.close()


def test_many_uploads_at_once_are_all_right(server: PalaverServer, guests: tuple[Uploader, Uploader]) -> None:
    failures: list[BaseException] = []

    def send(guest: Uploader) -> None:
        try:
            location = guest.create(20 * MEGABYTE)
            for offset in range(0, 20 * MEGABYTE, 5 * MEGABYTE):
                guest.patch(location, offset, 5 * MEGABYTE)
            assert guest.told(location)["sha256"] == digest_of(20 * MEGABYTE)
        except BaseException as problem:
            failures.append(problem)

    threads = [threading.Thread(target=send, args=(guest,)) for guest in guests for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
