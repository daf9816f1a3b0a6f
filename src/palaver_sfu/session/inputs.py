"""What can happen to a room: joins, requests, news from the media core, server API calls and the passing of time.

Random parts of ids arrive in the inputs (`nonce`): nothing here draws random numbers or reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from palaver_sfu.room.values import (
    DEFAULT_PERMISSION,
    NEWEST_PROTOCOL,
    DisconnectReason,
    Identity,
    KindDetail,
    LinkStats,
    Mid,
    ParticipantKind,
    ParticipantSid,
    Permission,
    ReceivedStream,
    SentStream,
    TrackSid,
)
from palaver_sfu.session.requests import AddTrack, ClientRequest, Offer, SyncState


@dataclass(frozen=True, slots=True)
class Join:
    """An admitted client whose WebSocket is open. Check `joining.admit` before."""

    sid: ParticipantSid
    identity: Identity
    nonce: str
    permission: Permission = DEFAULT_PERMISSION
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kind: ParticipantKind = ParticipantKind.STANDARD
    kind_details: tuple[KindDetail, ...] = ()
    client_protocol: int = 0
    capabilities: tuple[int, ...] = ()
    is_auto_subscribing: bool = True
    is_auto_subscribing_data: bool = False
    is_adaptive: bool = False
    may_pause: bool = True
    needs_opening: bool = False
    sends_red: bool = True
    is_dual: bool = False
    protocol: int = NEWEST_PROTOCOL
    add_tracks: tuple[AddTrack, ...] = ()
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class FromClient:
    sid: ParticipantSid
    request: ClientRequest
    nonce: str


@dataclass(frozen=True, slots=True)
class Resume:
    """A participant whose WebSocket was lost has a new one. Check `resuming.can_resume` before."""

    sid: ParticipantSid
    is_dual: bool = False
    sync: SyncState | None = None


@dataclass(frozen=True, slots=True)
class SignalLost:
    """The WebSocket ended without a leave."""

    sid: ParticipantSid


# --- the media core ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    peer: ParticipantSid
    offer_id: int
    sdp: str = field(repr=False)
    mid_to_track: Mapping[Mid, TrackSid]


@dataclass(frozen=True, slots=True)
class OfferMade:
    """An offer of ours, ready to be sent."""

    peer: ParticipantSid
    offer_id: int
    sdp: str = field(repr=False)
    mid_to_track: Mapping[Mid, TrackSid]


@dataclass(frozen=True, slots=True)
class AnswerTaken:
    """The client's answer to our offer is in force."""

    peer: ParticipantSid
    offer_id: int
    mid_to_track: Mapping[Mid, TrackSid]


@dataclass(frozen=True, slots=True)
class NegotiationFailed:
    peer: ParticipantSid
    offer_id: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PeerConnected:
    peer: ParticipantSid


@dataclass(frozen=True, slots=True)
class PeerDisconnected:
    """ICE is silent; it may come back."""

    peer: ParticipantSid


@dataclass(frozen=True, slots=True)
class PeerClosed:
    peer: ParticipantSid
    reason: str


@dataclass(frozen=True, slots=True)
class DataChannelOpened:
    peer: ParticipantSid
    label: str


@dataclass(frozen=True, slots=True)
class TrackStarted:
    """`mime_type`: with the profile behind a semicolon where there are several, as in "video/h264;high"."""

    peer: ParticipantSid
    track: TrackSid
    mime_type: str


@dataclass(frozen=True, slots=True)
class PictureStateObserved:
    """The line to `peer` has no room for `track` any more, or again."""

    peer: ParticipantSid
    track: TrackSid
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Speaker:
    peer: ParticipantSid
    track: TrackSid
    level: float
    is_active: bool


@dataclass(frozen=True, slots=True)
class SpeakersObserved:
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True, slots=True)
class StatsObserved:
    stats: tuple[tuple[ParticipantSid, LinkStats], ...]


@dataclass(frozen=True, slots=True)
class StreamsObserved:
    """What goes to and comes from a peer, and which way (`udp` or `tcp`): at once when it changed, else in turn."""

    peer: ParticipantSid
    way: str
    sent: tuple[SentStream, ...]
    received: tuple[ReceivedStream, ...]


@dataclass(frozen=True, slots=True)
class LoadObserved:
    """The media server has no time for more publishers, or has again."""

    is_full: bool


@dataclass(frozen=True, slots=True)
class DataReceived:
    """`payload` already names its true sender; empty destinations mean everybody."""

    peer: ParticipantSid
    label: str
    payload: bytes = field(repr=False)
    sequence: int = 0
    to_identities: frozenset[Identity] = frozenset()
    to_sids: frozenset[ParticipantSid] = frozenset()
    nonce: bytes = b""  # the same for what is sent again
    is_metrics: bool = False


@dataclass(frozen=True, slots=True)
class DataFrameReceived:
    """A packet of a data track, under its publisher's handle."""

    peer: ParticipantSid
    payload: bytes = field(repr=False)


# --- the server API ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    identity: Identity


@dataclass(frozen=True, slots=True)
class EndRoom:
    reason: DisconnectReason


@dataclass(frozen=True, slots=True)
class MuteTrackByServer:
    identity: Identity
    track: TrackSid
    is_muted: bool


@dataclass(frozen=True, slots=True)
class ChangeParticipant:
    """Empty texts and a missing permission mean "as it is"; an attribute with an empty value is deleted."""

    identity: Identity
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class ChangeSubscriptions:
    identity: Identity
    tracks: tuple[TrackSid, ...]
    is_subscribed: bool


@dataclass(frozen=True, slots=True)
class DataFromServer:
    payload: bytes = field(repr=False)
    is_reliable: bool
    to_identities: frozenset[Identity] = frozenset()
    to_sids: frozenset[ParticipantSid] = frozenset()
    nonce: bytes = b""


@dataclass(frozen=True, slots=True)
class ChangeRoomMetadata:
    metadata: str


@dataclass(frozen=True, slots=True)
class ChangeVoices:
    """How many shall be heard at once, as in `RoomOptions`."""

    voices: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; about once a second."""


MediaInput = (
    Answered
    | OfferMade
    | AnswerTaken
    | NegotiationFailed
    | PeerConnected
    | PeerDisconnected
    | PeerClosed
    | DataChannelOpened
    | TrackStarted
    | PictureStateObserved
    | SpeakersObserved
    | StatsObserved
    | StreamsObserved
    | DataReceived
    | DataFrameReceived
)
ApiInput = (
    RemoveParticipant
    | EndRoom
    | MuteTrackByServer
    | ChangeParticipant
    | ChangeSubscriptions
    | DataFromServer
    | ChangeRoomMetadata
    | ChangeVoices
)
Input = Join | Resume | FromClient | SignalLost | MediaInput | ApiInput | LoadObserved | Tick
