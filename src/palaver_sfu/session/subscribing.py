"""Tracks on their way out: who should get what, in which section, in which layer.

Level-triggered: `wanted` says what a session should receive now, `session.received` what its last answer carries,
and `reconcile` begins a new round of negotiation while the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from palaver_sfu.room.layers import priority, spatial_layer
from palaver_sfu.room.values import Mid, ParticipantSid, TrackKind, TrackSid, VideoQuality
from palaver_sfu.session import choosing, data_tracks, permitting, rounds, watching
from palaver_sfu.session.effects import DropSubscription, SetSubscription
from palaver_sfu.session.messages import (
    SubscriptionFailed,
    TrackSubscribed,
)
from palaver_sfu.session.requests import (
    OfferSection,
    SetSubscriptionPermission,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.session.state import NO_SETTINGS, Publication, RoomState, Session, Turn

# What a client may say in advance of tracks that are not there yet.
MAX_AHEAD = 1_000


def wanted(room: RoomState, session: Session) -> list[TrackSid]:
    """The tracks that `session` should receive, oldest first."""
    if not session.permission.can_subscribe:
        return []
    return [
        track
        for track, owner in room.tracks.items()
        if session.wishes.get(track, session.is_auto_subscribing)
        and track not in session.undecodable
        and permitting.is_open_to(room.sessions[owner], track, session)
    ]


def place(room: RoomState, session: Session, sections: tuple[OfferSection, ...], turn: Turn) -> dict[Mid, TrackSid]:
    """Give each wanted track a section of the offer.

    A section keeps its track. One whose track is gone rests for one answer: browsers announce a track only when
    its section was silent before.
    """
    free = {section.mid: section for section in sections if section.can_receive}
    tracks = wanted(room, session)
    placed = {mid: track for mid, track in session.received.items() if mid in free and track in tracks}
    waiting = [track for track in tracks if track not in placed.values()]
    resting = session.received.keys()
    for track in waiting:
        found = room.publication(track)
        if found is None:
            continue
        kind = _kind(found[1])
        fitting = [s for s in free.values() if s.kind == kind]
        codecs = {codec for section in fitting for codec in section.codecs}
        choosing.follow_all(session, found[1], codecs)
        codec = choosing.codec_of(session, *found)
        if codec and fitting and codec not in codecs and not choosing.turn_to_backup(session, found[1], codecs):
            _give_up_on(session, track, turn)
            continue
        mid = next((s.mid for s in fitting if s.mid not in placed and s.mid not in resting), None)
        if mid is not None:
            placed[mid] = track
    return placed


def publishers(
    room: RoomState, session: Session, placed: dict[Mid, TrackSid]
) -> dict[Mid, tuple[TrackSid, ParticipantSid]]:
    return {mid: (session.name_of(track), room.tracks[track]) for mid, track in placed.items()}


def answered(room: RoomState, session: Session, received: dict[Mid, TrackSid], turn: Turn) -> None:
    """The sections of an answer are in force."""
    session.received = received
    session.applied = {t: applied for t, applied in session.applied.items() if t in session.received_tracks}
    tracks = set(wanted(room, session))
    for track in received.values():
        if track not in tracks:
            turn.do(DropSubscription(peer=session.receiver, track=session.name_of(track)))
            continue
        _apply(room, session, track, turn)
        found = room.publication(track)
        if found is not None and not found[1].was_subscribed:
            found[1].was_subscribed = True
            turn.send(found[0], TrackSubscribed(track=track))


def decodable(
    room: RoomState, session: Session, received: Mapping[Mid, TrackSid], sections: Iterable[OfferSection], turn: Turn
) -> dict[Mid, TrackSid]:
    """The tracks that we offered, without those that the next offer brings in another codec.

    Where the client's answer leaves out the only codec, the client is told.
    """
    codecs = {section.mid: section.codecs for section in sections}
    kept = dict(received)
    for mid, track in received.items():
        found = room.publication(track)
        codec = choosing.codec_of(session, *found) if found is not None else ""
        if found is None or not codec or codec in codecs.get(mid, ()):
            continue
        session.lacks.add(codec)
        if choosing.turn_to_backup(session, found[1], codecs.get(mid, ())):
            del kept[mid]
        else:
            _give_up_on(session, track, turn)
    return kept


def reconcile(room: RoomState, session: Session, turn: Turn) -> None:
    """Begin a round when what is received is not what is wanted."""
    if not rounds.may_begin(session):
        return
    tracks = wanted(room, session)
    received = session.received_tracks
    # What flows has settings applied; a dropped track that is wanted again needs a new round as well, and so does one
    # that shall come in another codec.
    is_right = all(applied.track == session.name_of(track) for track, applied in session.applied.items())
    if received == session.applied.keys() and received == set(tracks) and is_right:
        return
    begin_round(room, session, turn)


def begin_round(room: RoomState, session: Session, turn: Turn, *, restarts_ice: bool = False) -> None:
    tracks = wanted(room, session)
    found = [pair for track in tracks if (pair := room.publication(track)) is not None]
    new = [pair for pair in found if pair[1].info.sid not in session.received_tracks]
    for publisher, publication in new:
        backup = publication.backup if session.is_dual else None
        if backup is None:
            continue
        if backup.is_for_all or choosing.codec_of(session, publisher, publication) in session.lacks:
            choosing.turn_to_backup(session, publication, {backup.codec} - session.lacks)
    lacking = [publication for _, publication in new]
    missing = rounds.Missing(
        audios=_missing(session, tracks, lacking, TrackKind.AUDIO),
        videos=_missing(session, tracks, lacking, TrackKind.VIDEO),
    )
    rounds.begin(room, session, found, missing, turn, restarts_ice=restarts_ice)


def resumed(room: RoomState, session: Session, turn: Turn) -> None:
    """Restart ICE where we offer. A client that offers restarts it by itself: what has changed rides on its offer."""
    if session.is_dual and session.receiver in session.open_peers:
        begin_round(room, session, turn, restarts_ice=True)
    elif session.has_answer and session.negotiating is None:
        session.reoffer_asked_at = turn.now


def reconcile_all(room: RoomState, turn: Turn) -> None:
    for session in room.sessions.values():
        reconcile(room, session, turn)


def track_appeared(room: RoomState, publisher: Session, publication: Publication, turn: Turn) -> None:
    for session in room.sessions.values():
        if session.sid == publisher.sid:
            continue
        session.awaited.pop(publication.info.sid, None)
        if not permitting.is_open_to(publisher, publication.info.sid, session) and not publisher.permission.is_hidden:
            permitting.tell(publisher, publication.info.sid, session, turn)
        reconcile(room, session, turn)


def backup_started(room: RoomState, publisher: Session, publication: Publication, turn: Turn) -> None:
    """The second codec is there. Unless both shall be sent, whoever decodes it is moved to it.

    A client to which we offer would see its picture end and another one begin: it keeps what it has.
    """
    backup = publication.backup
    if backup is None or backup.is_for_all or not choosing.may_regress(room, backup):
        return
    backup.is_for_all = True
    for session in room.sessions.values():
        if session.is_dual or session.sid == publisher.sid or publication.info.sid not in session.received_tracks:
            continue
        choosing.follow_all(
            session, publication, {codec for s in session.sections if s.can_receive for codec in s.codecs}
        )
        reconcile(room, session, turn)


def forget_track(room: RoomState, track: TrackSid, turn: Turn) -> None:
    """Stop forwarding `track`, which has just left `room.tracks`."""
    room.loud.pop(track, None)
    for session in room.sessions.values():
        session.wishes.pop(track, None)
        session.settings.pop(track, None)
        session.applied.pop(track, None)
        session.undecodable.discard(track)
        session.paused.discard(track)
        if track in session.received_tracks:
            turn.do(DropSubscription(peer=session.receiver, track=session.name_of(track)))
            reconcile(room, session, turn)
        session.on_backup.discard(track)


def update_subscription(room: RoomState, session: Session, request: UpdateSubscription, turn: Turn) -> None:
    for track in request.tracks:
        if track not in room.tracks:
            _await(room, session, track, turn, is_wanted=request.is_subscribed)
            continue
        session.wishes[track] = request.is_subscribed
        if request.is_subscribed:
            session.undecodable.discard(track)
    drop_unwanted(room, session, turn)
    reconcile(room, session, turn)


def check_deadlines(room: RoomState, session: Session, turn: Turn) -> None:
    """What was wished for and has not come will not come any more."""
    for track in [track for track, until in session.awaited.items() if turn.now >= until]:
        _await(room, session, track, turn, is_wanted=False)
        turn.send(session, SubscriptionFailed(track=track, is_unknown_track=True))


def drop_unwanted(room: RoomState, session: Session, turn: Turn) -> None:
    """Stop at once what must not be received any more; the sections follow with the next offer."""
    tracks = set(wanted(room, session))
    for track in session.received.values():
        if track not in tracks and session.applied.pop(track, None) is not None:
            turn.do(DropSubscription(peer=session.receiver, track=session.name_of(track)))


def withhold(session: Session, tracks: Iterable[TrackSid], turn: Turn) -> None:
    """Of `tracks`, forward nothing that was not decided here."""
    for track in tracks:
        if track not in session.applied:
            turn.do(DropSubscription(peer=session.receiver, track=session.name_of(track)))


def update_settings(room: RoomState, session: Session, request: UpdateTrackSettings, turn: Turn) -> None:
    for track in request.tracks:
        if track not in room.tracks and len(session.settings) >= MAX_AHEAD:
            continue
        session.settings[track] = request.settings
        if track in session.applied:
            _apply(room, session, track, turn)


def disable(room: RoomState, session: Session, track: TrackSid, turn: Turn) -> None:
    """Pause one track and leave what else was wanted of it as it was."""
    settings = replace(session.settings.get(track, NO_SETTINGS), is_disabled=True)
    update_settings(room, session, UpdateTrackSettings(tracks=(track,), settings=settings), turn)


def set_subscription_permission(
    room: RoomState, session: Session, request: SetSubscriptionPermission, turn: Turn
) -> None:
    """A publisher says who may receive its tracks."""
    others = [s for s in room.sessions.values() if s.sid != session.sid]
    tracks = [p.info.sid for p in session.publications.values() if p.is_announced]
    before = {(s.sid, t) for s in others for t in tracks if permitting.is_open_to(session, t, s)}
    permitting.set_rules(room, session, request)
    for other in others:
        for track in tracks:
            if ((other.sid, track) in before) != permitting.is_open_to(session, track, other):
                permitting.tell(session, track, other, turn)
        data_tracks.reconcile(room, other, turn)
        drop_unwanted(room, other, turn)
        reconcile(room, other, turn)


def _apply(room: RoomState, session: Session, track: TrackSid, turn: Turn) -> None:
    found = room.publication(track)
    if found is None:
        return
    settings = session.settings.get(track, NO_SETTINGS)
    # A client that adapts says soon what it shows: start small instead of filling its line first.
    fallback = VideoQuality.LOW if session.is_adaptive else VideoQuality.HIGH
    command = SetSubscription(
        peer=session.receiver,
        track=session.name_of(track),
        is_enabled=not settings.is_disabled,
        max_spatial_layer=spatial_layer(found[1].info, settings, fallback=fallback),
        max_fps=settings.max_fps,
        priority=priority(found[1].info, settings),
    )
    if session.applied.get(track) != command:
        session.applied[track] = command
        turn.do(command)
        watching.look_up(room, track, turn)


def _await(room: RoomState, session: Session, track: TrackSid, turn: Turn, *, is_wanted: bool) -> None:
    """A wish for a track that is not there: it may be about to come. Thousands of them are no client's: no answer."""
    if not is_wanted:
        if session.awaited.pop(track, None) is not None:
            session.wishes.pop(track, None)
    elif len(session.awaited) < MAX_AHEAD:
        session.awaited.setdefault(track, turn.now + room.timing.track_wait_s)
        session.wishes[track] = True


def _missing(session: Session, tracks: list[TrackSid], lacking: list[Publication], kind: TrackKind) -> int:
    """Sections to ask for: resting ones and those about to be freed serve too, one round later."""
    name = _KIND_NAMES[kind]
    fitting = {s.mid for s in session.sections if s.can_receive and s.kind == name}
    needed = sum(p.info.kind is kind for p in lacking)
    kept = sum(mid in fitting and track in tracks for mid, track in session.received.items())
    return max(0, needed + kept - len(fitting))


_KIND_NAMES = {TrackKind.AUDIO: "audio", TrackKind.VIDEO: "video"}


def _kind(publication: Publication) -> str:
    return _KIND_NAMES[publication.info.kind]


def _give_up_on(session: Session, track: TrackSid, turn: Turn) -> None:
    session.undecodable.add(track)
    turn.send(session, SubscriptionFailed(track=track, is_unknown_track=False))
