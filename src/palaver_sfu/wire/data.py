"""Data packets: who they are from is written by the server, never believed."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import DecodeError
from livekit.protocol import models

from palaver_sfu.room.values import Identity, ParticipantSid
from palaver_sfu.session.conveying import RELIABLE
from palaver_sfu.session.inputs import DataFromServer, DataReceived


def stamp(
    payload: bytes,
    *,
    label: str,
    sid: ParticipantSid,
    identity: Identity,
    is_agent: bool,
    metrics_readers: Callable[[], frozenset[Identity]] = frozenset,
) -> DataReceived | None:
    """The packet as it may go on, or None when it cannot be read or is not for its sender to send.

    `metrics_readers` says who may read what clients measure.
    """
    try:
        packet = models.DataPacket.FromString(payload)
    except DecodeError:
        return None
    # Who speaks is measured here; the old packet for it would let anybody claim to.
    value = packet.WhichOneof("value")
    # A transcription says what somebody else said.
    if value in {None, "speaker"} or (value == "transcription" and not is_agent):
        return None
    identities, sids = set(packet.destination_identities), set[str]()
    packet.participant_sid, packet.participant_identity = sid, identity
    packet.kind = _kind(is_reliable=label == RELIABLE)
    if value == "metrics":
        readers = metrics_readers()
        identities = (identities & readers) if identities else set(readers)
        if not identities:
            return None
    if packet.HasField("user"):
        identities |= set(packet.user.destination_identities)
        sids |= set(packet.user.destination_sids)
        packet.user.participant_sid, packet.user.participant_identity = sid, identity
    return DataReceived(
        peer=sid,
        label=label,
        payload=packet.SerializeToString(),
        sequence=packet.sequence,
        to_identities=frozenset(Identity(name) for name in identities),
        to_sids=frozenset(ParticipantSid(name) for name in sids),
    )


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
        payload=packet.SerializeToString(), is_reliable=is_reliable, to_identities=to_identities, to_sids=to_sids
    )


def _kind(*, is_reliable: bool) -> models.DataPacket.Kind:
    return models.DataPacket.RELIABLE if is_reliable else models.DataPacket.LOSSY
