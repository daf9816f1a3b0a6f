"""A Python program with a LiveKit token takes part in a meeting of browsers: all see and hear one another."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from livekit import api
from playwright.sync_api import expect

from tests.e2e.cameras import COLOURS
from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import is_colour_of
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PROGRAM = Path(__file__).with_name("python_program.py")
NAME = "Python"
ENOUGH_FRAMES = 15
ENOUGH_ENERGY = 0.001


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


class Program:
    """The running program and what it said last about each participant."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.received: dict[str, dict[str, Any]] = {}
        self._process = process
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def receives(self, camera: str) -> bool:
        """Whether somebody's frames in the colour of *camera* arrive, with sound."""
        return any(
            one["frames"] >= ENOUGH_FRAMES and one["energy"] > ENOUGH_ENERGY and is_colour_of(one["colour"], camera)
            for one in self.received.copy().values()
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            one = json.loads(line)
            self.received[one["identity"]] = one


@contextmanager
def python_program(server: PalaverServer, room: str, log: Path) -> Iterator[Program]:
    """Run the program in *room* with a token of its own until the end of the block."""
    key, secret = server.sfu_keys()
    token = (
        api.AccessToken(key, secret)
        .with_identity("python-program")
        .with_name(NAME)
        .with_ttl(timedelta(minutes=5))
        .with_grants(api.VideoGrants(room_join=True, room=room))
        .to_jwt()
    )
    url = server.url.replace("http", "ws", 1)
    colour = [str(part) for part in COLOURS["python"]]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), url, token, *colour],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        program = Program(process)
        try:
            yield program
        finally:
            program.close()


def test_a_python_program_and_browsers_see_and_hear_each_other(
    person: PersonFactory, sign_ins: SignIns, server: PalaverServer, tmp_path: Path
) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    rooms: list[str] = []
    # The live room tells the page which meeting this is; its id names the room of the SFU.
    alice.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: note_meeting(data, rooms)))
    link = alice.meeting()
    alice.join(link)
    bob.join(link, types_name=True)
    alice.wait_for(lambda: bool(rooms), "the page learns the meeting's id")
    with python_program(server, rooms[0], tmp_path / "program.log") as program:
        for someone in (alice, bob):
            someone.sees("python")
            someone.hears(2)
            expect(someone.tile("python")).to_contain_text("External")
        for camera in ("alice", "bob"):
            alice.wait_for(lambda camera=camera: program.receives(camera), f"the program sees and hears {camera}")  # type: ignore[misc]
    for someone in (alice, bob):
        someone.sees_nobody_called("python")
    expect(alice.page.locator("[data-participant-id]")).to_have_count(2)


def note_meeting(data: str | bytes, rooms: list[str]) -> None:
    """Add the meeting's id to *rooms* when *data* is the welcome of the live room."""
    if not isinstance(data, str) or '"welcome"' not in data:
        return
    message = json.loads(data)
    if message["type"] == "welcome":
        rooms.append(message["snapshot"]["room"]["meeting_id"])
