"""Calls that are encrypted from end to end, by `livekit-client` and its worker in Chromium.

The server has no key. What it needs to choose layers and to find key frames stays readable; nothing else does.
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from livekit.protocol import models
from playwright.sync_api import Browser

from tests.e2e.people import is_colour_of
from tests.interop.js_client import LIBRARY, JsClient, see_and_hear
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

WORKER = LIBRARY.with_name("livekit-client.e2ee.worker.js")
KEY, ANOTHER_KEY = "a key that no server knows", "a key of nobody else's"
# Two seconds of sound: far more than a first key frame and the first of a tone need.
ENOUGH_PACKETS = 100


@pytest.fixture
def stranger(watching_browser: Browser) -> Iterator[JsClient]:
    """Somebody who may be in the room, and who has another key."""
    client = JsClient(watching_browser, "mallory")
    yield client
    client.close()


def test_those_with_the_key_see_and_hear_each_other_and_nobody_else_does(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, stranger: JsClient
) -> None:
    room = f"room-{uuid4()}"
    for client, key in ((publisher, KEY), (watcher, KEY), (stranger, ANOTHER_KEY)):
        client.open(sfu)
        client.call("encrypt", key, WORKER.read_text())
        client.connect(sfu, room)
    assert publisher.call("trailerLength") >= 16
    assert watcher.call("trailerLength") == publisher.call("trailerLength")

    see_and_hear(publisher, watcher)
    picture, sound = (watcher.call("received", "alice", source) for source in ("camera", "microphone"))
    assert {picture["encryption"], sound["encryption"]} == {models.Encryption.GCM}
    assert picture["codec"] == "video/VP8"
    # A server that takes packets with repeats (RED) apart would find in them what it cannot read.
    assert sound["disableRed"]
    assert sound["codec"] == "audio/opus"

    # Each of these begins with a key frame of another layer, which the server has to know as one.
    for quality, low, high in (("LOW", 160, 360), ("HIGH", 900, 1280)):
        watcher.call("setQuality", "alice", quality)
        assert watcher.call("untilWidth", "alice", low, high)
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")

    publisher.call("send", "for those with the key")
    assert watcher.call("untilData", "for those with the key")
    assert stranger.call("makeOf", "alice", ENOUGH_PACKETS) == {"frames": 0, "energy": 0}
    assert stranger.call("texts") == []
