"""How a change of what somebody receives gets to the client: the only place that knows which side offers.

With one connection the client offers and is asked to; with two the server offers on the one that receives. One round
is under way at a time, and what changes meanwhile goes into the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from palaver_sfu.room.values import TrackKind
from palaver_sfu.session.effects import MakeOffer, OpenPeer
from palaver_sfu.session.messages import MediaSections
from palaver_sfu.session.state import Publication, RoomState, Session, Turn


@dataclass(frozen=True, slots=True)
class Missing:
    """Sections that a client which offers has to add."""

    audios: int = 0
    videos: int = 0


def may_begin(session: Session) -> bool:
    if not session.is_attached:
        return False
    if session.is_dual:
        return session.offering is None
    return session.has_answer and session.negotiating is None and session.reoffer_asked_at is None


def begin(
    room: RoomState,
    session: Session,
    tracks: Sequence[tuple[Session, Publication]],
    missing: Missing,
    turn: Turn,
    *,
    restarts_ice: bool = False,
) -> None:
    """Let the client receive `tracks`, and nothing else."""
    if session.is_dual:
        _offer(room, session, tracks, turn, restarts_ice=restarts_ice)
    else:
        ask_client(session, turn, missing)


def ask_client(session: Session, turn: Turn, missing: Missing | None = None) -> None:
    """Ask a client to offer again. One with two connections offers what it sends by itself, and knows no such wish."""
    missing = missing or Missing()
    if not session.is_dual and session.has_answer and session.negotiating is None:
        session.reoffer_asked_at = turn.now
        turn.send(session, MediaSections(audios=missing.audios, videos=missing.videos))


def open_peer(room: RoomState, session: Session, peer: str, turn: Turn) -> None:
    """Peers are opened when they are first needed: the core closes one that does not connect."""
    if peer not in session.open_peers:
        session.open_peers.add(peer)
        own = session.receiver if peer == session.receiver else session.sid
        options = room.options
        turn.do(
            OpenPeer(
                room=room.sid,
                peer=own,
                voices=options.voices,
                may_pause=session.may_pause,
                needs_opening=session.needs_opening,
                playout_delay=options.playout_delay,
            )
        )


def _offer(
    room: RoomState,
    session: Session,
    tracks: Sequence[tuple[Session, Publication]],
    turn: Turn,
    *,
    restarts_ice: bool,
) -> None:
    open_peer(room, session, session.receiver, turn)
    session.offers += 1
    session.offering, session.offering_since = session.offers, turn.now
    turn.do(
        MakeOffer(
            peer=session.receiver,
            offer_id=session.offers,
            tracks=tuple(
                (session.name_of(p.info.sid), owner.sid, p.info.kind is TrackKind.AUDIO) for owner, p in tracks
            ),
            restarts_ice=restarts_ice,
        )
    )
