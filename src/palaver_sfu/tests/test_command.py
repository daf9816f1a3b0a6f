"""`palaver sfu` as a process: starts, says where it listens, stops cleanly, says what is wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2]
START_S, STOP_S = 30.0, 5.0


def command(*arguments: str, program: tuple[str, str] = ("-m", "palaver_sfu.cli")) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )


@contextmanager
def running(
    *arguments: str, program: tuple[str, str] = ("-m", "palaver_sfu.cli")
) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    """A server on free ports, with the fields of the line in which it says where it listens."""
    fixed = ("--dev", "--port", "0", "--media-port", "0", "--media-address", "127.0.0.1", "--log-format", "json")
    process = command(*fixed, *arguments, program=program)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("{"), line
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def wait_until_it_answers(started: dict[str, object]) -> None:
    with urllib.request.urlopen(f"http://{started['host']}:{started['port']}/", timeout=START_S) as response:
        assert response.read() == b"OK"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_within_five_seconds_with_code_0(number: signal.Signals) -> None:
    with running() as (process, started):
        wait_until_it_answers(started)
        before = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=STOP_S) == 0
        assert time.monotonic() - before < STOP_S


def test_it_is_not_taken_apart_when_it_has_stopped_but_says_all_it_has_to() -> None:
    """What the interpreter does at its end cannot be bounded; what a program registered for its end is done."""
    program = (
        "import atexit, os, sys\n"
        "class Large:\n"
        "    def __del__(self, write=os.write): write(2, b'taken apart\\n')\n"
        "sys.large = Large()\n"
        "atexit.register(print, 'the very last line')\n"
        "from palaver_sfu.cli import main\n"
        "raise SystemExit(main())"
    )
    with running(program=("-c", program)) as (process, started):
        wait_until_it_answers(started)
        process.send_signal(signal.SIGTERM)
        said, errors = process.communicate(timeout=STOP_S)
        assert process.returncode == 0
    assert said == "the very last line\n"
    assert "taken apart" not in errors


def test_a_thread_that_hangs_does_not_keep_it() -> None:
    """The loop waits at its end for the threads of its pool, and the interpreter would do so once more."""
    program = (
        "import asyncio, threading\n"
        "from palaver_sfu import cli, server\n"
        "serve = server.serve\n"
        "async def with_a_thread(*words, **more):\n"
        "    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)\n"
        "    await serve(*words, **more)\n"
        "server.serve = with_a_thread\n"
        "raise SystemExit(cli.main())"
    )
    with running(program=("-c", program)) as (process, started):
        wait_until_it_answers(started)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=2 * STOP_S) == 0


def test_what_it_logs_is_json_and_holds_no_token() -> None:
    with running() as (process, started):
        token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.c2lnbmF0dXJl"
        with socket.create_connection(("127.0.0.1", int(str(started["port"]))), timeout=START_S) as client:
            path = f"/rtc/v1?access_token={token}&join_request=abcdefgh"
            client.sendall(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            assert b" 401 " in client.recv(4096)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=STOP_S)
    assert all(json.loads(line) for line in errors.splitlines())
    assert "join refused" in errors
    assert token not in errors
    assert "abcdefgh" not in errors


def test_a_port_in_use_is_one_clear_line_and_a_code_that_is_not_0() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = command("--dev", "--port", str(port), "--media-port", "0", "--media-address", "127.0.0.1")
        _, errors = process.communicate(timeout=START_S)
    assert process.returncode not in {0, None}
    assert len(errors.splitlines()) == 1
    assert str(port) in errors


def test_a_media_port_in_use_is_one_clear_line_and_a_code_that_is_not_0() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        process = command("--dev", "--port", "0", "--media-port", str(port), "--media-address", "127.0.0.1")
        _, errors = process.communicate(timeout=START_S)
    assert process.returncode not in {0, None}
    assert len(errors.splitlines()) == 1
    assert "media-port" in errors
    assert str(port) in errors
