"""What the server says to one client, as values; `palaver_sfu.wire.signal` turns them into protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from palaver_sfu.room.values import (
    ConnectionQuality,
    DataTrackInfo,
    DisconnectReason,
    Identity,
    KindDetail,
    Mid,
    ParticipantInfo,
    ParticipantKind,
    ParticipantSid,
    Permission,
    RoomInfo,
    RoomName,
    SpeakerInfo,
    TrackInfo,
    TrackSid,
    VideoQuality,
)


class LeaveAction(IntEnum):
    DISCONNECT = 0
    RESUME = 1
    RECONNECT = 2


class RequestFailure(IntEnum):
    """Reasons of a `RequestResponse`."""

    OK = 0
    NOT_FOUND = 1
    NOT_ALLOWED = 2
    LIMIT_EXCEEDED = 3
    QUEUED = 4
    UNSUPPORTED_TYPE = 5
    UNCLASSIFIED_ERROR = 6
    INVALID_HANDLE = 7
    INVALID_NAME = 8
    DUPLICATE_HANDLE = 9
    DUPLICATE_NAME = 10
    INVALID_REQUEST = 11


@dataclass(frozen=True, slots=True)
class Joined:
    room: RoomInfo
    participant: ParticipantInfo
    others: tuple[ParticipantInfo, ...]
    is_subscriber_primary: bool = False
    is_by_tls: bool = False  # it shall try nothing else, if there is a relay for it


@dataclass(frozen=True, slots=True)
class Resumed:
    """The first message to a client that came back; it sends again what followed `last_message`."""

    last_message: int
    is_by_tls: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    offer_id: int
    sdp: str
    mid_to_track: Mapping[Mid, TrackSid]


@dataclass(frozen=True, slots=True)
class ServerOffer:
    offer_id: int
    sdp: str
    mid_to_track: Mapping[Mid, TrackSid]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where media may go: a line of the description that was sent before, whose first section is `mid`."""

    line: str
    mid: Mid
    is_receiving: bool


@dataclass(frozen=True, slots=True)
class TrackPublished:
    cid: str
    track: TrackInfo


@dataclass(frozen=True, slots=True)
class TrackUnpublished:
    track: TrackSid


@dataclass(frozen=True, slots=True)
class TrackSubscribed:
    """To a publisher: the first subscriber of `track` is there."""

    track: TrackSid


@dataclass(frozen=True, slots=True)
class DataTrackPublished:
    track: DataTrackInfo


@dataclass(frozen=True, slots=True)
class DataTrackUnpublished:
    track: DataTrackInfo


@dataclass(frozen=True, slots=True)
class DataTrackHandles:
    """To a subscriber: all data tracks that it receives now, by the handle in their packets."""

    handles: Mapping[int, tuple[Identity, ParticipantSid, TrackSid]]


@dataclass(frozen=True, slots=True)
class WatchedQuality:
    """To a publisher: the best quality of `track` that anybody watches, `OFF` when nobody does.

    `backup`: the same of its second codec, if it said that it has one.
    """

    track: TrackSid
    codec: str
    highest: VideoQuality
    backup: tuple[str, VideoQuality] | None = None


@dataclass(frozen=True, slots=True)
class PictureStateChanged:
    """To a subscriber: its line has no room for a picture, or has room again."""

    publisher: ParticipantSid
    track: TrackSid
    is_paused: bool


@dataclass(frozen=True, slots=True)
class ParticipantsChanged:
    participants: tuple[ParticipantInfo, ...]


@dataclass(frozen=True, slots=True)
class RoomChanged:
    room: RoomInfo


@dataclass(frozen=True, slots=True)
class SpeakersChanged:
    speakers: tuple[SpeakerInfo, ...]


@dataclass(frozen=True, slots=True)
class QualityChanged:
    qualities: tuple[tuple[ParticipantSid, ConnectionQuality], ...]


@dataclass(frozen=True, slots=True)
class MuteTrack:
    track: TrackSid
    is_muted: bool


@dataclass(frozen=True, slots=True)
class MediaSections:
    """Please offer again, with so many recvonly sections more (0/0: just offer again)."""

    audios: int
    videos: int


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token with which this participant may come back; minted where the keys are."""

    identity: Identity
    room: RoomName
    name: str
    metadata: str
    attributes: Mapping[str, str]
    permission: Permission
    kind: ParticipantKind
    kind_details: tuple[KindDetail, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """`about` names the request's field in the message; `request` is the wire's copy of it."""

    reason: RequestFailure
    message: str = ""
    request_id: int = 0
    about: str = ""
    request: bytes = b""


@dataclass(frozen=True, slots=True)
class SubscriptionFailed:
    track: TrackSid
    is_unknown_track: bool


@dataclass(frozen=True, slots=True)
class SubscriptionPermissionChanged:
    publisher: ParticipantSid
    track: TrackSid
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class Leave:
    reason: DisconnectReason
    action: LeaveAction


@dataclass(frozen=True, slots=True)
class Pong:
    """The old ping's answer: only the server's time."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class PongTimed:
    pinged_at_ms: int
    at_ms: int


ServerMessage = (
    Joined
    | Resumed
    | Answer
    | ServerOffer
    | Candidate
    | TrackPublished
    | TrackUnpublished
    | TrackSubscribed
    | DataTrackPublished
    | DataTrackUnpublished
    | DataTrackHandles
    | WatchedQuality
    | PictureStateChanged
    | ParticipantsChanged
    | RoomChanged
    | SpeakersChanged
    | QualityChanged
    | MuteTrack
    | MediaSections
    | RefreshToken
    | RequestAnswered
    | SubscriptionFailed
    | SubscriptionPermissionChanged
    | Leave
    | Pong
    | PongTimed
)
