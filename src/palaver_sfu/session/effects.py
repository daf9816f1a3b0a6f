"""What a transition wants done outside, in order; `palaver_sfu.switchboard` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from palaver_sfu.room.values import (
    Mid,
    OpusWish,
    ParticipantInfo,
    ParticipantSid,
    PlayoutDelay,
    RoomInfo,
    RoomSid,
    TrackInfo,
    TrackSid,
)
from palaver_sfu.session.messages import ServerMessage


class RoomFact(Enum):
    """Names of the webhook events."""

    ROOM_STARTED = "room_started"
    ROOM_FINISHED = "room_finished"
    PARTICIPANT_JOINED = "participant_joined"
    PARTICIPANT_LEFT = "participant_left"
    PARTICIPANT_CONNECTION_ABORTED = "participant_connection_aborted"
    TRACK_PUBLISHED = "track_published"
    TRACK_UNPUBLISHED = "track_unpublished"


@dataclass(frozen=True, slots=True)
class Send:
    """One message to several clients: encoded once."""

    to: tuple[ParticipantSid, ...]
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class CloseSignal:
    """End the client's WebSocket once what was sent before is out."""

    sid: ParticipantSid


@dataclass(frozen=True, slots=True)
class OpenPeer:
    """`voices` and `playout_delay`: of the room, as in `RoomOptions`; `may_pause`: as the client said in its join.

    `needs_opening`: to it a track is there when its first packet is.
    """

    room: RoomSid
    peer: ParticipantSid
    voices: int = 0
    may_pause: bool = True
    needs_opening: bool = False
    playout_delay: PlayoutDelay | None = None


@dataclass(frozen=True, slots=True)
class SetVoices:
    """So many are heard at once in the room from now on."""

    voices: int


@dataclass(frozen=True, slots=True)
class ClosePeer:
    peer: ParticipantSid


@dataclass(frozen=True, slots=True)
class Negotiate:
    """`publish`: section → (track, rids from the smallest layer up); `subscribe`: section → (track, publisher);
    `codecs`: section → the codec that it shall send; `opus`: section → how it shall send sound."""

    peer: ParticipantSid
    offer_id: int
    offer: str = field(repr=False)
    publish: Mapping[Mid, tuple[TrackSid, tuple[str, ...]]]
    subscribe: Mapping[Mid, tuple[TrackSid, ParticipantSid]]
    codecs: Mapping[Mid, str] = field(default_factory=dict)
    opus: Mapping[Mid, OpusWish] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MakeOffer:
    """`tracks`: (track, publisher, is it sound), oldest first: what the peer shall receive, and nothing else."""

    peer: ParticipantSid
    offer_id: int
    tracks: tuple[tuple[TrackSid, ParticipantSid, bool], ...]
    restarts_ice: bool


@dataclass(frozen=True, slots=True)
class TakeAnswer:
    peer: ParticipantSid
    offer_id: int
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetSubscription:
    peer: ParticipantSid
    track: TrackSid
    is_enabled: bool
    max_spatial_layer: int
    max_fps: int
    priority: int = 1


@dataclass(frozen=True, slots=True)
class DropSubscription:
    peer: ParticipantSid
    track: TrackSid


@dataclass(frozen=True, slots=True)
class LimitLine:
    """Send `peer` no more than this, as if its line carried no more; 0 lifts the limit."""

    peer: ParticipantSid
    bps: int


@dataclass(frozen=True, slots=True)
class SetTrackMuted:
    """Let nothing of this track in, whatever its publisher sends."""

    track: TrackSid
    is_muted: bool


@dataclass(frozen=True, slots=True)
class AddCandidate:
    peer: ParticipantSid
    candidate: str


@dataclass(frozen=True, slots=True)
class SendData:
    peers: tuple[ParticipantSid, ...]
    label: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Announce:
    """A fact for the webhooks, with the state at that moment."""

    fact: RoomFact
    room: RoomInfo
    participant: ParticipantInfo | None = None
    track: TrackInfo | None = None


@dataclass(frozen=True, slots=True)
class RoomEnded:
    """The machine is done; nothing may be fed to it any more."""

    room: RoomSid


MediaEffect = (
    OpenPeer
    | ClosePeer
    | Negotiate
    | MakeOffer
    | TakeAnswer
    | SetSubscription
    | DropSubscription
    | LimitLine
    | SetTrackMuted
    | AddCandidate
    | SendData
)
"""For the media core."""

Effect = Send | CloseSignal | Announce | RoomEnded | SetVoices | MediaEffect
