"""What a track says of itself, as others read it."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import BackupPolicy
from palaver_sfu.wire.tracks import MAX_AUDIO_FEATURES, read_add_track, read_audio_update

LAYERS = (models.VideoLayer(quality=models.HIGH, width=640), models.VideoLayer(quality=models.LOW, width=320))


def details(**fields: Any) -> models.TrackInfo:
    return models.TrackInfo.FromString(read_add_track(rtc.AddTrackRequest(**fields)).details)


def test_a_second_codec_is_told_from_the_first_by_name() -> None:
    codecs = [rtc.SimulcastCodec(codec="h264", cid="cam"), rtc.SimulcastCodec(codec="vp8", cid="spare")]
    request = read_add_track(rtc.AddTrackRequest(cid="cam", type=models.VIDEO, simulcast_codecs=codecs))
    assert (request.codec, request.simulcast_cids) == ("h264", ("cam",))
    assert (request.backup_codec, request.backup_cids) == ("vp8", ("spare",))
    assert request.backup_policy is BackupPolicy.PREFER_REGRESSION, "what a client that says nothing means"
    # Of a codec that is not forwarded, the same one stands in for both.
    codecs = [rtc.SimulcastCodec(codec="h265", cid="cam"), rtc.SimulcastCodec(codec="vp8")]
    request = read_add_track(rtc.AddTrackRequest(cid="cam", type=models.VIDEO, simulcast_codecs=codecs))
    assert (request.codec, request.backup_codec, request.backup_cids) == ("vp8", "", ())


def test_a_codec_that_comes_later_is_added_to_what_is_said_of_its_track() -> None:
    first = read_add_track(
        rtc.AddTrackRequest(
            cid="cam", type=models.VIDEO, simulcast_codecs=[rtc.SimulcastCodec(codec="h264", cid="cam")]
        )
    )
    later = read_add_track(
        rtc.AddTrackRequest(
            cid="x", sid="TR_1", type=models.VIDEO, simulcast_codecs=[rtc.SimulcastCodec(codec="vp8", cid="x")]
        )
    )
    assert later.amend is not None
    info = models.TrackInfo.FromString(later.amend(later.amend(first.details)))
    assert [(codec.mime_type, codec.cid) for codec in info.codecs] == [("video/h264", "cam"), ("video/vp8", "x")]


def test_stereo_and_dtx_are_found_wherever_somebody_looks_for_them() -> None:
    info = details(type=models.AUDIO, stereo=True, disable_dtx=True, audio_features=[models.TF_STEREO] * 2)
    assert list(info.audio_features) == [models.TF_STEREO, models.TF_NO_DTX]
    amended = read_audio_update(rtc.UpdateLocalAudioTrack(features=[models.TF_AUTO_GAIN_CONTROL]))
    info = models.TrackInfo.FromString(amended.amend(info.SerializeToString()))
    assert (info.stereo, info.disable_dtx, list(info.audio_features)) == (False, False, [models.TF_AUTO_GAIN_CONTROL])


def test_more_features_than_there_are_cost_their_sender_the_connection() -> None:
    with pytest.raises(WireError):
        read_audio_update(rtc.UpdateLocalAudioTrack(features=[models.TF_STEREO] * (MAX_AUDIO_FEATURES + 1)))


def test_a_track_without_named_codecs_has_one_that_media_will_name() -> None:
    info = details(cid="cam", type=models.VIDEO, layers=LAYERS)
    assert [(codec.cid, codec.mime_type) for codec in info.codecs] == [("cam", "")]
    assert [layer.width for layer in info.codecs[0].layers] == [320, 640]


def test_each_codec_is_listed_once_with_layers_from_small_to_large() -> None:
    codecs = [rtc.SimulcastCodec(codec=name, cid=name) for name in ("h264", "vp8", "h265")]
    codecs[1].layers.append(models.VideoLayer(quality=models.LOW, width=160))
    info = details(cid="h264", type=models.VIDEO, layers=LAYERS, simulcast_codecs=codecs)
    assert [(codec.mime_type, codec.cid) for codec in info.codecs] == [("video/h264", "h264"), ("video/vp8", "vp8")]
    assert [[layer.width for layer in codec.layers] for codec in info.codecs] == [[320, 640], [160]]
    assert [layer.width for layer in info.layers] == [320, 640]


def test_a_codec_with_all_sizes_in_one_stream_is_known_as_such_unless_its_client_says_otherwise() -> None:
    simulcast = models.VideoLayer.ONE_SPATIAL_LAYER_PER_STREAM
    codecs = [rtc.SimulcastCodec(codec="av1"), rtc.SimulcastCodec(codec="vp9", video_layer_mode=simulcast)]
    info = details(type=models.VIDEO, simulcast_codecs=codecs)
    assert [(codec.mime_type, codec.video_layer_mode) for codec in info.codecs] == [
        ("video/av1", models.VideoLayer.MULTIPLE_SPATIAL_LAYERS_PER_STREAM),
        ("video/vp9", simulcast),
    ]


def test_sound_may_be_sent_in_two_codecs_unless_its_client_says_otherwise() -> None:
    assert details(type=models.AUDIO).backup_codec_policy == models.SIMULCAST
    regression = details(type=models.AUDIO, backup_codec_policy=models.REGRESSION)
    assert regression.backup_codec_policy == models.REGRESSION
    assert details(type=models.VIDEO).backup_codec_policy == models.PREFER_REGRESSION


@pytest.mark.parametrize(
    ("source", "stream"),
    [(models.MICROPHONE, "camera"), (models.SCREEN_SHARE_AUDIO, "screen"), (models.UNKNOWN, "")],
)
def test_tracks_of_one_device_share_a_stream(source: models.TrackSource, stream: str) -> None:
    assert details(type=models.AUDIO, source=source).stream == stream
