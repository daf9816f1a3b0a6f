"""What a room can be made with, by the server's settings, a call of the API or a token, and that it holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from livekit import api
from livekit.protocol import models, rtc
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from palaver_sfu.config import SfuSettings
from palaver_sfu.errors import ConfigError
from palaver_sfu.room.values import ParticipantSid, PlayoutDelay, RoomOptions, RoomWish, TrackSid, TrackSource
from palaver_sfu.tests.serving import KEY, SECRET, RawClient, Served, join_parameter, serving
from palaver_sfu.wire.streams import sync_streams

CREATE = {"room_create": True}


@asynccontextmanager
async def join(
    sfu: Served, identity: str, *, config: api.RoomConfiguration | None = None, preset: str = "", **grants: Any
) -> AsyncIterator[rtc.JoinResponse]:
    """The Join of somebody whose token says how the room is to be."""
    bearer = api.AccessToken(KEY, SECRET).with_identity(identity)
    bearer = bearer.with_grants(api.VideoGrants(**{"room_join": True, "room": "standup", **grants}))
    if config is not None:
        bearer = bearer.with_room_config(config)
    if preset:
        bearer = bearer.with_room_preset(preset)
    url = f"{sfu.ws_url}/rtc/v1?access_token={bearer.to_jwt()}&join_request={join_parameter()}"
    async with connect(url, proxy=None) as socket:
        yield await RawClient(socket).until("join")


async def test_a_token_makes_the_room_as_it_says_over_what_the_server_says() -> None:
    async with serving(room_options=RoomOptions(empty_timeout_s=77, departure_timeout_s=7)) as sfu:
        config = api.RoomConfiguration(max_participants=2, metadata="m", departure_timeout=9)
        async with join(sfu, "alice", config=config) as first:
            assert (first.room.empty_timeout, first.room.departure_timeout) == (77, 9)
            assert (first.room.max_participants, first.room.metadata) == (2, "m")
            async with join(sfu, "bob", config=api.RoomConfiguration(metadata="other")) as second:
                assert second.room.metadata == "m", "a room that is there is not changed by whoever comes next"


async def test_presets_are_named_by_calls_and_tokens() -> None:
    presets = {"webinar": RoomWish(max_participants=50, metadata="w")}
    async with serving(room_presets=presets) as sfu:
        made = await sfu.twirp("CreateRoom", {"name": "a", "roomPreset": "webinar", "metadata": "own"}, **CREATE)
        assert (made.json()["max_participants"], made.json()["metadata"]) == (50, "own")
        unknown = await sfu.twirp("CreateRoom", {"name": "b", "roomPreset": "none"}, **CREATE)
        assert (unknown.status_code, unknown.json()["code"]) == (400, "invalid_argument")
        async with join(sfu, "alice", preset="webinar") as first:
            assert (first.room.max_participants, first.room.metadata) == (50, "w")
        with pytest.raises(InvalidStatus) as refusal:
            async with join(sfu, "bob", room="c", preset="none"):
                pass
        assert refusal.value.response.status_code == 400


async def test_how_many_voices_are_heard_at_once_is_said_for_each_room() -> None:
    presets = {"choir": RoomWish(voices=5)}
    async with serving(room_presets=presets) as sfu:
        for name, fields in (
            ("two", {"tags": {"palaver.voices": "2"}}),
            ("five", {"roomPreset": "choir"}),
            ("usual", {}),
        ):
            assert (await sfu.twirp("CreateRoom", {"name": name, **fields}, **CREATE)).status_code == 200
            async with sfu.join("alice", room=name) as alice:
                assert sfu.media.peers[alice.sid].voices == {"two": 2, "five": 5, "usual": 0}[name]
        async with join(sfu, "bob", room="token", config=api.RoomConfiguration(tags={"palaver.voices": "4"})) as joined:
            assert sfu.media.peers[ParticipantSid(joined.participant.sid)].voices == 4
        for wrong in ("0", "6", "many", "", "٣"):
            refused = await sfu.twirp("CreateRoom", {"name": "x", "tags": {"palaver.voices": wrong}}, **CREATE)
            assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")
            with pytest.raises(InvalidStatus) as refusal:
                async with join(sfu, "bob", config=api.RoomConfiguration(tags={"palaver.voices": wrong})):
                    pass
            assert refusal.value.response.status_code == 401


async def test_how_many_voices_are_heard_may_change_while_the_room_runs() -> None:
    async with serving() as sfu, sfu.join("alice") as alice:
        for tags, voices in (({"palaver.voices": "5"}, 5), ({}, 5), ({"palaver.voices": "2"}, 2)):
            wish = {"name": "standup", "metadata": "other", "tags": tags}
            answer = (await sfu.twirp("CreateRoom", wish, **CREATE)).json()
            assert (sfu.media.peers[alice.sid].voices, answer["metadata"]) == (voices, ""), "nothing else changes"
        async with sfu.join("bob") as bob:
            assert sfu.media.peers[bob.sid].voices == 2


async def test_how_long_pictures_are_held_back_is_said_for_each_room() -> None:
    presets = {"music": RoomWish(playout_delay=PlayoutDelay(min_ms=400, max_ms=900))}
    async with serving(room_presets=presets) as sfu:
        cases: dict[str, tuple[dict[str, Any], PlayoutDelay | None]] = {
            "both": ({"minPlayoutDelay": 200, "maxPlayoutDelay": 800}, PlayoutDelay(min_ms=200, max_ms=800)),
            "least": ({"minPlayoutDelay": 200}, PlayoutDelay(min_ms=200, max_ms=40_950)),
            "most": ({"maxPlayoutDelay": 100}, PlayoutDelay(min_ms=0, max_ms=100)),
            "crossed": ({"minPlayoutDelay": 900, "maxPlayoutDelay": 100}, PlayoutDelay(min_ms=100, max_ms=100)),
            "huge": ({"minPlayoutDelay": 2**32 - 1}, PlayoutDelay(min_ms=40_950, max_ms=40_950)),
            "preset": ({"roomPreset": "music"}, PlayoutDelay(min_ms=400, max_ms=900)),
            "usual": ({}, None),
        }
        for name, (fields, expected) in cases.items():
            assert (await sfu.twirp("CreateRoom", {"name": name, **fields}, **CREATE)).status_code == 200
            async with sfu.join("alice", room=name) as alice:
                assert sfu.media.peers[alice.sid].playout_delay == expected, name
        config = api.RoomConfiguration(min_playout_delay=300, max_playout_delay=500)
        async with join(sfu, "bob", room="token", config=config) as joined:
            peer = sfu.media.peers[ParticipantSid(joined.participant.sid)]
            assert peer.playout_delay == PlayoutDelay(min_ms=300, max_ms=500)


async def test_where_rooms_are_not_made_by_joining_only_who_may_make_them_does() -> None:
    async with serving(creates_rooms_on_join=False) as sfu:
        with pytest.raises(InvalidStatus) as refusal:
            async with join(sfu, "alice"):
                pass
        assert refusal.value.response.status_code == 404
        assert b"requested room does not exist" in bytes(refusal.value.response.body or b"")
        async with join(sfu, "alice", room_create=True), join(sfu, "bob") as second:
            assert second.room.name == "standup"


async def test_a_server_may_let_its_api_unmute() -> None:
    for may_unmute, status in ((False, 412), (True, 200)):
        async with serving(may_unmute_remotely=may_unmute) as sfu, sfu.join("alice") as alice:
            track = await alice.publish_camera()
            for muted, expected in ((True, 200), (False, status)):
                body = {"room": "standup", "identity": "alice", "track_sid": track.sid, "muted": muted}
                answer = await sfu.twirp("MutePublishedTrack", body, room_admin=True, room="standup")
                assert (muted, answer.status_code) == (muted, expected)


async def test_clients_are_told_only_the_codecs_that_are_switched_on() -> None:
    options = RoomOptions(enabled_codecs=("video/VP8", "audio/opus"))
    async with serving(room_options=options) as sfu, join(sfu, "alice") as first:
        told = [codec.mime for codec in first.enabled_publish_codecs]
        assert told == [codec.mime for codec in first.room.enabled_codecs] == ["video/VP8", "audio/opus"]


@pytest.mark.parametrize("codecs", [("video/VP8",), ("video/H265", "audio/opus"), ()])
def test_codecs_that_leave_no_call_are_refused(codecs: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"room\.enabled_codecs"):
        SfuSettings(keys={KEY: SECRET}, room_options=RoomOptions(enabled_codecs=codecs))


def test_synced_streams_put_the_tracks_of_a_device_together() -> None:
    sources = {"TR_1": TrackSource.CAMERA, "TR_2": TrackSource.MICROPHONE, "TR_3": TrackSource.SCREEN_SHARE_AUDIO}
    sdp = "a=msid:PA_a|TR_1 TR_1\r\na=msid:PA_a|TR_2 TR_2\r\na=msid:PA_a|TR_3 TR_3\r\na=msid:PA_a|TR_9 TR_9\r\n"

    def source_of(track: TrackSid) -> TrackSource | None:
        return sources.get(track)

    assert sync_streams(sdp, source_of=source_of) == (
        "a=msid:PA_a|camera TR_1\r\na=msid:PA_a|camera TR_2\r\na=msid:PA_a|screen TR_3\r\na=msid:PA_a|TR_9 TR_9\r\n"
    )


async def test_a_room_with_synced_streams_names_them_so_but_not_to_firefox() -> None:
    client = models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0", protocol=17)
    for browser, stream in (("Chrome", "camera"), ("Firefox", None)):
        async with serving() as sfu:
            await sfu.twirp("CreateRoom", {"name": "standup", "syncStreams": True}, **CREATE)
            async with sfu.join("alice") as alice:
                track = await alice.publish_camera()
                sfu.media.start_tracks(alice.sid, "video/vp8")
                await alice.until("update")
                client.browser = browser
                path = f"/rtc?protocol=17&sdk=js&browser={browser}"
                async with sfu.dial("bob", path) as bob:
                    while f"{track.sid}\r\n" not in (offer := (await bob.until("offer")).sdp):
                        await bob.send(
                            answer=rtc.SessionDescription(type="answer", sdp="v=0\r\nm=x 9 x 0\r\na=mid:data\r\n")
                        )
                    assert f"msid:{alice.sid}|{stream or track.sid} {track.sid}" in offer
