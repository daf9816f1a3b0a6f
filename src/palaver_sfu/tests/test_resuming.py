"""A participant whose signalling breaks and comes back, while its media goes on."""

import pytest

from palaver_sfu.room.values import (
    DisconnectReason,
    Identity,
    ParticipantSid,
    ParticipantState,
    RoomOptions,
    TrackKind,
    TrackSid,
    TrackSource,
)
from palaver_sfu.session import resuming
from palaver_sfu.session.effects import CloseSignal, SetSubscription
from palaver_sfu.session.inputs import (
    ChangeParticipant,
    ChangeRoomMetadata,
    DataReceived,
    MuteTrackByServer,
    PeerClosed,
    Resume,
    SignalLost,
    Speaker,
    SpeakersObserved,
)
from palaver_sfu.session.messages import (
    Answer,
    Leave,
    LeaveAction,
    MediaSections,
    MuteTrack,
    ParticipantsChanged,
    RefreshToken,
    Resumed,
    RoomChanged,
    SpeakersChanged,
    TrackPublished,
    TrackUnpublished,
)
from palaver_sfu.session.requests import (
    AddTrack,
    LeaveRequested,
    Ping,
    Scenario,
    Simulate,
    SyncState,
    UpdateSubscription,
)
from palaver_sfu.tests.rehearsal import Stage, permission


def come_back(stage: Stage, sid: ParticipantSid, sync: SyncState | None = None) -> None:
    """The client's new WebSocket, and the offer to restart ICE that it sends as its first."""
    stage.forget()
    stage.step(Resume(sid=sid, sync=sync))


def talking(stage: Stage, peer: ParticipantSid, track: TrackSid, *, is_active: bool) -> None:
    speaker = Speaker(peer=peer, track=track, level=0.5, is_active=is_active)
    stage.step(SpeakersObserved(speakers=(speaker,)))


def test_who_comes_back_is_told_so_first_and_then_all_that_is() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    camera = stage.publish("alice")
    stage.step(ChangeRoomMetadata(metadata="new agenda"))
    come_back(stage, bob)
    messages = stage.told("bob", object)
    assert isinstance(messages[0], Resumed)
    snapshot = stage.told("bob", ParticipantsChanged)[-1].participants
    assert [(p.identity, [t.sid for t in p.tracks]) for p in snapshot] == [("alice", [camera]), ("bob", [])]
    assert stage.told("bob", RoomChanged)[-1].room.metadata == "new agenda"
    assert len(stage.told("bob", RefreshToken)) == 1


def test_others_and_the_webhooks_notice_nothing() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    camera = stage.publish("bob")
    stage.follow_requirements()
    stage.forget()
    stage.step(SignalLost(sid=bob))
    stage.wait(10)
    stage.step(Resume(sid=bob))
    stage.offer("bob")
    stage.wait(30)
    stage.request("alice", Ping())
    stage.request("bob", Ping())
    assert stage.facts() == []
    assert [m for m in stage.told("alice", object) if not isinstance(m, RefreshToken)] == []
    assert bob in stage.room.sessions
    assert camera in stage.room.tracks


def test_who_left_meanwhile_is_said_before_who_is_here() -> None:
    stage = Stage()
    alice = stage.join("alice")
    bob = stage.join("bob")
    stage.wait(1)
    stage.step(SignalLost(sid=bob))
    stage.request("alice", LeaveRequested())
    new = stage.join("alice")
    come_back(stage, bob)
    first, second = stage.told("bob", ParticipantsChanged)
    assert [(p.sid, p.state) for p in first.participants] == [(alice, ParticipantState.DISCONNECTED)]
    assert [p.sid for p in second.participants] == [new, bob]


def test_a_departure_that_was_sent_into_a_dead_line_is_said_again() -> None:
    stage = Stage()
    alice = stage.join("alice")
    bob = stage.join("bob")
    stage.request("bob", Ping())
    stage.wait(2)
    stage.request("alice", LeaveRequested())
    stage.step(SignalLost(sid=bob))
    come_back(stage, bob)
    assert stage.told("bob", ParticipantsChanged)[0].participants[0].sid == alice


def test_somebody_who_left_before_the_join_is_none_of_its_news() -> None:
    stage = Stage()
    stage.join("alice")
    stage.request("alice", LeaveRequested())
    stage.wait(1)
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    come_back(stage, bob)
    assert [[p.sid for p in m.participants] for m in stage.told("bob", ParticipantsChanged)] == [[bob]]


def test_hidden_people_stay_hidden() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    stage.join("ghost", permission=permission(is_hidden=True))
    come_back(stage, bob)
    assert [p.identity for p in stage.told("bob", ParticipantsChanged)[-1].participants] == ["bob"]


def test_a_mute_by_the_server_that_was_missed_comes_before_the_snapshot_that_shows_it() -> None:
    stage = Stage()
    bob = stage.join("bob")
    voice = stage.speak_up("bob")
    stage.step(SignalLost(sid=bob))
    stage.step(MuteTrackByServer(identity=Identity("bob"), track=voice, is_muted=True))
    come_back(stage, bob)
    messages = stage.told("bob", object)
    mute, snapshot = MuteTrack(track=voice, is_muted=True), stage.told("bob", ParticipantsChanged)[-1]
    assert messages.index(mute) < messages.index(snapshot)
    assert snapshot.participants[-1].tracks[0].is_muted


def test_the_answer_to_an_add_track_that_was_lost_on_the_way_comes_again() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.request("bob", AddTrack(cid="cam", kind=TrackKind.VIDEO, source=TrackSource.CAMERA))
    stage.step(SignalLost(sid=bob))
    come_back(stage, bob)
    assert [m.cid for m in stage.told("bob", TrackPublished)] == ["cam"]


def test_what_the_client_has_confirmed_is_not_said_again() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.publish("bob")
    stage.wait(1)
    stage.request("bob", Ping())
    stage.step(SignalLost(sid=bob))
    come_back(stage, bob)
    assert stage.told("bob", TrackPublished) == []


def test_a_revoked_track_is_named_and_the_loss_of_an_unknown_one_means_to_begin_anew() -> None:
    stage = Stage()
    bob = stage.join("bob")
    camera = stage.publish("bob")
    stage.step(SignalLost(sid=bob))
    stage.step(ChangeParticipant(identity=Identity("bob"), permission=permission(can_publish=False)))
    come_back(stage, bob)
    assert stage.told("bob", TrackUnpublished) == [TrackUnpublished(track=camera)]
    stage.request("bob", SyncState(published=(camera,)))
    assert stage.told("bob", Leave) == [Leave(DisconnectReason.STATE_MISMATCH, LeaveAction.RECONNECT)]
    assert not resuming.can_resume(stage.session("bob"))


def test_a_client_that_agrees_with_the_server_goes_on() -> None:
    stage = Stage()
    bob = stage.join("bob")
    camera = stage.publish("bob")
    stage.step(SignalLost(sid=bob))
    come_back(stage, bob, SyncState(published=(camera,)))
    assert stage.told("bob", Leave) == []
    assert stage.session("bob").is_attached


def test_the_clients_own_choice_of_tracks_is_taken_over() -> None:
    stage = Stage()
    stage.join("alice")
    camera, voice = stage.publish("alice"), stage.speak_up("alice")
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    choice = UpdateSubscription(tracks=(voice, TrackSid("TR_gone")), is_subscribed=False)
    come_back(stage, bob, SyncState(published=(), subscription=choice, disabled=(camera,)))
    assert [(s.track, s.is_enabled) for s in stage.done(SetSubscription)] == [(camera, False)]
    stage.offer("bob")
    assert stage.session("bob").received_tracks == {camera}


def test_a_track_that_appeared_meanwhile_rides_on_the_offer_that_restarts_ice() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    camera = stage.publish("alice")
    come_back(stage, bob)
    assert stage.told("bob", MediaSections) == []
    stage.offer("bob")
    assert list(stage.told("bob", Answer)[-1].mid_to_track.values()) == [camera]


def test_a_client_that_does_not_offer_is_asked_to() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    stage.publish("alice")
    come_back(stage, bob)
    stage.wait(10)
    assert stage.told("bob", MediaSections) == [MediaSections(audios=0, videos=0)]


def test_a_voice_that_fell_silent_meanwhile_is_shown_silent_and_one_that_rose_as_speaking() -> None:
    stage = Stage()
    alice, carol = stage.join("alice"), stage.join("carol")
    voices = {alice: stage.speak_up("alice"), carol: stage.speak_up("carol")}
    bob = stage.join("bob")
    talking(stage, alice, voices[alice], is_active=True)
    stage.step(SignalLost(sid=bob))
    talking(stage, alice, voices[alice], is_active=False)
    talking(stage, carol, voices[carol], is_active=True)
    come_back(stage, bob)
    speakers = {s.sid: s.is_active for s in stage.told("bob", SpeakersChanged)[-1].speakers}
    assert speakers == {alice: False, carol: True}


def test_reliable_data_goes_on_where_it_was_and_nothing_comes_twice() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    for sequence in (1, 2):
        stage.step(DataReceived(peer=bob, label="_reliable", payload=b"x", sequence=sequence))
    stage.step(SignalLost(sid=bob))
    stage.step(DataReceived(peer=bob, label="_reliable", payload=b"x", sequence=3))
    come_back(stage, bob)
    assert stage.told("bob", Resumed) == [Resumed(last_message=3)]
    early = len(stage.session("alice").early_data)
    for sequence in (3, 4):
        stage.step(DataReceived(peer=bob, label="_reliable", payload=b"x", sequence=sequence))
    assert len(stage.session("alice").early_data) == early + 1


def test_a_client_may_come_back_before_its_loss_was_noticed() -> None:
    stage = Stage()
    bob = stage.join("bob")
    come_back(stage, bob)
    assert isinstance(stage.told("bob", object)[0], Resumed)
    assert stage.session("bob").gone_at is None


def test_whose_media_is_over_cannot_go_on() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    assert resuming.can_resume(stage.session("bob"))
    stage.step(PeerClosed(peer=bob, reason="peer_closed"))
    assert not resuming.can_resume(stage.session("bob"))


@pytest.mark.parametrize(
    ("scenario", "heard"), [(Scenario.LOSE_RESUMED_SIGNAL, True), (Scenario.LOSE_RESUMED_SIGNAL_UNHEARD, False)]
)
def test_a_rehearsal_loses_the_next_resumed_connection_once(scenario: Scenario, heard: bool) -> None:
    stage = Stage(options=RoomOptions(departure_timeout_s=5))
    bob = stage.join("bob")
    stage.request("bob", Simulate(scenario=scenario))
    assert CloseSignal(sid=bob) not in stage.effects
    stage.step(SignalLost(sid=bob))
    come_back(stage, bob)
    assert bool(stage.told("bob", Resumed)) is heard
    assert CloseSignal(sid=bob) in stage.effects
    come_back(stage, bob)
    assert stage.told("bob", Resumed) != []
    assert CloseSignal(sid=bob) not in stage.effects
