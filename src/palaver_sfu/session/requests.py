"""What a client asks, as values that are already well formed; made by `palaver_sfu.wire.signal`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from palaver_sfu.room.values import (
    BackupPolicy,
    DisconnectReason,
    Identity,
    Mid,
    OpusWish,
    ParticipantSid,
    TrackKind,
    TrackSettings,
    TrackSid,
    TrackSource,
    VideoLayer,
)
from palaver_sfu.session.messages import RequestFailure


@dataclass(frozen=True, slots=True)
class OfferSection:
    """One m-section of a client's offer, as the media core reads it.

    `codecs`: lower-case names, those of H.264 by profile: "h264" is the one that everybody has, "h264;high" another.
    """

    mid: Mid
    kind: str
    direction: str
    is_rejected: bool = False
    track_id: str | None = None
    rids: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ()

    @property
    def is_media(self) -> bool:
        return self.kind in {"audio", "video"} and not self.is_rejected

    @property
    def is_sending(self) -> bool:
        return self.is_media and self.direction in {"sendonly", "sendrecv"}

    @property
    def can_receive(self) -> bool:
        """Free for a subscription. A section that sends is left alone: one section, one direction, one track."""
        return self.is_media and self.direction == "recvonly"


@dataclass(frozen=True, slots=True)
class Offer:
    """`sections` is None when the text could not be read as SDP."""

    id: int
    sdp: str = field(repr=False)
    sections: tuple[OfferSection, ...] | None


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """To an offer of ours."""

    id: int
    sdp: str = field(repr=False)
    sections: tuple[OfferSection, ...] | None


@dataclass(frozen=True, slots=True)
class Trickle:
    candidate: str
    is_receiving: bool = False  # meant for the connection that receives, if there are two


@dataclass(frozen=True, slots=True)
class AddTrack:
    """`details` becomes `TrackInfo.details`; `request` is echoed when the answer is no."""

    cid: str
    kind: TrackKind
    source: TrackSource
    is_muted: bool = False
    layers: tuple[VideoLayer, ...] = ()
    simulcast_cids: tuple[str, ...] = ()
    codec: str = ""  # lower case; empty leaves the choice to the offer's order
    backup_codec: str = ""  # what else it can send, for those who cannot decode `codec`
    backup_cids: tuple[str, ...] = ()
    backup_policy: BackupPolicy = BackupPolicy.SIMULCAST
    opus: OpusWish | None = None
    existing: TrackSid | None = None
    amend: Callable[[bytes], bytes] | None = field(default=None, repr=False)  # what it adds to an existing one
    details: bytes = field(default=b"", repr=False)
    request: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SetMuted:
    track: TrackSid
    is_muted: bool
    request: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class UpdateSubscription:
    tracks: tuple[TrackSid, ...]
    is_subscribed: bool


@dataclass(frozen=True, slots=True)
class UpdateTrackSettings:
    tracks: tuple[TrackSid, ...]
    settings: TrackSettings


@dataclass(frozen=True, slots=True)
class TrackPermission:
    sid: ParticipantSid
    identity: Identity
    all_tracks: bool
    tracks: frozenset[TrackSid]


@dataclass(frozen=True, slots=True)
class SetSubscriptionPermission:
    all_participants: bool
    permissions: tuple[TrackPermission, ...]


@dataclass(frozen=True, slots=True)
class UpdateMetadata:
    request_id: int
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    request: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class DescribeTrack:
    """New features or size of an own track; `amend` makes the new `TrackInfo.details` of the old."""

    track: TrackSid
    amend: Callable[[bytes], bytes] = field(repr=False)
    about: str
    request: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class PublishDataTrack:
    handle: int
    name: str
    is_well_encoded: bool = True
    details: bytes = field(default=b"", repr=False)
    request: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class UnpublishDataTrack:
    handle: int
    request: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class UpdateDataSubscription:
    updates: tuple[tuple[TrackSid, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class SyncState:
    """What a client that came back believes to be so; `subscription` lists what differs from its default."""

    published: tuple[TrackSid, ...]
    subscription: UpdateSubscription | None = None
    disabled: tuple[TrackSid, ...] = ()
    published_data: tuple[TrackSid, ...] = ()
    data_subscription: UpdateDataSubscription = UpdateDataSubscription()


@dataclass(frozen=True, slots=True)
class LeaveRequested:
    reason: DisconnectReason = DisconnectReason.CLIENT_INITIATED


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class PingTimed:
    at_ms: int


class Scenario(Enum):
    """Rehearsals of trouble that clients' own tests ask for."""

    SPEAKER_UPDATE = "speaker_update"
    NODE_FAILURE = "node_failure"
    SERVER_LEAVE = "server_leave"
    LOSE_RESUMED_SIGNAL = "lose_resumed_signal"
    LOSE_RESUMED_SIGNAL_UNHEARD = "lose_resumed_signal_unheard"
    FULL_RECONNECT = "full_reconnect"
    MIGRATION = "migration"
    SWITCH_WAY = "switch_way"
    LIMIT_LINE = "limit_line"
    UNSUPPORTED = "unsupported"


class MediaWay(IntEnum):
    """By which protocol a client reaches the server or its relay."""

    UDP = 0
    TCP = 1
    TLS = 2


@dataclass(frozen=True, slots=True)
class Simulate:
    scenario: Scenario
    duration_s: int = 0
    way: MediaWay = MediaWay.UDP
    bps: int = 0  # 0: no limit


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A request that this server knows and does not serve; it is refused, not ignored, when it can be answered."""

    about: str
    request_id: int = 0
    request: bytes = field(default=b"", repr=False)
    reason: RequestFailure = RequestFailure.NOT_ALLOWED


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do: a message of the future, or one that only matters in modes this server does not offer."""

    name: str


ClientRequest = (
    Offer
    | ClientAnswer
    | Trickle
    | AddTrack
    | SetMuted
    | UpdateSubscription
    | UpdateTrackSettings
    | SetSubscriptionPermission
    | UpdateMetadata
    | DescribeTrack
    | PublishDataTrack
    | UnpublishDataTrack
    | UpdateDataSubscription
    | SyncState
    | LeaveRequested
    | Ping
    | PingTimed
    | Simulate
    | Unsupported
    | Ignored
)
