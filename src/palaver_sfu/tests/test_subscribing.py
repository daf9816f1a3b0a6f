"""Tracks on their way out."""

import pytest

from palaver_sfu.room.values import Identity, Mid, TrackKind, TrackSettings, TrackSid, TrackSource, VideoQuality
from palaver_sfu.session.effects import DropSubscription, Negotiate, SetSubscription
from palaver_sfu.session.inputs import Answered, ChangeParticipant, ChangeSubscriptions, NegotiationFailed
from palaver_sfu.session.messages import (
    Answer,
    Leave,
    LeaveAction,
    MediaSections,
    SubscriptionFailed,
    SubscriptionPermissionChanged,
    TrackSubscribed,
)
from palaver_sfu.session.requests import (
    LeaveRequested,
    Offer,
    SetSubscriptionPermission,
    TrackPermission,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.tests.rehearsal import Stage, answer_of, permission, recvonly, spare_sections


def received(stage: Stage, name: str) -> set[TrackSid]:
    return set(stage.session(name).received_tracks)


def test_a_new_track_makes_others_offer_again_and_lands_in_a_free_section() -> None:
    stage = Stage()
    stage.join("bob")
    stage.join("alice")
    camera = stage.publish("alice")
    assert stage.told("bob", MediaSections) == [MediaSections(audios=0, videos=0)]
    stage.offer("bob")
    answer = stage.told("bob", Answer)[-1]
    assert answer.mid_to_track == {"v0": camera}
    assert stage.told("alice", TrackSubscribed) == [TrackSubscribed(track=camera)]


def test_what_is_there_already_is_in_the_first_answer() -> None:
    stage = Stage()
    stage.join("alice")
    camera, microphone = stage.publish("alice"), stage.speak_up("alice")
    stage.join("bob")
    assert stage.told("bob", Answer)[0].mid_to_track == {"v0": camera, "a0": microphone}
    assert stage.told("bob", MediaSections) == []


def test_the_answer_echoes_the_offers_id() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", Offer(id=7, sdp="v=0", sections=spare_sections()))
    assert [answer.offer_id for answer in stage.told("alice", Answer)] == [1, 7]


def test_missing_sections_are_asked_for_by_number() -> None:
    stage = Stage()
    for name in ("alice", "carol", "dave"):
        stage.join(name)
        stage.publish(name)
        stage.speak_up(name)
    stage.join("bob", sections=spare_sections(audios=1, videos=2))
    assert stage.told("bob", MediaSections) == [MediaSections(audios=2, videos=1)]
    stage.follow_requirements()
    assert received(stage, "bob") == set(stage.room.tracks)
    assert len(stage.sections[stage.session("bob").sid]) == 6


def test_one_request_for_sections_is_outstanding_at_a_time() -> None:
    stage = Stage()
    stage.join("bob")
    stage.join("alice")
    stage.publish("alice")
    stage.speak_up("alice")
    assert len(stage.told("bob", MediaSections)) == 1
    stage.follow_requirements()
    assert received(stage, "bob") == set(stage.room.tracks)


def test_a_client_that_ignores_the_request_is_asked_again() -> None:
    stage = Stage()
    stage.join("bob")
    stage.join("alice")
    stage.publish("alice")
    stage.wait(10)
    assert len(stage.told("bob", MediaSections)) == 2


def test_a_section_rests_for_one_answer_before_it_shows_another_track() -> None:
    stage = Stage()
    stage.join("bob", sections=spare_sections(audios=0, videos=1))
    stage.join("alice")
    stage.publish("alice")
    stage.offer("bob")
    stage.join("carol")
    carols = stage.publish("carol")
    stage.request("alice", LeaveRequested())
    stage.forget()
    stage.follow_requirements()
    answers = [answer.mid_to_track.get(Mid("v0")) for answer in stage.told("bob", Answer)]
    assert received(stage, "bob") == {carols}
    if answers[-1] == carols:
        assert answers[-2] is None


def test_the_end_of_a_track_stops_it_at_once_and_frees_its_section() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    bob = stage.join("bob")
    stage.forget()
    stage.request("alice", LeaveRequested())
    assert DropSubscription(peer=bob, track=camera) in stage.effects
    assert stage.told("bob", MediaSections) == [MediaSections(audios=0, videos=0)]
    stage.follow_requirements()
    assert received(stage, "bob") == set()


def test_a_track_that_ends_while_an_answer_is_on_its_way_is_dropped_after_it() -> None:
    stage = Stage(answers=False)
    stage.join("alice")
    stage.step(answer_of(stage.done(Negotiate)[-1]))
    stage.answers = True
    camera = stage.publish("alice")
    stage.answers = False
    bob = stage.join("bob")
    pending = stage.done(Negotiate)[-1]
    assert camera in {track for track, _ in pending.subscribe.values()}
    stage.request("alice", LeaveRequested())
    stage.forget()
    stage.step(answer_of(pending))
    assert DropSubscription(peer=bob, track=camera) in stage.effects
    assert stage.told("bob", MediaSections) == [MediaSections(audios=0, videos=0)]


def test_without_auto_subscribe_only_what_was_asked_for_arrives() -> None:
    stage = Stage()
    stage.join("alice")
    camera, microphone = stage.publish("alice"), stage.speak_up("alice")
    stage.join("bob", is_auto_subscribing=False)
    assert received(stage, "bob") == set()
    stage.request("bob", UpdateSubscription(tracks=(microphone,), is_subscribed=True))
    stage.follow_requirements()
    assert received(stage, "bob") == {microphone}
    assert camera in stage.room.tracks


def test_unsubscribing_stops_the_track_and_subscribing_again_brings_it_back() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    bob = stage.join("bob")
    stage.forget()
    stage.request("bob", UpdateSubscription(tracks=(camera,), is_subscribed=False))
    assert DropSubscription(peer=bob, track=camera) in stage.effects
    stage.request("bob", UpdateSubscription(tracks=(camera,), is_subscribed=True))
    stage.forget()
    stage.follow_requirements()
    assert received(stage, "bob") == {camera}
    assert [s.track for s in stage.done(SetSubscription)] == [camera]


def test_a_codec_that_the_client_cannot_decode_is_said_once() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice", mime_type="video/h264")
    stage.join("bob", sections=(recvonly("0", "video", codecs=("vp8",)),))
    stage.follow_requirements()
    stage.offer("bob")
    assert stage.told("bob", SubscriptionFailed) == [SubscriptionFailed(track=camera, is_unknown_track=False)]
    assert received(stage, "bob") == set()


def test_sound_in_red_is_received_also_by_who_knows_only_opus() -> None:
    stage = Stage()
    stage.join("alice")
    microphone = stage.publish("alice", kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE, mime_type="audio/red")
    stage.join("bob", sections=(recvonly("0", "audio", codecs=("opus",)),))
    stage.follow_requirements()
    stage.offer("bob")
    assert stage.told("bob", SubscriptionFailed) == []
    assert received(stage, "bob") == {microphone}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (TrackSettings(quality=VideoQuality.LOW), (True, 0, 0)),
        (TrackSettings(quality=VideoQuality.MEDIUM, max_fps=15), (True, 1, 15)),
        (TrackSettings(quality=VideoQuality.HIGH, width=300, height=150), (True, 0, 0)),
        (TrackSettings(width=640, height=360), (True, 1, 0)),
        (TrackSettings(width=4000, height=3000), (True, 2, 0)),
        (TrackSettings(is_disabled=True), (False, 2, 0)),
    ],
)
def test_the_layer_follows_the_subscribers_wish(settings: TrackSettings, expected: tuple[bool, int, int]) -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.join("bob")
    stage.forget()
    stage.request("bob", UpdateTrackSettings(tracks=(camera,), settings=settings))
    last = stage.session("bob").applied[camera]
    assert (last.is_enabled, last.max_spatial_layer, last.max_fps) == expected


def test_settings_that_change_nothing_cost_nothing() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.join("bob")
    wish = UpdateTrackSettings(tracks=(camera, TrackSid("TR_gone")), settings=TrackSettings(width=100, height=100))
    stage.request("bob", wish)
    stage.forget()
    stage.request("bob", wish)
    assert stage.effects == []


@pytest.mark.parametrize(("is_adaptive", "layer"), [(True, 0), (False, 2)])
def test_who_adapts_starts_with_the_smallest_layer(is_adaptive: bool, layer: int) -> None:
    stage = Stage()
    stage.join("alice")
    stage.publish("alice")
    stage.join("bob", is_adaptive=is_adaptive)
    assert [s.max_spatial_layer for s in stage.done(SetSubscription)] == [layer]


def test_without_the_right_to_subscribe_nothing_arrives_and_with_it_everything() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    bob = stage.join("bob", permission=permission(can_subscribe=False))
    assert received(stage, "bob") == set()
    stage.step(ChangeParticipant(identity=Identity("bob"), permission=permission()))
    stage.follow_requirements()
    assert received(stage, "bob") == {camera}
    stage.forget()
    stage.step(ChangeParticipant(identity=Identity("bob"), permission=permission(can_subscribe=False)))
    assert DropSubscription(peer=bob, track=camera) in stage.effects


def test_the_server_changes_subscriptions_like_the_client() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    stage.join("bob")
    stage.step(ChangeSubscriptions(identity=Identity("bob"), tracks=(camera,), is_subscribed=False))
    stage.follow_requirements()
    assert received(stage, "bob") == set()


def test_a_publisher_may_say_who_receives_its_tracks() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = stage.publish("alice")
    bob, _ = stage.join("bob"), stage.join("carol")
    stage.forget()
    rule = TrackPermission(sid=stage.session("bob").sid, identity=Identity(""), all_tracks=True, tracks=frozenset())
    stage.request("alice", SetSubscriptionPermission(all_participants=False, permissions=(rule,)))
    stage.follow_requirements()
    assert (received(stage, "bob"), received(stage, "carol")) == ({camera}, set())
    assert stage.told("carol", SubscriptionPermissionChanged) == [
        SubscriptionPermissionChanged(publisher=alice, track=camera, is_allowed=False)
    ]
    assert stage.told("", SubscriptionPermissionChanged, sid=bob) == []
    stage.request("alice", SetSubscriptionPermission(all_participants=True, permissions=()))
    stage.follow_requirements()
    assert received(stage, "carol") == {camera}


def test_the_newest_of_several_offers_waits_its_turn() -> None:
    stage = Stage(answers=False)
    stage.join("alice")
    first = stage.done(Negotiate)[-1]
    for number in (5, 6):
        stage.request("alice", Offer(id=number, sdp="v=0", sections=spare_sections()))
    assert len(stage.done(Negotiate)) == 1
    stage.step(answer_of(first))
    assert [answer.offer_id for answer in stage.told("alice", Answer)] == [1]
    stage.step(answer_of(stage.done(Negotiate)[-1]))
    assert [answer.offer_id for answer in stage.told("alice", Answer)] == [1, 6]


def test_an_answer_to_an_old_offer_is_ignored() -> None:
    stage = Stage(answers=False)
    alice = stage.join("alice")
    stage.step(Answered(peer=stage.session("alice").sid, offer_id=99, sdp="", mid_to_track={}))
    assert stage.told("", Answer, sid=alice) == []


def test_an_offer_that_is_no_sdp_costs_its_sender_the_connection() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.request("bob", Offer(id=3, sdp="nonsense", sections=None))
    assert stage.told("", Leave, sid=bob)[0].action is LeaveAction.RECONNECT
    assert stage.told("alice", Leave) == []


def test_a_failed_or_forgotten_negotiation_starts_over() -> None:
    stage = Stage(answers=False)
    alice = stage.join("alice")
    pending = stage.done(Negotiate)[-1]
    stage.step(NegotiationFailed(peer=pending.peer, offer_id=pending.offer_id, code="bad_offer", message=""))
    assert stage.told("", Leave, sid=alice)[0].action is LeaveAction.RECONNECT
    bob = stage.join("bob")
    stage.wait(15)
    assert stage.told("", Leave, sid=bob)[0].action is LeaveAction.RECONNECT
