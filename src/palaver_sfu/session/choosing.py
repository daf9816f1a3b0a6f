"""In which of its codecs somebody receives a picture."""

from __future__ import annotations

from collections.abc import Collection

from palaver_sfu.room.values import BackupPolicy
from palaver_sfu.session.backup import Backup
from palaver_sfu.session.state import Publication, RoomState, Session

# In a room of fewer people a publisher that may send one codec or two sends one, as in the reference.
SMALL_ROOM = 5


def codec_of(session: Session, publisher: Session, publication: Publication) -> str:
    if publication.backup is not None and publication.info.sid in session.on_backup:
        return publication.backup.codec
    # What is muted from its beginning has sent no packet that says it: then it is what its answer asked for.
    codec = publication.info.mime_type.partition("/")[2].lower() or next(
        (publication.codec for s in publisher.sections if s.mid == publication.mid and publication.codec in s.codecs),
        "",
    )
    if publication.profile:
        return f"{codec};{publication.profile}"
    # The core unwraps RED for those who do not know it.
    return "opus" if codec == "red" else codec


def turn_to_backup(session: Session, publication: Publication, codecs: Collection[str]) -> bool:
    """Let a client that decodes `codecs` receive the second codec of a track. False if that is no help."""
    backup, track = publication.backup, publication.info.sid
    if backup is None or track in session.on_backup or backup.codec not in codecs:
        return False
    session.on_backup.add(track)
    return True


def follow_all(session: Session, publication: Publication, codecs: Collection[str]) -> None:
    """Whoever decodes the second codec gets it where it is the one for all."""
    if publication.backup is not None and publication.backup.is_for_all:
        turn_to_backup(session, publication, codecs)


def may_regress(room: RoomState, backup: Backup) -> bool:
    if backup.policy is BackupPolicy.PREFER_REGRESSION:
        return len(room.sessions) < SMALL_ROOM
    return backup.policy is BackupPolicy.REGRESSION
