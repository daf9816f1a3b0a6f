"""CHAT-013: whatever was acknowledged before a kill -9 is there afterwards, once, and the counters agree."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from palaver.chat.models import ChatLog, Message
from palaver.chat.tests.cast import Room

ROOT = Path(__file__).parents[4]
PEOPLE = 50
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="PostgreSQL is another process"
    ),
]


class Writers:
    """Processes in which fifty people write, one after the other, each killed in the midst of it."""

    def __init__(self, room: Room) -> None:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "palaver.chat.tests.killed_writer"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=os.environ
            | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "DJANGO_SETTINGS_MODULE": "tests.django_settings"},
        )  # fmt: skip
        given = {
            "database": connection.settings_dict["NAME"],
            "meeting_id": str(room.meeting.pk),
            "session_id": str(room.session_id),
        }
        self._say(json.dumps(given))

    def write_and_kill(self, run: int, *, after_lines: int, wait_s: float) -> list[str]:
        """Kill a writer after so many lines and a moment of its own; returns what it acknowledged."""
        self._say(f"run{run:03d} {PEOPLE}")
        ready, number = self._line().split()
        assert ready == "ready"
        said = [self._line() for _ in range(after_lines)]
        time.sleep(wait_s)  # anywhere within what it does next, which nothing tells
        os.kill(int(number), signal.SIGKILL)
        while (line := self._line()) != "over":
            said.append(line)
        return said

    def close(self) -> None:
        """No more of them."""
        self._nursery.communicate()
        assert self._nursery.returncode == 0

    def _say(self, line: str) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(line + "\n")
        self._nursery.stdin.flush()

    def _line(self) -> str:
        assert self._nursery.stdout is not None
        line = self._nursery.stdout.readline()
        assert line.endswith("\n"), "the writers are gone"
        return line.strip()


def play(room: Room, runs: int) -> str:
    chance = random.Random(4)
    said: list[str] = []
    writers = Writers(room)
    for run in range(runs):
        said += writers.write_and_kill(run, after_lines=chance.randrange(40), wait_s=chance.uniform(0, 0.02))
    writers.close()
    acknowledged = [line for line in said if not line.startswith("deleted ")]
    deleted = {line.removeprefix("deleted ") for line in said if line.startswith("deleted ")}
    rows = {row.client_id: row for row in Message.objects.all()}
    assert Message.objects.count() == len(rows), "doubled"
    assert set(acknowledged) <= set(rows), "lost"
    in_the_air = len(rows) - len(acknowledged)
    assert in_the_air <= runs * PEOPLE, "at most the one message of each that was in the air when the kill came"
    for client_id, row in rows.items():
        assert row.text in ("", f"text of {client_id}")
        if client_id in deleted:
            assert row.deleted_at is not None
            assert row.text == ""
    seqs = sorted(row.seq for row in rows.values())
    log = ChatLog.objects.get()
    assert seqs == list(range(1, len(rows) + 1))
    assert log.last_seq == len(rows)
    assert log.last_change == max(row.change for row in rows.values())
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchall() == [("ok",)]
    return (
        f"{runs} kills of a store into which {PEOPLE} people write: {len(acknowledged)} messages acknowledged, 0 lost, "
        f"0 doubled, {in_the_air} kept of those in the air, database sound"
    )


def test_what_was_acknowledged_outlives_a_kill(room: Room) -> None:
    play(room, 4)


@pytest.mark.proof
@pytest.mark.timeout(3_000)
def test_what_was_acknowledged_outlives_hundreds_of_kills(room: Room) -> None:
    print("\nfigure: " + play(room, 500))
