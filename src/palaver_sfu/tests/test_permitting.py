"""Whom publishers let receive their tracks, and wishes that come before their tracks."""

from __future__ import annotations

from palaver_sfu.room.values import Identity, ParticipantSid, TrackSettings, TrackSid
from palaver_sfu.session.inputs import ChangeSubscriptions, TrackStarted
from palaver_sfu.session.messages import SubscriptionFailed, SubscriptionPermissionChanged
from palaver_sfu.session.requests import (
    LeaveRequested,
    SetSubscriptionPermission,
    TrackPermission,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.session.subscribing import MAX_AHEAD
from palaver_sfu.tests.rehearsal import Stage, permission

NOBODY = TrackSid("TR_nobody")


def rule(*, sid: str = "", identity: str = "", tracks: tuple[TrackSid, ...] = ()) -> TrackPermission:
    return TrackPermission(
        sid=ParticipantSid(sid), identity=Identity(identity), all_tracks=not tracks, tracks=frozenset(tracks)
    )


def allow(stage: Stage, *rules: TrackPermission) -> None:
    stage.request("alice", SetSubscriptionPermission(all_participants=False, permissions=rules))
    stage.follow_requirements()


def received(stage: Stage, name: str) -> set[TrackSid]:
    return set(stage.session(name).received_tracks)


def test_a_rule_for_a_session_goes_on_for_its_person() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    bob = stage.join("bob")
    allow(stage, rule(sid=bob))
    stage.request("bob", LeaveRequested())
    stage.join("bob")
    assert received(stage, "bob") == {camera}


def test_single_tracks_may_be_named() -> None:
    stage = Stage()
    stage.join("alice")
    stage.publish("alice")
    microphone = stage.speak_up("alice")
    stage.join("bob")
    allow(stage, rule(identity="bob", tracks=(microphone,)))
    assert received(stage, "bob") == {microphone}


def test_rules_for_nobody_open_nothing() -> None:
    stage = Stage()
    stage.join("alice")
    stage.publish("alice")
    stage.join("bob")
    allow(stage, rule(), rule(sid="PA_gone"))
    assert received(stage, "bob") == set()


def test_who_records_receives_what_is_closed_to_others() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.join("recorder", permission=permission(is_recorder=True))
    allow(stage)
    assert received(stage, "recorder") == {camera}


def test_who_comes_later_learns_what_is_not_for_it() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = stage.publish("alice")
    allow(stage)
    stage.join("bob")
    assert stage.told("bob", SubscriptionPermissionChanged) == [
        SubscriptionPermissionChanged(publisher=alice, track=camera, is_allowed=False)
    ]


def test_a_server_may_subscribe_somebody_before_the_first_packet() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice", starts=False)
    stage.join("bob", is_auto_subscribing=False)
    stage.step(ChangeSubscriptions(identity=Identity("bob"), tracks=(camera,), is_subscribed=True))
    stage.request("bob", UpdateTrackSettings(tracks=(camera,), settings=TrackSettings(is_disabled=True)))
    stage.step(TrackStarted(peer=stage.session("alice").sid, track=camera, mime_type="video/vp8"))
    stage.follow_requirements()
    assert received(stage, "bob") == {camera}
    assert not stage.session("bob").applied[camera].is_enabled
    assert stage.session("bob").awaited == {}


def test_a_track_that_never_comes_is_said_after_a_minute_and_only_once() -> None:
    stage = Stage()
    stage.join("bob")
    stage.request("bob", UpdateSubscription(tracks=(NOBODY,), is_subscribed=True))
    assert stage.told("bob", SubscriptionFailed) == []
    for _ in range(14):
        stage.now += 5.0
        stage.session("bob").heard_at = stage.now
        stage.wait(1)
    assert stage.told("bob", SubscriptionFailed) == [SubscriptionFailed(track=NOBODY, is_unknown_track=True)]


def test_a_wish_taken_back_is_not_answered() -> None:
    stage = Stage()
    stage.join("bob")
    stage.request("bob", UpdateSubscription(tracks=(NOBODY,), is_subscribed=True))
    stage.request("bob", UpdateSubscription(tracks=(NOBODY,), is_subscribed=False))
    assert (stage.session("bob").awaited, stage.session("bob").wishes) == ({}, {})


def test_wishes_ahead_have_an_end() -> None:
    stage = Stage()
    stage.join("bob")
    wished = tuple(TrackSid(f"TR_{number}") for number in range(MAX_AHEAD + 5))
    stage.request("bob", UpdateSubscription(tracks=wished, is_subscribed=True))
    stage.request("bob", UpdateTrackSettings(tracks=wished, settings=TrackSettings()))
    assert len(stage.session("bob").awaited) == len(stage.session("bob").settings) == MAX_AHEAD
    assert stage.told("bob", SubscriptionFailed) == []
