"""Tracks on their way in: AddTrack, the section that carries them, the first packet, mute, the end."""

from __future__ import annotations

from dataclasses import replace

from palaver_sfu.room.values import BackupPolicy, ParticipantState, TrackInfo, TrackKind, TrackSid, TrackSource
from palaver_sfu.session import rounds, subscribing
from palaver_sfu.session.backup import Backup, backup_of, is_backup, track_of
from palaver_sfu.session.effects import RoomFact, SetTrackMuted
from palaver_sfu.session.messages import RequestAnswered, RequestFailure, TrackPublished, TrackUnpublished
from palaver_sfu.session.requests import AddTrack, DescribeTrack, SetMuted
from palaver_sfu.session.state import Publication, RoomState, Session, Turn

# Nobody shows more than a camera, a microphone and some screens; beyond this a client is broken or hostile.
MAX_PUBLICATIONS = 32
# A client sends a track in two codecs; a republished one adds two more names.
MAX_SIMULCAST_CIDS = 16

_KIND_LETTERS = {TrackKind.AUDIO: "A", TrackKind.VIDEO: "V"}
_SOURCE_LETTERS = {
    TrackSource.UNKNOWN: "U",
    TrackSource.CAMERA: "C",
    TrackSource.MICROPHONE: "M",
    TrackSource.SCREEN_SHARE: "S",
    TrackSource.SCREEN_SHARE_AUDIO: "s",
}


def add_track(room: RoomState, session: Session, request: AddTrack, nonce: str, turn: Turn) -> None:
    if request.existing is not None:
        _add_codec(room, session, request, turn)
        return
    if not session.permission.may_publish(request.source, request.kind):
        _refuse(session, request, RequestFailure.NOT_ALLOWED, "does not have permission to publish", turn)
        return
    if len(session.publications) + len(session.queued) >= room.options.max_tracks:
        _refuse(session, request, RequestFailure.LIMIT_EXCEEDED, "too many tracks", turn)
        return
    # A voice costs little, and being heard is what everybody came for.
    if room.is_server_full and request.kind is TrackKind.VIDEO and not _has_picture(session):
        _refuse(session, request, RequestFailure.LIMIT_EXCEEDED, "the server is too busy for another picture", turn)
        return
    sid = TrackSid(f"TR_{_KIND_LETTERS[request.kind]}{_SOURCE_LETTERS[request.source]}{nonce}")
    if any(request.cid in {p.cid, p.sdp_cid} for p in session.publications.values()):
        # The same source again before its first publication is gone: it takes its turn (`_publish_queued`).
        session.queued.append((sid, request))
        _refuse(session, request, RequestFailure.QUEUED, "track is queued", turn)
        return
    _accept(room, session, sid, request, turn)
    if any(s.is_sending and s.track_id == request.cid for s in session.sections):
        # Its section came before it, unclaimed: only a new offer can bring it in.
        rounds.ask_client(session, turn)


def sections_answered(room: RoomState, session: Session, turn: Turn) -> None:
    """A muted track sends nothing, so it is shown as soon as it is negotiated."""
    for publication in list(session.publications.values()):
        if publication.mid is not None and publication.negotiated_at is None:
            publication.negotiated_at = turn.now
        if publication.mid is not None and publication.info.is_muted:
            _announce(room, session, publication, turn)


def check_deadlines(room: RoomState, session: Session, turn: Turn) -> None:
    """What sends nothing is shown too, a little later: programs wait for their listeners before they speak."""
    if session.state is not ParticipantState.ACTIVE:
        return
    for publication in list(session.publications.values()):
        since = publication.negotiated_at
        if since is not None and turn.now - since >= room.timing.silent_track_s:
            _announce(room, session, publication, turn)


def track_started(room: RoomState, session: Session, track: TrackSid, mime_type: str, turn: Turn) -> None:
    publication = session.publications.get(track_of(track))
    if publication is None:
        return
    if is_backup(track):
        # Whoever waits for it in the core has it now.
        subscribing.backup_started(room, session, publication, turn)
        return
    publication.is_started = True
    mime_type, _, publication.profile = mime_type.partition(";")
    if publication.info.mime_type != mime_type:
        publication.info = replace(publication.info, mime_type=mime_type)
        if publication.is_announced:
            turn.changed(session)
    _announce(room, session, publication, turn)


def mute_by_client(room: RoomState, session: Session, request: SetMuted, turn: Turn) -> None:
    publication = session.publications.get(request.track)
    if publication is None:
        answer = RequestAnswered(
            reason=RequestFailure.NOT_FOUND, message="track not found", about="mute", request=request.request
        )
        turn.send(session, answer)
        return
    # Only "unmute" lifts what the server holds: clients confirm its mute with one of their own.
    is_held = publication.is_held and request.is_muted
    set_muted(room, session, publication, is_muted=request.is_muted, is_held=is_held, turn=turn)


def set_muted(
    room: RoomState, session: Session, publication: Publication, *, is_muted: bool, is_held: bool, turn: Turn
) -> None:
    if publication.is_held != is_held:
        publication.is_held = is_held
        _hold(publication, turn, is_held=is_held)
    if publication.info.is_muted == is_muted:
        return
    publication.info = replace(publication.info, is_muted=is_muted)
    # What did not arrive while it was muted says nothing about what comes.
    session.arrivals.pop(publication.info.sid, None)
    if publication.is_announced:
        turn.changed(session)
    elif is_muted and publication.mid is not None and session.has_answer:
        _announce(room, session, publication, turn)


def describe_track(session: Session, request: DescribeTrack, turn: Turn) -> None:
    """Clients add features (noise suppression, a new size) to a track that is already there."""
    publication = session.publications.get(request.track)
    if publication is None:
        answer = RequestAnswered(
            reason=RequestFailure.NOT_FOUND, message="track not found", about=request.about, request=request.request
        )
        turn.send(session, answer)
        return
    publication.info = replace(publication.info, details=request.amend(publication.info.details))
    if publication.is_announced:
        turn.changed(session)


def end_publication(room: RoomState, session: Session, publication: Publication, turn: Turn) -> None:
    """The track is no more: for its subscribers at once, for everybody's roster at the end of the turn."""
    sid = publication.info.sid
    del session.publications[sid]
    if publication.is_announced:
        del room.tracks[sid]
        subscribing.forget_track(room, sid, turn)
        turn.announce(room, RoomFact.TRACK_UNPUBLISHED, session, publication.info)
        turn.changed(session)
        turn.room_changed()
    _publish_queued(room, session, publication, turn)


def revoke_publications(room: RoomState, session: Session, turn: Turn) -> None:
    """End what the permission no longer allows; the core lets nothing of it in from now on."""
    session.queued = [q for q in session.queued if session.permission.may_publish(q[1].source, q[1].kind)]
    for publication in list(session.publications.values()):
        if session.permission.may_publish(publication.info.source, publication.info.kind):
            continue
        _hold(publication, turn, is_held=True)
        end_publication(room, session, publication, turn)
        turn.send(session, TrackUnpublished(track=publication.info.sid))
        if publication.mid is not None:
            rounds.ask_client(session, turn)


def _add_codec(room: RoomState, session: Session, request: AddTrack, turn: Turn) -> None:
    """A track that is there has more names, or comes in a second codec too, by a section of its own."""
    publication = session.publications.get(TrackSid(request.existing or ""))
    if publication is None:
        _refuse(session, request, RequestFailure.NOT_FOUND, "track not found", turn)
        return
    main = publication.codec or publication.info.mime_type.partition("/")[2].lower()
    if publication.backup is None and request.codec != main:
        publication.backup = _backup(room, publication.info.kind, request.codec, request.backup_policy)
    backup = publication.backup
    is_for_backup = backup is not None and request.codec == backup.codec
    known = backup.cids if backup is not None and is_for_backup else publication.simulcast_cids
    own = (request.cid,) if is_for_backup else ()
    cids = tuple(dict.fromkeys(known + own + request.simulcast_cids))
    if len(cids) > MAX_SIMULCAST_CIDS:
        _refuse(session, request, RequestFailure.LIMIT_EXCEEDED, "too many codecs", turn)
        return
    if backup is not None and is_for_backup:
        backup.cids = cids
    else:
        publication.simulcast_cids = cids
    if request.amend is not None:
        publication.info = replace(publication.info, details=request.amend(publication.info.details))
    turn.send(session, TrackPublished(cid=request.cid, track=publication.info))


def _backup(
    room: RoomState, kind: TrackKind, codec: str, policy: BackupPolicy, cids: tuple[str, ...] = ()
) -> Backup | None:
    if kind is not TrackKind.VIDEO or f"video/{codec}" not in {mime.lower() for mime in room.options.enabled_codecs}:
        return None
    return Backup(codec=codec, policy=policy, cids=cids)


def _hold(publication: Publication, turn: Turn, *, is_held: bool) -> None:
    turn.do(SetTrackMuted(track=publication.info.sid, is_muted=is_held))
    if publication.backup is not None:
        turn.do(SetTrackMuted(track=backup_of(publication.info.sid), is_muted=is_held))


def _accept(room: RoomState, session: Session, sid: TrackSid, request: AddTrack, turn: Turn) -> None:
    info = TrackInfo(
        sid=sid,
        kind=request.kind,
        source=request.source,
        is_muted=request.is_muted,
        layers=request.layers,
        details=request.details,
    )
    session.publications[sid] = Publication(
        info=info,
        cid=request.cid,
        simulcast_cids=request.simulcast_cids,
        codec=request.codec,
        backup=_backup(room, request.kind, request.backup_codec, request.backup_policy, request.backup_cids),
        opus=request.opus,
    )
    turn.send(session, TrackPublished(cid=request.cid, track=info))


def _publish_queued(room: RoomState, session: Session, ended: Publication, turn: Turn) -> None:
    for index, (sid, request) in enumerate(session.queued):
        if request.cid in {ended.cid, ended.sdp_cid}:
            del session.queued[index]
            _accept(room, session, sid, request, turn)
            return


def _has_picture(session: Session) -> bool:
    return any(publication.info.kind is TrackKind.VIDEO for publication in session.publications.values())


def _refuse(session: Session, request: AddTrack, reason: RequestFailure, message: str, turn: Turn) -> None:
    turn.send(session, RequestAnswered(reason=reason, message=message, about="add_track", request=request.request))


def _announce(room: RoomState, session: Session, publication: Publication, turn: Turn) -> None:
    if publication.is_announced or publication.mid is None:
        return
    publication.is_announced = True
    room.tracks[publication.info.sid] = session.sid
    turn.changed(session)
    turn.room_changed()
    turn.announce(room, RoomFact.TRACK_PUBLISHED, session, publication.info)
    subscribing.track_appeared(room, session, publication, turn)
