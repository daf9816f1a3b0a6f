"""The examples under docs/examples, as they stand there: one bot speaks, the other writes down what it hears."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.servers.palaver import ROOT
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

EXAMPLES = ROOT / "docs/examples"
WAIT_S = 60.0


class Bot:
    """An example that runs, and what it has said so far."""

    def __init__(self, server: SfuAddress, name: str, *arguments: str) -> None:
        environment = os.environ | {
            "LIVEKIT_URL": server.ws_url,
            "LIVEKIT_API_KEY": server.api_key,
            "LIVEKIT_API_SECRET": server.api_secret,
        }
        self.process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / name), *arguments], stdout=subprocess.PIPE, text=True, env=environment
        )
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def until(self, line: str) -> None:
        deadline = time.monotonic() + WAIT_S
        with self._said:
            while line not in self.lines:
                assert self._said.wait(deadline - time.monotonic()), (line, self.lines)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.strip())
                self._said.notify_all()


@contextmanager
def bot(server: SfuAddress, name: str, *arguments: str) -> Iterator[Bot]:
    running = Bot(server, name, *arguments)
    try:
        yield running
    finally:
        running.end()


def loudness(path: Path) -> float:
    with closing(wave.open(str(path), "rb")) as file:
        samples = array("h", file.readframes(file.getnframes()))
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))


def test_what_one_bot_says_the_other_writes_down(sfu: SfuAddress, tmp_path: Path) -> None:
    room, recordings = f"room-{uuid4()}", tmp_path / "recordings"
    with bot(sfu, "bot_that_listens.py", room, str(recordings)) as listener:
        listener.until(f"listens in {room}")
        with bot(sfu, "bot_that_speaks.py", room, "--identity", "alice/../bob") as speaker:
            listener.until("hears alice/../bob")
            assert speaker.process.wait(timeout=WAIT_S) == 0
            assert f"alice/../bob speaks in {room}" in speaker.lines
        listener.until("heard alice/../bob")
        listener.process.send_signal(signal.SIGINT)
        assert listener.process.wait(timeout=WAIT_S) == 0
    [written] = recordings.iterdir()
    assert written.name.startswith("alice-bob_TR_")
    assert loudness(written) > 1_000, "nothing but silence was written"
