"""Firefox ESR joins, too: ICE-lite, its own order of offer and join, and its own track ids."""

import json
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.people import is_colour_of
from tests.interop.js_client import JsClient, token
from tests.servers.sfu import SfuAddress

SCRIPT = Path(__file__).parent / "firefox_client.mjs"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        shutil.which("firefox-esr") is None, reason="Firefox is not installed (tools/apt_packages.sh test)"
    ),
]


def test_firefox_and_chromium_see_and_hear_each_other(sfu: SfuAddress, publisher: JsClient) -> None:
    room = f"room-{uuid4()}"
    publisher.connect(sfu, room)
    publisher.call("publishCamera")
    publisher.call("publishMicrophone")
    command = ["node", str(SCRIPT), f"{sfu.url}/", sfu.ws_url, token(sfu, "carol", room), "alice"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as firefox:
        assert firefox.stdout is not None
        assert firefox.stdin is not None
        assert firefox.stderr is not None
        try:
            line = firefox.stdout.readline()
            assert line, firefox.stderr.read()[-3000:]
            report = json.loads(line)
            assert is_colour_of(report["seen"]["colour"], "alice")
            assert report["heard"] > 0
            assert publisher.call("see", "carol")["width"] > 0
            assert publisher.call("hear", "carol") > 0
        finally:
            firefox.stdin.close()
            firefox.wait(timeout=30)
