"""Tracks on their way in: AddTrack, the section that carries them, the first packet, mute, the end."""

from __future__ import annotations

from dataclasses import replace

from palaver_sfu.room.values import Mid, OpusWish, TrackInfo, TrackKind, TrackSid, TrackSource
from palaver_sfu.session import rounds, subscribing
from palaver_sfu.session.effects import RoomFact, SetTrackMuted
from palaver_sfu.session.messages import RequestAnswered, RequestFailure, TrackPublished, TrackUnpublished
from palaver_sfu.session.requests import AddTrack, DescribeTrack, OfferSection, SetMuted
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
# Encodings from small to large, by the names that LiveKit clients give them.
_RID_LADDERS = (("q", "h", "f"), ("2", "1", "0"))


def add_track(room: RoomState, session: Session, request: AddTrack, nonce: str, turn: Turn) -> None:
    if request.existing is not None:
        _add_codec(session, request, turn)
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
    _accept(session, sid, request, turn)
    if any(s.is_sending and s.track_id == request.cid for s in session.sections):
        # Its section came before it, unclaimed: only a new offer can bring it in.
        rounds.ask_client(session, turn)


def claim_sections(room: RoomState, session: Session, sections: tuple[OfferSection, ...], turn: Turn) -> None:
    """Connect publications with the sections that carry them; those whose section stopped sending end."""
    sending = {section.mid: section for section in sections if section.is_sending}
    for publication in [p for p in session.publications.values() if p.mid is not None]:
        section = sending.get(publication.mid) if publication.mid is not None else None
        if section is None or _is_taken_over(session, publication, section):
            end_publication(room, session, publication, turn)
    claimed = {p.mid for p in session.publications.values()}
    unclaimed = [section for section in sending.values() if section.mid not in claimed]
    # Exact names first; only what is left is matched by kind (Firefox, Safari and re-used sections change ids).
    for section in list(unclaimed):
        named = _waiting_for(session, section)
        if named is not None:
            _claim(named, section)
            unclaimed.remove(section)
    for section in unclaimed:
        waiting = _waiting(session, section)
        if waiting:
            _claim(waiting[0], section)
    for publication in session.publications.values():
        if publication.mid is not None and publication.mid in sending:
            publication.rids = _small_to_large(sending[publication.mid].rids)


def published_sections(session: Session) -> dict[Mid, tuple[TrackSid, tuple[str, ...]]]:
    return {p.mid: (p.info.sid, p.rids) for p in session.publications.values() if p.mid is not None}


def chosen_codecs(session: Session) -> dict[Mid, str]:
    """Which codec each section shall use, where the client said so and offers it: clients send the answer's first."""
    offered = {section.mid: section.codecs for section in session.sections}
    return {
        p.mid: p.codec
        for p in session.publications.values()
        if p.mid is not None and p.codec and p.codec in offered.get(p.mid, ())
    }


def opus_wishes(session: Session) -> dict[Mid, OpusWish]:
    """How each section with sound shall be encoded."""
    return {
        p.mid: replace(p.opus, may_use_red=p.opus.may_use_red and session.sends_red)
        for p in session.publications.values()
        if p.mid is not None and p.opus is not None
    }


def sections_answered(room: RoomState, session: Session, turn: Turn) -> None:
    """A muted track sends nothing, so it is shown as soon as it is negotiated."""
    for publication in list(session.publications.values()):
        if publication.mid is not None and publication.info.is_muted:
            _announce(room, session, publication, turn)


def track_started(room: RoomState, session: Session, track: TrackSid, mime_type: str, turn: Turn) -> None:
    publication = session.publications.get(track)
    if publication is None:
        return
    publication.is_started = True
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
        turn.do(SetTrackMuted(track=publication.info.sid, is_muted=is_held))
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
    _publish_queued(session, publication, turn)


def revoke_publications(room: RoomState, session: Session, turn: Turn) -> None:
    """End what the permission no longer allows; the core lets nothing of it in from now on."""
    session.queued = [q for q in session.queued if session.permission.may_publish(q[1].source, q[1].kind)]
    for publication in list(session.publications.values()):
        if session.permission.may_publish(publication.info.source, publication.info.kind):
            continue
        turn.do(SetTrackMuted(track=publication.info.sid, is_muted=True))
        end_publication(room, session, publication, turn)
        turn.send(session, TrackUnpublished(track=publication.info.sid))
        if publication.mid is not None:
            rounds.ask_client(session, turn)


def _add_codec(session: Session, request: AddTrack, turn: Turn) -> None:
    # A second codec for a track that is there; it is carried only if the track's own section offers it.
    publication = session.publications.get(TrackSid(request.existing or ""))
    if publication is None:
        _refuse(session, request, RequestFailure.NOT_FOUND, "track not found", turn)
        return
    cids = tuple(dict.fromkeys(publication.simulcast_cids + request.simulcast_cids))
    if len(cids) > MAX_SIMULCAST_CIDS:
        _refuse(session, request, RequestFailure.LIMIT_EXCEEDED, "too many codecs", turn)
        return
    publication.simulcast_cids = cids
    turn.send(session, TrackPublished(cid=request.cid, track=publication.info))


def _accept(session: Session, sid: TrackSid, request: AddTrack, turn: Turn) -> None:
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
        opus=request.opus,
    )
    turn.send(session, TrackPublished(cid=request.cid, track=info))


def _publish_queued(session: Session, ended: Publication, turn: Turn) -> None:
    for index, (sid, request) in enumerate(session.queued):
        if request.cid in {ended.cid, ended.sdp_cid}:
            del session.queued[index]
            _accept(session, sid, request, turn)
            return


def _has_picture(session: Session) -> bool:
    return any(publication.info.kind is TrackKind.VIDEO for publication in session.publications.values())


def _refuse(session: Session, request: AddTrack, reason: RequestFailure, message: str, turn: Turn) -> None:
    turn.send(session, RequestAnswered(reason=reason, message=message, about="add_track", request=request.request))


def _is_taken_over(session: Session, publication: Publication, section: OfferSection) -> bool:
    """The section now names another track that was announced for it: it was re-used between two offers."""
    if section.track_id in {publication.sdp_cid, publication.cid, None}:
        return False
    return any(p.mid is None and section.track_id == p.cid for p in session.publications.values())


def _waiting(session: Session, section: OfferSection) -> list[Publication]:
    kind = TrackKind.AUDIO if section.kind == "audio" else TrackKind.VIDEO
    return [p for p in session.publications.values() if p.mid is None and p.info.kind is kind]


def _waiting_for(session: Session, section: OfferSection) -> Publication | None:
    waiting = _waiting(session, section)
    for publication in waiting:
        if section.track_id == publication.cid:
            return publication
    return next((p for p in waiting if section.track_id in p.simulcast_cids), None)


def _claim(publication: Publication, section: OfferSection) -> None:
    publication.mid = section.mid
    publication.sdp_cid = section.track_id or ""
    publication.info = replace(publication.info, mid=section.mid)


def _announce(room: RoomState, session: Session, publication: Publication, turn: Turn) -> None:
    if publication.is_announced or publication.mid is None:
        return
    publication.is_announced = True
    room.tracks[publication.info.sid] = session.sid
    turn.changed(session)
    turn.room_changed()
    turn.announce(room, RoomFact.TRACK_PUBLISHED, session, publication.info)
    subscribing.track_appeared(room, session, publication, turn)


def _small_to_large(rids: tuple[str, ...]) -> tuple[str, ...]:
    for ladder in _RID_LADDERS:
        if set(rids) <= set(ladder):
            return tuple(rid for rid in ladder if rid in rids)
    return rids
