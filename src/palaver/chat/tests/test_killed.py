"""CHAT-013: whatever was acknowledged before a kill -9 is there afterwards, once, and the counters agree."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from palaver.chat.models import ChatLog, Message
from palaver.chat.tests.cast import Room

ROOT = Path(__file__).parents[4]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="PostgreSQL is another process"
    ),
]


def write_and_kill(room: Room, run: int, *, after_lines: int) -> list[str]:
    """Start a writer, kill it after so many lines and a moment of its own; returns what it acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "palaver.chat.tests.killed_writer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "DJANGO_SETTINGS_MODULE": "tests.django_settings"},
    )  # fmt: skip
    assert writer.stdin is not None
    assert writer.stdout is not None
    given = {
        "database": connection.settings_dict["NAME"],
        "meeting_id": str(room.meeting.pk),
        "session_id": str(room.session_id),
        "run": f"run{run}",
    }
    with writer:
        writer.stdin.write(json.dumps(given) + "\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == "ready\n"
        said = [writer.stdout.readline().strip() for _ in range(after_lines)]
        writer.send_signal(signal.SIGKILL)
        said += [line.strip() for line in writer.stdout if line.endswith("\n")]
    assert writer.returncode == -signal.SIGKILL
    return said


def play(room: Room, runs: int) -> None:
    chance = random.Random(4)
    said: list[str] = []
    for run in range(runs):
        said += write_and_kill(room, run, after_lines=chance.randrange(60))
    acknowledged = [line for line in said if not line.startswith("deleted ")]
    deleted = {line.removeprefix("deleted ") for line in said if line.startswith("deleted ")}
    rows = {row.client_id: row for row in Message.objects.all()}
    assert Message.objects.count() == len(rows), "doubled"
    assert set(acknowledged) <= set(rows), "lost"
    assert len(rows) <= len(acknowledged) + runs, "at most the one message that was in the air when the kill came"
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


def test_what_was_acknowledged_outlives_a_kill(room: Room) -> None:
    play(room, 4)


@pytest.mark.proof
@pytest.mark.timeout(3_000)
def test_what_was_acknowledged_outlives_hundreds_of_kills(room: Room) -> None:
    play(room, 500)
