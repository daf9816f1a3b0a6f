"""The boundary to the media core: what goes in and what comes out of `palaver_sfu._core`, without a browser."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from palaver_sfu import _core
from palaver_sfu.adapters.offer_text import shape_offer
from palaver_sfu.room.values import Mid, OpusWish

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "media/fuzz/corpus/sdp"
CHROMIUM_OFFER = (CORPUS / "chromium-simulcast.sdp").read_bytes().decode()
# Written by hand after offers of Safari 18 that people have published: there is no Safari where these tests run.
SAFARI_OFFER = (CORPUS / "safari-join.sdp").read_bytes().decode()


@pytest.fixture
def engine() -> Iterator[_core.Engine]:
    engine = _core.Engine(binds=[("127.0.0.1", 0)], announce=["127.0.0.1"])
    yield engine
    engine.close()


def wait_for(engine: _core.Engine, kind: str, *, timeout_s: float = 5.0) -> tuple[object, ...]:
    """The next event of a kind; waits on the descriptor as an event loop would."""
    while select.select([engine.fileno()], [], [], timeout_s)[0]:
        for event in engine.drain():
            if event[0] == kind:
                return event
    pytest.fail(f"no event {kind!r} within {timeout_s} s")


def negotiate(engine: _core.Engine, offer: str, *, offer_id: int = 1, **sections: object) -> None:
    publish = sections.get("publish", {})
    subscribe = sections.get("subscribe", {})
    assert isinstance(publish, dict)
    assert isinstance(subscribe, dict)
    engine.negotiate(peer="alice", offer_id=offer_id, offer=offer, publish=publish, subscribe=subscribe)


def test_a_real_offer_is_read_section_by_section() -> None:
    sections = _core.parse_offer(CHROMIUM_OFFER)
    assert [s.mid for s in sections] == [str(n) for n in range(9)]
    camera = sections[8]
    assert (camera.kind, camera.direction, camera.rids, camera.is_rejected) == (
        "video",
        "sendonly",
        ["q", "h", "f"],
        False,
    )
    assert camera.track_id is not None
    assert sections[0].codecs[0] == "opus"
    assert sections[6].kind == "application"


def test_sections_are_read_only() -> None:
    section = _core.parse_offer(CHROMIUM_OFFER)[0]
    with pytest.raises(AttributeError):
        section.mid = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "v=0"),
        ("v=0\r\n", "no media section"),
        ("v=0\r\nm=audio 9\r\n", "audio 9"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "mid"),
        ("v=0\r\n" + "a=x\r\n" * 200_000, "too large"),
    ],
)
def test_what_is_no_offer_raises_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(_core.SdpError, match=reason):
        _core.parse_offer(text)
    assert issubclass(_core.SdpError, ValueError)


def test_an_offer_is_answered_with_the_tracks_of_its_sections(engine: _core.Engine) -> None:
    engine.open_peer(room="standup", peer="alice")
    negotiate(engine, CHROMIUM_OFFER, offer_id=7, publish={"7": ("TR_mic", [])}, subscribe={"3": ("TR_cam", "PA_bob")})
    _, peer, offer_id, sdp, tracks = wait_for(engine, "answer")
    assert (peer, offer_id, tracks) == ("alice", 7, {"3": "TR_cam"})
    assert isinstance(sdp, str)
    assert "a=ice-lite" in sdp
    assert f"127.0.0.1 {engine.local_port} typ host" in sdp
    assert "a=msid:PA_bob|TR_cam TR_cam" in sdp
    directions = {
        part.split("a=mid:")[1].split("\r\n")[0]: [
            w for w in ("recvonly", "sendonly", "inactive") if f"a={w}\r\n" in part
        ]
        for part in sdp.split("m=")[1:]
    }
    assert directions["3"] == ["sendonly"]
    assert directions["7"] == ["recvonly"]
    assert directions["0"] == ["inactive"]
    assert directions["8"] == ["inactive"]


def test_red_is_answered_where_the_track_may_use_it(engine: _core.Engine) -> None:
    engine.open_peer(room="standup", peer="alice")
    for offer_id, may_use_red, formats in [(1, True, ["63", "111"]), (2, False, ["111"])]:
        wish = OpusWish(may_use_dtx=True, is_stereo=False, may_use_red=may_use_red)
        offer = shape_offer(CHROMIUM_OFFER, codecs={}, opus={Mid("7"): wish})
        negotiate(engine, offer, offer_id=offer_id, publish={"7": ("TR_mic", [])})
        sdp = str(wait_for(engine, "answer")[3])
        (part,) = [part for part in sdp.split("\r\nm=") if "a=mid:7\r\n" in part]
        assert part.split("\r\n")[0].split(" ")[3:] == formats
        assert ("red/48000" in part) is may_use_red


@pytest.mark.parametrize(("codec", "payload"), [("h264", "98"), ("vp8", "100")])
def test_safari_is_answered_in_a_codec_that_both_have(engine: _core.Engine, codec: str, payload: str) -> None:
    """It offers H.264 in a high profile first, H.265 without parameters, and sends RED badly."""
    camera, microphone = _core.parse_offer(SAFARI_OFFER)[4], _core.parse_offer(SAFARI_OFFER)[3]
    assert (camera.rids, camera.track_id) == (["q", "h", "f"], "7c1a5b44-0000-4000-8000-00000000000b")
    assert {"h264", "vp8"} <= set(camera.codecs)
    assert "opus" in microphone.codecs
    engine.open_peer(room="standup", peer="alice")
    wish = OpusWish(may_use_dtx=True, is_stereo=False, may_use_red=False)
    offer = shape_offer(SAFARI_OFFER, codecs={Mid("4"): codec}, opus={Mid("3"): wish})
    publish = {"3": ("TR_mic", []), "4": ("TR_cam", ["q", "h", "f"])}
    negotiate(engine, offer, publish=publish, subscribe={"1": ("TR_bob", "PA_bob")})
    sdp = str(wait_for(engine, "answer")[3])
    sections = dict(zip("01234", sdp.split("\r\nm=")[1:], strict=True))
    assert sections["3"].split("\r\n")[0].endswith(" 111")
    formats = sections["4"].split("\r\n")[0].split(" ")[3:]
    assert f"rtpmap:{formats[0]} {codec.upper()}/90000" in sections["4"]
    assert payload in formats
    assert "104" not in formats
    assert "a=simulcast:recv q;h;f" in sections["4"]
    assert "a=msid:PA_bob|TR_bob TR_bob" in sections["1"]


def test_a_bad_offer_fails_and_a_good_one_after_it_is_answered(engine: _core.Engine) -> None:
    engine.open_peer(room="standup", peer="alice")
    negotiate(engine, "v=0\r\nnonsense\r\n", offer_id=1)
    _, peer, offer_id, code, message = wait_for(engine, "negotiation_failed")
    assert (peer, offer_id, code) == ("alice", 1, "bad_sdp")
    assert "nonsense" in str(message)
    negotiate(engine, CHROMIUM_OFFER, offer_id=2)
    assert wait_for(engine, "answer")[2] == 2


def test_another_certificate_in_a_later_offer_is_refused(engine: _core.Engine) -> None:
    engine.open_peer(room="standup", peer="alice")
    negotiate(engine, CHROMIUM_OFFER, offer_id=1)
    wait_for(engine, "answer")
    negotiate(engine, CHROMIUM_OFFER.replace("sha-256 A7:", "sha-256 00:"), offer_id=2)
    assert wait_for(engine, "negotiation_failed")[2:4] == (2, "bad_offer")


def test_commands_for_unknown_peers_and_tracks_are_ignored(engine: _core.Engine) -> None:
    negotiate(engine, CHROMIUM_OFFER)
    engine.close_peer(peer="nobody")
    engine.set_subscription(peer="nobody", track="TR_x", is_enabled=True, max_spatial_layer=2, max_fps=0)
    engine.drop_subscription(peer="nobody", track="TR_x")
    engine.set_track_muted(track="TR_x", is_muted=True)
    engine.limit_line(peer="nobody", bps=100_000)
    engine.send_data(peers=["nobody"], label="_lossy", payload=b"x")
    engine.add_candidate(peer="nobody", candidate="rubbish")
    # The queue is in order: when this peer is closed, all of the above was done.
    engine.open_peer(room="standup", peer="alice")
    engine.close_peer(peer="alice")
    assert wait_for(engine, "closed") == ("closed", "alice", "requested")


def test_unknown_data_labels_are_refused(engine: _core.Engine) -> None:
    with pytest.raises(ValueError, match="label"):
        engine.send_data(peers=[], label="_other", payload=b"")


def test_the_descriptor_is_readable_exactly_while_events_wait(engine: _core.Engine) -> None:
    assert not select.select([engine.fileno()], [], [], 0)[0]
    for name in ("alice", "bob"):
        engine.open_peer(room="standup", peer=name)
        engine.close_peer(peer=name)
    first = second = None
    while second is None:
        assert select.select([engine.fileno()], [], [], 5)[0]
        events = engine.drain(max_events=1)
        first, second = (first or events[0]), (events[0] if first else None)
    assert (first, second) == (("closed", "alice", "requested"), ("closed", "bob", "requested"))
    assert not select.select([engine.fileno()], [], [], 0)[0]
    assert engine.drain() == []


def open_many(engine: _core.Engine, count: int) -> None:
    for n in range(count):
        engine.open_peer(room="standup", peer=f"peer{n}")


def test_a_flood_of_commands_ends_in_queue_full_and_the_engine_lives_on(engine: _core.Engine) -> None:
    with pytest.raises(_core.EngineError, match="queue_full"):
        open_many(engine, 1_000_000)
    is_accepted = False
    while not is_accepted:
        # The worker works through the queue meanwhile.
        select.select([engine.fileno()], [], [], 0.01)
        with contextlib.suppress(_core.EngineError):
            engine.close_peer(peer="peer0")
            is_accepted = True


def test_figures_are_a_flat_object_of_numbers(engine: _core.Engine) -> None:
    figures = json.loads(engine.stats())
    assert figures["panics"] == 0
    assert all(isinstance(value, int) for value in figures.values())


def test_datagrams_of_strangers_are_counted_and_unanswered(engine: _core.Engine) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.settimeout(0.05)
        counted = 0
        while not counted:
            stranger.sendto(b"\x80" * 40, ("127.0.0.1", engine.local_port))
            counted = json.loads(engine.stats())["unknown_source"]
            with pytest.raises(TimeoutError):
                stranger.recv(100)


def test_closing_twice_is_no_error_and_commands_after_it_are() -> None:
    engine = _core.Engine(binds=[("127.0.0.1", 0), ("::1", 0)], announce=["127.0.0.1", "::1"])
    engine.open_peer(room="standup", peer="alice")
    engine.close()
    engine.close()
    assert ("closed", "alice", "requested") in engine.drain()
    with pytest.raises(_core.EngineError, match="closed"):
        engine.open_peer(room="standup", peer="bob")
    with pytest.raises(_core.EngineError, match="closed"):
        engine.negotiate(peer="alice", offer_id=1, offer=CHROMIUM_OFFER, publish={}, subscribe={})


def test_a_port_in_use_and_senseless_addresses_are_clear_errors(engine: _core.Engine) -> None:
    with pytest.raises(_core.EngineError, match=f"127.0.0.1:{engine.local_port}"):
        _core.Engine(binds=[("127.0.0.1", engine.local_port)], announce=["127.0.0.1"])
    with pytest.raises(_core.EngineError, match="no IP address: example"):
        _core.Engine(binds=[("example", 0)], announce=["127.0.0.1"])
    with pytest.raises(_core.EngineError, match="no address"):
        _core.Engine(binds=[("127.0.0.1", 0)], announce=["::1"])


def test_a_forked_child_must_not_use_the_engine(engine: _core.Engine) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            engine.open_peer(room="standup", peer="alice")
            os.write(writer, b"used")
        except _core.EngineError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert b"after fork" in os.read(reader, 200)
    os.close(reader)
    os.close(writer)


def test_commands_from_many_threads_at_once(engine: _core.Engine) -> None:
    def open_and_close(first: int) -> None:
        for n in range(first, first + 50):
            engine.open_peer(room="standup", peer=f"peer{n}")
            engine.close_peer(peer=f"peer{n}")

    threads = [threading.Thread(target=open_and_close, args=(first,)) for first in (0, 50, 100, 150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    closed: set[object] = set()
    while len(closed) < 200:
        assert select.select([engine.fileno()], [], [], 10)[0]
        closed |= {event[1] for event in engine.drain() if event[0] == "closed"}
    assert closed == {f"peer{n}" for n in range(200)}


@pytest.mark.parametrize("disabled", ["VP8", "H264"])
def test_what_is_struck_out_of_an_offer_is_not_in_its_answer(engine: _core.Engine, disabled: str) -> None:
    engine.open_peer(room="standup", peer="alice")
    offer = shape_offer(CHROMIUM_OFFER, codecs={}, opus={}, disabled=(disabled.lower(),))
    negotiate(engine, offer, publish={"8": ("TR_cam", ["q", "h", "f"])})
    sdp = str(wait_for(engine, "answer")[3])
    assert {name for name in ("VP8", "H264", "opus") if f" {name}/" in sdp} == {"VP8", "H264", "opus"} - {disabled}


def test_an_offer_of_nothing_that_is_switched_on_is_answered_without_it(engine: _core.Engine) -> None:
    engine.open_peer(room="standup", peer="alice")
    offer = shape_offer(CHROMIUM_OFFER, codecs={}, opus={}, disabled=("vp8", "h264"))
    negotiate(engine, offer, publish={"7": ("TR_mic", [])})
    sdp = str(wait_for(engine, "answer")[3])
    assert " opus/48000" in sdp
    assert " VP8/" not in sdp
    assert " H264/" not in sdp
