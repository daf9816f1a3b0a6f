"""Coming back on a new WebSocket while the media goes on: what was missed, and what the client believes meanwhile."""

from __future__ import annotations

from dataclasses import replace

from palaver_sfu.room.values import DisconnectReason
from palaver_sfu.session import data_tracks, observing, presence, subscribing, watching, ways
from palaver_sfu.session.effects import CloseSignal
from palaver_sfu.session.inputs import Resume
from palaver_sfu.session.messages import ParticipantsChanged, Resumed, RoomChanged
from palaver_sfu.session.requests import MediaWay, SyncState
from palaver_sfu.session.state import RoomState, Session, Turn

REHEARSAL_S = 5.0


def can_resume(session: Session, *, is_dual: bool = False) -> bool:
    """Without media, or after it was told to come in anew, a client has to begin from the start."""
    return not session.is_rejoining and session.media_closed_at is None and session.is_dual == is_dual


def resume(room: RoomState, session: Session, request: Resume, turn: Turn) -> None:
    """The connection is new, and what went over the old one since the client's last word may be lost."""
    heard_at = session.heard_at
    session.is_attached = True
    session.gone_at = session.detached_at = None
    session.heard_at = turn.now
    if session.is_resumed_unheard:
        session.is_resumed_unheard = False
        _lose_again(room, session, turn)
        return
    is_by_tls = ways.of(room, session, turn) is MediaWay.TLS
    turn.send(session, Resumed(last_message=session.data_sequence, is_by_tls=is_by_tls))
    _tell_missed(room, session, heard_at, turn)
    presence.refresh_token(room, session, turn)
    if request.sync is not None:
        synchronise(room, session, request.sync, turn)
    if not session.is_attached:
        return
    session.reoffer_asked_at = session.offering = None
    subscribing.resumed(room, session, turn)
    if session.loses_resumed_signal_until is not None:
        is_meant = turn.now < session.loses_resumed_signal_until
        session.loses_resumed_signal_until = None
        if is_meant:
            _lose_again(room, session, turn)


def synchronise(room: RoomState, session: Session, sync: SyncState, turn: Turn) -> None:
    """The client's own list of what it sends and wants; a track that is lost here can only be published anew."""
    data_sids = {info.sid for info in session.data_tracks.values()}
    if any(track not in session.publications for track in sync.published) or not data_sids.issuperset(
        sync.published_data
    ):
        presence.ask_to_rejoin(room, session, DisconnectReason.STATE_MISMATCH, turn)
        return
    if sync.subscription is not None:
        known = tuple(track for track in sync.subscription.tracks if track in room.tracks)
        subscribing.update_subscription(room, session, replace(sync.subscription, tracks=known), turn)
    data_tracks.update_subscription(room, session, sync.data_subscription, turn)
    for track in sync.disabled:
        subscribing.disable(room, session, track, turn)


def rehearse(session: Session, *, is_unheard: bool, turn: Turn) -> None:
    """The next resume that comes soon will lose its connection again, perhaps before a word is said."""
    if is_unheard:
        session.is_resumed_unheard = True
    else:
        session.loses_resumed_signal_until = turn.now + REHEARSAL_S


def _tell_missed(room: RoomState, session: Session, since: float, turn: Turn) -> None:
    departed = tuple(info for at, info in room.departures if at >= max(since, session.joined_at))
    if departed:
        turn.send(session, ParticipantsChanged(participants=departed))
    missed = [message for at, message in session.repeated if at >= since]
    session.repeated.clear()
    # Before the snapshot: a client that finds itself muted there, and was not told to be, would undo it.
    for message in missed:
        turn.send(session, message)
    others = [s.info() for s in room.sessions.values() if s.sid != session.sid and not s.permission.is_hidden]
    turn.send(session, ParticipantsChanged(participants=(*others, session.info())))
    turn.send(session, RoomChanged(room=room.info()))
    observing.resumed(room, session, turn)
    watching.resumed(session, turn)


def _lose_again(room: RoomState, session: Session, turn: Turn) -> None:
    turn.do(CloseSignal(sid=session.sid))
    presence.signal_lost(room, session, turn)
