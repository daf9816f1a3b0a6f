"""How the people of a room are received and what reaches them, for whoever runs the room to tell them.

Cheap enough to be asked every second: of what goes well there is a number, of what does not a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from palaver_sfu.room.quality import POOR_LOSS, POOR_RTT_MS
from palaver_sfu.room.values import (
    Identity,
    ParticipantState,
    SentStream,
    StreamCause,
    TrackSid,
    TrackSource,
)
from palaver_sfu.session.observing import recent_link
from palaver_sfu.session.state import Publication, RoomState, Session

# The core counts every five seconds, and encoders that leave silence out send a packet each 0.4 s all the same.
SILENT_AFTER_S = 7.0
# From here on a listener hears words missing (`room.quality`); beyond the second, hardly any are left.
NOTABLE_LOSS, DEAFENING_LOSS = 0.02, 0.5
MAX_NAMED = 5

# What a sound is sent with where it is heard, or would be as soon as there is one.
_HEARD = frozenset({StreamCause.WHOLE, StreamCause.UNHEARD})
_TROUBLES = frozenset({StreamCause.BANDWIDTH, StreamCause.CPU, StreamCause.WAITING})


class SoundState(Enum):
    """What of a microphone reaches the server."""

    NONE = "none"  # it is not published
    MUTED = "muted"
    SILENT = "silent"  # published and open, and no packet comes
    ARRIVING = "arriving"


class LineTrouble(Enum):
    """Why somebody's own connection is weak."""

    CUT = "cut"
    LOSS = "loss"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class StreamTrouble:
    """Something of `publisher` that comes with losses, smaller than it could, or not at all; `cause` says why."""

    publisher: Identity
    source: TrackSource
    cause: StreamCause
    is_sent: bool
    loss: float


@dataclass(slots=True)
class Reception:
    """One person. Losses are shares from 0 to 1, up: to the server."""

    identity: Identity
    way: str
    line: LineTrouble | None
    rtt_ms: float | None
    loss_up: float
    loss_down: float
    sound: SoundState
    heard_by: int = 0
    unheard_by: list[Identity] = field(default_factory=list)
    """Some of those who do not hear, at most `MAX_NAMED`."""
    troubles: tuple[StreamTrouble, ...] = ()


def receptions(room: RoomState, *, now: float) -> tuple[Reception, ...]:
    """Of all who can be seen."""
    people = [session for session in room.sessions.values() if not session.permission.is_hidden]
    told = {session.sid: _reception(room, session, now) for session in people}
    voices = {
        track: told[session.sid]
        for session in people
        for track, publication in session.publications.items()
        if _is_voice(publication) and told[session.sid].sound is SoundState.ARRIVING
    }
    for listener in people:
        heard = set(_heard(listener, voices))
        for track, speaker in voices.items():
            if speaker.identity == listener.identity:
                continue
            if track in heard:
                speaker.heard_by += 1
            elif len(speaker.unheard_by) < MAX_NAMED:
                speaker.unheard_by.append(listener.identity)
    return tuple(told.values())


def _reception(room: RoomState, session: Session, now: float) -> Reception:
    link = recent_link(session)
    return Reception(
        identity=session.identity,
        way=session.way,
        line=_line(session),
        rtt_ms=None if link is None else link.rtt_ms,
        loss_up=0.0 if link is None else link.loss_in,
        loss_down=0.0 if link is None else link.loss_out,
        sound=_sound(session, now),
        troubles=tuple(_troubles(room, session)),
    )


def _line(session: Session) -> LineTrouble | None:
    link = recent_link(session)
    if session.is_media_silent:
        return LineTrouble.CUT
    if link is None:
        return None
    if max(link.loss_in, link.loss_out) >= POOR_LOSS:
        return LineTrouble.LOSS
    return LineTrouble.DELAY if (link.rtt_ms or 0.0) >= POOR_RTT_MS else None


def _sound(session: Session, now: float) -> SoundState:
    voice = next((found for found in session.publications.items() if _is_voice(found[1])), None)
    if voice is None:
        return SoundState.NONE
    track, publication = voice
    if publication.info.is_muted:
        return SoundState.MUTED
    _, grew_at = session.arrivals.get(track, (0, now))
    is_silent = session.is_media_silent or now - grew_at > SILENT_AFTER_S
    return SoundState.SILENT if is_silent else SoundState.ARRIVING


def _is_voice(publication: Publication) -> bool:
    return publication.is_announced and publication.info.source is TrackSource.MICROPHONE


def _heard(listener: Session, voices: dict[TrackSid, Reception]) -> Iterator[TrackSid]:
    if listener.state is not ParticipantState.ACTIVE or listener.is_media_silent:
        return
    for stream in listener.sent_streams:
        if stream.track in voices and stream.cause in _HEARD and stream.totals.loss < DEAFENING_LOSS:
            yield stream.track


def _troubles(room: RoomState, session: Session) -> Iterable[StreamTrouble]:
    for stream in session.sent_streams:
        if not _is_notable(stream):
            continue
        found = room.publication(stream.track)
        if found is None or found[1].info.is_muted or stream.track not in session.received_tracks:
            continue
        yield StreamTrouble(
            publisher=found[0].identity,
            source=found[1].info.source,
            cause=stream.cause,
            is_sent=stream.layer is not None,
            loss=stream.totals.loss,
        )


def _is_notable(stream: SentStream) -> bool:
    return stream.cause in _TROUBLES or (stream.layer is not None and stream.totals.loss >= NOTABLE_LOSS)
