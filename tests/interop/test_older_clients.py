"""`livekit-client` as it was: whoever runs an older page meets the same call, beside people with the newest one."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.interop.js_client import JsClient, see_and_hear
from tests.servers import npm
from tests.servers.sfu import SfuAddress
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.interop, pytest.mark.proof, pytest.mark.timeout(240)]

# Three minors back, and the last before one connection became the rule.
VERSIONS = ("2.22.4", "2.21.0", "2.20.1", "2.15.16")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("options", [{}, {"singlePeerConnection": False}], ids=["usual", "dual"])
def test_an_older_client_talks_with_the_newest(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, version: str, options: dict[str, Any]
) -> None:
    library = npm.packed_file("livekit-client", version, "dist/livekit-client.umd.js")
    if library is None:
        pytest.skip("older clients come from the npm registry, which this machine does not reach")
    publisher.library = library
    room = f"room-{uuid4()}"
    with WireCutter(urlsplit(sfu.url).port or 0) as wire:
        sid = publisher.connect(replace(sfu, url=wire.url), room, **options)["sid"]
        watcher.connect(sfu, room)
        see_and_hear(publisher, watcher)
        watcher.call("setQuality", "alice", "LOW")
        assert watcher.call("untilWidth", "alice", 160, 360)
        publisher.call("setMicrophone", False)
        watcher.call("untilMuted", "alice", "microphone", True)
        wire.cut("/rtc")
        publisher.call("untilEvent", "SignalReconnecting")
        watcher.call("send", "while you were away")
        wire.mend()
        publisher.call("untilEvent", "Reconnected")
        publisher.call("untilData", "while you were away")
        publisher.call("send", "I am back")
        watcher.call("untilData", "I am back")
        assert watcher.call("participants")[0]["sid"] == sid
        publisher.call("disconnect")
        watcher.call("untilGone", "alice")
