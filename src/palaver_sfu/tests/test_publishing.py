"""Tracks on their way in."""

from dataclasses import replace

import pytest

from palaver_sfu.room.values import Identity, OpusWish, TrackKind, TrackSid, TrackSource
from palaver_sfu.session.effects import Negotiate, SetTrackMuted
from palaver_sfu.session.inputs import ChangeParticipant, LoadObserved, MuteTrackByServer, TrackStarted
from palaver_sfu.session.messages import (
    MediaSections,
    MuteTrack,
    ParticipantsChanged,
    RequestAnswered,
    RequestFailure,
    TrackPublished,
    TrackUnpublished,
)
from palaver_sfu.session.publishing import MAX_PUBLICATIONS, MAX_SIMULCAST_CIDS
from palaver_sfu.session.requests import AddTrack, SetMuted
from palaver_sfu.tests.rehearsal import THREE_LAYERS, Stage, inactive, permission, sendonly

CAMERA = AddTrack(cid="cam", kind=TrackKind.VIDEO, source=TrackSource.CAMERA, layers=THREE_LAYERS)
MICROPHONE = AddTrack(cid="mic", kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE)


def tracks_seen(stage: Stage, name: str, of: str) -> list[TrackSid]:
    """The tracks of `of` in the last update that `name` got about it."""
    sid = stage.session(of).sid
    infos = [p for m in stage.told(name, ParticipantsChanged) for p in m.participants if p.sid == sid]
    return [track.sid for track in infos[-1].tracks]


def published(stage: Stage, name: str) -> list[TrackSid]:
    negotiated = [e for e in stage.done(Negotiate) if e.peer == stage.session(name).sid]
    return [track for track, _ in negotiated[-1].publish.values()]


def test_a_track_is_announced_with_its_first_packet_not_before() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    camera = stage.publish("alice", starts=False)
    assert camera.startswith("TR_VC")
    assert all(not p.tracks for m in stage.told("bob", ParticipantsChanged) for p in m.participants)
    assert camera not in stage.room.tracks
    stage.step(TrackStarted(peer=stage.session("alice").sid, track=camera, mime_type="video/vp8"))
    assert tracks_seen(stage, "bob", "alice") == [camera]
    assert stage.told("bob", ParticipantsChanged)[-1].participants[0].tracks[0].mime_type == "video/vp8"


def test_a_muted_track_is_announced_when_it_is_negotiated() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    microphone = stage.publish(
        "alice", cid="mic", kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE, starts=False, is_muted=True
    )
    assert tracks_seen(stage, "bob", "alice") == [microphone]


def test_a_track_that_sends_nothing_is_announced_a_moment_later() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    microphone = stage.publish("alice", cid="mic", kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE, starts=False)
    assert microphone not in stage.room.tracks
    stage.wait(1)
    assert tracks_seen(stage, "bob", "alice") == [microphone]
    stage.step(TrackStarted(peer=stage.session("alice").sid, track=microphone, mime_type="audio/opus"))
    assert stage.told("bob", ParticipantsChanged)[-1].participants[0].tracks[0].mime_type == "audio/opus"


def test_a_section_is_matched_by_the_name_of_its_track() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", CAMERA)
    screen = AddTrack(cid="screen", kind=TrackKind.VIDEO, source=TrackSource.SCREEN_SHARE)
    stage.request("alice", screen)
    first, second = (m.track.sid for m in stage.told("alice", TrackPublished))
    stage.offer("alice", sendonly("8", "video", "screen"), sendonly("9", "video", "cam", ("f", "q", "h")))
    publish = stage.done(Negotiate)[-1].publish
    assert publish == {"8": (second, ()), "9": (first, ("q", "h", "f"))}


def test_a_section_of_unknown_name_takes_the_first_waiting_track_of_its_kind() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", MICROPHONE)
    stage.request("alice", CAMERA)
    sids = [m.track.sid for m in stage.told("alice", TrackPublished)]
    stage.offer("alice", sendonly("8", "video", "{ff-video}"), sendonly("9", "audio", "{ff-audio}"))
    assert stage.done(Negotiate)[-1].publish == {"9": (sids[0], ()), "8": (sids[1], ())}


def test_a_section_is_matched_by_the_second_codecs_name_too() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", AddTrack(cid="x", kind=TrackKind.VIDEO, source=TrackSource.CAMERA, simulcast_cids=("y",)))
    stage.request("alice", AddTrack(cid="z", kind=TrackKind.VIDEO, source=TrackSource.SCREEN_SHARE))
    wanted = stage.told("alice", TrackPublished)[0].track.sid
    stage.offer("alice", sendonly("9", "video", "y"))
    assert stage.done(Negotiate)[-1].publish == {"9": (wanted, ())}


def test_a_track_does_not_collect_names_without_end() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", CAMERA)
    sid = stage.told("alice", TrackPublished)[0].track.sid
    for number in range(30):
        more = AddTrack(
            cid="cam", kind=TrackKind.VIDEO, source=TrackSource.CAMERA, simulcast_cids=(f"c{number}",), existing=sid
        )
        stage.request("alice", more)
    [publication] = stage.session("alice").publications.values()
    assert len(publication.simulcast_cids) == MAX_SIMULCAST_CIDS
    assert stage.told("alice", RequestAnswered)[-1].reason is RequestFailure.LIMIT_EXCEEDED


def test_an_offer_that_came_before_its_add_track_is_asked_for_again() -> None:
    stage = Stage()
    stage.join("alice")
    stage.offer("alice", sendonly("9", "video", "cam"))
    assert published(stage, "alice") == []
    stage.forget()
    stage.request("alice", CAMERA)
    assert stage.told("alice", MediaSections) == [MediaSections(audios=0, videos=0)]
    stage.follow_requirements()
    assert len(published(stage, "alice")) == 1


def test_a_section_that_stops_sending_ends_its_track() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    camera = stage.publish("alice")
    stage.offer("alice", inactive("s-cam", "video"))
    assert camera not in stage.room.tracks
    assert tracks_seen(stage, "bob", "alice") == []
    assert stage.facts()[-1] == "track_unpublished"


def test_thirty_rounds_of_publishing_leave_nothing_behind() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    seen = set()
    for _ in range(30):
        seen.add(stage.publish("alice"))
        stage.follow_requirements()
        assert len(stage.session("bob").received_tracks) == 1
        stage.offer("alice", inactive("s-cam", "video"))
        stage.follow_requirements()
    assert len(seen) == 30
    assert stage.session("alice").publications == {}
    assert stage.session("bob").received == {}
    assert len(stage.sections[stage.session("bob").sid]) == len(stage.sections[stage.session("alice").sid]) - 1


def test_a_section_that_is_reused_at_once_ends_one_track_and_carries_the_next() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.request("alice", AddTrack(cid="screen", kind=TrackKind.VIDEO, source=TrackSource.SCREEN_SHARE))
    screen = stage.told("alice", TrackPublished)[-1].track.sid
    stage.offer("alice", sendonly("s-cam", "video", "screen"))
    assert published(stage, "alice") == [screen]
    assert camera not in stage.session("alice").publications


def test_the_same_source_twice_waits_for_the_first_to_end() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.request("alice", CAMERA)
    assert stage.told("alice", RequestAnswered)[-1].reason is RequestFailure.QUEUED
    stage.offer("alice", inactive("s-cam", "video"))
    last = stage.told("alice", TrackPublished)[-1]
    assert last.cid == "cam"
    assert last.track.sid != camera


@pytest.mark.parametrize(
    "rights",
    [{"can_publish": False}, {"publish_sources": frozenset({TrackSource.MICROPHONE})}],
)
def test_publishing_without_the_right_to_is_refused(rights: dict[str, object]) -> None:
    stage = Stage()
    stage.join("alice", permission=permission(**rights))
    stage.request("alice", CAMERA)
    refusal = stage.told("alice", RequestAnswered)[0]
    assert (refusal.reason, refusal.about) == (RequestFailure.NOT_ALLOWED, "add_track")
    stage.offer("alice", sendonly("9", "video", "cam"))
    assert published(stage, "alice") == []


@pytest.mark.parametrize(
    ("kind", "source", "is_allowed"),
    [
        (TrackKind.AUDIO, TrackSource.MICROPHONE, True),
        (TrackKind.VIDEO, TrackSource.MICROPHONE, False),
        (TrackKind.AUDIO, TrackSource.UNKNOWN, False),
        (TrackKind.VIDEO, TrackSource.UNKNOWN, False),
    ],
)
def test_who_may_only_speak_cannot_show_a_picture_under_another_name(
    kind: TrackKind, source: TrackSource, is_allowed: bool
) -> None:
    # A source that this server does not know is read as UNKNOWN; it allows nothing.
    sources = frozenset({TrackSource.MICROPHONE, TrackSource.UNKNOWN})
    stage = Stage()
    stage.join("alice", permission=permission(publish_sources=sources))
    stage.request("alice", AddTrack(cid="x", kind=kind, source=source))
    assert bool(stage.told("alice", TrackPublished)) is is_allowed


def test_a_track_under_a_false_name_ends_when_its_kind_is_no_longer_allowed() -> None:
    stage = Stage()
    stage.join("alice")
    picture = stage.publish("alice", cid="x", source=TrackSource.MICROPHONE)
    rights = permission(publish_sources=frozenset({TrackSource.MICROPHONE}))
    stage.step(ChangeParticipant(identity=Identity("alice"), permission=rights))
    assert SetTrackMuted(track=picture, is_muted=True) in stage.effects
    assert stage.session("alice").publications == {}


def test_nobody_publishes_without_end() -> None:
    stage = Stage()
    stage.join("alice")
    for index in range(MAX_PUBLICATIONS + 1):
        stage.request("alice", AddTrack(cid=f"c{index}", kind=TrackKind.AUDIO, source=TrackSource.UNKNOWN))
    assert stage.told("alice", RequestAnswered)[-1].reason is RequestFailure.LIMIT_EXCEEDED
    assert len(stage.session("alice").publications) == MAX_PUBLICATIONS


def test_mute_and_unmute_are_seen_by_everybody() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    microphone = stage.speak_up("alice")
    for is_muted in (True, False):
        stage.request("alice", SetMuted(track=microphone, is_muted=is_muted))
        for name in ("alice", "bob"):
            assert stage.told(name, ParticipantsChanged)[-1].participants[0].tracks[0].is_muted is is_muted
    assert stage.done(SetTrackMuted) == []


def test_muting_an_unknown_track_is_answered() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", SetMuted(track=TrackSid("TR_nothing"), is_muted=True, request=b"x"))
    answer = stage.told("alice", RequestAnswered)[0]
    assert (answer.reason, answer.about, answer.request) == (RequestFailure.NOT_FOUND, "mute", b"x")


def test_a_mute_by_the_server_holds_the_media_until_the_owner_unmutes() -> None:
    stage = Stage()
    stage.join("alice")
    microphone = stage.speak_up("alice")
    stage.step(MuteTrackByServer(identity=Identity("alice"), track=microphone, is_muted=True))
    assert stage.told("alice", MuteTrack) == [MuteTrack(track=microphone, is_muted=True)]
    assert stage.done(SetTrackMuted) == [SetTrackMuted(track=microphone, is_muted=True)]
    # A client confirms the mute with its own, which must not let go of what it may still send.
    stage.request("alice", SetMuted(track=microphone, is_muted=True))
    assert len(stage.done(SetTrackMuted)) == 1
    stage.request("alice", SetMuted(track=microphone, is_muted=False))
    assert stage.done(SetTrackMuted)[-1] == SetTrackMuted(track=microphone, is_muted=False)


def test_the_server_unmutes_only_where_that_is_allowed() -> None:
    stage = Stage()
    stage.join("alice")
    microphone = stage.speak_up("alice")
    mute = MuteTrackByServer(identity=Identity("alice"), track=microphone, is_muted=True)
    unmute = MuteTrackByServer(identity=Identity("alice"), track=microphone, is_muted=False)
    stage.step(mute)
    with pytest.raises(Exception, match="failed_precondition"):
        stage.step(unmute)
    stage.room.may_unmute_remotely = True
    stage.step(unmute)
    assert not stage.session("alice").publications[microphone].info.is_muted


def test_a_revoked_right_ends_the_track_at_once() -> None:
    stage = Stage()
    stage.join("alice")
    stage.join("bob")
    camera, microphone = stage.publish("alice"), stage.speak_up("alice")
    stage.follow_requirements()
    stage.forget()
    rights = permission(publish_sources=frozenset({TrackSource.MICROPHONE}))
    stage.step(ChangeParticipant(identity=Identity("alice"), permission=rights))
    assert SetTrackMuted(track=camera, is_muted=True) in stage.effects
    assert stage.told("alice", TrackUnpublished) == [TrackUnpublished(track=camera)]
    assert tracks_seen(stage, "bob", "alice") == [microphone]
    assert stage.told("bob", ParticipantsChanged)[-1].participants[0].permission == rights


def test_a_busy_server_takes_no_new_picture_but_every_voice_and_leaves_those_who_publish() -> None:
    stage = Stage()
    stage.join("alice")
    stage.publish("alice")
    stage.join("bob")
    stage.step(LoadObserved(is_full=True))
    stage.request("bob", AddTrack(cid="cam", kind=TrackKind.VIDEO, source=TrackSource.CAMERA))
    (refusal,) = stage.told("bob", RequestAnswered)
    assert (refusal.reason, refusal.message) == (
        RequestFailure.LIMIT_EXCEEDED,
        "the server is too busy for another picture",
    )
    stage.publish("bob", cid="mic", kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE)
    assert len(stage.session("bob").publications) == 1
    stage.speak_up("alice")
    assert stage.told("alice", RequestAnswered) == []
    stage.step(LoadObserved(is_full=False))
    stage.publish("bob")
    assert len(stage.session("bob").publications) == 2


@pytest.mark.parametrize("sends_red", [True, False])
def test_red_is_for_clients_that_send_it_well(sends_red: bool) -> None:
    stage = Stage()
    stage.join("alice", sends_red=sends_red)
    wish = OpusWish(may_use_dtx=True, is_stereo=False)
    stage.publish("alice", cid="mic", kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE, opus=wish)
    (asked,) = stage.done(Negotiate)[-1].opus.values()
    assert asked == replace(wish, may_use_red=sends_red)
