"""A join through nginx as the documentation sets it up: the long address, the upgrade, and what goes on after it."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from livekit import api
from livekit.protocol import rtc

from tests.conformance.client import dial, join_parameter, token
from tests.interop.test_livekit_python import Person
from tests.servers.palaver import ROOT
from tests.servers.ports import free_tcp_port
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
START_S = 10.0


def documented(upstream: str, port: int) -> str:
    """The block of the page, without its certificate, on ports of our own."""
    page = (ROOT / "docs/how-to/run-a-server.md").read_text(encoding="utf-8")
    found = re.search(r"For nginx:\n\n((?: {4}.*\n|\n)+)", page)
    assert found is not None
    block = re.sub(r"^ +ssl_.*\n", "", found[1], flags=re.MULTILINE)
    for theirs, ours in (("listen 443 ssl;", f"listen 127.0.0.1:{port};"), ("http://127.0.0.1:8000", upstream)):
        assert theirs in block
        block = block.replace(theirs, ours)
    return block


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[SfuAddress]:
    with behind_nginx(tmp_path, "/") as server:
        yield server


@contextmanager
def behind_nginx(tmp_path: Path, location: str) -> Iterator[SfuAddress]:
    """A server that is found at this path."""
    if NGINX is None:
        pytest.skip("nginx is not installed here")
    port, config, log = free_tcp_port(), tmp_path / "nginx.conf", tmp_path / "error.log"
    with palaver_sfu(tmp_path) as server:
        block = documented(server.url, port)
        assert "location / {" in block
        folders = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config.write_text(
            f"daemon off;\nmaster_process off;\npid {tmp_path}/nginx.pid;\nerror_log {log};\nevents {{ }}\n"
            f"http {{\naccess_log off;\n{folders}{block.replace('location / {', f'location {location} {{')}}}\n"
        )
        process = subprocess.Popen([NGINX, "-c", str(config), "-e", str(log)])
        try:
            deadline = time.monotonic() + START_S
            while not is_open(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
            yield replace(server, url=f"http://127.0.0.1:{port}{location.rstrip('/')}")
        finally:
            process.terminate()
            process.wait(timeout=10)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


async def test_a_join_of_any_length_gets_through_the_documented_proxy(proxied: SfuAddress) -> None:
    for size in (3_000, 16_000):
        seat = secrets.token_urlsafe(size)[:size]
        path = f"/rtc/v1?join_request={join_parameter(participant_attributes={'seat': seat})}"
        bearer = token(proxied, "alice", "standup", can_update_own_metadata=True)
        async with dial(proxied, path, bearer) as alice:
            assert (await alice.until("join")).participant.attributes["seat"] == seat
            await alice.send(ping_req=rtc.Ping(timestamp=5))
            assert (await alice.until("pong_resp")).last_ping_timestamp == 5


async def test_a_client_joins_and_is_seen_below_a_path_of_the_proxy(tmp_path: Path) -> None:
    with behind_nginx(tmp_path, "/below/media/") as server:
        alice, bob = Person("alice"), Person("bob")
        try:
            for person in (alice, bob):
                await person.connect(server, "standup")
            await alice.show()
            await bob.until(lambda: bob.frames)
            async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as client:
                rooms = await client.room.list_rooms(api.ListRoomsRequest())
            assert [room.name for room in rooms.rooms] == ["standup"]
        finally:
            for person in (alice, bob):
                await person.close()
