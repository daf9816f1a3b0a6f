"""Data packets between participants: who may send, who gets them, nothing twice."""

from __future__ import annotations

from palaver_sfu.room.limits import MAX_DATA_BYTES
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.session.effects import SendData
from palaver_sfu.session.inputs import DataFromServer, DataReceived
from palaver_sfu.session.state import RoomState, Session, Turn

RELIABLE, LOSSY = "_reliable", "_lossy"

# Enough for the chatter of one second of joining; the oldest goes first when somebody floods.
MAX_EARLY_BYTES = 256 * 1024
# A request is repeated within seconds.
MAX_NONCES = 1_024
NONCE_BYTES = 16


def received(room: RoomState, session: Session, event: DataReceived, turn: Turn) -> None:
    is_welcome = event.label in {RELIABLE, LOSSY} and len(event.payload) <= MAX_DATA_BYTES
    if not is_welcome or not session.permission.can_publish_data:
        return
    if event.label == RELIABLE and event.sequence:
        if event.sequence <= session.data_sequence:
            return
        session.data_sequence = event.sequence
    if event.is_metrics:
        _report(room, session, event, turn)
    else:
        _deliver(room, event, event.label, turn, sender=session.sid)


def from_server(room: RoomState, request: DataFromServer, turn: Turn) -> None:
    _deliver(room, request, RELIABLE if request.is_reliable else LOSSY, turn, sender=None)


def channel_opened(session: Session, peer: ParticipantSid, label: str, turn: Turn) -> None:
    """What was meant to arrive for sure while the receiver was still coming in, in order."""
    if label != RELIABLE or peer != session.receiver:
        return
    session.is_data_open = True
    while session.early_data:
        turn.do(SendData(peers=(session.receiver,), label=RELIABLE, payload=session.early_data.popleft()))


def _deliver(
    room: RoomState, data: DataReceived | DataFromServer, label: str, turn: Turn, *, sender: ParticipantSid | None
) -> None:
    """To everybody but the sender, or to those who are named."""
    if _is_again(room, data.nonce):
        return
    is_for_all = not data.to_identities and not data.to_sids
    receivers = [
        s
        for s in room.sessions.values()
        if s.sid != sender and (is_for_all or s.identity in data.to_identities or s.sid in data.to_sids)
    ]
    ready = tuple(s.receiver for s in receivers if s.is_data_open)
    if ready:
        turn.do(SendData(peers=ready, label=label, payload=data.payload))
    if label == RELIABLE:
        for session in receivers:
            if not session.is_data_open:
                _keep_early(session, data.payload)


def _report(room: RoomState, sender: Session, event: DataReceived, turn: Turn) -> None:
    """Figures about a client go to those who may have them and receive something of it, and back to itself."""
    peers = tuple(
        s.receiver
        for s in room.sessions.values()
        if s.permission.can_subscribe_metrics and s.is_data_open and (s is sender or _receives_from(room, s, sender))
    )
    if peers:
        turn.do(SendData(peers=peers, label=event.label, payload=event.payload))


def _receives_from(room: RoomState, session: Session, publisher: Session) -> bool:
    return any(room.tracks.get(track) == publisher.sid for track in session.received_tracks)


def _is_again(room: RoomState, nonce: bytes) -> bool:
    """A program whose request failed on the way back sends the same once more."""
    if len(nonce) != NONCE_BYTES:
        return False
    if nonce in room.nonces:
        return True
    room.nonces[nonce] = None
    while len(room.nonces) > MAX_NONCES:
        del room.nonces[next(iter(room.nonces))]
    return False


def _keep_early(session: Session, payload: bytes) -> None:
    session.early_data.append(payload)
    while sum(map(len, session.early_data)) > MAX_EARLY_BYTES:
        session.early_data.popleft()
