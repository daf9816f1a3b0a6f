"""What is watched of each track: its publisher is told, and need not encode what nobody looks at.

More is told at once, less only after a while, for what scrolls out of sight is often back soon. Clients that do not
adapt go on sending everything; the media core forwards only what is asked for in any case.
"""

from __future__ import annotations

from collections.abc import Iterable

from palaver_sfu.room.layers import quality_of
from palaver_sfu.room.values import TrackInfo, TrackKind, TrackSid, VideoQuality
from palaver_sfu.session.backup import Backup, backup_of
from palaver_sfu.session.messages import WatchedQuality
from palaver_sfu.session.state import Publication, RoomState, Session, Turn


def look_up(room: RoomState, track: TrackSid, turn: Turn) -> None:
    """A subscriber asked for something else of `track`: if that is more than is sent, its publisher begins at once."""
    found = room.publication(track)
    if found is None or found[1].info.kind is not TrackKind.VIDEO:
        return
    publisher, publication = found
    is_more = False
    for name, encoding in _encodings(publication).items():
        watched = _best(_watched(session, publication.info, name) for session in room.sessions.values())
        if _rank(watched) >= _rank(encoding.told_quality):
            encoding.unwatched_since = None
        if _rank(watched) > _rank(encoding.told_quality):
            encoding.told_quality, is_more = watched, True
    if is_more:
        _tell(publisher, publication, turn)


def look_down(room: RoomState, turn: Turn) -> None:
    """Time has passed: what nobody has watched for long enough need not be sent any more."""
    watched: dict[TrackSid, VideoQuality] = {}
    for session in room.sessions.values():
        for track in session.applied:
            found = room.publication(track)
            if found is not None:
                name = session.name_of(track)
                one = _watched(session, found[1].info, name)
                watched[name] = _best((one, watched.get(name, VideoQuality.OFF)))
    for track in room.tracks:
        found = room.publication(track)
        if found is None or found[1].info.kind is not TrackKind.VIDEO:
            continue
        publisher, publication = found
        is_less = False
        for name, encoding in _encodings(publication).items():
            best = watched.get(name, VideoQuality.OFF)
            if _rank(best) >= _rank(encoding.told_quality):
                encoding.unwatched_since = None
            elif encoding.unwatched_since is None:
                encoding.unwatched_since = turn.now
            elif turn.now - encoding.unwatched_since >= room.timing.unwatched_s and publisher.is_attached:
                encoding.told_quality, encoding.unwatched_since, is_less = best, None, True
        if is_less:
            _tell(publisher, publication, turn)


def resumed(session: Session, turn: Turn) -> None:
    """What is watched of everything that *session* sends, for one who missed the changes."""
    for publication in session.publications.values():
        if publication.info.kind is TrackKind.VIDEO and publication.is_announced:
            _tell(session, publication, turn)


def _encodings(publication: Publication) -> dict[TrackSid, Publication | Backup]:
    """The codecs that a picture comes in, by what the core calls them."""
    track = publication.info.sid
    if publication.backup is None:
        return {track: publication}
    return {track: publication, backup_of(track): publication.backup}


def _watched(session: Session, track: TrackInfo, name: TrackSid) -> VideoQuality:
    applied = session.applied.get(track.sid)
    if applied is None or not applied.is_enabled or applied.track != name:
        return VideoQuality.OFF
    return quality_of(track, applied.max_spatial_layer)


def _tell(publisher: Session, publication: Publication, turn: Turn) -> None:
    codec = publication.info.mime_type.partition("/")[2].lower() or publication.codec
    backup = publication.backup
    message = WatchedQuality(
        track=publication.info.sid,
        codec=codec,
        highest=publication.told_quality,
        backup=None if backup is None else (backup.codec, backup.told_quality),
    )
    turn.send(publisher, message)


def _best(qualities: Iterable[VideoQuality]) -> VideoQuality:
    return max(qualities, key=_rank, default=VideoQuality.OFF)


def _rank(quality: VideoQuality) -> int:
    return -1 if quality is VideoQuality.OFF else int(quality)
