"""Data packets between participants: who may send, who gets them, nothing twice."""

from __future__ import annotations

from palaver_sfu.room.limits import MAX_DATA_BYTES
from palaver_sfu.room.values import Identity, ParticipantSid, ParticipantState
from palaver_sfu.session.effects import SendData
from palaver_sfu.session.inputs import DataFromServer, DataReceived
from palaver_sfu.session.state import RoomState, Session, Turn

RELIABLE, LOSSY = "_reliable", "_lossy"


def received(room: RoomState, session: Session, event: DataReceived, turn: Turn) -> None:
    is_welcome = event.label in {RELIABLE, LOSSY} and len(event.payload) <= MAX_DATA_BYTES
    if not is_welcome or not session.permission.can_publish_data:
        return
    if event.label == RELIABLE and event.sequence:
        if event.sequence <= session.data_sequence:
            return
        session.data_sequence = event.sequence
    peers = _receivers(room, event.to_identities, event.to_sids, sender=session.sid)
    if peers:
        turn.do(SendData(peers=peers, label=event.label, payload=event.payload))


def from_server(room: RoomState, request: DataFromServer, turn: Turn) -> None:
    peers = _receivers(room, request.to_identities, request.to_sids, sender=None)
    if peers:
        label = RELIABLE if request.is_reliable else LOSSY
        turn.do(SendData(peers=peers, label=label, payload=request.payload))


def _receivers(
    room: RoomState,
    identities: frozenset[Identity],
    sids: frozenset[ParticipantSid],
    *,
    sender: ParticipantSid | None,
) -> tuple[ParticipantSid, ...]:
    """Everybody whose media is up but the sender, or those who are named."""
    is_for_all = not identities and not sids
    return tuple(
        s.sid
        for s in room.sessions.values()
        if s.sid != sender
        and s.state is ParticipantState.ACTIVE
        and (is_for_all or s.identity in identities or s.sid in sids)
    )
