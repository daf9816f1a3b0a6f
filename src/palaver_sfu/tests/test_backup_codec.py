"""A picture in two codecs: the second is sent to those who cannot decode the first, and only while there are any."""

from dataclasses import replace

import pytest

from palaver_sfu.room.values import (
    BackupPolicy,
    Mid,
    RoomOptions,
    TrackKind,
    TrackSettings,
    TrackSid,
    TrackSource,
    VideoQuality,
)
from palaver_sfu.session.effects import DropSubscription, Negotiate, SetSubscription, SetTrackMuted
from palaver_sfu.session.inputs import Answered, MuteTrackByServer, PictureStateObserved, TrackStarted
from palaver_sfu.session.messages import (
    Answer,
    PictureStateChanged,
    ServerOffer,
    SubscriptionFailed,
    TrackPublished,
    WatchedQuality,
)
from palaver_sfu.session.requests import AddTrack, UpdateSubscription, UpdateTrackSettings
from palaver_sfu.tests.rehearsal import Stage, inactive, recvonly, sendonly
from palaver_sfu.tests.test_dual import follow, join_dual, offers

HIGH, LOW, OFF = VideoQuality.HIGH, VideoQuality.LOW, VideoQuality.OFF
ONLY_VP8 = (recvonly("v0", "video", codecs=("vp8",)), recvonly("v1", "video", codecs=("vp8",)))


BOTH = (recvonly("v0", "video", codecs=("vp8", "h264")), recvonly("v1", "video", codecs=("vp8", "h264")))


def two_codecs(stage: Stage, name: str = "alice", policy: BackupPolicy = BackupPolicy.SIMULCAST) -> TrackSid:
    """Her camera in H.264, which could come in VP8 too."""
    return stage.publish(
        name, codec="h264", mime_type="video/h264", simulcast_cids=("cam",), backup_codec="vp8", backup_policy=policy
    )  # fmt: skip


def send_backup(stage: Stage, track: TrackSid, name: str = "alice") -> None:
    """… and what the media core sees then."""
    add_backup(stage, track, name)
    stage.step(TrackStarted(peer=stage.session(name).sid, track=TrackSid(f"{track}/backup"), mime_type="video/vp8"))


def add_backup(stage: Stage, track: TrackSid, name: str = "alice") -> None:
    """What clients do when they are told that somebody watches the second codec."""
    stage.request(
        name,
        AddTrack(
            cid="cam-vp8",
            kind=TrackKind.VIDEO,
            source=TrackSource.CAMERA,
            codec="vp8",
            simulcast_cids=("cam-vp8",),
            existing=track,
        ),
    )
    section = sendonly("s-vp8", "video", "cam-vp8", ("q", "h"))
    stage.offer(name, section)


def watched(stage: Stage) -> list[tuple[VideoQuality, tuple[str, VideoQuality] | None]]:
    return [(message.highest, message.backup) for message in stage.told("alice", WatchedQuality)]


def last_negotiation(stage: Stage, name: str) -> Negotiate:
    return [n for n in stage.done(Negotiate) if n.peer == stage.session(name).sid][-1]


def test_a_publisher_is_asked_for_its_second_codec_by_the_first_who_needs_it() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    camera = two_codecs(stage)
    stage.follow_requirements()
    stage.wait(6)
    assert watched(stage) == []
    stage.join("carol", sections=ONLY_VP8)
    assert watched(stage) == [(HIGH, ("vp8", HIGH))]
    assert stage.told("carol", SubscriptionFailed) == []
    assert last_negotiation(stage, "carol").subscribe[Mid("v0")] == (f"{camera}/backup", stage.session("alice").sid)


def test_a_camera_that_is_muted_from_its_beginning_is_received_in_the_codec_that_it_will_come_in() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request(
        "alice",
        AddTrack(
            cid="cam", kind=TrackKind.VIDEO, source=TrackSource.CAMERA, is_muted=True,
            codec="h264", simulcast_cids=("cam",), backup_codec="vp8",
        ),
    )  # fmt: skip
    camera = stage.told("alice", TrackPublished)[-1].track.sid
    stage.offer("alice", replace(sendonly("s-cam", "video", "cam"), codecs=("vp8", "h264")))
    assert stage.room.tracks == {camera: stage.session("alice").sid}, "muted, and shown nevertheless"
    stage.join("carol", sections=ONLY_VP8)
    assert last_negotiation(stage, "carol").subscribe[Mid("v0")] == (f"{camera}/backup", stage.session("alice").sid)
    stage.join("bob")
    assert [track for track, _ in last_negotiation(stage, "bob").subscribe.values()] == [camera]
    stage.step(TrackStarted(peer=stage.session("alice").sid, track=camera, mime_type="video/h264"))
    assert stage.told("carol", SubscriptionFailed) == []


def test_the_second_codec_comes_in_a_section_of_its_own_under_the_same_track() -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage)
    stage.join("carol", sections=ONLY_VP8)
    add_backup(stage, camera)
    published = stage.told("alice", TrackPublished)[-1]
    assert (published.cid, published.track.sid) == ("cam-vp8", camera)
    negotiation = last_negotiation(stage, "alice")
    assert negotiation.publish == {"s-cam": (camera, ()), "s-vp8": (f"{camera}/backup", ("q", "h"))}
    stage.forget()
    stage.step(TrackStarted(peer=stage.session("alice").sid, track=TrackSid(f"{camera}/backup"), mime_type="video/vp8"))
    assert stage.effects == []
    assert [track.mime_type for track in stage.session("alice").info().tracks] == ["video/h264"]


def test_a_section_with_a_name_of_the_browsers_own_is_the_announced_backup() -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage)
    stage.request(
        "alice",
        AddTrack(cid="x", kind=TrackKind.VIDEO, source=TrackSource.CAMERA, codec="vp8", existing=camera),
    )
    stage.offer("alice", sendonly("s-x", "video", "{firefox}"))
    assert last_negotiation(stage, "alice").publish[Mid("s-x")] == (f"{camera}/backup", ())
    stage.offer("alice", inactive("s-x", "video"))
    assert last_negotiation(stage, "alice").publish == {"s-cam": (camera, ())}


def test_each_section_is_answered_with_its_own_codec() -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage)
    stage.request(
        "alice",
        AddTrack(cid="b", kind=TrackKind.VIDEO, source=TrackSource.CAMERA, codec="vp8", existing=camera),
    )
    both = ("vp8", "h264")
    for mid, track_id in (("s-cam", "cam"), ("s-b", "b")):
        stage.offer("alice", replace(sendonly(mid, "video", track_id), codecs=both))
    assert last_negotiation(stage, "alice").codecs == {"s-cam": "h264", "s-b": "vp8"}


def test_the_second_codec_rests_when_nobody_needs_it_any_more_and_so_does_the_first() -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage)
    stage.join("carol", sections=ONLY_VP8)
    stage.wait(7)
    # Nobody decodes the first one.
    assert watched(stage)[-1] == (OFF, ("vp8", HIGH))
    settings = TrackSettings(quality=LOW)
    stage.request("carol", UpdateTrackSettings(tracks=(camera,), settings=settings))
    stage.wait(7)
    assert watched(stage)[-1] == (OFF, ("vp8", LOW))
    stage.forget()
    stage.request("carol", UpdateSubscription(tracks=(camera,), is_subscribed=False))
    assert stage.done(DropSubscription)[0].track == f"{camera}/backup"
    stage.wait(7)
    assert watched(stage) == [(OFF, ("vp8", OFF))]
    stage.join("bob")
    assert watched(stage)[-1] == (HIGH, ("vp8", OFF))


def test_another_profile_is_another_codec_to_those_who_decode_it_and_the_same_by_name() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice", codec="h264", mime_type="video/h264;high", backup_codec="vp8")
    assert [track.mime_type for track in stage.session("alice").info().tracks] == ["video/h264"]
    both = ("vp8", "h264", "h264;high")
    stage.join("bob", sections=(recvonly("v0", "video", codecs=both),))
    stage.join("carol", sections=(recvonly("v0", "video", codecs=both[:2]),))
    stage.join("dave", sections=(recvonly("v0", "video", codecs=("h264",)),))
    assert last_negotiation(stage, "bob").subscribe[Mid("v0")][0] == camera
    assert last_negotiation(stage, "carol").subscribe[Mid("v0")][0] == f"{camera}/backup"
    assert stage.told("dave", SubscriptionFailed) == [SubscriptionFailed(track=camera, is_unknown_track=False)]


def test_who_sends_only_another_profile_is_answered_with_it_first() -> None:
    stage = Stage()
    stage.join("alice")
    two_codecs(stage)
    stage.offer("alice", replace(sendonly("s-cam", "video", "cam"), codecs=("vp8", "h264;high")))
    assert last_negotiation(stage, "alice").codecs == {"s-cam": "h264"}


def test_who_decodes_neither_codec_is_told_so() -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage)
    stage.join("carol", sections=(recvonly("v0", "video", codecs=("av1",)),))
    assert stage.told("carol", SubscriptionFailed) == [SubscriptionFailed(track=camera, is_unknown_track=False)]
    assert watched(stage) == []


def test_a_codec_that_the_room_does_not_allow_is_no_backup() -> None:
    stage = Stage(options=RoomOptions(enabled_codecs=("video/H264", "audio/opus")))
    stage.join("alice")
    camera = two_codecs(stage)
    stage.join("carol", sections=ONLY_VP8)
    assert stage.told("carol", SubscriptionFailed) == [SubscriptionFailed(track=camera, is_unknown_track=False)]


def test_a_mute_of_the_server_holds_both_codecs() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = two_codecs(stage)
    stage.step(MuteTrackByServer(identity=stage.room.sessions[alice].identity, track=camera, is_muted=True))
    assert [mute.track for mute in stage.done(SetTrackMuted)] == [camera, f"{camera}/backup"]


def test_clients_never_read_the_name_that_the_core_has_for_a_backup() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = two_codecs(stage)
    carol = stage.join("carol", sections=ONLY_VP8)
    name = TrackSid(f"{camera}/backup")
    stage.answers = False
    stage.offer("carol", *ONLY_VP8)
    effect = last_negotiation(stage, "carol")
    text = f"a=msid:{alice}|{name} {name}\r\na=ice-ufrag:ab/backup\r\n"
    stage.step(
        Answered(peer=carol, offer_id=effect.offer_id, sdp=text, mid_to_track=dict.fromkeys(effect.subscribe, name))
    )
    answer = stage.told("carol", Answer)[-1]
    assert answer.sdp == f"a=msid:{alice}|{camera} {camera}\r\na=ice-ufrag:ab/backup\r\n"
    assert set(answer.mid_to_track.values()) == {camera}
    stage.step(PictureStateObserved(peer=carol, track=name, is_paused=True))
    assert stage.told("carol", PictureStateChanged)[-1].track == camera


def test_with_two_connections_the_answer_tells_and_the_next_offer_brings_the_second_codec() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = two_codecs(stage)
    bob = join_dual(stage, "bob")
    follow(stage, "bob", codecs=("vp8",))
    name = f"{camera}/backup"
    assert offers(stage, bob)[-1].tracks == ((name, alice, False),)
    assert stage.told("bob", SubscriptionFailed) == []
    assert stage.done(SetSubscription) == []
    follow(stage, "bob", codecs=("vp8",))
    assert [wish.track for wish in stage.done(SetSubscription)] == [name]
    assert stage.session("bob").received_tracks == {camera}
    assert all(name not in offer.sdp for offer in stage.told("bob", ServerOffer))
    assert watched(stage) == [(HIGH, ("vp8", HIGH))]
    # What it cannot decode is known by now.
    stage.join("dave")
    screen = stage.publish("dave", cid="scr", codec="h264", mime_type="video/h264", backup_codec="vp8")
    assert offers(stage, bob)[-1].tracks[-1][0] == f"{screen}/backup"


@pytest.mark.parametrize("policy", [BackupPolicy.REGRESSION, BackupPolicy.PREFER_REGRESSION])
def test_when_the_second_codec_comes_everybody_gets_it_and_the_first_rests(policy: BackupPolicy) -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage, policy=policy)
    stage.join("bob", sections=BOTH)
    stage.join("erin", sections=(recvonly("v0", "video", codecs=("h264",)),))
    stage.join("carol", sections=ONLY_VP8)
    stage.forget()
    send_backup(stage, camera)
    assert [s.identity for s in stage.room.sessions.values() if s.reoffer_asked_at is not None] == ["bob"]
    stage.offer("bob", *BOTH)
    assert last_negotiation(stage, "bob").subscribe == {"v0": (f"{camera}/backup", stage.session("alice").sid)}
    assert [wish.track for wish in stage.done(SetSubscription)] == [f"{camera}/backup"]
    assert stage.session("erin").name_of(camera) == camera, "who does not decode it keeps the first"
    stage.request("erin", UpdateSubscription(tracks=(camera,), is_subscribed=False))
    stage.wait(7)
    assert watched(stage)[-1] == (OFF, ("vp8", HIGH))
    # Who comes later is part of it.
    stage.join("dave", sections=BOTH)
    assert last_negotiation(stage, "dave").subscribe[Mid("v0")][0] == f"{camera}/backup"
    assert stage.told("dave", SubscriptionFailed) == []


def test_in_a_larger_room_a_publisher_who_would_rather_send_one_codec_sends_both() -> None:
    stage = Stage()
    stage.join("alice")
    camera = two_codecs(stage, policy=BackupPolicy.PREFER_REGRESSION)
    for name in ("bob", "dave", "erin"):
        stage.join(name, sections=BOTH)
    stage.join("carol", sections=ONLY_VP8)
    send_backup(stage, camera)
    stage.follow_requirements()
    stage.wait(7)
    assert watched(stage)[-1] == (HIGH, ("vp8", HIGH))


def test_who_has_two_connections_keeps_the_first_codec_and_begins_with_the_one_for_all() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = two_codecs(stage, policy=BackupPolicy.REGRESSION)
    bob = join_dual(stage, "bob")
    follow(stage, "bob", codecs=("vp8", "h264"))
    stage.join("carol", sections=ONLY_VP8)
    send_backup(stage, camera)
    assert offers(stage, bob)[-1].tracks == ((camera, alice, False),)
    dave = join_dual(stage, "dave")
    assert offers(stage, dave)[-1].tracks == ((f"{camera}/backup", alice, False),)


def test_a_track_that_ends_is_forgotten_with_its_backup() -> None:
    stage = Stage()
    stage.join("alice")
    two_codecs(stage)
    stage.join("carol", sections=ONLY_VP8)
    stage.offer("alice", inactive("s-cam", "video"))
    stage.follow_requirements()
    carol = stage.session("carol")
    assert (carol.on_backup, carol.received, carol.applied) == (set(), {}, {})
