"""Data packets: whose they are, for whom, and which go on at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from livekit.protocol import metrics, models

from palaver_sfu.room.values import Identity, ParticipantSid
from palaver_sfu.session.conveying import MAX_NONCES, RELIABLE
from palaver_sfu.session.effects import SendData
from palaver_sfu.session.inputs import DataChannelOpened, DataFromServer, DataReceived
from palaver_sfu.tests.rehearsal import Stage, permission
from palaver_sfu.wire.data import Sender, from_server, stamp

ALICE = ParticipantSid("PA_1")
SENDER = Sender(sid=ALICE, identity=Identity("alice"))


def passed(packet: models.DataPacket, sender: Sender = SENDER) -> models.DataPacket:
    event = stamp(packet.SerializeToString(), label="_reliable", sender=sender)
    assert event is not None
    return models.DataPacket.FromString(event.payload)


def test_the_sender_of_data_is_written_by_the_server() -> None:
    forged = models.DataPacket(
        participant_identity="bob",
        participant_sid="PA_bob",
        sequence=9,
        destination_identities=["carol"],
        user=models.UserPacket(
            payload=b"hi", participant_identity="bob", participant_sid="PA_bob", destination_sids=["PA_2"]
        ),
    )
    event = stamp(forged.SerializeToString(), label="_reliable", sender=SENDER)
    assert event is not None
    packet = models.DataPacket.FromString(event.payload)
    assert (packet.participant_identity, packet.participant_sid) == ("alice", "PA_1")
    assert (packet.user.participant_identity, packet.user.participant_sid) == ("alice", "PA_1")
    assert (packet.user.payload, packet.kind) == (b"hi", models.DataPacket.RELIABLE)
    assert event.sequence == 9
    assert (set(event.to_identities), set(event.to_sids)) == ({Identity("carol")}, {ParticipantSid("PA_2")})


def test_streams_and_calls_pass_as_they_are() -> None:
    chunk = models.DataStream.Chunk(stream_id="s", content=b"abc")
    packet = models.DataPacket(stream_chunk=chunk).SerializeToString()
    event = stamp(packet, label="_reliable", sender=SENDER)
    assert event is not None
    assert models.DataPacket.FromString(event.payload).stream_chunk == chunk


@pytest.mark.parametrize(
    "payload", [b"\xff\xff", b"", models.DataPacket(speaker=models.ActiveSpeakerUpdate()).SerializeToString()]
)
def test_data_that_is_none_goes_nowhere(payload: bytes) -> None:
    assert stamp(payload, label="_lossy", sender=SENDER) is None


@pytest.mark.parametrize("is_agent", [True, False])
def test_only_agents_say_what_somebody_else_said(is_agent: bool) -> None:
    words = models.Transcription(transcribed_participant_identity="bob")
    packet = models.DataPacket(transcription=words).SerializeToString()
    event = stamp(packet, label="_reliable", sender=replace(SENDER, is_agent=is_agent))
    assert (event is not None) is is_agent


def test_what_is_said_by_somebody_hidden_names_nobody() -> None:
    said = models.DataPacket(participant_identity="alice", user=models.UserPacket(participant_identity="alice"))
    packet = passed(said, replace(SENDER, is_hidden=True))
    assert (packet.participant_identity, packet.user.participant_identity, packet.user.participant_sid) == ("",) * 3


def test_receivers_stand_where_new_and_old_clients_look_for_them() -> None:
    old = passed(models.DataPacket(user=models.UserPacket(destination_identities=["bob"])))
    assert list(old.destination_identities) == ["bob"]
    user = models.UserPacket(destination_identities=["bob"])
    new = passed(models.DataPacket(destination_identities=["carol"], user=user))
    assert list(new.user.destination_identities) == ["carol"]


@pytest.mark.parametrize("is_agent", [True, False])
def test_only_an_agent_may_write_in_the_name_of_another_and_it_is_marked(is_agent: bool) -> None:
    sender = replace(SENDER, is_agent=is_agent)
    chat = passed(models.DataPacket(participant_identity="bob", chat_message=models.ChatMessage(message="hi")), sender)
    header = models.DataStream.Header(text_header=models.DataStream.TextHeader())
    text = passed(models.DataPacket(participant_identity="bob", stream_header=header), sender)
    assert {chat.participant_identity, text.participant_identity} == {"bob" if is_agent else "alice"}
    assert (chat.chat_message.generated, text.stream_header.text_header.generated) == (is_agent, is_agent)
    header = models.DataStream.Header(byte_header=models.DataStream.ByteHeader())
    file = passed(models.DataPacket(participant_identity="bob", stream_header=header), sender)
    assert file.participant_identity == "alice"


def test_packets_of_the_future_pass() -> None:
    unknown = b"\xca\x3e\x02hi"
    event = stamp(unknown, label="_reliable", sender=SENDER)
    assert event is not None
    assert unknown in event.payload


# --- to whom ------------------------------------------------------------------------------------------


@pytest.fixture
def stage() -> Stage:
    """Alice publishes; bob and carol receive, of whom bob may have figures; dave may have them and receives nothing."""
    stage = Stage()
    stage.join("alice", permission=permission(can_subscribe_metrics=True))
    stage.speak_up("alice")
    stage.join("bob", permission=permission(can_subscribe_metrics=True))
    stage.join("carol")
    stage.join("dave", is_auto_subscribing=False, permission=permission(can_subscribe_metrics=True))
    for session in list(stage.room.sessions.values()):
        stage.step(DataChannelOpened(peer=session.sid, label=RELIABLE))
    return stage


def test_figures_go_to_those_who_may_have_them_and_receive_their_subject(stage: Stage) -> None:
    packet = models.DataPacket(metrics=metrics.MetricsBatch(str_data=["x"])).SerializeToString()
    sender = Sender(sid=stage.session("alice").sid, identity=Identity("alice"))
    event = stamp(packet, label=RELIABLE, sender=sender)
    assert event is not None
    stage.step(event)
    assert [set(effect.peers) for effect in stage.done(SendData)] == [
        {stage.session("alice").sid, stage.session("bob").sid}
    ]


def test_what_a_server_sends_twice_arrives_once(stage: Stage) -> None:
    def send(nonce: bytes) -> int:
        event = from_server(
            b"x", is_reliable=True, topic=None, nonce=nonce, to_identities=frozenset(), to_sids=frozenset()
        )
        stage.forget()
        stage.step(event)
        return len(stage.done(SendData))

    first = bytes(16)
    assert [send(first), send(first), send(b""), send(b"")] == [1, 0, 1, 1]
    for number in range(MAX_NONCES):
        send((number + 1).to_bytes(16, "big"))
    assert send(first) == 1
    assert len(stage.room.nonces) == MAX_NONCES


def test_clients_and_servers_share_their_marks(stage: Stage) -> None:
    mark = b"0123456789abcdef"
    stage.forget()
    stage.step(DataReceived(peer=stage.session("alice").sid, label=RELIABLE, payload=b"hi", nonce=mark))
    stage.step(DataFromServer(payload=b"hi", is_reliable=True, nonce=mark))
    assert len(stage.done(SendData)) == 1
