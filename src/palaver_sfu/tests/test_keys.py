"""Several API keys at once, and one that follows the other while people are inside."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from livekit import api

from palaver_sfu.config import parse_keys
from palaver_sfu.errors import ConfigError
from palaver_sfu.tests.serving import KEY, SECRET, Served, join_parameter, serving
from palaver_sfu.tests.test_command import START_S, command

NEXT, NEXT_SECRET = "next", "another-secret-of-at-least-32-bytes"


def bearer(key: str, secret: str) -> str:
    grants = api.VideoGrants(room_join=True, room="standup")
    return api.AccessToken(key, secret).with_identity("alice").with_grants(grants).to_jwt()


async def status(sfu: Served, key: str, secret: str) -> int:
    path = f"/rtc/v1/validate?join_request={join_parameter()}"
    return (await sfu.http("GET", path, bearer=bearer(key, secret))).status_code


async def test_keys_overlap_while_one_follows_the_other(sfu: Served) -> None:
    async def valid() -> tuple[int, int]:
        return await status(sfu, KEY, SECRET), await status(sfu, NEXT, NEXT_SECRET)

    assert await valid() == (200, 401)
    sfu.app.replace_keys({KEY: SECRET, NEXT: NEXT_SECRET})
    assert await valid() == (200, 200)
    sfu.app.replace_keys({NEXT: NEXT_SECRET})
    assert await valid() == (401, 200)


async def test_who_came_in_with_a_key_that_is_gone_comes_back_with_one_that_is_not(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        await alice.until("refresh_token")
        sfu.app.replace_keys({NEXT: NEXT_SECRET})
        update = {"room": "standup", "identity": "alice", "name": "A."}
        admin = api.AccessToken(NEXT, NEXT_SECRET).with_grants(api.VideoGrants(room_admin=True, room="standup"))
        path = "/twirp/livekit.RoomService/UpdateParticipant"
        assert (await sfu.http("POST", path, json=update, bearer=admin.to_jwt())).status_code == 200
        fresh = await alice.until("refresh_token")
        assert api.TokenVerifier(NEXT, NEXT_SECRET).verify(fresh).name == "A."


@pytest.mark.parametrize("keys", [{}, {NEXT: "short"}, {NEXT: NEXT_SECRET}])
async def test_keys_that_cannot_be_leave_the_old_ones(keys: dict[str, str]) -> None:
    """The last lacks the key that signs webhooks."""
    async with serving(webhook_urls=("http://127.0.0.1:1/hook",), webhook_api_key=KEY) as sfu:
        with pytest.raises(ConfigError):
            sfu.app.replace_keys(keys)
        assert await status(sfu, KEY, SECRET) == 200


def test_a_keys_file_names_each_key_once() -> None:
    assert parse_keys(f"# old\n{KEY}: {SECRET}\n\n\"{NEXT}\": '{NEXT_SECRET}'\n") == {KEY: SECRET, NEXT: NEXT_SECRET}
    with pytest.raises(ConfigError, match="line 2"):
        parse_keys(f"{KEY}: {SECRET}\n{KEY}: {NEXT_SECRET}\n")


def code(port: str, key: str, secret: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/rtc/v1/validate?join_request={join_parameter()}",
        headers={"Authorization": f"Bearer {bearer(key, secret)}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=START_S) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def line_with(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        line = process.stderr.readline()
        if words in line:
            return line
    pytest.fail(f"no line with {words!r}")


def test_a_hang_up_reads_the_keys_file_again(tmp_path: Path) -> None:
    keys = tmp_path / "keys.yaml"
    keys.write_text(f"{KEY}: {SECRET}\n")
    options = ("--port", "0", "--media-port", "0", "--media-address", "127.0.0.1", "--host", "127.0.0.1")
    process = command("--keys-file", str(keys), *options)
    try:
        words = line_with(process, "sfu listens").split()
        port = next(word.removeprefix("port=") for word in words if word.startswith("port="))
        assert (code(port, KEY, SECRET), code(port, NEXT, NEXT_SECRET)) == (200, 401)
        keys.write_text(f"{KEY}: {SECRET}\n{NEXT}: {NEXT_SECRET}\n")
        os.kill(process.pid, signal.SIGHUP)
        line_with(process, "API keys exchanged")
        assert (code(port, KEY, SECRET), code(port, NEXT, NEXT_SECRET)) == (200, 200)
        keys.write_text("nonsense\n")
        os.kill(process.pid, signal.SIGHUP)
        assert "keys-file" in line_with(process, "stay as they are")
        assert code(port, NEXT, NEXT_SECRET) == 200
    finally:
        process.kill()
        process.communicate()
