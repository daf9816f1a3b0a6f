"""The contract of `MediaPort`: what the control plane relies on, held by the real core and by its fake alike."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from palaver_sfu.adapters.media import CoreMedia
from palaver_sfu.adapters.memory import MemoryMedia
from palaver_sfu.adapters.pool import MediaPool
from palaver_sfu.app import create_app
from palaver_sfu.config import DEV_KEYS, SfuSettings
from palaver_sfu.errors import ConfigError, MediaError
from palaver_sfu.ports import MediaEvent, MediaPort
from palaver_sfu.room.values import Mid, OpusWish, ParticipantSid, RoomSid, TrackSid
from palaver_sfu.session.inputs import Answered, NegotiationFailed, OfferMade, PeerClosed
from tests.servers.ports import free_udp_ports

ROOT = Path(__file__).parents[2]
# Chromium: three recvonly audio and video sections, a data channel, a microphone and a camera in three layers.
OFFER = (ROOT / "media/fuzz/corpus/sdp/chromium-simulcast.sdp").read_bytes().decode()
ALICE, BOB = ParticipantSid("PA_alice"), ParticipantSid("PA_bob")
CAMERA, MICROPHONE = TrackSid("TR_VC1"), TrackSid("TR_AM1")
TIMEOUT_S = 30.0


class Watched:
    """A port and everything it has said."""

    def __init__(self, port: MediaPort) -> None:
        self.port = port
        self.events: list[MediaEvent] = []
        self._news = asyncio.Event()
        port.start(self._on_events)

    def _on_events(self, events: object) -> None:
        assert isinstance(events, list | tuple)
        self.events += events
        self._news.set()

    async def until(self, kind: type[MediaEvent], count: int = 1) -> list[MediaEvent]:
        async with asyncio.timeout(TIMEOUT_S):
            while len(found := [event for event in self.events if isinstance(event, kind)]) < count:
                self._news.clear()
                await self._news.wait()
        return found

    async def negotiate(self, offer_id: int, **more: object) -> MediaEvent:
        """The answer to the recorded offer, or the failure."""
        before = len(self.events)
        fields: dict[str, object] = {"publish": {}, "subscribe": {}, "codecs": {}, "opus": {}, "offer": OFFER}
        fields |= more
        self.port.negotiate(peer=ALICE, offer_id=offer_id, **fields)  # type: ignore[arg-type]
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                for event in self.events[before:]:
                    if isinstance(event, Answered | NegotiationFailed):
                        return event
                self._news.clear()
                await self._news.wait()


def core() -> MediaPort:
    return MediaPool([CoreMedia(binds=[("127.0.0.1", 0)], announce=["127.0.0.1"]) for _ in range(2)])


@pytest.fixture(params=[core, lambda: MemoryMedia(connects=False)], ids=["core", "memory"])
async def media(request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    make: Callable[[], MediaPort] = request.param
    watched = Watched(make())
    for room in ("RM_other", "RM_1"):  # so that the room in question is not on the first thread
        watched.port.open_room(room=RoomSid(room))
    yield watched
    watched.port.close()


def test_an_offer_is_read_alike_by_both() -> None:
    real, fake = core(), MemoryMedia()
    try:
        sections = real.parse_offer(OFFER)
        assert sections is not None
        assert sections == fake.parse_offer(OFFER)
        assert [(s.kind, s.direction) for s in sections[:1]] == [("audio", "recvonly")]
        assert sections[8].rids == ("q", "h", "f")
    finally:
        real.close()


@pytest.mark.parametrize("text", ["", "hello", "v=0\r\n", "v=0\r\nm=audio\r\n", "\0" * 100])
async def test_what_is_no_offer_has_no_sections(media: Watched, text: str) -> None:
    assert media.port.parse_offer(text) is None


async def test_an_offer_is_answered_once_under_its_number(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    answer = await media.negotiate(7)
    assert isinstance(answer, Answered)
    assert (answer.peer, answer.offer_id, dict(answer.mid_to_track)) == (ALICE, 7, {})
    assert answer.sdp.startswith("v=0")


async def test_the_answer_shows_which_section_carries_which_track(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    sections = media.port.parse_offer(OFFER)
    assert sections is not None
    video = next(s.mid for s in sections if s.kind == "video" and s.can_receive)
    answer = await media.negotiate(1, subscribe={video: (CAMERA, BOB)})
    assert isinstance(answer, Answered)
    assert dict(answer.mid_to_track) == {video: CAMERA}
    assert f"a=msid:{BOB}|{CAMERA} {CAMERA}" in answer.sdp
    again = await media.negotiate(2)
    assert isinstance(again, Answered)
    assert dict(again.mid_to_track) == {}
    assert CAMERA not in again.sdp


async def test_unused_sections_are_answered_inactive(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    answer = await media.negotiate(1)
    assert isinstance(answer, Answered)
    media_sections = [part for part in answer.sdp.split("\r\nm=")[1:] if not part.startswith("application")]
    assert all("a=inactive" in part for part in media_sections)


async def test_published_sections_are_received(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    publish = {Mid("7"): (MICROPHONE, ()), Mid("8"): (CAMERA, ("q", "h", "f"))}
    answer = await media.negotiate(
        1, publish=publish, codecs={Mid("8"): "vp8"}, opus={Mid("7"): OpusWish(may_use_dtx=True, is_stereo=False)}
    )
    assert isinstance(answer, Answered)
    parts = {mid: part for part in answer.sdp.split("\r\nm=")[1:] for mid in ("7", "8") if f"a=mid:{mid}\r\n" in part}
    assert all("a=recvonly" in part for part in parts.values())


async def test_an_offer_that_cannot_be_read_fails_under_its_number(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    failure = await media.negotiate(3, offer="this is no SDP")
    assert isinstance(failure, NegotiationFailed)
    assert (failure.peer, failure.offer_id) == (ALICE, 3)


async def test_an_offer_of_ours_names_its_tracks_and_brings_the_channels(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    tracks = [(CAMERA, BOB, False), (MICROPHONE, BOB, True)]
    media.port.make_offer(peer=ALICE, offer_id=4, tracks=tracks, restarts_ice=False)
    (offer,) = await media.until(OfferMade)
    assert isinstance(offer, OfferMade)
    assert (offer.peer, offer.offer_id, set(offer.mid_to_track.values())) == (ALICE, 4, {CAMERA, MICROPHONE})
    assert f"a=msid:{BOB}|{CAMERA} {CAMERA}" in offer.sdp
    assert "m=application" in offer.sdp
    sections = media.port.parse_offer(offer.sdp)
    assert sections is not None
    assert [(s.kind, s.direction) for s in sections if s.is_media] == [("video", "sendonly"), ("audio", "sendonly")]


async def test_an_answer_that_cannot_be_read_fails_under_the_number_of_its_offer(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    media.port.make_offer(peer=ALICE, offer_id=4, tracks=[(CAMERA, BOB, False)], restarts_ice=False)
    await media.until(OfferMade)
    media.port.take_answer(peer=ALICE, offer_id=4, answer="this is no SDP")
    (failure,) = await media.until(NegotiationFailed)
    assert isinstance(failure, NegotiationFailed)
    assert (failure.peer, failure.offer_id) == (ALICE, 4)


async def test_a_closed_peer_is_said_to_be_closed(media: Watched) -> None:
    media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    await media.negotiate(1)
    media.port.close_peer(peer=ALICE)
    assert await media.until(PeerClosed) == [PeerClosed(peer=ALICE, reason="requested")]


async def test_commands_for_nobody_are_ignored(media: Watched) -> None:
    port = media.port
    port.close_peer(peer=BOB)
    port.negotiate(peer=BOB, offer_id=1, offer=OFFER, publish={}, subscribe={}, codecs={}, opus={})
    port.set_subscription(peer=BOB, track=CAMERA, is_enabled=True, max_spatial_layer=0, max_fps=0)
    port.drop_subscription(peer=BOB, track=CAMERA)
    port.set_track_muted(room=RoomSid("RM_1"), track=CAMERA, is_muted=True)
    port.limit_line(peer=BOB, bps=100_000)
    port.send_data(room=RoomSid("RM_1"), peers=[BOB], label="_reliable", payload=b"hi")
    port.add_candidate(peer=BOB, candidate="candidate:nonsense")
    port.open_peer(room=RoomSid("RM_1"), peer=ALICE)
    assert isinstance(await media.negotiate(1), Answered)
    assert [event for event in media.events if getattr(event, "peer", None) == BOB] == []


async def test_after_the_end_commands_are_refused_and_ending_again_is_harmless(media: Watched) -> None:
    media.port.close()
    media.port.close()
    with pytest.raises(MediaError):
        media.port.open_peer(room=RoomSid("RM_1"), peer=ALICE)


async def test_a_room_is_on_one_thread_while_it_is_open(media: Watched) -> None:
    room = RoomSid("RM_1")
    number = media.port.thread_of(room)
    assert number is not None
    before = media.port.threads()[number]
    media.port.open_peer(room=room, peer=ALICE)
    during = media.port.threads()[number]
    assert (during.rooms, during.peers) == (before.rooms, before.peers + 1)
    media.port.close_peer(peer=ALICE)
    media.port.close_room(room=room)
    after = media.port.threads()[number]
    assert (after.rooms, after.peers) == (before.rooms - 1, before.peers)
    assert media.port.thread_of(room) is None


async def test_counters_are_a_json_object(media: Watched) -> None:
    assert isinstance(json.loads(media.port.stats()), dict)


async def test_a_port_in_use_is_an_error_of_ours() -> None:
    first = core()
    try:
        with pytest.raises(MediaError):
            CoreMedia(binds=[("127.0.0.1", first.local_port)], announce=["127.0.0.1"])
    finally:
        first.close()


def test_a_port_in_use_is_named_with_the_thread_that_wanted_it_and_the_others_are_free_again() -> None:
    def udp(port: int) -> socket.socket:
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        found.bind(("0.0.0.0", port))
        return found

    with udp(free_udp_ports(2) + 1) as taken:
        port = taken.getsockname()[1]
        settings = SfuSettings(
            keys=DEV_KEYS, is_dev=True, media_port=port - 1, media_threads=2, media_addresses=("127.0.0.1",)
        )
        with pytest.raises(ConfigError, match=f"media-port: cannot use UDP port {port} for media thread 2 of 2: "):
            create_app(settings)
        udp(port - 1).close()
