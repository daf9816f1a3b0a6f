"""What a server says of a track that was announced to it."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, rtc

from tests.conformance.client import WireClient, dial, dual_path, token
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]

LAYERS = (
    models.VideoLayer(quality=models.HIGH, width=1280, height=720),
    models.VideoLayer(quality=models.LOW, width=320, height=180),
)


async def add(client: WireClient, **fields: Any) -> models.TrackInfo:
    await client.send(add_track=rtc.AddTrackRequest(**fields))
    track: models.TrackInfo = (await client.until("track_published")).track
    return track


async def test_sound_tells_of_stereo_and_dtx_as_flags_and_features(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        track = await add(
            alice, cid="mic", type=models.AUDIO, source=models.MICROPHONE, stereo=True, disable_dtx=True, name="voice"
        )
        assert (track.sid[:4], track.name, track.stereo, track.disable_dtx) == ("TR_A", "voice", True, True)
        assert set(track.audio_features) == {models.TF_STEREO, models.TF_NO_DTX}
        assert (track.stream, track.backup_codec_policy) == ("camera", models.SIMULCAST)
        assert [codec.cid for codec in track.codecs] == ["mic"]


async def test_a_picture_lists_its_codecs_and_layers(server: SfuAddress, room: str) -> None:
    codecs = [rtc.SimulcastCodec(codec="h264", cid="cam"), rtc.SimulcastCodec(codec="vp8")]
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        track = await add(alice, cid="cam", type=models.VIDEO, source=models.CAMERA, layers=LAYERS,
                          simulcast_codecs=codecs, width=1280, height=720)  # fmt: skip
        assert [codec.mime_type.lower() for codec in track.codecs] == ["video/h264", "video/vp8"]
        assert [[layer.width for layer in codec.layers] for codec in track.codecs] == [[320, 1280]] * 2
        assert track.codecs[0].video_layer_mode == models.VideoLayer.ONE_SPATIAL_LAYER_PER_STREAM
        assert track.simulcast
        screen = await add(alice, cid="screen", type=models.VIDEO, source=models.SCREEN_SHARE)
        assert (screen.sid[:5], screen.stream) == ("TR_VS", "screen")


async def test_a_codec_may_be_named_by_its_whole_type(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        codecs = [rtc.SimulcastCodec(codec="video/H264", cid="cam"), rtc.SimulcastCodec(codec="video/VP8")]
        camera = await add(alice, cid="cam", type=models.VIDEO, source=models.CAMERA, simulcast_codecs=codecs)
        assert [codec.mime_type.lower() for codec in camera.codecs] == ["video/h264", "video/vp8"]
        codecs = [rtc.SimulcastCodec(codec="audio/opus", cid="mic")]
        voice = await add(alice, cid="mic", type=models.AUDIO, source=models.MICROPHONE, simulcast_codecs=codecs)
        assert [codec.mime_type.lower() for codec in voice.codecs] == ["audio/opus"]


@pytest.mark.parametrize("codec", ["vp9", "av1"])
async def test_a_codec_that_has_layers_in_one_stream_says_so(server: SfuAddress, room: str, codec: str) -> None:
    codecs = [rtc.SimulcastCodec(codec=codec, cid="cam"), rtc.SimulcastCodec(codec="vp8")]
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        track = await add(alice, cid="cam", type=models.VIDEO, source=models.CAMERA, layers=LAYERS,
                          simulcast_codecs=codecs, width=1280, height=720)  # fmt: skip
        modes = [
            (entry.mime_type.lower(), models.VideoLayer.Mode.Name(entry.video_layer_mode)) for entry in track.codecs
        ]
        assert modes == [
            (f"video/{codec}", "MULTIPLE_SPATIAL_LAYERS_PER_STREAM"),
            ("video/vp8", "ONE_SPATIAL_LAYER_PER_STREAM"),
        ]
        assert [[layer.width for layer in entry.layers] for entry in track.codecs] == [[320, 1280]] * 2


async def test_who_joins_is_told_what_may_be_sent(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        join = await alice.until("join")
        for codecs in (join.enabled_publish_codecs, join.room.enabled_codecs):
            mimes = [codec.mime.lower() for codec in codecs]
            assert {"video/vp8", "video/h264", "video/vp9", "video/av1", "audio/opus", "audio/red"} <= set(mimes)
        # Clients take the first that they have.
        assert {codec.mime.lower() for codec in join.enabled_publish_codecs[:2]} == {"video/vp8", "video/h264"}


async def test_the_same_source_twice_waits_for_its_turn(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await add(alice, cid="mic", type=models.AUDIO, source=models.MICROPHONE)
        again = rtc.AddTrackRequest(cid="mic", type=models.AUDIO, source=models.MICROPHONE)
        await alice.send(add_track=again)
        response = await alice.until("request_response")
        assert (response.reason, response.add_track.cid) == (rtc.RequestResponse.QUEUED, "mic")


@pytest.mark.parametrize(
    ("request_message", "reason"),
    [
        (rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="d", type=models.DATA)), "UNSUPPORTED_TYPE"),
        (rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="c", sid="TR_nobody")), "NOT_FOUND"),
        (rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="TR_nobody", muted=True)), "NOT_FOUND"),
        (rtc.SignalRequest(update_audio_track=rtc.UpdateLocalAudioTrack(track_sid="TR_nobody")), "NOT_FOUND"),
        (rtc.SignalRequest(update_video_track=rtc.UpdateLocalVideoTrack(track_sid="TR_nobody")), "NOT_FOUND"),
    ],
    ids=["kind", "codec", "mute", "audio", "video"],
)
async def test_what_cannot_be_done_is_answered_with_its_reason(
    server: SfuAddress, room: str, request_message: rtc.SignalRequest, reason: str
) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.socket.send(request_message.SerializeToString())
        response = await alice.until("request_response")
        assert rtc.RequestResponse.Reason.Name(response.reason) == reason
        name = str(request_message.WhichOneof("message"))
        assert getattr(response, name) == getattr(request_message, name)
