"""Which section of a client's offer carries which of its tracks, in which codec."""

from __future__ import annotations

from dataclasses import replace

from palaver_sfu.room.values import Mid, OpusWish, TrackKind, TrackSid
from palaver_sfu.session import publishing
from palaver_sfu.session.backup import Backup, backup_of
from palaver_sfu.session.requests import OfferSection
from palaver_sfu.session.state import Publication, RoomState, Session, Turn

# Encodings from small to large, by the names that LiveKit clients give them.
_RID_LADDERS = (("q", "h", "f"), ("2", "1", "0"))


def claim_sections(room: RoomState, session: Session, sections: tuple[OfferSection, ...], turn: Turn) -> None:
    """Connect publications with the sections that carry them; those whose section stopped sending end."""
    sending = {section.mid: section for section in sections if section.is_sending}
    for publication in [p for p in session.publications.values() if p.mid is not None]:
        section = sending.get(publication.mid) if publication.mid is not None else None
        if section is None or _is_taken_over(session, publication, section):
            publishing.end_publication(room, session, publication, turn)
    backups = [p.backup for p in session.publications.values() if p.backup is not None]
    for backup in backups:
        backup.mid = backup.mid if backup.mid in sending else None
    claimed = {p.mid for p in session.publications.values()} | {backup.mid for backup in backups}
    unclaimed = [section for section in sending.values() if section.mid not in claimed]
    # Exact names first; only what is left is matched by kind (Firefox, Safari and re-used sections change ids).
    for section in list(unclaimed):
        named = _waiting_for(session, section)
        named_backup = next((b for b in backups if b.mid is None and section.track_id in b.cids), None)
        if named is not None:
            _claim(named, section)
        elif named_backup is not None:
            named_backup.mid = section.mid
        else:
            continue
        unclaimed.remove(section)
    for section in unclaimed:
        waiting = _waiting(session, section)
        announced = [b for b in backups if b.mid is None and b.cids] if section.kind == "video" else []
        if waiting:
            _claim(waiting[0], section)
        elif announced:
            announced[0].mid = section.mid
    for carried in _senders(session):
        if carried.mid is not None and carried.mid in sending:
            carried.rids = _small_to_large(sending[carried.mid].rids)


def published_sections(session: Session) -> dict[Mid, tuple[TrackSid, tuple[str, ...]]]:
    found = {p.mid: (p.info.sid, p.rids) for p in session.publications.values() if p.mid is not None}
    for publication in session.publications.values():
        backup = publication.backup
        if backup is not None and backup.mid is not None:
            found[backup.mid] = backup_of(publication.info.sid), backup.rids
    return found


def chosen_codecs(session: Session) -> dict[Mid, str]:
    """Which codec each section shall use, where the client said so and offers it: clients send the answer's first."""
    offered = {section.mid: {codec.partition(";")[0] for codec in section.codecs} for section in session.sections}
    return {
        sender.mid: sender.codec
        for sender in _senders(session)
        if sender.mid is not None and sender.codec and sender.codec in offered.get(sender.mid, ())
    }


def _senders(session: Session) -> list[Publication | Backup]:
    publications = session.publications.values()
    return [*publications, *(p.backup for p in publications if p.backup is not None)]


def opus_wishes(session: Session) -> dict[Mid, OpusWish]:
    """How each section with sound shall be encoded."""
    return {
        p.mid: replace(p.opus, may_use_red=p.opus.may_use_red and session.sends_red)
        for p in session.publications.values()
        if p.mid is not None and p.opus is not None
    }


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


def _small_to_large(rids: tuple[str, ...]) -> tuple[str, ...]:
    for ladder in _RID_LADDERS:
        if set(rids) <= set(ladder):
            return tuple(rid for rid in ladder if rid in rids)
    return rids
