"""The second codec of a picture, for those who cannot decode the first.

The media core knows it as a track of its own, under a name that clients never see: to them it is the same track, in
another codec. Nothing of it is sent until somebody needs it; then its publisher is told, and offers a section for it.
When it comes, everybody who can decode it is moved to it, unless its publisher wants to send both (`BackupPolicy`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from palaver_sfu.room.values import BackupPolicy, Mid, TrackSid, VideoQuality
from palaver_sfu.session.inputs import (
    Answered,
    AnswerTaken,
    MediaInput,
    OfferMade,
    PictureStateObserved,
    StreamsObserved,
)

_SUFFIX = "/backup"
_IN_TEXT = re.compile(rf"(TR_[\w-]+){_SUFFIX}\b")


@dataclass(slots=True)
class Backup:
    """`cids`: names by which the section that carries it may be known; empty until its publisher has announced it.

    `is_for_all`: nobody who decodes it gets the first codec any more.
    """

    codec: str
    policy: BackupPolicy = BackupPolicy.SIMULCAST
    is_for_all: bool = False
    cids: tuple[str, ...] = ()
    mid: Mid | None = None
    rids: tuple[str, ...] = ()
    told_quality: VideoQuality = VideoQuality.OFF
    unwatched_since: float | None = None


def backup_of(track: TrackSid) -> TrackSid:
    """What the core calls the backup of `track`."""
    return TrackSid(track + _SUFFIX)


def is_backup(name: TrackSid) -> bool:
    return name.endswith(_SUFFIX)


def track_of(name: TrackSid) -> TrackSid:
    """The track that the core's `name` stands for."""
    return TrackSid(name.removesuffix(_SUFFIX))


def as_clients_know_it(event: MediaInput) -> MediaInput:
    """What goes to somebody, with the track's own name for a backup."""
    match event:
        case Answered() | OfferMade():
            return replace(event, sdp=_IN_TEXT.sub(r"\1", event.sdp), mid_to_track=_tracks(event.mid_to_track))
        case AnswerTaken():
            return replace(event, mid_to_track=_tracks(event.mid_to_track))
        case PictureStateObserved():
            return replace(event, track=track_of(event.track))
        case StreamsObserved():
            return replace(event, sent=tuple(replace(stream, track=track_of(stream.track)) for stream in event.sent))
        case _:
            return event


def _tracks(mids: Mapping[Mid, TrackSid]) -> dict[Mid, TrackSid]:
    return {mid: track_of(name) for mid, name in mids.items()}
