"""What the control plane needs from outside: media, and somewhere to tell what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from palaver_sfu.room.values import Mid, OpusWish, ParticipantSid, PlayoutDelay, RoomSid, TrackSid
from palaver_sfu.session.effects import Announce
from palaver_sfu.session.inputs import (
    Answered,
    AnswerTaken,
    NegotiationFailed,
    OfferMade,
    PeerClosed,
    PeerConnected,
    PeerDisconnected,
    PictureStateObserved,
    SpeakersObserved,
    StatsObserved,
    StreamsObserved,
    TrackStarted,
)
from palaver_sfu.session.requests import OfferSection


@dataclass(frozen=True, slots=True)
class DataArrived:
    """A data packet as its sender wrote it: not yet checked, its sender not yet stamped."""

    peer: ParticipantSid
    label: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DataOpened:
    peer: ParticipantSid
    label: str


@dataclass(frozen=True, slots=True)
class SpeakersHeard:
    room: RoomSid
    observed: SpeakersObserved


@dataclass(frozen=True, slots=True)
class StreamsTold:
    """The streams of several peers: those for whom something changed, and some in turn. At most once a second."""

    peers: tuple[StreamsObserved, ...]


@dataclass(frozen=True, slots=True)
class LoadChanged:
    """How busy a media thread is: `light`, or what is given up: `full` (no new publishers), `smaller_pictures`,
    `smallest_pictures`. `rooms` are those that it serves; it does not know them itself."""

    load: str
    rooms: tuple[RoomSid, ...] = ()


LIGHT = "light"


@dataclass(frozen=True, slots=True)
class ThreadFigures:
    """A media thread, for operators. `busy`: its share of the last second; `failures`: how often it began again;
    `stalled_s`: how long it has been at what it does now, next to nothing unless it hangs."""

    port: int
    load: str
    busy: float
    rooms: int
    peers: int
    packets_in: int
    packets_out: int
    failures: int
    stalled_s: float = 0.0

    @property
    def is_stalled(self) -> bool:
        return self.stalled_s >= STALLED_S


# A turn of a media thread takes milliseconds; in a large room that everybody joins at once, some tenths of a second.
STALLED_S = 2.0


@dataclass(frozen=True, slots=True)
class CoreLog:
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A media thread died and began again; the rooms it served have lost their media, and all of their peers."""

    reason: str
    rooms: tuple[RoomSid, ...]


MediaEvent = (
    Answered
    | OfferMade
    | AnswerTaken
    | NegotiationFailed
    | PeerConnected
    | PeerDisconnected
    | PeerClosed
    | TrackStarted
    | PictureStateObserved
    | SpeakersHeard
    | StatsObserved
    | StreamsTold
    | LoadChanged
    | DataArrived
    | DataOpened
    | CoreLog
    | WorkerLost
)
OnMediaEvents = Callable[[Sequence[MediaEvent]], None]


class MediaCommands(Protocol):
    """What is asked of one media thread, or of all together. Commands return at once; news comes in batches on the
    event loop.

    Peers and tracks that are not known (any more) are ignored. A command raises `MediaError` only when the core
    is closed or cannot keep up.
    """

    @property
    def local_port(self) -> int: ...

    def start(self, on_events: OnMediaEvents) -> None:
        """Deliver events to `on_events` on the running loop from now on."""

    def parse_offer(self, sdp: str) -> tuple[OfferSection, ...] | None:
        """The sections of an offer, or None when it is not one."""

    def open_peer(
        self,
        *,
        room: RoomSid,
        peer: ParticipantSid,
        voices: int = 0,
        may_pause: bool = True,
        needs_opening: bool = False,
        playout_delay: PlayoutDelay | None = None,
    ) -> None:
        """Make a peer, which is closed by itself when it does not connect.

        Args:
            voices: so many are heard at once in the room; 0 for as many as the server says.
            may_pause: pictures that the peer's line has no room for are stopped; if not, their smallest layers go on.
            needs_opening: a track that is silent begins with a few packets of nothing.
            playout_delay: is told to the peer with each picture.
        """

    def set_voices(self, *, room: RoomSid, voices: int) -> None:
        """What `open_peer` said of the room, anew."""

    def close_peer(self, *, peer: ParticipantSid) -> None: ...

    def negotiate(
        self,
        *,
        peer: ParticipantSid,
        offer_id: int,
        offer: str,
        publish: Mapping[Mid, tuple[TrackSid, tuple[str, ...]]],
        subscribe: Mapping[Mid, tuple[TrackSid, ParticipantSid]],
        codecs: Mapping[Mid, str],
        opus: Mapping[Mid, OpusWish],
    ) -> None:
        """Ends in one `Answered` or `NegotiationFailed` with this `offer_id`.

        For sections that publish, `codecs` names the codec that the answer puts first, and `opus` what is
        asked of those that carry sound.
        """

    def make_offer(
        self,
        *,
        peer: ParticipantSid,
        offer_id: int,
        tracks: Sequence[tuple[TrackSid, ParticipantSid, bool]],
        restarts_ice: bool,
    ) -> None:
        """Offer `tracks` (track, publisher, is it sound), and data channels, to a peer that only receives.

        Ends in one `OfferMade` or `NegotiationFailed` with this `offer_id`; an offer replaces one that is not answered.
        """

    def take_answer(self, *, peer: ParticipantSid, offer_id: int, answer: str) -> None:
        """The answer to the latest offer. Ends in one `AnswerTaken` or `NegotiationFailed` with this `offer_id`."""

    def set_subscription(
        self,
        *,
        peer: ParticipantSid,
        track: TrackSid,
        is_enabled: bool,
        max_spatial_layer: int,
        max_fps: int,
        priority: int = 1,
    ) -> None:
        """`priority` (1 to 255) decides who goes without when the line to `peer` is too narrow for all."""

    def drop_subscription(self, *, peer: ParticipantSid, track: TrackSid) -> None: ...

    def limit_line(self, *, peer: ParticipantSid, bps: int) -> None:
        """Send `peer` no more than `bps` bits per second, whatever its line carries; 0 lifts the limit."""

    def set_track_muted(self, *, room: RoomSid, track: TrackSid, is_muted: bool) -> None: ...

    def send_data(self, *, room: RoomSid, peers: Sequence[ParticipantSid], label: str, payload: bytes) -> None: ...

    def add_candidate(self, *, peer: ParticipantSid, candidate: str) -> None: ...

    def relay_connection(self, fd: int, *, local: tuple[str, int], remote: tuple[str, int]) -> None:
        """Speak TURN on a connected stream socket that stays the caller's; `remote` is really at its other end."""

    def close(self) -> None: ...


class MediaPort(MediaCommands, Protocol):
    """Everything per packet, on as many media threads as there are. A room stays on one of them."""

    def open_room(self, *, room: RoomSid) -> bool:
        """Before its first peer. Answers whether its thread is too busy for new publishers already."""

    def close_room(self, *, room: RoomSid) -> None: ...

    def thread_of(self, room: RoomSid) -> int | None:
        """The place of the room's thread in `threads`."""

    def threads(self) -> Sequence[ThreadFigures]: ...

    def stats(self) -> str:
        """JSON counters of all threads together."""


class FactSink(Protocol):
    """Where facts about rooms go (webhooks)."""

    def publish(self, announce: Announce) -> None: ...
