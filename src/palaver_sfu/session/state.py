"""The state of one room while it runs, and `Turn`: one transition of it.

A `RoomState` belongs to the machine. `machine.step` changes it in place and returns what must happen outside:
the call is the transition, and nothing else may write here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from palaver_sfu.room.values import (
    DEFAULT_OPTIONS,
    NEWEST_PROTOCOL,
    ConnectionQuality,
    DataTrackInfo,
    DisconnectReason,
    Identity,
    KindDetail,
    LinkStats,
    Mid,
    OpusWish,
    ParticipantInfo,
    ParticipantKind,
    ParticipantSid,
    ParticipantState,
    Permission,
    ReceivedStream,
    RoomInfo,
    RoomName,
    RoomOptions,
    RoomSid,
    SentStream,
    TrackInfo,
    TrackSettings,
    TrackSid,
    TrackSource,
    VideoQuality,
)
from palaver_sfu.session.backup import Backup, backup_of, track_of
from palaver_sfu.session.effects import Announce, Effect, RoomFact, Send, SetSubscription
from palaver_sfu.session.inputs import Speaker
from palaver_sfu.session.messages import (
    DataTrackHandles,
    DataTrackPublished,
    DataTrackUnpublished,
    MuteTrack,
    ParticipantsChanged,
    RoomChanged,
    ServerMessage,
    SubscriptionPermissionChanged,
    TrackPublished,
    TrackSubscribed,
    TrackUnpublished,
)
from palaver_sfu.session.requests import AddTrack, MediaWay, Offer, OfferSection, TrackPermission

NO_SETTINGS = TrackSettings()
RECEIVING = "/receiving"

# What no later snapshot repeats: it is said again to a client whose line was cut meanwhile.
REPEATED = (
    DataTrackHandles,
    DataTrackPublished,
    DataTrackUnpublished,
    MuteTrack,
    SubscriptionPermissionChanged,
    TrackPublished,
    TrackSubscribed,
    TrackUnpublished,
)
MAX_REPEATED = 128
MAX_DEPARTURES = 256


@dataclass(frozen=True, slots=True)
class Timing:
    """Every waiting time of a room, in seconds; the reasons stand in the protocol notes beside each."""

    join_s: float = 60.0  # from Join until media is connected; the reference drops after a minute
    signal_grace_s: float = 20.0  # a client that lost its WebSocket resumes within this, or is gone
    live_media_grace_s: float = 120.0  # the same while its media lives; clients try for about a minute
    silent_media_grace_s: float = 5.0  # the same when its media went silent too: most likely a closed tab
    closed_media_grace_s: float = 3.0  # media closed by the client: it leaves, or is about to join anew
    rejoin_grace_s: float = 10.0  # after "please rejoin": others see the old one until then
    client_silence_s: float = 30.0  # clients ping every 5 s; two times their own patience of 15 s
    machine_silence_s: float = 15.0  # the same when no connectivity check came either: the line or the machine is gone
    check_silence_s: float = 10.0  # browsers check every 2.5 to 6 s; two lost ones are no death, four are
    token_refresh_s: float = 300.0
    reoffer_s: float = 10.0  # a client that was asked to offer answers within milliseconds; ask again after
    negotiation_s: float = 15.0
    quality_s: float = 5.0
    track_wait_s: float = 60.0  # a server may subscribe somebody to a track whose media is still on its way
    silent_track_s: float = 1.0  # a first packet tells the codec, but some send none until somebody listens
    unwatched_s: float = 5.0  # a tile that scrolls out of sight is often back at once


DEFAULT_TIMING = Timing()


@dataclass(slots=True)
class Publication:
    """A track from AddTrack on: without `mid` it waits for a section, unannounced it waits for media, not for long."""

    info: TrackInfo
    cid: str
    simulcast_cids: tuple[str, ...] = ()
    codec: str = ""
    profile: str = ""  # of its codec, where not all who decode that decode it ("high")
    opus: OpusWish | None = None
    backup: Backup | None = None
    mid: Mid | None = None
    sdp_cid: str = ""
    rids: tuple[str, ...] = ()
    negotiated_at: float | None = None
    is_started: bool = False
    is_announced: bool = False
    is_held: bool = False  # muted by the server: the core lets nothing in
    was_subscribed: bool = False
    told_quality: VideoQuality = VideoQuality.HIGH  # of what it should send; at first it sends everything
    unwatched_since: float | None = None  # somebody watched as much until then


@dataclass(slots=True)
class Session:
    """One participant: what it is, publishes and receives, and where its negotiation stands."""

    sid: ParticipantSid
    identity: Identity
    permission: Permission
    joined_at: float
    heard_at: float
    token_refreshed_at: float
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kind: ParticipantKind = ParticipantKind.STANDARD
    kind_details: tuple[KindDetail, ...] = ()
    client_protocol: int = 0
    capabilities: tuple[int, ...] = ()
    state: ParticipantState = ParticipantState.JOINED
    version: int = 0

    # The signalling connection; `gone_at` is when a participant without one is given up.
    is_attached: bool = True
    gone_at: float | None = None
    silent_peers: set[str] = field(default_factory=set)
    media_closed_at: float | None = None
    media_heard_at: float | None = None  # when something arrived last; checks of connectivity do not count
    checked_at: float | None = None  # when they do
    detached_at: float | None = None
    is_rejoining: bool = False  # it was told to come in anew: this one cannot be resumed
    repeated: deque[tuple[float, ServerMessage]] = field(default_factory=lambda: deque(maxlen=MAX_REPEATED))
    loses_resumed_signal_until: float | None = None  # rehearsed trouble
    is_resumed_unheard: bool = False

    publications: dict[TrackSid, Publication] = field(default_factory=dict)
    queued: list[tuple[TrackSid, AddTrack]] = field(default_factory=list)
    allowed: Mapping[Identity, TrackPermission] | None = None  # who may receive its tracks; None: everybody

    # Data tracks: its own by their handles, and the handles under which it receives those of others.
    data_tracks: dict[int, DataTrackInfo] = field(default_factory=dict)
    data_wishes: dict[TrackSid, bool] = field(default_factory=dict)
    data_handles: dict[TrackSid, int] = field(default_factory=dict)
    last_data_handle: int = 0
    is_auto_subscribing_data: bool = False

    is_auto_subscribing: bool = True
    is_adaptive: bool = False
    may_pause: bool = True  # pictures that its line has no room for
    trickled: set[bool] = field(default_factory=set)  # candidates of its connections, of the one that only receives too
    needs_opening: bool = False  # to it a track is there when its first packet is
    sends_red: bool = True
    wishes: dict[TrackSid, bool] = field(default_factory=dict)
    awaited: dict[TrackSid, float] = field(default_factory=dict)  # wished for, not there (yet): until when
    settings: dict[TrackSid, TrackSettings] = field(default_factory=dict)
    applied: dict[TrackSid, SetSubscription] = field(default_factory=dict)
    paused: set[TrackSid] = field(default_factory=set)  # for want of room on the line
    undecodable: set[TrackSid] = field(default_factory=set)
    on_backup: set[TrackSid] = field(default_factory=set)  # received in the publisher's second codec
    lacks: set[str] = field(default_factory=set)  # codecs that its answers left out

    # Transports: one peer in the media core, or two, of which one only receives and is offered to by us.
    is_dual: bool = False
    is_subscriber_primary: bool = False
    open_peers: set[str] = field(default_factory=set)
    offers: int = 0
    offering: int | None = None
    offering_since: float = 0.0
    answered_sections: tuple[OfferSection, ...] = ()
    protocol: int = NEWEST_PROTOCOL

    # Negotiation: `sections` of the offer in work or last answered; `received` is what the last answer carries.
    sections: tuple[OfferSection, ...] = ()
    received: dict[Mid, TrackSid] = field(default_factory=dict)
    negotiating: Offer | None = None
    negotiation: int = 0
    negotiating_since: float = 0.0
    next_offer: Offer | None = None
    has_answer: bool = False
    reoffer_asked_at: float | None = None

    link: list[LinkStats] = field(default_factory=list)
    way: str = ""  # of its datagrams: udp or tcp
    sent_streams: tuple[SentStream, ...] = ()
    received_streams: tuple[ReceivedStream, ...] = ()
    arrivals: dict[TrackSid, tuple[int, float]] = field(default_factory=dict)  # packets, and when they last grew
    quality: ConnectionQuality | None = None
    data_sequence: int = 0
    is_data_open: bool = False
    early_data: deque[bytes] = field(default_factory=deque)
    simulated_speaker_until: float | None = None

    @property
    def receiver(self) -> ParticipantSid:
        """The peer in the core that what this participant receives goes to."""
        return ParticipantSid(self.sid + RECEIVING) if self.is_dual else self.sid

    @property
    def primary(self) -> ParticipantSid:
        """The peer whose connection makes the participant active."""
        return self.receiver if self.is_subscriber_primary else self.sid

    @property
    def is_media_silent(self) -> bool:
        return bool(self.silent_peers)

    @property
    def is_dependent(self) -> bool:
        """Serves others (a recorder, an agent): takes no place in the room and does not keep it open."""
        return (
            self.permission.is_recorder
            or self.permission.is_agent
            or self.kind in {ParticipantKind.EGRESS, ParticipantKind.AGENT}
        )

    @property
    def is_recorder(self) -> bool:
        return self.permission.is_recorder or self.kind is ParticipantKind.EGRESS

    @property
    def is_agent(self) -> bool:
        return self.permission.is_agent or self.kind is ParticipantKind.AGENT

    @property
    def received_tracks(self) -> frozenset[TrackSid]:
        return frozenset(self.received.values())

    def name_of(self, track: TrackSid) -> TrackSid:
        """What the core calls `track` as this participant receives it."""
        return backup_of(track) if track in self.on_backup else track

    @property
    def is_publisher(self) -> bool:
        return bool(self.data_tracks) or any(p.is_announced for p in self.publications.values())

    def info(
        self, *, state: ParticipantState | None = None, reason: DisconnectReason = DisconnectReason.UNKNOWN_REASON
    ) -> ParticipantInfo:
        tracks = tuple(p.info for p in self.publications.values() if p.is_announced)
        return ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            name=self.name,
            state=self.state if state is None else state,
            version=self.version,
            joined_at=self.joined_at,
            permission=self.permission,
            metadata=self.metadata,
            attributes=self.attributes,
            tracks=tracks,
            kind=self.kind,
            kind_details=self.kind_details,
            is_publisher=self.is_publisher,
            disconnect_reason=reason,
            client_protocol=self.client_protocol,
            capabilities=self.capabilities,
            data_tracks=tuple(self.data_tracks.values()),
        )


@dataclass(slots=True)
class RoomState:
    """A running room. `tracks` lists the announced tracks with their publisher, oldest first."""

    sid: RoomSid
    name: RoomName
    created_at: float
    options: RoomOptions = DEFAULT_OPTIONS
    timing: Timing = DEFAULT_TIMING
    may_unmute_remotely: bool = False
    sessions: dict[ParticipantSid, Session] = field(default_factory=dict)
    identities: dict[Identity, ParticipantSid] = field(default_factory=dict)
    tracks: dict[TrackSid, ParticipantSid] = field(default_factory=dict)
    data_tracks: dict[TrackSid, tuple[ParticipantSid, int]] = field(default_factory=dict)
    # Who went, and when: for those who could not be told. Who speaks: for those who come back.
    departures: deque[tuple[float, ParticipantInfo]] = field(default_factory=lambda: deque(maxlen=MAX_DEPARTURES))
    loud: dict[TrackSid, Speaker] = field(default_factory=dict)
    ways: dict[Identity, tuple[MediaWay, float]] = field(default_factory=dict)  # rehearsed, and until when
    has_tls_relay: bool = False
    nonces: dict[bytes, None] = field(default_factory=dict)  # of data that was sent, oldest first
    last_left_at: float | None = None
    quality_told_at: float = 0.0
    is_ended: bool = False
    is_server_full: bool = False

    def info(self) -> RoomInfo:
        visible = [s for s in self.sessions.values() if not s.permission.is_hidden]
        return RoomInfo(
            sid=self.sid,
            name=self.name,
            options=self.options,
            created_at=self.created_at,
            num_participants=len(visible),
            num_publishers=sum(s.is_publisher for s in visible),
            is_recorded=any(s.is_recorder for s in self.sessions.values()),
        )

    def by_identity(self, identity: Identity) -> Session | None:
        sid = self.identities.get(identity)
        return None if sid is None else self.sessions[sid]

    def source_of(self, track: TrackSid) -> TrackSource | None:
        found = self.publication(track_of(track))
        return None if found is None else found[1].info.source

    def publication(self, track: TrackSid) -> tuple[Session, Publication] | None:
        """The announced publication `track` and its publisher."""
        owner = self.tracks.get(track)
        if owner is None:
            return None
        session = self.sessions[owner]
        return session, session.publications[track]


def owner_of(peer: ParticipantSid) -> ParticipantSid:
    """The participant that a peer of the core belongs to."""
    return ParticipantSid(peer.removesuffix(RECEIVING))


@dataclass(slots=True)
class Turn:
    """One transition: when it happens, what it wants done, and who must be told at its end."""

    now: float
    effects: list[Effect] = field(default_factory=list)
    _changed: dict[ParticipantSid, None] = field(default_factory=dict)
    _room_changed: bool = False

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def send(self, to: Session, message: ServerMessage) -> None:
        self.send_all((to,), message)

    def send_all(self, to: Iterable[Session], message: ServerMessage) -> None:
        """To those of `to` who have a signalling connection; some messages wait for the others."""
        to = tuple(to)
        if isinstance(message, REPEATED):
            for session in to:
                session.repeated.append((self.now, message))
        sids = tuple(session.sid for session in to if session.is_attached)
        if sids:
            self.effects.append(Send(to=sids, message=message))

    def announce(
        self, room: RoomState, fact: RoomFact, session: Session | None = None, track: TrackInfo | None = None
    ) -> None:
        self.announce_about(room, fact, None if session is None else session.info(), track)

    def announce_about(
        self, room: RoomState, fact: RoomFact, participant: ParticipantInfo | None, track: TrackInfo | None = None
    ) -> None:
        self.effects.append(Announce(fact=fact, room=room.info(), participant=participant, track=track))

    def changed(self, session: Session) -> None:
        """Everybody who may see `session` is told at the end of the turn, once."""
        self._changed[session.sid] = None

    def room_changed(self) -> None:
        self._room_changed = True

    def finish(self, room: RoomState) -> list[Effect]:
        everybody = list(room.sessions.values())
        for sid in self._changed:
            session = room.sessions.get(sid)
            if session is None:
                continue
            session.version += 1
            audience = [session] if session.permission.is_hidden else everybody
            self.send_all(audience, ParticipantsChanged(participants=(session.info(),)))
        if self._room_changed and not room.is_ended:
            self.send_all(everybody, RoomChanged(room=room.info()))
        return self.effects
