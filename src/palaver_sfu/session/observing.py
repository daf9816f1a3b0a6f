"""What is seen from the media: who speaks, and how good each connection is. Told only to those it concerns."""

from __future__ import annotations

from collections.abc import Iterable

from palaver_sfu.room.quality import judge
from palaver_sfu.room.values import ConnectionQuality, LinkStats, ParticipantSid, SpeakerInfo, TrackKind, TrackSid
from palaver_sfu.session.inputs import PictureStateObserved, Speaker, SpeakersObserved, StatsObserved, StreamsObserved
from palaver_sfu.session.messages import PictureStateChanged, QualityChanged, SpeakersChanged
from palaver_sfu.session.state import RoomState, Session, Turn, owner_of

SIMULATED_LEVEL = 0.9
MAX_SIMULATED_S = 60


def speakers(room: RoomState, event: SpeakersObserved, turn: Turn) -> None:
    for speaker in event.speakers:
        if speaker.is_active and speaker.track in room.tracks:
            room.loud[speaker.track] = speaker
        else:
            room.loud.pop(speaker.track, None)
    groups: dict[tuple[SpeakerInfo, ...], list[Session]] = {}
    for session in room.sessions.values():
        received = session.received_tracks
        heard = [s for s in event.speakers if s.peer == session.sid or s.track in received or _has_ended(room, s)]
        if heard:
            groups.setdefault(_one_each(heard), []).append(session)
    for infos, listeners in groups.items():
        turn.send_all(listeners, SpeakersChanged(speakers=infos))


def _has_ended(room: RoomState, speaker: Speaker) -> bool:
    """The voice stopped because its track did: whoever heard it may have been told of a new answer meanwhile."""
    return not speaker.is_active and speaker.track not in room.tracks


def resumed(room: RoomState, session: Session, turn: Turn) -> None:
    """Who speaks now, how good the lines are and which pictures rest, for one who missed the changes."""
    heard = {track for track in session.received_tracks if track in room.tracks}
    silent = [Speaker(room.tracks[t], t, level=0.0, is_active=False) for t in heard if _is_sound(room, t)]
    loud = [speaker for t, speaker in room.loud.items() if t in heard or speaker.peer == session.sid]
    if infos := _one_each([*silent, *loud]):
        turn.send(session, SpeakersChanged(speakers=infos))
    seen = {room.tracks[track]: None for track in heard} | {session.sid: None}
    known = tuple((sid, quality) for sid in seen if (quality := room.sessions[sid].quality) is not None)
    if known:
        turn.send(session, QualityChanged(qualities=known))
    for track in sorted(heard):
        if not _is_sound(room, track):
            state = PictureStateChanged(publisher=room.tracks[track], track=track, is_paused=track in session.paused)
            turn.send(session, state)


def _is_sound(room: RoomState, track: TrackSid) -> bool:
    found = room.publication(track)
    return found is not None and found[1].info.kind is TrackKind.AUDIO


def simulate_speaker(room: RoomState, session: Session, duration_s: int, turn: Turn) -> None:
    session.simulated_speaker_until = turn.now + min(max(1, duration_s), MAX_SIMULATED_S)
    _tell_simulated(room, session, turn, is_active=True)


def stats(room: RoomState, event: StatsObserved, now: float) -> None:
    for sid, link in event.stats:
        session = room.sessions.get(owner_of(sid))
        if session is not None:
            session.link.append(link)
            del session.link[:-5]
            # Of two connections the livelier one counts.
            session.checked_at = max(now - link.idle_s, session.checked_at or 0.0)
            if link.bps_in > 0:
                session.media_heard_at = now


def picture_state(room: RoomState, session: Session, event: PictureStateObserved, turn: Turn) -> None:
    publisher = room.tracks.get(event.track)
    if publisher is not None and event.track in session.received_tracks:
        (session.paused.add if event.is_paused else session.paused.discard)(event.track)
        message = PictureStateChanged(publisher=publisher, track=event.track, is_paused=event.is_paused)
        turn.send(session, message)


def check_deadlines(room: RoomState, turn: Turn) -> None:
    for session in room.sessions.values():
        until = session.simulated_speaker_until
        if until is not None and turn.now >= until:
            session.simulated_speaker_until = None
            _tell_simulated(room, session, turn, is_active=False)
    if turn.now - room.quality_told_at >= room.timing.quality_s:
        room.quality_told_at = turn.now
        _tell_quality(room, turn)


def streams(session: Session, event: StreamsObserved, now: float) -> None:
    """Who has two connections sends by one and receives by the other: each of them says its part."""
    if event.peer == session.receiver:
        session.sent_streams = event.sent
        session.way = event.way
    if event.peer == session.sid:
        session.received_streams = event.received
        before = session.arrivals
        session.arrivals = {
            stream.track: last
            if (last := before.get(stream.track)) is not None and last[0] == stream.totals.num_packets
            else (stream.totals.num_packets, now)
            for stream in event.received
        }
        session.way = session.way or event.way


def _tell_quality(room: RoomState, turn: Turn) -> None:
    changed: dict[ParticipantSid, ConnectionQuality] = {}
    for session in room.sessions.values():
        quality = _quality(session)
        if quality is not None and quality is not session.quality:
            session.quality = quality
            changed[session.sid] = quality
    if not changed:
        return
    groups: dict[tuple[tuple[ParticipantSid, ConnectionQuality], ...], list[Session]] = {}
    for session in room.sessions.values():
        seen = {room.tracks[track] for track in session.received_tracks if track in room.tracks} | {session.sid}
        told = tuple((sid, quality) for sid, quality in changed.items() if sid in seen)
        if told:
            groups.setdefault(told, []).append(session)
    for told, listeners in groups.items():
        turn.send_all(listeners, QualityChanged(qualities=told))


def _quality(session: Session) -> ConnectionQuality | None:
    if session.is_media_silent:
        return ConnectionQuality.POOR
    link = recent_link(session)
    return None if link is None else judge(link)


def recent_link(session: Session) -> LinkStats | None:
    """The transport of the last seconds; None: not measured yet."""
    if not session.link:
        return None
    count = len(session.link)
    rtts = [link.rtt_ms for link in session.link if link.rtt_ms is not None]
    return LinkStats(
        rtt_ms=sum(rtts) / len(rtts) if rtts else None,
        loss_in=sum(link.loss_in for link in session.link) / count,
        loss_out=sum(link.loss_out for link in session.link) / count,
        bps_in=session.link[-1].bps_in,
        bps_out=session.link[-1].bps_out,
    )


def _one_each(heard: Iterable[Speaker]) -> tuple[SpeakerInfo, ...]:
    """Somebody who shares sound and speaks is one speaker, as loud as the louder of the two."""
    best: dict[ParticipantSid, SpeakerInfo] = {}
    for speaker in heard:
        known = best.get(speaker.peer)
        if known is None or (speaker.is_active, speaker.level) > (known.is_active, known.level):
            level = speaker.level if speaker.is_active else 0.0
            best[speaker.peer] = SpeakerInfo(sid=speaker.peer, level=level, is_active=speaker.is_active)
    return tuple(best.values())


def _tell_simulated(room: RoomState, session: Session, turn: Turn, *, is_active: bool) -> None:
    info = SpeakerInfo(sid=session.sid, level=SIMULATED_LEVEL if is_active else 0.0, is_active=is_active)
    turn.send_all(room.sessions.values(), SpeakersChanged(speakers=(info,)))
