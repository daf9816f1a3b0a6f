"""By which way media goes, where somebody rehearses a network that lets little through.

The server answers checks and begins none, so a way that is in no description of ours is not taken.
"""

from __future__ import annotations

import re

from palaver_sfu.room.values import Mid
from palaver_sfu.session import rounds, subscribing
from palaver_sfu.session.messages import Candidate
from palaver_sfu.session.requests import MediaWay
from palaver_sfu.session.state import RoomState, Session, Turn

# A rehearsal outlives the client's reconnect, and is over when somebody forgets to end it.
REHEARSAL_S = 300.0
MAX_REHEARSALS = 256
_CANDIDATE = re.compile(r"(?m)^a=(candidate:[^\r\n]+)")
_FIRST_MID = re.compile(r"(?m)^a=mid:([^\r\n]+)")
_UDP_CANDIDATE = re.compile(r"(?mi)^a=candidate:\S+ \d+ udp [^\r\n]*\r?\n")


def switch(room: RoomState, session: Session, way: MediaWay, turn: Turn) -> None:
    """Let media go by `way` and no easier one, now and after the client has come in anew."""
    room.ways.pop(session.identity, None)
    if way is not MediaWay.UDP:
        room.ways[session.identity] = (way, turn.now + REHEARSAL_S)
        while len(room.ways) > MAX_REHEARSALS:
            del room.ways[next(iter(room.ways))]
    if not session.is_dual:
        rounds.ask_client(session, turn)
    elif session.receiver in session.open_peers and rounds.may_begin(session):
        subscribing.begin_round(room, session, turn, restarts_ice=True)


def of(room: RoomState, session: Session, turn: Turn) -> MediaWay:
    way, until = room.ways.get(session.identity, (MediaWay.UDP, 0.0))
    return way if turn.now < until else MediaWay.UDP


def narrow(room: RoomState, session: Session, sdp: str, turn: Turn) -> str:
    """`sdp` of ours without what must not be tried."""
    way = of(room, session, turn)
    # A relay that clients reach by TLS hands on by UDP; without one, TCP is the hardest way that there is.
    if way is MediaWay.UDP or (way is MediaWay.TLS and room.has_tls_relay):
        return sdp
    return _UDP_CANDIDATE.sub("", sdp)


def trickle(session: Session, sdp: str, turn: Turn, *, is_receiving: bool) -> None:
    """Say once more where media may go: LiveKit's connection test believes only what comes by itself."""
    mid = _FIRST_MID.search(sdp)
    if mid is None or is_receiving in session.trickled:
        return
    session.trickled.add(is_receiving)
    for line in dict.fromkeys(_CANDIDATE.findall(sdp)):
        turn.send(session, Candidate(line=line, mid=Mid(mid[1]), is_receiving=is_receiving))
