"""`livekit-client` in Chromium: publishes, receives, switches layers, sends data; on our SFU and on the reference."""

from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from livekit import api
from playwright.sync_api import Browser

from tests.e2e.people import is_colour_of
from tests.interop.js_client import JsClient
from tests.servers.sfu import SfuAddress
from tests.servers.wire_cutter import WireCutter

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


@pytest.mark.parametrize(
    ("codec", "is_dual"),
    [("vp9", False), ("av1", False), pytest.param("av1", True, marks=pytest.mark.proof)],
    ids=["vp9", "av1", "av1-dual"],
)
def test_a_picture_in_layers_of_one_stream_passes_whole(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str, *, codec: str, is_dual: bool
) -> None:
    publisher.connect(sfu, room, singlePeerConnection=not is_dual)
    publisher.call("publishCamera", codec)
    watcher.connect(sfu, room, singlePeerConnection=not is_dual)
    seen = watcher.call("see", "alice")
    assert seen["codec"] == f"video/{codec.upper()}"
    assert is_colour_of(seen["colour"], "alice")


def test_who_cannot_decode_a_picture_gets_it_in_the_second_codec(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room, dynacast=True)
    watcher.open(sfu)
    watcher.call("decodeOnly", "video/VP8")
    watcher.connect(sfu, room)
    publisher.call("publishCamera", "h264", True, {"codec": "vp8"})
    seen = watcher.call("see", "alice")
    assert seen["codec"] == "video/VP8"
    assert is_colour_of(seen["colour"], "alice")


def test_when_the_second_codec_comes_everybody_gets_it(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, watching_browser: Browser, room: str
) -> None:
    publisher.connect(sfu, room, dynacast=True)
    watcher.connect(sfu, room)
    publisher.call("publishCamera", "h264", True, {"codec": "vp8"})
    assert watcher.call("see", "alice")["codec"] == "video/H264"
    carol = JsClient(watching_browser, "carol")
    carol.open(sfu)
    carol.call("decodeOnly", "video/VP8")
    carol.connect(sfu, room)
    assert carol.call("see", "alice")["codec"] == "video/VP8"
    for _ in range(50):
        seen = watcher.call("see", "alice")
        if seen["codec"] == "video/VP8":
            break
    assert seen["codec"] == "video/VP8"
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
    carol.close()


def test_pictures_are_held_back_as_the_room_says(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    grants = api.VideoGrants(room_join=True, room=room)
    config = api.RoomConfiguration(min_playout_delay=600, max_playout_delay=2_000)
    first = api.AccessToken(sfu.api_key, sfu.api_secret).with_identity("alice").with_grants(grants)
    publisher.open(sfu)
    publisher.call("connect", sfu.ws_url, first.with_room_config(config).to_jwt(), {})
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    # A browser on the same machine holds a picture back for a twentieth of a second by itself.
    assert watcher.call("untilHeldBack", "alice", 450) < 2_000


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


def test_a_cut_signal_is_resumed_and_nobody_else_notices(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    with WireCutter(urlsplit(sfu.url).port or 0) as wire:
        sid = publisher.connect(replace(sfu, url=wire.url), room)["sid"]
        watcher.connect(sfu, room)
        publisher.call("publishCamera")
        watcher.call("see", "alice")
        publisher.call("untilEvent", "ParticipantConnected", "bob")
        assert wire.cut("/rtc") == 1
        publisher.call("untilEvent", "SignalReconnecting")
        watcher.call("send", "while you were away")
        watcher.call("see", "alice")
        wire.mend()
        publisher.call("untilEvent", "Reconnected")
        publisher.call("untilData", "while you were away")
        publisher.call("send", "I am back")
        watcher.call("untilData", "I am back")
        assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
        assert watcher.call("participants")[0]["sid"] == sid
        assert "ParticipantDisconnected" not in [name for name, _ in watcher.page.evaluate("client.events")]
        assert [packet["text"] for packet in publisher.page.evaluate("client.data")] == ["while you were away"]


def test_who_comes_while_the_signal_is_cut_is_seen_after_it(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    with WireCutter(urlsplit(sfu.url).port or 0) as wire:
        watcher.connect(replace(sfu, url=wire.url), room)
        wire.cut("/rtc")
        watcher.call("untilEvent", "SignalReconnecting")
        publisher.connect(sfu, room)
        publisher.call("publishCamera")
        wire.mend()
        watcher.call("untilEvent", "Reconnected")
        assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")


@pytest.mark.parametrize("scenario", ["signal-reconnect", "full-reconnect", "disconnect-signal-on-resume"])
def test_rehearsed_trouble_ends_well(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str, scenario: str
) -> None:
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    watcher.call("see", "alice")
    before = watcher.call("participants")[0]["sid"]
    publisher.call("simulate", scenario)
    publisher.call("untilEvent", "Reconnected")
    if scenario == "full-reconnect":
        watcher.call("untilReplaced", "alice", before)
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
