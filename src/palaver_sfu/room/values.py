"""The values a room is made of: ids, tracks, participants, permissions.

Numbers of the enumerations are those of the LiveKit protocol, so that the wire layer converts by value.
Everything here is immutable; what changes with time lives in `palaver_sfu.session.state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import NewType

Identity = NewType("Identity", str)
ParticipantSid = NewType("ParticipantSid", str)
RoomName = NewType("RoomName", str)
RoomSid = NewType("RoomSid", str)
TrackSid = NewType("TrackSid", str)
Mid = NewType("Mid", str)


# What this server forwards, in the order in which clients should prefer it; RTX comes with the media sections.
ALL_CODECS = ("video/VP8", "video/H264", "video/VP9", "video/AV1", "audio/opus", "audio/red")

# What the reference of today speaks; a newer client is treated as this.
NEWEST_PROTOCOL = 17
# From here on clients read answers to requests that went well.
PROTOCOL_OF_GOOD_ANSWERS = 15


class TrackKind(IntEnum):
    AUDIO = 0
    VIDEO = 1


class TrackSource(IntEnum):
    UNKNOWN = 0
    CAMERA = 1
    MICROPHONE = 2
    SCREEN_SHARE = 3
    SCREEN_SHARE_AUDIO = 4


SOURCE_KINDS = {
    TrackSource.CAMERA: TrackKind.VIDEO,
    TrackSource.MICROPHONE: TrackKind.AUDIO,
    TrackSource.SCREEN_SHARE: TrackKind.VIDEO,
    TrackSource.SCREEN_SHARE_AUDIO: TrackKind.AUDIO,
}


class ParticipantState(IntEnum):
    JOINING = 0
    JOINED = 1
    ACTIVE = 2
    DISCONNECTED = 3


class ParticipantKind(IntEnum):
    STANDARD = 0
    INGRESS = 1
    EGRESS = 2
    SIP = 3
    AGENT = 4
    CONNECTOR = 7
    BRIDGE = 8


class KindDetail(IntEnum):
    """What is known of a participant beside its kind."""

    CLOUD_AGENT = 0
    FORWARDED = 1
    CONNECTOR_WHATSAPP = 2
    CONNECTOR_TWILIO = 3
    BRIDGE_RTSP = 4
    SIMULATION = 5


class VideoQuality(IntEnum):
    LOW = 0
    MEDIUM = 1
    HIGH = 2
    OFF = 3


class BackupPolicy(IntEnum):
    """What becomes of the first codec of a picture when its second one is sent: with a regression nobody gets it any
    more, and its publisher encodes once."""

    PREFER_REGRESSION = 0  # in small rooms
    SIMULCAST = 1
    REGRESSION = 2


class ConnectionQuality(IntEnum):
    """`LOST` (3) is missing on purpose: clients rejoin when they are told that, and the SFU never knows it."""

    POOR = 0
    GOOD = 1
    EXCELLENT = 2


class DisconnectReason(IntEnum):
    UNKNOWN_REASON = 0
    CLIENT_INITIATED = 1
    DUPLICATE_IDENTITY = 2
    SERVER_SHUTDOWN = 3
    PARTICIPANT_REMOVED = 4
    ROOM_DELETED = 5
    STATE_MISMATCH = 6
    JOIN_FAILURE = 7
    MIGRATION = 8
    SIGNAL_CLOSE = 9
    ROOM_CLOSED = 10
    USER_UNAVAILABLE = 11
    USER_REJECTED = 12
    CONNECTION_TIMEOUT = 14
    MEDIA_FAILURE = 15
    AGENT_ERROR = 16


@dataclass(frozen=True, slots=True)
class VideoLayer:
    quality: VideoQuality
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class OpusWish:
    """What a client asked of its own sound: to leave out silence, to keep two channels, to send each packet twice.

    Sound that is encrypted end to end is never sent twice (RED): its keys open one frame at a time.
    """

    may_use_dtx: bool
    is_stereo: bool
    may_use_red: bool = True
    is_microphone: bool = False


@dataclass(frozen=True, slots=True)
class VoiceLimit:
    """How many microphones (1 to `MOST_VOICES`) are heard at once in a room that has more than `large_room` of them."""

    most: int = 3
    large_room: int = 50


DEFAULT_VOICES = VoiceLimit()
# More at once are a noise; the media core takes no more.
MOST_VOICES = 5


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """One published track as everybody may see it.

    `details` is the wire's own encoding of what no rule here looks at (codecs, stereo, encryption, ...).
    """

    sid: TrackSid
    kind: TrackKind
    source: TrackSource
    is_muted: bool = False
    mime_type: str = ""
    mid: Mid = Mid("")
    layers: tuple[VideoLayer, ...] = ()
    details: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class DataTrackInfo:
    """A published data track; `details` as those of `TrackInfo`."""

    sid: TrackSid
    handle: int
    name: str
    details: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Permission:
    """What a participant may do. An empty `publish_sources` allows every source."""

    can_publish: bool = True
    can_subscribe: bool = True
    can_publish_data: bool = True
    publish_sources: frozenset[TrackSource] = frozenset()
    can_update_metadata: bool = False
    is_hidden: bool = False
    is_recorder: bool = False
    is_agent: bool = False
    can_subscribe_metrics: bool = False
    can_manage_agent_session: bool = False

    def may_publish(self, source: TrackSource, kind: TrackKind) -> bool:
        if not self.can_publish or not self.publish_sources:
            return self.can_publish
        # The client says what its track shows: a picture must not come in as a microphone.
        return source in self.publish_sources and SOURCE_KINDS.get(source) is kind


DEFAULT_PERMISSION = Permission()


@dataclass(frozen=True, slots=True)
class ParticipantInfo:
    """A snapshot of one participant; `version` grows with every change of the same `sid`."""

    sid: ParticipantSid
    identity: Identity
    name: str
    state: ParticipantState
    version: int
    joined_at: float
    permission: Permission
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    tracks: tuple[TrackInfo, ...] = ()
    kind: ParticipantKind = ParticipantKind.STANDARD
    kind_details: tuple[KindDetail, ...] = ()
    is_publisher: bool = False
    disconnect_reason: DisconnectReason = DisconnectReason.UNKNOWN_REASON
    client_protocol: int = 0
    capabilities: tuple[int, ...] = ()
    data_tracks: tuple[DataTrackInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class PlayoutDelay:
    """How long receivers shall hold pictures back before they show them, in milliseconds."""

    min_ms: int
    max_ms: int

    @staticmethod
    def of(min_ms: int, max_ms: int) -> PlayoutDelay | None:
        """As it can be told to receivers; None when nothing is asked for."""
        if not (min_ms or max_ms):
            return None
        most = min(max_ms or LONGEST_PLAYOUT_MS, LONGEST_PLAYOUT_MS)
        return PlayoutDelay(min_ms=min(min_ms, most), max_ms=most)


# The header extension has twelve bits for hundredths of a second.
LONGEST_PLAYOUT_MS = 40_950


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """How a room is. Times in seconds; 0 participants means no limit.

    `enabled_codecs` are MIME types, as the server allows them. In a room with `syncs_streams`, clients hear and see
    what comes from one device as one stream, and keep its sound and picture together. `voices` is how many are heard at
    once while there are many (1 to `MOST_VOICES`); 0: as the server has it.
    """

    empty_timeout_s: int = 300
    departure_timeout_s: int = 20
    max_participants: int = 0
    metadata: str = ""
    syncs_streams: bool = False
    voices: int = 0
    playout_delay: PlayoutDelay | None = None
    enabled_codecs: tuple[str, ...] = ALL_CODECS
    max_tracks: int = 32  # of one participant: a camera, a microphone and some screens


DEFAULT_OPTIONS = RoomOptions()


@dataclass(frozen=True, slots=True)
class RoomWish:
    """What the one who creates a room asks for; what is 0 or empty is as the preset has it, or the server."""

    empty_timeout_s: int = 0
    departure_timeout_s: int = 0
    max_participants: int = 0
    metadata: str = ""
    syncs_streams: bool = False
    voices: int = 0
    playout_delay: PlayoutDelay | None = None
    preset: str = ""

    def over(self, options: RoomOptions) -> RoomOptions:
        """`options` with what is asked for."""
        return replace(
            options,
            empty_timeout_s=self.empty_timeout_s or options.empty_timeout_s,
            departure_timeout_s=self.departure_timeout_s or options.departure_timeout_s,
            max_participants=self.max_participants or options.max_participants,
            metadata=self.metadata or options.metadata,
            syncs_streams=self.syncs_streams or options.syncs_streams,
            voices=self.voices or options.voices,
            playout_delay=self.playout_delay or options.playout_delay,
        )


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A snapshot of a room. `created_at` is a Unix time in seconds."""

    sid: RoomSid
    name: RoomName
    options: RoomOptions
    created_at: float
    num_participants: int
    num_publishers: int
    is_recorded: bool = False

    @property
    def metadata(self) -> str:
        return self.options.metadata


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """A subscriber's wish for one track, as its client last said it."""

    is_disabled: bool = False
    quality: VideoQuality | None = None
    width: int = 0
    height: int = 0
    max_fps: int = 0
    priority: int = 0  # 0: as its source deserves


@dataclass(frozen=True, slots=True)
class SpeakerInfo:
    sid: ParticipantSid
    level: float
    is_active: bool


@dataclass(frozen=True, slots=True)
class LinkStats:
    """One second of a participant's transport, as the media core measures it. Losses are fractions 0..1.

    `idle_s` is the time since the last sign of life: a verified connectivity check, or a packet.
    """

    rtt_ms: float | None
    loss_in: float
    loss_out: float
    bps_in: int
    bps_out: int
    idle_s: float = 0.0


class StreamCause(Enum):
    """Why a subscriber is sent what it is sent, and no more."""

    WHOLE = "whole"  # all that there is
    ASKED = "asked"
    BANDWIDTH = "bandwidth"
    CPU = "cpu"  # the media server is too busy
    MUTED = "muted"
    WAITING = "waiting"  # for the publisher, or for a key frame
    UNHEARD = "unheard"  # in a large room others speak


@dataclass(frozen=True, slots=True)
class StreamTotals:
    """What a stream came to so far, with what was sent again. `loss` is the share lost lately."""

    num_bytes: int
    num_packets: int
    num_nacks: int
    loss: float


@dataclass(frozen=True, slots=True)
class SentStream:
    """A track on its way to a subscriber; `layer` None: nothing is sent."""

    track: TrackSid
    layer: int | None
    cause: StreamCause
    totals: StreamTotals


@dataclass(frozen=True, slots=True)
class ReceivedStream:
    """A track on its way from its publisher, all layers together."""

    track: TrackSid
    totals: StreamTotals
