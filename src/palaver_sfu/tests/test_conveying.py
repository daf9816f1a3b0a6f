"""Data, metadata, speakers and quality."""

import pytest

from palaver_sfu.errors import ApiError
from palaver_sfu.room.limits import MAX_ATTRIBUTES_BYTES, MAX_DATA_BYTES, MAX_METADATA_BYTES, MAX_NAME_BYTES
from palaver_sfu.room.values import (
    ConnectionQuality,
    Identity,
    LinkStats,
    ParticipantSid,
    ReceivedStream,
    SentStream,
    SpeakerInfo,
    StreamCause,
    StreamTotals,
)
from palaver_sfu.session.conveying import LOSSY, MAX_EARLY_BYTES, RELIABLE
from palaver_sfu.session.effects import SendData
from palaver_sfu.session.inputs import (
    ChangeParticipant,
    ChangeRoomMetadata,
    DataChannelOpened,
    DataFromServer,
    DataReceived,
    PeerDisconnected,
    Speaker,
    SpeakersObserved,
    StatsObserved,
    StreamsObserved,
)
from palaver_sfu.session.messages import (
    ParticipantsChanged,
    Pong,
    PongTimed,
    QualityChanged,
    RefreshToken,
    RequestAnswered,
    RequestFailure,
    RoomChanged,
    SpeakersChanged,
)
from palaver_sfu.session.requests import Ping, PingTimed, Scenario, Simulate, Unsupported, UpdateMetadata
from palaver_sfu.tests.rehearsal import Stage, inactive, permission


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for name in ("alice", "bob", "carol"):
        sid = stage.join(name)
        stage.step(DataChannelOpened(peer=ParticipantSid(sid), label=RELIABLE))
    stage.forget()
    return stage


def data(stage: Stage, name: str, **more: object) -> DataReceived:
    fields: dict[str, object] = {"label": RELIABLE, "payload": b"hi", **more}
    return DataReceived(peer=stage.session(name).sid, **fields)  # type: ignore[arg-type]


def test_data_goes_to_everybody_but_its_sender(stage: Stage) -> None:
    stage.step(data(stage, "alice", label=LOSSY))
    assert stage.done(SendData) == [
        SendData(peers=(stage.session("bob").sid, stage.session("carol").sid), label=LOSSY, payload=b"hi")
    ]


def test_data_goes_only_to_those_who_are_named(stage: Stage) -> None:
    carol = stage.session("carol").sid
    stage.step(data(stage, "alice", to_identities=frozenset({Identity("bob")})))
    stage.step(data(stage, "alice", to_sids=frozenset({carol})))
    assert [effect.peers for effect in stage.done(SendData)] == [(stage.session("bob").sid,), (carol,)]


@pytest.mark.parametrize("fields", [{"payload": bytes(MAX_DATA_BYTES + 1)}, {"label": "_data_track"}])
def test_data_that_is_too_large_or_of_another_channel_goes_nowhere(stage: Stage, fields: dict[str, object]) -> None:
    stage.step(data(stage, "alice", **fields))
    assert stage.done(SendData) == []


def test_data_needs_the_right_to_publish_it(stage: Stage) -> None:
    stage.step(ChangeParticipant(identity=Identity("alice"), permission=permission(can_publish_data=False)))
    stage.step(data(stage, "alice"))
    assert stage.done(SendData) == []


def test_a_reliable_packet_that_is_sent_again_arrives_once(stage: Stage) -> None:
    for sequence in (1, 2, 2, 1, 3):
        stage.step(data(stage, "alice", sequence=sequence, payload=str(sequence).encode()))
    assert [effect.payload for effect in stage.done(SendData)] == [b"1", b"2", b"3"]


def test_reliable_data_waits_for_a_receiver_that_is_still_coming_in(stage: Stage) -> None:
    dave = ParticipantSid(stage.join("dave"))
    stage.forget()
    stage.step(data(stage, "alice", payload=b"first"))
    stage.step(data(stage, "alice", payload=b"lossy", label=LOSSY))
    stage.step(data(stage, "alice", payload=b"second"))
    assert all(dave not in effect.peers for effect in stage.done(SendData))
    stage.forget()
    stage.step(DataChannelOpened(peer=dave, label=LOSSY))
    stage.step(DataChannelOpened(peer=dave, label=RELIABLE))
    assert [(effect.peers, effect.payload) for effect in stage.done(SendData)] == [
        ((dave,), b"first"),
        ((dave,), b"second"),
    ]


def test_what_waits_for_a_receiver_is_bounded(stage: Stage) -> None:
    stage.join("dave")
    for _ in range(50):
        stage.step(data(stage, "alice", payload=bytes(10_000)))
    assert sum(map(len, stage.session("dave").early_data)) <= MAX_EARLY_BYTES


def test_data_from_the_server_reaches_everybody(stage: Stage) -> None:
    stage.step(DataFromServer(payload=b"x", is_reliable=True))
    assert len(stage.done(SendData)[0].peers) == 3


def test_own_metadata_needs_the_grant(stage: Stage) -> None:
    stage.request("alice", UpdateMetadata(request_id=4, name="Mallory"))
    answer = stage.told("alice", RequestAnswered)[0]
    assert (answer.request_id, answer.reason) == (4, RequestFailure.NOT_ALLOWED)
    assert stage.session("alice").name == "Alice"


def test_own_metadata_is_seen_by_all_and_an_empty_value_deletes() -> None:
    stage = Stage()
    stage.join("alice", permission=permission(can_update_metadata=True), attributes={"hand": "up", "mood": "good"})
    stage.join("bob")
    stage.request("alice", UpdateMetadata(request_id=1, name="Al", attributes={"hand": "", "seat": "3"}))
    info = stage.told("bob", ParticipantsChanged)[-1].participants[0]
    assert (info.name, info.attributes) == ("Al", {"mood": "good", "seat": "3"})
    assert stage.told("alice", RequestAnswered)[0].reason is RequestFailure.OK


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": "x" * (MAX_METADATA_BYTES + 1)},
        {"name": "ä" * (MAX_NAME_BYTES // 2 + 1)},
        {"attributes": {"a": "x" * MAX_ATTRIBUTES_BYTES}},
    ],
)
def test_metadata_has_limits_for_clients_and_for_the_server(change: dict[str, object]) -> None:
    stage = Stage()
    stage.join("alice", permission=permission(can_update_metadata=True))
    stage.request("alice", UpdateMetadata(request_id=1, **change))  # type: ignore[arg-type]
    assert stage.told("alice", RequestAnswered)[0].reason is RequestFailure.LIMIT_EXCEEDED
    with pytest.raises(ApiError, match="invalid_argument"):
        stage.step(ChangeParticipant(identity=Identity("alice"), **change))  # type: ignore[arg-type]


def test_a_change_by_the_server_comes_with_a_fresh_token(stage: Stage) -> None:
    stage.step(ChangeParticipant(identity=Identity("alice"), name="Alice A.", permission=permission(can_publish=False)))
    token = stage.told("alice", RefreshToken)[0]
    assert (token.name, token.permission.can_publish) == ("Alice A.", False)


def test_room_metadata_reaches_everybody(stage: Stage) -> None:
    stage.step(ChangeRoomMetadata(metadata="recording"))
    assert stage.told("carol", RoomChanged)[-1].room.metadata == "recording"
    with pytest.raises(ApiError, match="invalid_argument"):
        stage.step(ChangeRoomMetadata(metadata="x" * (MAX_METADATA_BYTES + 1)))


def test_speakers_are_told_to_those_who_hear_them_and_to_themselves() -> None:
    stage = Stage()
    alice = ParticipantSid(stage.join("alice"))
    microphone = stage.speak_up("alice")
    stage.join("bob")
    stage.join("carol", is_auto_subscribing=False)
    spoken = Speaker(peer=alice, track=microphone, level=0.5, is_active=True)
    stage.step(SpeakersObserved(speakers=(spoken,)))
    expected = [SpeakersChanged(speakers=(SpeakerInfo(sid=alice, level=0.5, is_active=True),))]
    assert stage.told("alice", SpeakersChanged) == expected
    assert stage.told("bob", SpeakersChanged) == expected
    assert stage.told("carol", SpeakersChanged) == []


def test_a_voice_that_ends_with_its_track_is_told_to_those_who_heard_it() -> None:
    stage = Stage()
    alice = ParticipantSid(stage.join("alice"))
    microphone = stage.speak_up("alice")
    stage.join("bob")
    stage.offer("alice", inactive("s-mic", "audio"))
    stage.follow_requirements()
    assert stage.session("bob").received_tracks == frozenset()
    ended = Speaker(peer=alice, track=microphone, level=0.0, is_active=False)
    stage.step(SpeakersObserved(speakers=(ended,)))
    silence = SpeakersChanged(speakers=(SpeakerInfo(sid=alice, level=0.0, is_active=False),))
    assert stage.told("bob", SpeakersChanged) == [silence]


def test_a_rehearsed_speaker_stops_again(stage: Stage) -> None:
    stage.request("alice", Simulate(scenario=Scenario.SPEAKER_UPDATE, duration_s=2))
    stage.wait(3)
    states = [m.speakers[0].is_active for m in stage.told("bob", SpeakersChanged)]
    assert states == [True, False]


GOOD_LINK = LinkStats(rtt_ms=20.0, loss_in=0.0, loss_out=0.0, bps_in=1, bps_out=1)
BAD_LINK = LinkStats(rtt_ms=20.0, loss_in=0.2, loss_out=0.0, bps_in=1, bps_out=1)


def test_quality_is_told_on_change_to_those_it_concerns_and_is_never_lost() -> None:
    stage = Stage()
    alice = ParticipantSid(stage.join("alice"))
    stage.speak_up("alice")
    stage.join("bob")
    stage.join("carol", is_auto_subscribing=False)
    for link, expected in ((GOOD_LINK, ConnectionQuality.EXCELLENT), (BAD_LINK, ConnectionQuality.POOR)):
        for _ in range(5):
            stage.step(StatsObserved(stats=((alice, link),)))
            stage.wait(1)
        stage.wait(5)
        for name in ("alice", "bob"):
            assert stage.told(name, QualityChanged)[-1].qualities == ((alice, expected),)
            stage.request(name, Ping())
    assert len(stage.told("bob", QualityChanged)) == 2
    assert stage.told("carol", QualityChanged) == []
    stage.step(PeerDisconnected(peer=alice))
    stage.wait(5)
    assert stage.told("alice", QualityChanged)[-1].qualities == ((alice, ConnectionQuality.POOR),)


def test_what_each_is_sent_and_why_is_known() -> None:
    stage = Stage()
    alice = ParticipantSid(stage.join("alice"))
    camera = stage.publish("alice")
    stage.join("bob")
    bob = stage.session("bob")
    totals = StreamTotals(num_bytes=1_000, num_packets=9, num_nacks=1, loss=0.1)
    sent = SentStream(track=camera, layer=0, cause=StreamCause.BANDWIDTH, totals=totals)
    received = ReceivedStream(track=camera, totals=totals)
    stage.step(StreamsObserved(peer=bob.receiver, way="tcp", sent=(sent,), received=()))
    stage.step(StreamsObserved(peer=alice, way="udp", sent=(), received=(received,)))
    assert (bob.way, bob.sent_streams) == ("tcp", (sent,))
    assert (stage.session("alice").way, stage.session("alice").received_streams) == ("udp", (received,))


def test_pings_of_both_kinds_are_answered(stage: Stage) -> None:
    stage.request("alice", Ping())
    stage.request("alice", PingTimed(at_ms=17))
    now_ms = int(stage.now * 1000)
    assert stage.told("alice", Pong) == [Pong(at_ms=now_ms)]
    assert stage.told("alice", PongTimed) == [PongTimed(pinged_at_ms=17, at_ms=now_ms)]


def test_what_is_not_offered_is_refused(stage: Stage) -> None:
    stage.request("alice", Unsupported(about="publish_data_track", request=b"x"))
    answer = stage.told("alice", RequestAnswered)[0]
    assert (answer.reason, answer.about) == (RequestFailure.NOT_ALLOWED, "publish_data_track")
