"""Coming and going: admission, join, replacement, loss of signalling or media, removal, the end of the room."""

from __future__ import annotations

from palaver_sfu.errors import AdmissionError
from palaver_sfu.room import lifetime
from palaver_sfu.room.values import (
    DisconnectReason,
    Identity,
    ParticipantInfo,
    ParticipantKind,
    ParticipantSid,
    ParticipantState,
    Permission,
)
from palaver_sfu.session import data_tracks, rounds, subscribing, ways
from palaver_sfu.session.effects import ClosePeer, CloseSignal, RoomEnded, RoomFact
from palaver_sfu.session.inputs import Join
from palaver_sfu.session.messages import Joined, Leave, LeaveAction, ParticipantsChanged, RefreshToken
from palaver_sfu.session.requests import MediaWay
from palaver_sfu.session.state import RoomState, Session, Timing, Turn

# The core's word for a client that said goodbye in DTLS.
PEER_CLOSED = "peer_closed"


def admit(
    room: RoomState, identity: Identity, permission: Permission, kind: ParticipantKind = ParticipantKind.STANDARD
) -> None:
    """May this participant come in now? The one it would replace does not count.

    Raises:
        AdmissionError: the room is full.
    """
    is_dependent = permission.is_recorder or permission.is_agent
    if is_dependent or kind in {ParticipantKind.EGRESS, ParticipantKind.AGENT}:
        return
    limit = room.options.max_participants
    if limit and sum(not s.is_dependent and s.identity != identity for s in room.sessions.values()) >= limit:
        raise AdmissionError(403, "room has exceeded its max participants")


def join(room: RoomState, request: Join, turn: Turn) -> Session:
    """Let the client in; its first message is the answer to its join."""
    old = room.by_identity(request.identity)
    if old is not None:
        # Others must not see the person leave: they only see the new sid under the same identity.
        turn.send(old, Leave(reason=DisconnectReason.DUPLICATE_IDENTITY, action=LeaveAction.DISCONNECT))
        if old.is_attached:
            turn.do(CloseSignal(sid=old.sid))
        remove(room, old, DisconnectReason.DUPLICATE_IDENTITY, turn, is_replaced=True)
    session = Session(
        sid=request.sid,
        identity=request.identity,
        permission=request.permission,
        joined_at=turn.now,
        heard_at=turn.now,
        token_refreshed_at=turn.now,
        name=request.name,
        metadata=request.metadata,
        attributes={key: value for key, value in request.attributes.items() if value},
        kind=request.kind,
        kind_details=request.kind_details,
        client_protocol=request.client_protocol,
        capabilities=request.capabilities,
        is_auto_subscribing=request.is_auto_subscribing,
        is_auto_subscribing_data=request.is_auto_subscribing_data,
        is_adaptive=request.is_adaptive,
        may_pause=request.may_pause,
        needs_opening=request.needs_opening,
        sends_red=request.sends_red,
        is_dual=request.is_dual,
        is_subscriber_primary=request.is_dual and request.permission.can_subscribe,
        protocol=request.protocol,
    )
    room.sessions[session.sid] = session
    room.identities[session.identity] = session.sid
    if not session.is_dual:
        rounds.open_peer(room, session, session.sid, turn)
    others = tuple(s.info() for s in room.sessions.values() if s.sid != session.sid and not s.permission.is_hidden)
    joined = Joined(
        room=room.info(),
        participant=session.info(),
        others=others,
        is_subscriber_primary=session.is_subscriber_primary,
        is_by_tls=ways.of(room, session, turn) is MediaWay.TLS,
    )
    turn.send(session, joined)
    refresh_token(room, session, turn)
    turn.changed(session)
    turn.room_changed()
    return session


def refresh_token(room: RoomState, session: Session, turn: Turn) -> None:
    session.token_refreshed_at = turn.now
    message = RefreshToken(
        identity=session.identity,
        room=room.name,
        name=session.name,
        metadata=session.metadata,
        attributes=session.attributes,
        permission=session.permission,
        kind=session.kind,
        kind_details=session.kind_details,
    )
    turn.send(session, message)


def media_connected(room: RoomState, session: Session, peer: ParticipantSid, turn: Turn) -> None:
    session.silent_peers.discard(peer)
    if session.detached_at is not None and session.gone_at is not None and not session.is_rejoining:
        session.gone_at = session.detached_at + room.timing.signal_grace_s
    if session.state is ParticipantState.ACTIVE or peer != session.primary:
        return
    session.state = ParticipantState.ACTIVE
    turn.announce(room, RoomFact.PARTICIPANT_JOINED, session)
    turn.changed(session)


def media_silent(room: RoomState, session: Session, peer: ParticipantSid, turn: Turn) -> None:
    session.silent_peers.add(peer)
    if session.gone_at is not None:
        session.gone_at = min(session.gone_at, turn.now + room.timing.silent_media_grace_s)


def media_closed(room: RoomState, session: Session, reason: str, turn: Turn) -> None:
    session.media_closed_at = turn.now
    if not session.is_attached:
        session.gone_at = turn.now + room.timing.closed_media_grace_s
        return
    if reason == PEER_CLOSED:
        # On purpose: its leave follows, or the end of its socket. If neither comes, `check_deadlines` asks it back.
        return
    why = DisconnectReason.CONNECTION_TIMEOUT if reason == "ice_timeout" else DisconnectReason.MEDIA_FAILURE
    ask_to_rejoin(room, session, why, turn)


def signal_lost(room: RoomState, session: Session, turn: Turn) -> None:
    if not session.is_attached:
        return
    session.is_attached = False
    session.detached_at = turn.now
    timing = room.timing
    if session.media_closed_at is not None:
        grace_s = timing.closed_media_grace_s
    else:
        grace_s = timing.silent_media_grace_s if session.is_media_silent else timing.signal_grace_s
    session.gone_at = turn.now + grace_s


def ask_to_rejoin(room: RoomState, session: Session, reason: DisconnectReason, turn: Turn) -> None:
    """The client comes back by itself with a new join; until then others keep seeing the participant."""
    turn.send(session, Leave(reason=reason, action=LeaveAction.RECONNECT))
    if session.is_attached:
        turn.do(CloseSignal(sid=session.sid))
    session.is_rejoining = True
    session.is_attached = False
    session.detached_at = turn.now
    session.gone_at = turn.now + room.timing.rejoin_grace_s


def dismiss(room: RoomState, session: Session, reason: DisconnectReason, turn: Turn) -> None:
    """Send the client away for good."""
    turn.send(session, Leave(reason=reason, action=LeaveAction.DISCONNECT))
    if session.is_attached:
        turn.do(CloseSignal(sid=session.sid))
    remove(room, session, reason, turn)


def remove(
    room: RoomState, session: Session, reason: DisconnectReason, turn: Turn, *, is_replaced: bool = False
) -> None:
    was_active = session.state is ParticipantState.ACTIVE
    last = session.info(state=ParticipantState.DISCONNECTED, reason=reason)
    announced = [p for p in session.publications.values() if p.is_announced]
    for publication in announced:
        del room.tracks[publication.info.sid]
        turn.announce(room, RoomFact.TRACK_UNPUBLISHED, session, publication.info)
    session.publications.clear()
    session.state = ParticipantState.DISCONNECTED
    session.version += 1
    del room.sessions[session.sid]
    if room.identities.get(session.identity) == session.sid:
        del room.identities[session.identity]
    data_tracks.forget(room, session, turn)
    for peer in dict.fromkeys((session.receiver, session.sid)):
        turn.do(ClosePeer(peer=peer))
    for publication in announced:
        subscribing.forget_track(room, publication.info.sid, turn)
    if not is_replaced and not session.permission.is_hidden:
        tell_departure(room, session.info(reason=reason), turn)
    fact = RoomFact.PARTICIPANT_LEFT if was_active else RoomFact.PARTICIPANT_CONNECTION_ABORTED
    turn.announce_about(room, fact, last)
    turn.room_changed()
    if all(s.is_dependent for s in room.sessions.values()):
        room.last_left_at = turn.now


def tell_departure(room: RoomState, gone: ParticipantInfo, turn: Turn) -> None:
    room.departures.append((turn.now, gone))
    turn.send_all((s for s in room.sessions.values() if s.sid != gone.sid), ParticipantsChanged(participants=(gone,)))


def end(room: RoomState, reason: DisconnectReason, turn: Turn) -> None:
    """Everybody out; clients come back by themselves only when the server as a whole goes down."""
    if room.is_ended:
        return
    is_shutdown = reason is DisconnectReason.SERVER_SHUTDOWN
    action = LeaveAction.RECONNECT if is_shutdown else LeaveAction.DISCONNECT
    room.is_ended = True
    everybody = list(room.sessions.values())
    turn.send_all(everybody, Leave(reason=reason, action=action))
    for session in everybody:
        if session.is_attached:
            turn.do(CloseSignal(sid=session.sid))
        session.is_attached = False
    for session in everybody:
        remove(room, session, reason, turn)
    turn.announce(room, RoomFact.ROOM_FINISHED)
    turn.do(RoomEnded(room=room.sid))


def check_deadlines(room: RoomState, session: Session, turn: Turn) -> bool:
    """Whether `session` is still here after what its deadlines ask for."""
    timing = room.timing
    is_due = session.gone_at is not None and turn.now >= session.gone_at
    if (is_due and not _lives_on(session, timing, turn.now)) or _fell_silent(session, timing, turn.now):
        remove(room, session, DisconnectReason.SIGNAL_CLOSE, turn)
        return False
    if session.state is not ParticipantState.ACTIVE and turn.now - session.joined_at >= timing.join_s:
        dismiss(room, session, DisconnectReason.JOIN_FAILURE, turn)
        return False
    if session.is_attached and _is_overdue(session.media_closed_at, timing.closed_media_grace_s, turn.now):
        ask_to_rejoin(room, session, DisconnectReason.MEDIA_FAILURE, turn)
    if session.is_attached and _is_unheard(session, timing, turn.now):
        turn.do(CloseSignal(sid=session.sid))
        signal_lost(room, session, turn)
    if session.is_attached and turn.now - session.token_refreshed_at >= timing.token_refresh_s:
        refresh_token(room, session, turn)
    return True


def _lives_on(session: Session, timing: Timing, now: float) -> bool:
    """Others still see and hear somebody whose client is only trying to reach us with its words."""
    if session.is_rejoining or session.is_media_silent or session.media_closed_at is not None:
        return False
    is_checking = session.checked_at is not None and now - session.checked_at < timing.check_silence_s
    return is_checking and not _is_overdue(session.detached_at, timing.live_media_grace_s, now)


def _fell_silent(session: Session, timing: Timing, now: float) -> bool:
    """Signalling and media stopped together: the tab or the machine is gone, long before ICE would say so."""
    lost, heard = session.detached_at, session.media_heard_at
    if lost is None or now - lost < timing.silent_media_grace_s:
        return False
    if _is_overdue(session.checked_at, timing.check_silence_s, now):
        # Also of those who send nothing: a browser that lives keeps checking its connection.
        return True
    if heard is None or heard < lost - timing.silent_media_grace_s:
        return False
    return now - heard >= timing.silent_media_grace_s


def _is_unheard(session: Session, timing: Timing, now: float) -> bool:
    """No word for so long that the socket is dead, whatever TCP still believes of it."""
    is_cut_off = _is_overdue(session.checked_at, timing.machine_silence_s, now)
    patience_s = timing.machine_silence_s if is_cut_off else timing.client_silence_s
    return now - session.heard_at >= patience_s


def _is_overdue(since: float | None, grace_s: float, now: float) -> bool:
    return since is not None and now - since >= grace_s


def check_room(room: RoomState, turn: Turn) -> None:
    if room.is_ended or not all(s.is_dependent for s in room.sessions.values()):
        return
    if turn.now >= lifetime.ends_at(room.options, created_at=room.created_at, last_left_at=room.last_left_at):
        end(room, DisconnectReason.ROOM_CLOSED, turn)


def visibility_changed(room: RoomState, session: Session, turn: Turn) -> None:
    """Somebody became hidden, or visible again: others see a departure or, with the next update, an arrival."""
    if session.permission.is_hidden:
        session.version += 1
        tell_departure(room, session.info(state=ParticipantState.DISCONNECTED), turn)
    for other in room.sessions.values():
        data_tracks.reconcile(room, other, turn)
        subscribing.drop_unwanted(room, other, turn)
        subscribing.reconcile(room, other, turn)
    turn.room_changed()
