"""`livekit-client` in Chromium: publishes, receives, switches layers, sends data; on our SFU and on the reference."""

from uuid import uuid4

import pytest

from tests.e2e.people import is_colour_of
from tests.interop.js_client import JsClient
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]


@pytest.fixture
def room() -> str:
    return f"room-{uuid4()}"


def test_two_browsers_see_and_hear_each_other(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    joined = publisher.connect(sfu, room)
    assert joined["serverVersion"]
    assert joined["sid"].startswith("PA_")
    watcher.connect(sfu, room)
    assert publisher.call("publishCamera").startswith("TR_")
    publisher.call("publishMicrophone")
    watcher.call("publishMicrophone")
    seen = watcher.call("see", "alice")
    assert is_colour_of(seen["colour"], "alice")
    assert seen["codec"] == "video/VP8"
    assert watcher.call("hear", "alice") > 0
    assert publisher.call("hear", "bob") > 0
    assert watcher.call("untilEvent", "Speakers", "alice")


def test_a_late_joiner_gets_what_is_there_at_once(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room)
    publisher.call("publishCamera")
    publisher.call("publishMicrophone")
    watcher.connect(sfu, room)
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
    assert watcher.call("hear", "alice") > 0


def test_h264_passes(sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera", "h264")
    seen = watcher.call("see", "alice")
    assert seen["codec"] == "video/H264"
    assert is_colour_of(seen["colour"], "alice")


def test_the_received_size_follows_the_request(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    watcher.call("setQuality", "alice", "LOW")
    assert watcher.call("untilWidth", "alice", 160, 360)
    watcher.call("setQuality", "alice", "MEDIUM")
    assert watcher.call("untilWidth", "alice", 400, 700)
    watcher.call("setQuality", "alice", "HIGH")
    assert watcher.call("untilWidth", "alice", 900, 1280)
    watcher.call("setDimensions", "alice", 300, 168)
    assert watcher.call("untilWidth", "alice", 160, 360)
    # A switch is a switch of pictures, not a broken one.
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")


def test_mute_and_unmute_reach_the_others(sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    publisher.call("publishMicrophone")
    watcher.call("see", "alice")
    publisher.call("setMicrophone", False)
    watcher.call("untilMuted", "alice", "microphone", True)
    publisher.call("setCamera", False)
    watcher.call("untilMuted", "alice", "camera", True)
    publisher.call("setMicrophone", True)
    watcher.call("untilMuted", "alice", "microphone", False)
    assert watcher.call("hear", "alice") > 0
    publisher.call("setCamera", True)
    watcher.call("untilMuted", "alice", "camera", False)
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")


def test_a_screen_with_sound_is_a_source_of_its_own(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    publisher.call("publishScreen")
    assert watcher.call("see", "alice", "screen_share")["width"] > 0
    assert is_colour_of(watcher.call("see", "alice", "camera")["colour"], "alice")
    sources = {track["source"] for track in watcher.call("participants")[0]["tracks"]}
    assert {"camera", "screen_share"} <= sources


def test_data_goes_both_ways_and_only_where_it_is_sent(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("send", "hello bob", {"reliable": True})
    assert watcher.call("untilData", "hello bob")["from"] == "alice"
    # The reference tells of people without tracks only every few seconds, and a name needs its person.
    publisher.call("untilEvent", "ParticipantConnected", "bob")
    watcher.call("send", "hello alice", {"reliable": False, "topic": "greeting"})
    received = publisher.call("untilData", "hello alice")
    assert (received["from"], received["topic"]) == ("bob", "greeting")
    publisher.call("send", "for nobody here", {"to": ["carol"]})
    publisher.call("send", "for bob", {"to": ["bob"]})
    watcher.call("untilData", "for bob")
    assert "for nobody here" not in [packet["text"] for packet in watcher.page.evaluate("client.data")]


def test_whoever_leaves_is_gone_and_may_come_back(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    publisher.call("disconnect")
    watcher.call("untilGone", "alice")
    publisher.connect(sfu, room)
    publisher.call("publishCamera")
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")


def test_a_cut_signal_comes_back_by_itself(sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    publisher.call("cutSignal")
    publisher.call("untilEvent", "Reconnected")
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")


def test_ten_rounds_of_camera_on_and_off_leave_a_working_section(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    for _ in range(10):
        publisher.call("publishCamera")
        publisher.call("unpublishCamera")
    publisher.call("publishCamera")
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
