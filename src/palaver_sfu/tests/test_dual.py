"""Clients with two connections: one that they offer, to send, and one that we offer, to receive."""

from typing import Any

import pytest

from palaver_sfu.room.values import DisconnectReason, Identity, Mid, ParticipantSid, ParticipantState, TrackSid
from palaver_sfu.session import resuming
from palaver_sfu.session.effects import (
    AddCandidate,
    ClosePeer,
    DropSubscription,
    MakeOffer,
    Negotiate,
    OpenPeer,
    SendData,
    SetSubscription,
    TakeAnswer,
)
from palaver_sfu.session.inputs import (
    AnswerTaken,
    ChangeParticipant,
    DataChannelOpened,
    DataReceived,
    NegotiationFailed,
    OfferMade,
    PeerConnected,
    PeerDisconnected,
    Resume,
    SignalLost,
)
from palaver_sfu.session.messages import (
    Answer,
    Joined,
    Leave,
    LeaveAction,
    MediaSections,
    Resumed,
    ServerOffer,
    SubscriptionFailed,
)
from palaver_sfu.session.requests import ClientAnswer, LeaveRequested, OfferSection, Ping, Trickle, UpdateSubscription
from palaver_sfu.tests.rehearsal import Stage, permission

VIDEO, AUDIO = ("vp8", "h264"), ("opus",)


def join_dual(stage: Stage, name: str, **more: Any) -> ParticipantSid:
    """Somebody who has joined with two connections, and has not been offered to yet."""
    return stage.join(name, is_dual=True, active=False, offer=None, **more)


def receiver(sid: str) -> ParticipantSid:
    return ParticipantSid(f"{sid}/receiving")


def offers(stage: Stage, sid: str) -> list[MakeOffer]:
    return [offer for offer in stage.done(MakeOffer) if offer.peer == receiver(sid)]


def follow(stage: Stage, name: str, codecs: tuple[str, ...] = (*VIDEO, *AUDIO)) -> dict[Mid, TrackSid]:
    """Carry the offer that is out to its end, as the core and the client do."""
    sid = stage.session(name).sid
    effect = offers(stage, sid)[-1]
    mids = {Mid(track): track for track, *_ in effect.tracks}
    stage.step(OfferMade(peer=effect.peer, offer_id=effect.offer_id, sdp="v=0", mid_to_track=mids))
    sections = tuple(OfferSection(mid=mid, kind="video", direction="recvonly", codecs=codecs) for mid in mids)
    stage.request(name, ClientAnswer(id=effect.offer_id, sdp="v=0 answer", sections=sections))
    stage.step(AnswerTaken(peer=effect.peer, offer_id=effect.offer_id, mid_to_track=mids))
    return mids


def test_the_server_offers_right_after_the_join_and_its_connection_makes_active() -> None:
    stage = Stage()
    bob = join_dual(stage, "bob")
    assert stage.told("bob", Joined)[0].is_subscriber_primary
    assert stage.done(OpenPeer) == [OpenPeer(room=stage.room.sid, peer=receiver(bob))]
    follow(stage, "bob")
    assert stage.told("bob", ServerOffer) == [ServerOffer(offer_id=1, sdp="v=0", mid_to_track={})]
    assert stage.done(TakeAnswer) == [TakeAnswer(peer=receiver(bob), offer_id=1, answer="v=0 answer")]
    stage.step(PeerConnected(peer=bob))
    assert stage.session("bob").state is ParticipantState.JOINED
    stage.step(PeerConnected(peer=receiver(bob)))
    assert stage.session("bob").state is ParticipantState.ACTIVE


def test_who_may_not_receive_is_not_offered_to_and_sends_to_be_active() -> None:
    stage = Stage()
    bob = join_dual(stage, "bob", permission=permission(can_subscribe=False))
    assert not stage.told("bob", Joined)[0].is_subscriber_primary
    assert stage.done(MakeOffer) == []
    stage.publish("bob", starts=False)
    assert OpenPeer(room=stage.room.sid, peer=bob) in stage.effects
    stage.step(PeerConnected(peer=bob))
    assert stage.session("bob").state is ParticipantState.ACTIVE


def test_the_first_offer_carries_what_is_there() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = stage.publish("alice")
    bob = join_dual(stage, "bob")
    assert offers(stage, bob)[0].tracks == ((camera, alice, False),)
    follow(stage, "bob")
    assert [(s.peer, s.track) for s in stage.done(SetSubscription)] == [(receiver(bob), camera)]
    assert stage.told("bob", MediaSections) == []


def test_what_appears_while_an_offer_is_out_rides_together_on_the_next() -> None:
    stage = Stage()
    stage.join("alice")
    bob = join_dual(stage, "bob")
    camera, voice = stage.publish("alice"), stage.speak_up("alice")
    assert len(offers(stage, bob)) == 1
    follow(stage, "bob")
    first, second = offers(stage, bob)
    assert [track for track, *_ in second.tracks] == [camera, voice]
    assert (first.offer_id, second.offer_id) == (1, 2)


def test_what_it_sends_is_negotiated_on_the_other_connection_and_takes_nothing_away() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    bob = join_dual(stage, "bob")
    follow(stage, "bob")
    stage.publish("bob")
    assert [n.peer for n in stage.done(Negotiate)][-1] == bob
    assert stage.done(Negotiate)[-1].subscribe == {}
    assert len(stage.told("bob", Answer)) == 1
    assert stage.session("bob").received_tracks == {camera}
    assert stage.told("bob", MediaSections) == []


def test_a_track_that_ends_is_dropped_at_once_and_leaves_with_the_next_offer() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice")
    bob = join_dual(stage, "bob")
    follow(stage, "bob")
    stage.request("bob", UpdateSubscription(tracks=(camera,), is_subscribed=False))
    assert DropSubscription(peer=receiver(bob), track=camera) in stage.effects
    assert offers(stage, bob)[-1].tracks == ()
    follow(stage, "bob")
    assert stage.session("bob").received_tracks == set()
    assert stage.session("bob").offering is None


def test_an_answer_to_another_offer_is_left_alone() -> None:
    stage = Stage()
    join_dual(stage, "bob")
    stage.request("bob", ClientAnswer(id=7, sdp="v=0", sections=()))
    assert stage.done(TakeAnswer) == []
    stage.request("bob", ClientAnswer(id=0, sdp="v=0", sections=()))
    assert len(stage.done(TakeAnswer)) == 1


def test_a_codec_that_the_answer_leaves_out_is_said_and_not_offered_again() -> None:
    stage = Stage()
    stage.join("alice")
    camera = stage.publish("alice", mime_type="video/h264")
    bob = join_dual(stage, "bob")
    follow(stage, "bob", codecs=("vp8",))
    assert stage.told("bob", SubscriptionFailed) == [SubscriptionFailed(track=camera, is_unknown_track=False)]
    assert DropSubscription(peer=receiver(bob), track=camera) in stage.effects
    assert offers(stage, bob)[-1].tracks == ()


def test_rights_to_receive_that_come_later_open_the_connection() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = stage.publish("alice")
    bob = join_dual(stage, "bob", permission=permission(can_subscribe=False))
    stage.step(ChangeParticipant(identity=Identity("bob"), permission=permission()))
    assert OpenPeer(room=stage.room.sid, peer=receiver(bob)) in stage.effects
    assert offers(stage, bob)[-1].tracks == ((camera, alice, False),)


def test_data_comes_in_on_the_one_and_goes_out_on_the_other() -> None:
    stage = Stage()
    alice, bob = stage.join("alice"), join_dual(stage, "bob")
    stage.step(DataChannelOpened(peer=alice, label="_reliable"))
    stage.step(DataChannelOpened(peer=bob, label="_reliable"))
    stage.step(DataReceived(peer=alice, label="_reliable", payload=b"early"))
    assert stage.done(SendData) == []
    stage.step(DataChannelOpened(peer=receiver(bob), label="_reliable"))
    stage.step(DataReceived(peer=bob, label="_reliable", payload=b"to alice"))
    assert [(d.peers, d.payload) for d in stage.done(SendData)] == [
        ((receiver(bob),), b"early"),
        ((alice,), b"to alice"),
    ]


def test_a_candidate_goes_to_the_connection_that_it_names() -> None:
    stage = Stage()
    alice, bob = stage.join("alice"), join_dual(stage, "bob")
    for name in ("alice", "bob"):
        for is_receiving in (False, True):
            stage.request(name, Trickle(candidate="c", is_receiving=is_receiving))
    assert [c.peer for c in stage.done(AddCandidate)] == [alice, alice, bob, receiver(bob)]


def test_either_connection_that_falls_silent_is_noticed_and_both_close_in_the_end() -> None:
    stage = Stage()
    bob = join_dual(stage, "bob")
    for peer in (bob, receiver(bob)):
        stage.step(PeerConnected(peer=peer))
    stage.step(PeerDisconnected(peer=bob))
    stage.step(PeerConnected(peer=receiver(bob)))
    assert stage.session("bob").is_media_silent
    stage.step(PeerConnected(peer=bob))
    assert not stage.session("bob").is_media_silent
    stage.request("bob", LeaveRequested())
    assert [c.peer for c in stage.done(ClosePeer)] == [receiver(bob), bob]


@pytest.mark.parametrize("how", ["failure", "silence"])
def test_an_offer_that_comes_to_nothing_means_to_begin_anew(how: str) -> None:
    stage = Stage()
    bob = join_dual(stage, "bob")
    if how == "failure":
        stage.step(NegotiationFailed(peer=receiver(bob), offer_id=1, code="bad_offer", message=""))
    else:
        follow(stage, "bob")
        stage.step(PeerConnected(peer=receiver(bob)))
        stage.join("alice")
        stage.publish("alice")
        assert len(offers(stage, bob)) == 2
        stage.wait(15)
    assert stage.told("bob", Leave) == [Leave(DisconnectReason.MEDIA_FAILURE, LeaveAction.RECONNECT)]


def test_the_first_answer_may_take_as_long_as_a_join_may() -> None:
    stage = Stage()
    bob = join_dual(stage, "bob")
    for _ in range(5):
        stage.wait(11)
        stage.request("bob", Ping())
        assert stage.told("bob", Leave) == []
    stage.wait(6)
    assert stage.told("", Leave, sid=bob) == [Leave(DisconnectReason.JOIN_FAILURE, LeaveAction.DISCONNECT)]


def test_who_comes_back_is_offered_to_with_new_credentials_even_if_an_answer_was_lost() -> None:
    stage = Stage()
    stage.join("alice")
    bob = join_dual(stage, "bob")
    stage.step(SignalLost(sid=bob))
    camera = stage.publish("alice")
    assert not resuming.can_resume(stage.session("bob"), is_dual=False)
    assert resuming.can_resume(stage.session("bob"), is_dual=True)
    stage.step(Resume(sid=bob, is_dual=True))
    assert stage.told("bob", Resumed) != []
    last = offers(stage, bob)[-1]
    assert (last.offer_id, last.restarts_ice, [track for track, *_ in last.tracks]) == (2, True, [camera])
    follow(stage, "bob")
    assert stage.session("bob").received_tracks == {camera}
