"""Data packets: who they are from is written by the server, never believed."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol import models

from palaver_sfu.room.values import Identity, ParticipantSid
from palaver_sfu.session.conveying import RELIABLE
from palaver_sfu.session.inputs import DataFromServer, DataReceived


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a packet, as the server knows it."""

    sid: ParticipantSid
    identity: Identity
    is_agent: bool = False
    is_hidden: bool = False

    @property
    def shown_identity(self) -> str:
        """A message must not give away somebody whom nobody sees."""
        return "" if self.is_hidden else self.identity


def stamp(payload: bytes, *, label: str, sender: Sender) -> DataReceived | None:
    """The packet as it may go on, or None when it cannot be read or is not for its sender to send."""
    try:
        packet = models.DataPacket.FromString(payload)
    except DecodeError:
        return None
    value = packet.WhichOneof("value")
    # Who speaks is measured here; the old packet for it would let anybody claim to.
    # A transcription says what somebody else said.
    if not payload or value == "speaker" or (value == "transcription" and not sender.is_agent):
        return None
    if not (sender.is_agent and _speaks_for_another(packet, sender)):
        packet.participant_identity = sender.shown_identity
    packet.participant_sid = sender.sid
    packet.kind = _kind(is_reliable=label == RELIABLE)
    if packet.HasField("user"):
        _stamp_user(packet, sender)
    return DataReceived(
        peer=sender.sid,
        label=label,
        payload=packet.SerializeToString(),
        sequence=packet.sequence,
        to_identities=frozenset(Identity(name) for name in packet.destination_identities),
        to_sids=frozenset(ParticipantSid(name) for name in packet.user.destination_sids),
        nonce=packet.user.nonce,
        is_metrics=value == "metrics",
    )


def _stamp_user(packet: models.DataPacket, sender: Sender) -> None:
    """Older clients read and write sender and receivers inside of what people send."""
    user = packet.user
    user.participant_sid = "" if sender.is_hidden else sender.sid
    user.participant_identity = sender.shown_identity
    if packet.destination_identities:
        del user.destination_identities[:]
        user.destination_identities.extend(packet.destination_identities)
    else:
        packet.destination_identities.extend(user.destination_identities)


def _speaks_for_another(packet: models.DataPacket, sender: Sender) -> bool:
    """Whether an agent's chat or text is said in somebody else's name; if so it is marked as made."""
    if packet.participant_identity in {"", sender.identity}:
        return False
    if packet.HasField("chat_message"):
        packet.chat_message.generated = True
        return True
    if packet.HasField("stream_header") and packet.stream_header.HasField("text_header"):
        packet.stream_header.text_header.generated = True
        return True
    return False


def from_server(
    payload: bytes,
    *,
    is_reliable: bool,
    topic: str | None,
    nonce: bytes,
    to_identities: frozenset[Identity],
    to_sids: frozenset[ParticipantSid],
) -> DataFromServer:
    user = models.UserPacket(
        payload=payload, destination_identities=sorted(to_identities), destination_sids=sorted(to_sids), nonce=nonce
    )
    if topic is not None:
        user.topic = topic
    packet = models.DataPacket(
        kind=_kind(is_reliable=is_reliable), user=user, destination_identities=sorted(to_identities)
    )
    return DataFromServer(
        payload=packet.SerializeToString(),
        is_reliable=is_reliable,
        to_identities=to_identities,
        to_sids=to_sids,
        nonce=nonce,
    )


def _kind(*, is_reliable: bool) -> models.DataPacket.Kind:
    return models.DataPacket.RELIABLE if is_reliable else models.DataPacket.LOSSY
