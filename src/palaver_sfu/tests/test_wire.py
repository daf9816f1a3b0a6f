"""Frames in, frames out, join requests, data packets."""

import base64
import contextlib
import gzip
import json

import pytest
from hypothesis import given, strategies as st
from livekit.protocol import models, rtc

from palaver_sfu.adapters.memory import parse_sections
from palaver_sfu.errors import WireError
from palaver_sfu.room.limits import MAX_METADATA_BYTES
from palaver_sfu.room.values import (
    DEFAULT_OPTIONS,
    DEFAULT_PERMISSION,
    DisconnectReason,
    Identity,
    Mid,
    ParticipantInfo,
    ParticipantSid,
    ParticipantState,
    RoomInfo,
    RoomName,
    RoomSid,
    TrackInfo,
    TrackKind,
    TrackSid,
    TrackSource,
    VideoQuality,
)
from palaver_sfu.session.messages import (
    Answer,
    Joined,
    Leave,
    LeaveAction,
    MediaSections,
    ParticipantsChanged,
    PictureStateChanged,
    RequestAnswered,
    RequestFailure,
    Resumed,
    WatchedQuality,
)
from palaver_sfu.session.requests import (
    AddTrack,
    DescribeTrack,
    Ignored,
    LeaveRequested,
    Offer,
    Ping,
    PingTimed,
    Scenario,
    Simulate,
    SyncState,
    Trickle,
    Unsupported,
    UpdateMetadata,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.wire.ice_servers import IceServer, IceServers, TurnServer, password
from palaver_sfu.wire.join_request import MAX_JOIN_REQUEST_BYTES, read_join_request
from palaver_sfu.wire.requests import (
    MAX_PERMISSION_RULES,
    MAX_REQUEST_BYTES,
    MAX_SIGNAL_BYTES,
    MAX_TEXT_BYTES,
    read_request,
)
from palaver_sfu.wire.responses import LIVEKIT_LEVEL, Encoder
from palaver_sfu.wire.tracks import MAX_ADD_TRACK_BYTES, MAX_AUDIO_FEATURES

ALICE = ParticipantSid("PA_1")
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n"


ICE_SERVERS = (IceServer(urls=("stun:s",)), TurnServer(urls=("turn:t",), secret=b"north", lifetime_s=60))


def read(request: rtc.SignalRequest) -> object:
    binary = read_request(request.SerializeToString(), parse_offer=parse_sections)
    return binary


def encode(message: object) -> rtc.SignalResponse:
    encoder = Encoder(node_id="ND_1", ice_servers=IceServers(clock=lambda: 1_000.0, servers=ICE_SERVERS))
    frame = encoder.encode(message, mint=lambda _: "token", reader=ALICE)  # type: ignore[arg-type]
    assert json.loads(frame.text)
    return rtc.SignalResponse.FromString(frame.binary)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (rtc.SignalRequest(ping=1), Ping()),
        (rtc.SignalRequest(ping_req=rtc.Ping(timestamp=5)), PingTimed(at_ms=5)),
        (rtc.SignalRequest(leave=rtc.LeaveRequest()), LeaveRequested()),
        (rtc.SignalRequest(), Ignored(name="unknown")),
        (rtc.SignalRequest(sync_state=rtc.SyncState()), SyncState(published=())),
        (
            rtc.SignalRequest(
                sync_state=rtc.SyncState(
                    publish_tracks=[rtc.TrackPublishedResponse(cid="cam", track=models.TrackInfo(sid="TR_1"))],
                    subscription=rtc.UpdateSubscription(track_sids=["TR_2"]),
                    track_sids_disabled=["TR_3"],
                )
            ),
            SyncState(
                published=(TrackSid("TR_1"),),
                subscription=UpdateSubscription(tracks=(TrackSid("TR_2"),), is_subscribed=False),
                disabled=(TrackSid("TR_3"),),
            ),
        ),
        (
            rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit='{"candidate":"candidate:1"}')),
            Trickle(candidate="candidate:1"),
        ),
        (rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit='{"candidate":""}')), Ignored(name="trickle")),
        (rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit="[[[")), Ignored(name="trickle")),
        (rtc.SignalRequest(trickle=rtc.TrickleRequest(candidateInit="[]")), Ignored(name="trickle")),
        (
            rtc.SignalRequest(simulate=rtc.SimulateScenario(speaker_update=3)),
            Simulate(scenario=Scenario.SPEAKER_UPDATE, duration_s=3),
        ),
        (
            rtc.SignalRequest(simulate=rtc.SimulateScenario(leave_request_full_reconnect=True)),
            Simulate(scenario=Scenario.FULL_RECONNECT),
        ),
        (
            rtc.SignalRequest(simulate=rtc.SimulateScenario()),
            Simulate(scenario=Scenario.UNSUPPORTED),
        ),
        (
            rtc.SignalRequest(get_data_blob_request=rtc.GetDataBlobRequest(request_id=3)),
            Unsupported(about="", request_id=3, request=b"\x08\x03", reason=RequestFailure.NOT_FOUND),
        ),
        (
            rtc.SignalRequest(
                subscription=rtc.UpdateSubscription(
                    track_sids=["TR_1"],
                    subscribe=True,
                    participant_tracks=[models.ParticipantTracks(track_sids=["TR_2", "TR_1"])],
                )
            ),
            UpdateSubscription(tracks=(TrackSid("TR_1"), TrackSid("TR_2")), is_subscribed=True),
        ),
    ],
)
def test_requests_become_values(request_: rtc.SignalRequest, expected: object) -> None:
    assert read(request_) == expected


def test_both_codecs_of_a_picture_are_told_to_its_publisher() -> None:
    message = WatchedQuality(
        track=TrackSid("TR_1"), codec="h264", highest=VideoQuality.OFF, backup=("vp8", VideoQuality.LOW)
    )
    update = encode(message).subscribed_quality_update
    told = {codec.codec: [quality.enabled for quality in codec.qualities] for codec in update.subscribed_codecs}
    assert told == {"h264": [False, False, False], "vp8": [True, False, False]}
    assert not any(quality.enabled for quality in update.subscribed_qualities)


def test_track_settings_keep_size_quality_and_rate() -> None:
    message = rtc.UpdateTrackSettings(
        track_sids=["TR_1"], quality=models.MEDIUM, width=320, height=180, fps=15, priority=7
    )
    request = read(rtc.SignalRequest(track_setting=message))
    assert isinstance(request, UpdateTrackSettings)
    settings = request.settings
    assert (settings.quality, settings.width, settings.height, settings.max_fps) == (VideoQuality.MEDIUM, 320, 180, 15)
    assert settings.priority == 7


@pytest.mark.parametrize(
    "text",
    [
        '{"mute":{"sid":"TR_1","muted":true},"mute":{"sid":"TR_2","muted":true}}',
        '{"mute":{"sid":"TR_1","sid":"TR_2","muted":true}}',
        '{"mute":{"sid":"TR_1","\\u0073id":"TR_1","muted":true}}',
        '{"mute":{"sid":"TR_1"},"ping":4}',
        '{"addTrack":{"cid":"a","name":"n"},"add_track":{"cid":"b","name":"n"}}',
        '{"updateMetadata":{"attributes":{"a":"1","a":"2"}}}',
    ],
)
def test_a_text_in_which_something_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        read_request(text, parse_offer=parse_sections)


def test_text_frames_are_protojson_and_unknown_fields_are_ignored() -> None:
    text = '{"offer":{"type":"offer","sdp":"v=0","id":4,"colour":"blue"},"future":{"a":1}}'
    assert read_request(text, parse_offer=parse_sections) == Offer(id=4, sdp="v=0", sections=None)


def test_an_offer_comes_with_its_sections() -> None:
    request = read(rtc.SignalRequest(offer=rtc.SessionDescription(type="offer", sdp=SDP, id=2)))
    assert isinstance(request, Offer)
    assert request.sections is not None
    assert [(s.mid, s.kind, s.direction, s.codecs) for s in request.sections] == [("0", "audio", "recvonly", ("opus",))]


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff",
        "not json",
        '{"offer": 3}',
        bytes(MAX_SIGNAL_BYTES + 1),
        '{"x": "' + "x" * MAX_TEXT_BYTES + '"}',
    ],
)
def test_what_is_no_request_is_refused(frame: bytes | str) -> None:
    with pytest.raises(WireError):
        read_request(frame, parse_offer=parse_sections)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_no_frame_does_more_than_be_refused(frame: bytes | str) -> None:
    with contextlib.suppress(WireError):
        read_request(frame, parse_offer=parse_sections)


def test_only_offers_and_metadata_may_be_long() -> None:
    """One list of a megabyte would keep the loop, and with it everybody's calls, for seconds."""
    sids = [f"TR_{number:06}" for number in range(MAX_REQUEST_BYTES // 10)]
    rules = [rtc.TrackPermission(participant_sid="PA_1")] * (MAX_PERMISSION_RULES + 1)
    features = [models.TF_STEREO] * (MAX_AUDIO_FEATURES + 1)
    refused = [
        rtc.SignalRequest(subscription=rtc.UpdateSubscription(track_sids=sids)),
        rtc.SignalRequest(track_setting=rtc.UpdateTrackSettings(track_sids=sids)),
        rtc.SignalRequest(subscription_permission=rtc.SubscriptionPermission(track_permissions=rules)),
        rtc.SignalRequest(update_audio_track=rtc.UpdateLocalAudioTrack(track_sid="TR_1", features=features)),
    ]
    for request in refused:
        with pytest.raises(WireError):
            read(request)
    long = rtc.UpdateParticipantMetadata(metadata="x" * MAX_METADATA_BYTES)
    assert isinstance(read(rtc.SignalRequest(update_metadata=long)), UpdateMetadata)
    offer = rtc.SessionDescription(type="offer", sdp=SDP + "a=x\r\n" * 20_000, id=2)
    assert isinstance(read(rtc.SignalRequest(offer=offer)), Offer)


def test_an_added_track_keeps_what_only_clients_care_about() -> None:
    layers = [models.VideoLayer(quality=models.LOW, width=320, height=180), models.VideoLayer(quality=models.HIGH)]
    message = rtc.AddTrackRequest(
        cid="cam",
        name="camera",
        type=models.VIDEO,
        source=models.CAMERA,
        layers=layers,
        simulcast_codecs=[rtc.SimulcastCodec(codec="h265", cid="cam"), rtc.SimulcastCodec(codec="vp8", cid="cam2")],
        encryption=models.Encryption.GCM,
        stream="mine",
    )
    request = read(rtc.SignalRequest(add_track=message))
    assert isinstance(request, AddTrack)
    assert (request.kind, request.source, request.codec) == (TrackKind.VIDEO, TrackSource.CAMERA, "vp8")
    assert request.simulcast_cids == ("cam", "cam2")
    info = models.TrackInfo.FromString(request.details)
    assert [(codec.mime_type, codec.cid) for codec in info.codecs] == [("video/vp8", "cam")]
    assert (info.name, info.stream, info.encryption, info.simulcast) == ("camera", "mine", models.Encryption.GCM, True)


def test_a_video_without_layers_is_one_layer_of_its_size() -> None:
    request = read(rtc.SignalRequest(add_track=rtc.AddTrackRequest(type=models.VIDEO, width=640, height=480)))
    assert isinstance(request, AddTrack)
    assert [(layer.quality, layer.width) for layer in request.layers] == [(VideoQuality.HIGH, 640)]


def test_a_track_of_no_known_kind_is_refused() -> None:
    request = read(rtc.SignalRequest(add_track=rtc.AddTrackRequest(cid="d", type=models.DATA)))
    assert isinstance(request, Unsupported)
    assert (request.about, request.reason) == ("add_track", RequestFailure.UNSUPPORTED_TYPE)


def test_a_track_that_says_too_much_about_itself_is_refused() -> None:
    with pytest.raises(WireError):
        read(rtc.SignalRequest(add_track=rtc.AddTrackRequest(type=models.AUDIO, name="x" * MAX_ADD_TRACK_BYTES)))


def test_features_of_a_track_are_replaced_not_added() -> None:
    update = rtc.UpdateLocalAudioTrack(track_sid="TR_1", features=[models.TF_STEREO])
    request = read(rtc.SignalRequest(update_audio_track=update))
    assert isinstance(request, DescribeTrack)
    before = models.TrackInfo(audio_features=[models.TF_NO_DTX], name="mic").SerializeToString()
    after = models.TrackInfo.FromString(request.amend(before))
    assert (list(after.audio_features), after.name) == ([models.TF_STEREO], "mic")


# --- responses ----------------------------------------------------------------------------------


def participant(**changes: object) -> ParticipantInfo:
    fields: dict[str, object] = {
        "sid": ParticipantSid("PA_1"),
        "identity": Identity("alice"),
        "name": "Alice",
        "state": ParticipantState.ACTIVE,
        "version": 3,
        "joined_at": 12.5,
        "permission": DEFAULT_PERMISSION,
        "client_protocol": 2,
        "capabilities": (1,),
        **changes,
    }
    return ParticipantInfo(**fields)  # type: ignore[arg-type]


def test_a_join_response_has_all_that_clients_insist_on() -> None:
    room = RoomInfo(RoomSid("RM_1"), RoomName("standup"), DEFAULT_OPTIONS, 12.0, 1, 0)
    join = encode(Joined(room=room, participant=participant(), others=(participant(),))).join
    assert (join.room.sid, join.room.name, join.participant.sid) == ("RM_1", "standup", "PA_1")
    assert join.participant.permission.can_publish
    assert join.participant.permission.can_subscribe
    assert (join.ping_interval, join.ping_timeout) == (5, 15)
    assert not join.subscriber_primary
    assert join.server_info.version == join.server_version == LIVEKIT_LEVEL
    assert "palaver" in join.server_info.debug_info
    assert [codec.mime for codec in join.enabled_publish_codecs] == [
        "video/VP8",
        "video/H264",
        "video/VP9",
        "video/AV1",
        "audio/opus",
        "audio/red",
    ]
    stun, turn = join.ice_servers
    assert (*stun.urls, stun.username, stun.credential) == ("stun:s", "", "")
    assert (*turn.urls, turn.username) == ("turn:t", "1060:PA_1")
    assert turn.credential == password(b"north", "1060:PA_1")
    assert list(encode(Resumed(last_message=1)).reconnect.ice_servers) == [stun, turn], "and after a resume"
    assert (join.other_participants[0].client_protocol, list(join.other_participants[0].capabilities)) == (2, [1])


def test_a_participant_shows_its_tracks_with_codec_and_section() -> None:
    details = models.TrackInfo(name="camera", codecs=[models.SimulcastCodecInfo(mime_type="video/vp9")])
    track = TrackInfo(
        sid=TrackSid("TR_1"),
        kind=TrackKind.VIDEO,
        source=TrackSource.CAMERA,
        is_muted=True,
        mime_type="video/vp8",
        mid=Mid("4"),
        details=details.SerializeToString(),
    )
    update = encode(ParticipantsChanged(participants=(participant(tracks=(track,), is_publisher=True),))).update
    info = update.participants[0].tracks[0]
    assert (info.sid, info.type, info.source, info.muted, info.mid) == ("TR_1", models.VIDEO, models.CAMERA, True, "4")
    assert (info.name, info.mime_type, info.codecs[0].mime_type) == ("camera", "video/vp8", "video/vp8")


def test_answers_name_the_track_of_each_section() -> None:
    answer = encode(Answer(offer_id=7, sdp="v=0", mid_to_track={Mid("3"): TrackSid("TR_1")})).answer
    assert (answer.type, answer.id, dict(answer.mid_to_track_id)) == ("answer", 7, {"3": "TR_1"})


def test_a_leave_says_what_to_do_in_the_old_way_too() -> None:
    leave = encode(Leave(DisconnectReason.STATE_MISMATCH, LeaveAction.RECONNECT)).leave
    assert (leave.reason, leave.action, leave.can_reconnect) == (
        models.STATE_MISMATCH,
        rtc.LeaveRequest.RECONNECT,
        True,
    )


def test_a_watched_quality_comes_with_those_below_it() -> None:
    def told(highest: VideoQuality) -> rtc.SubscribedQualityUpdate:
        message = WatchedQuality(track=TrackSid("TR_1"), codec="vp8", highest=highest)
        return encode(message).subscribed_quality_update

    update = told(VideoQuality.MEDIUM)
    assert update.track_sid == "TR_1"
    assert [codec.codec for codec in update.subscribed_codecs] == ["vp8"]
    for qualities in (update.subscribed_qualities, update.subscribed_codecs[0].qualities):
        assert [(q.quality, q.enabled) for q in qualities] == [
            (models.LOW, True), (models.MEDIUM, True), (models.HIGH, False),
        ]  # fmt: skip
    assert not any(q.enabled for q in told(VideoQuality.OFF).subscribed_qualities)


def test_a_paused_picture_names_its_publisher() -> None:
    for is_paused, expected in ((True, rtc.PAUSED), (False, rtc.ACTIVE)):
        message = PictureStateChanged(publisher=ParticipantSid("PA_1"), track=TrackSid("TR_1"), is_paused=is_paused)
        (state,) = encode(message).stream_state_update.stream_states
        assert (state.participant_sid, state.track_sid, state.state) == ("PA_1", "TR_1", expected)


def test_a_plain_reoffer_is_a_requirement_of_nothing() -> None:
    assert encode(MediaSections(audios=0, videos=0)).HasField("media_sections_requirement")


def test_a_refusal_carries_the_request_it_refuses() -> None:
    mute = rtc.MuteTrackRequest(sid="TR_1", muted=True)
    message = RequestAnswered(reason=RequestFailure.NOT_FOUND, about="mute", request=mute.SerializeToString())
    response = encode(message).request_response
    assert (response.reason, response.mute) == (rtc.RequestResponse.NOT_FOUND, mute)


# --- join requests --------------------------------------------------------------------------------


def wrapped(join: rtc.JoinRequest, *, compress: bool = True) -> bytes:
    inner = join.SerializeToString()
    if compress:
        kind = rtc.WrappedJoinRequest.GZIP
        inner = gzip.compress(inner, mtime=0)
    else:
        kind = rtc.WrappedJoinRequest.NONE
    return rtc.WrappedJoinRequest(compression=kind, join_request=inner).SerializeToString()


JOIN = rtc.JoinRequest(
    client_info=models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0", protocol=17, client_protocol=2),
    connection_settings=rtc.ConnectionSettings(auto_subscribe=True, adaptive_stream=True),
    publisher_offer=rtc.SessionDescription(type="offer", sdp=SDP, id=1),
    add_track_requests=[rtc.AddTrackRequest(cid="c", type=models.AUDIO)],
)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("encode_", [base64.urlsafe_b64encode, base64.b64encode])
@pytest.mark.parametrize("is_padded", [True, False])
def test_a_join_request_is_read_however_it_is_written(compress: bool, encode_: object, is_padded: bool) -> None:
    text = encode_(wrapped(JOIN, compress=compress)).decode()  # type: ignore[operator]
    request = read_join_request(text if is_padded else text.rstrip("="), parse_offer=parse_sections)
    assert (request.sdk, request.client_version, request.protocol, request.client_protocol) == ("js", "2.23.0", 17, 2)
    assert request.is_auto_subscribing
    assert request.is_adaptive
    assert request.offer is not None
    assert request.offer.sections is not None
    assert [add.cid for add in request.add_tracks] == ["c"]


def test_a_join_request_with_more_tracks_than_anybody_has_is_refused() -> None:
    join = rtc.JoinRequest(add_track_requests=[rtc.AddTrackRequest(cid="c", type=models.AUDIO)] * 33)
    with pytest.raises(WireError):
        read_join_request(base64.b64encode(wrapped(join)).decode(), parse_offer=parse_sections)


def test_a_join_request_without_settings_subscribes_and_needs_no_offer() -> None:
    text = base64.urlsafe_b64encode(wrapped(rtc.JoinRequest())).decode()
    request = read_join_request(text, parse_offer=parse_sections)
    assert request.is_auto_subscribing
    assert request.offer is None


BOMB = rtc.WrappedJoinRequest(
    compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(bytes(50 * MAX_JOIN_REQUEST_BYTES), mtime=0)
).SerializeToString()
CUT = rtc.WrappedJoinRequest(
    compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(b"x" * 100, mtime=0)[:-12]
).SerializeToString()


@pytest.mark.parametrize(
    "text",
    [
        "%%%",
        "A",
        base64.urlsafe_b64encode(b"\xff\xff").decode(),
        base64.urlsafe_b64encode(BOMB).decode(),
        base64.urlsafe_b64encode(CUT).decode(),
        base64.urlsafe_b64encode(
            rtc.WrappedJoinRequest(compression=rtc.WrappedJoinRequest.GZIP, join_request=b"x").SerializeToString()
        ).decode(),
        base64.urlsafe_b64encode(rtc.WrappedJoinRequest(join_request=b"\xff").SerializeToString()).decode(),
        "ü",
    ],
)
def test_a_join_request_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        read_join_request(text, parse_offer=parse_sections)
