"""Rehearsals of networks that let little through."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.session.effects import LimitLine, MakeOffer, Negotiate
from palaver_sfu.session.inputs import Answered, AnswerTaken, OfferMade, PeerConnected
from palaver_sfu.session.messages import Answer, Joined, Resumed, ServerOffer
from palaver_sfu.session.requests import ClientAnswer, LeaveRequested, MediaWay, Offer, Scenario, Simulate
from palaver_sfu.session.ways import MAX_REHEARSALS, REHEARSAL_S
from palaver_sfu.tests.rehearsal import Stage, spare_sections
from palaver_sfu.wire.ice_servers import IceServer, IceServers
from palaver_sfu.wire.requests import read_request
from palaver_sfu.wire.responses import Encoder

TCP = "a=candidate:2 1 tcp 2 10.0.0.1 7882 typ host tcptype passive\r\n"
UDP = "a=candidate:1 1 UDP 9 10.0.0.1 7882 typ host\r\n"
SDP = f"v=0\r\n{UDP}{TCP}a=end-of-candidates\r\n"
NARROW = f"v=0\r\n{TCP}a=end-of-candidates\r\n"


def switch(stage: Stage, way: MediaWay) -> None:
    stage.request("alice", Simulate(Scenario.SWITCH_WAY, way=way))


def answer(stage: Stage) -> str:
    """The answer that alice gets to an offer when the core lists both ways."""
    stage.answers = False
    stage.request("alice", Offer(id=9, sdp="v=0", sections=spare_sections()))
    asked = stage.done(Negotiate)[-1]
    stage.step(Answered(peer=asked.peer, offer_id=asked.offer_id, sdp=SDP, mid_to_track={}))
    return stage.told("alice", Answer)[-1].sdp


@pytest.mark.parametrize("way", [MediaWay.TCP, MediaWay.TLS])
def test_media_goes_by_no_easier_way_than_the_rehearsed_one(way: MediaWay) -> None:
    stage = Stage()
    stage.join("alice")
    assert answer(stage) == SDP
    switch(stage, way)
    assert answer(stage) == NARROW
    switch(stage, MediaWay.UDP)
    assert answer(stage) == SDP


def test_it_holds_for_the_person_who_comes_in_anew_and_for_a_while() -> None:
    stage = Stage()
    stage.join("alice")
    switch(stage, MediaWay.TCP)
    stage.request("alice", LeaveRequested())
    stage.join("alice")
    assert answer(stage) == NARROW
    stage.now += REHEARSAL_S
    assert answer(stage) == SDP


def test_a_relay_by_tls_is_left_its_way_and_the_client_told_to_take_it() -> None:
    stage = Stage()
    stage.room.has_tls_relay = True
    stage.join("alice")
    switch(stage, MediaWay.TLS)
    assert answer(stage) == SDP
    stage.request("alice", LeaveRequested())
    stage.join("alice")
    joined = stage.told("alice", Joined)[-1]
    relay = IceServer(urls=("turns:turn.example:443?transport=tcp",))
    told = IceServers(clock=lambda: 0.0, servers=(relay,))
    with_relay, without = Encoder(node_id="ND", ice_servers=told), Encoder(node_id="ND")
    for message in (joined, Resumed(last_message=0, is_by_tls=True)):
        frames = [
            encoder.encode(message, mint=lambda _: "", reader=ParticipantSid("PA_1"))
            for encoder in (with_relay, without)
        ]
        settings = []
        for frame in frames:
            response = rtc.SignalResponse.FromString(frame.binary)
            settings.append(getattr(response, str(response.WhichOneof("message"))).client_configuration.force_relay)
        assert settings == [models.ENABLED, models.UNSET]


def test_with_two_connections_the_server_offers_the_rehearsed_way() -> None:
    stage = Stage()
    stage.join("alice", is_dual=True, active=False)
    first = stage.done(MakeOffer)[-1]
    stage.step(OfferMade(peer=first.peer, offer_id=first.offer_id, sdp=SDP, mid_to_track={}))
    stage.request("alice", ClientAnswer(id=first.offer_id, sdp="v=0", sections=()))
    stage.step(AnswerTaken(peer=first.peer, offer_id=first.offer_id, mid_to_track={}))
    stage.step(PeerConnected(peer=first.peer))
    switch(stage, MediaWay.TCP)
    second = stage.done(MakeOffer)[-1]
    assert (second.restarts_ice, second.offer_id > first.offer_id) == (True, True)
    stage.step(OfferMade(peer=second.peer, offer_id=second.offer_id, sdp=SDP, mid_to_track={}))
    assert [offer.sdp for offer in stage.told("alice", ServerOffer)] == [SDP, NARROW]


@pytest.mark.parametrize(("is_dual", "peer"), [(False, ""), (True, "/receiving")])
def test_a_rehearsed_line_carries_no_more_than_asked(is_dual: bool, peer: str) -> None:
    stage = Stage()
    alice = stage.join("alice", is_dual=is_dual, active=False)
    for bps, said in ((90_000, 90_000), (-5, 0)):
        frame = rtc.SignalRequest(simulate=rtc.SimulateScenario(subscriber_bandwidth=bps)).SerializeToString()
        stage.request("alice", read_request(frame, parse_offer=lambda _: None))
        assert stage.done(LimitLine)[-1] == LimitLine(peer=ParticipantSid(alice + peer), bps=said)


def test_rehearsals_are_forgotten_when_there_are_too_many() -> None:
    stage = Stage()
    for number in range(MAX_REHEARSALS + 1):
        name = f"guest{number}"
        stage.join(name)
        stage.request(name, Simulate(Scenario.SWITCH_WAY, way=MediaWay.TCP))
        stage.request(name, LeaveRequested())
    assert len(stage.room.ways) == MAX_REHEARSALS


@pytest.mark.parametrize("way", list(MediaWay))
def test_the_way_is_read_from_the_wire(way: MediaWay) -> None:
    scenario = rtc.SimulateScenario()
    scenario.switch_candidate_protocol = int(way)  # type: ignore[assignment]
    frame = rtc.SignalRequest(simulate=scenario).SerializeToString()
    assert read_request(frame, parse_offer=lambda _: None) == Simulate(Scenario.SWITCH_WAY, way=way)
