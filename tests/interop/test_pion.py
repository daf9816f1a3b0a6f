"""A program on Pion, LiveKit's SDK for Go: another ICE, DTLS and SCTP than the browsers' and libwebrtc's."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.interop.js_client import token
from tests.interop.test_livekit_python import Person, remote
from tests.servers import livekit
from tests.servers.sfu import SfuAddress
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.interop, pytest.mark.proof, pytest.mark.timeout(900)]

SOURCE = Path(__file__).parent / "pion"
SDK = "github.com/livekit/server-sdk-go/v2@v2.19.0"  # it names the versions of all that it needs
WAIT_S = 30.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built at the first call (some minutes on two cores) and kept outside the tree."""
    path = livekit.CACHE / "pion"
    if path.exists() and path.stat().st_mtime > (SOURCE / "main.go").stat().st_mtime:
        return path
    if (go := shutil.which("go")) is None:
        pytest.skip("a client on Pion needs Go 1.26 to be built, which this machine lacks")
    livekit.CACHE.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("pion")
    shutil.copy(SOURCE / "main.go", folder)
    # Without C: the SDK's parts for sound cards and codecs are not needed.
    environment = os.environ | {"CGO_ENABLED": "0"}
    for step in (["mod", "init", "pion"], ["get", SDK], ["mod", "tidy"], ["build", "-o", str(path), "."]):
        subprocess.run([go, *step], cwd=folder, env=environment, check=True, capture_output=True, timeout=1500)
    return path


@asynccontextmanager
async def running(program: Path, server: SfuAddress, room: str) -> AsyncIterator[asyncio.StreamReader]:
    process = await asyncio.create_subprocess_exec(
        program, server.ws_url, token(server, "pion", room),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), WAIT_S)
        except TimeoutError:
            process.kill()


async def says(output: asyncio.StreamReader, **expected: Any) -> None:
    """Read on until the program says `expected`."""
    async with asyncio.timeout(WAIT_S):
        async for line in output:
            if expected.items() <= json.loads(line).items():
                return
    raise AssertionError(f"never said {expected}")


async def test_a_program_on_pion_sends_receives_and_comes_back(sfu: SfuAddress, program: Path) -> None:
    room, bob = f"room-{uuid4()}", Person("bob")
    try:
        await bob.connect(sfu, room)
        with WireCutter(urlsplit(sfu.url).port or 0) as wire:
            async with running(program, replace(sfu, url=wire.url), room) as output:
                await says(output, event="connected")
                await bob.until(lambda: bob.data)
                assert bob.data[0].data == b"hello from Pion"
                await bob.show()
                await says(output, received="video", **{"from": "bob"})
                await bob.until(lambda: is_heard(bob))
                assert wire.cut("/rtc") == 1
                wire.mend()
                await says(output, event="reconnected")
                await bob.room.local_participant.publish_data(b"welcome back", reliable=True)
                await says(output, data="welcome back", **{"from": "bob"})
        await bob.until(lambda: remote(bob, "pion") is None)
    finally:
        await bob.close()


def is_heard(person: Person) -> bool:
    found = remote(person, "pion")
    return found is not None and any(p.subscribed and p.track is not None for p in found.track_publications.values())
