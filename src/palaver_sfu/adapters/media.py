"""One media thread, in the Rust core: commands go straight in, events come out in batches through one eventfd."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from palaver_sfu import _core
from palaver_sfu.adapters.offer_text import shape_offer
from palaver_sfu.errors import MediaError
from palaver_sfu.ports import (
    CoreLog,
    DataArrived,
    DataOpened,
    LoadChanged,
    MediaEvent,
    OnMediaEvents,
    SpeakersHeard,
    StreamsTold,
    WorkerLost,
)
from palaver_sfu.room.values import (
    DEFAULT_VOICES,
    LinkStats,
    Mid,
    OpusWish,
    ParticipantSid,
    PlayoutDelay,
    ReceivedStream,
    RoomSid,
    SentStream,
    StreamCause,
    StreamTotals,
    TrackSid,
    VoiceLimit,
)
from palaver_sfu.session.inputs import (
    Answered,
    AnswerTaken,
    NegotiationFailed,
    OfferMade,
    PeerClosed,
    PeerConnected,
    PeerDisconnected,
    PictureStateObserved,
    Speaker,
    SpeakersObserved,
    StatsObserved,
    StreamsObserved,
    TrackStarted,
)
from palaver_sfu.session.requests import OfferSection
from palaver_sfu.session.state import owner_of

logger = logging.getLogger(__name__)

# One turn of the loop handles at most so many events, so that sockets and pings get their turn in a storm.
MAX_EVENTS_PER_WAKE = 256


class CoreMedia:
    """Owns one `_core.Engine`. Used from the event loop only, but for `close`."""

    def __init__(
        self,
        *,
        binds: Sequence[tuple[str, int]],
        announce: Sequence[str],
        disabled: Collection[str] = (),
        voices: VoiceLimit = DEFAULT_VOICES,
    ) -> None:
        """`disabled`: MIME types that no client may send here."""
        self._voices = voices
        try:
            self._engine = _core.Engine(binds=list(binds), announce=list(announce))
        except _core.EngineError as error:
            raise MediaError(str(error)) from error
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_events: OnMediaEvents | None = None
        self._is_closed = False
        self._disabled = frozenset(mime.partition("/")[2].lower() for mime in disabled)

    @property
    def local_port(self) -> int:
        return self._engine.local_port

    def relay(
        self,
        *,
        secret: bytes,
        plain: Sequence[tuple[str, int]],
        encrypted: Sequence[tuple[str, int]],
        certificate: tuple[Path, Path] | None,
        beside: Sequence[CoreMedia] = (),
    ) -> None:
        """Speak TURN on these addresses too, the latter with TLS, for those `beside` as well. Raises: MediaError."""
        files = None if certificate is None else (str(certificate[0]), str(certificate[1]))
        self._do(
            lambda: self._engine.relay(
                secret=secret,
                plain=list(plain),
                encrypted=list(encrypted),
                certificate=files,
                beside=[other._engine for other in beside],
            )
        )

    def relay_connection(self, fd: int, *, local: tuple[str, int], remote: tuple[str, int]) -> None:
        self._do(lambda: self._engine.relay_connection(fd=fd, local=local, remote=remote))

    def start(self, on_events: OnMediaEvents) -> None:
        self._on_events = on_events
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._engine.fileno(), self._drain)

    def parse_offer(self, sdp: str) -> tuple[OfferSection, ...] | None:
        try:
            sections = _core.parse_offer(sdp)
        except _core.SdpError:
            return None
        return tuple(
            OfferSection(
                mid=Mid(section.mid),
                kind=section.kind,
                direction=section.direction,
                is_rejected=section.is_rejected,
                track_id=section.track_id,
                rids=tuple(section.rids),
                codecs=tuple(codec for codec in section.codecs if codec.partition(";")[0] not in self._disabled),
            )
            for section in sections
        )

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
        owner = owner_of(peer)
        delay = None if playout_delay is None else (playout_delay.min_ms // 10, playout_delay.max_ms // 10)
        self._do(
            lambda: self._engine.open_peer(
                room=room,
                peer=peer,
                owner=owner if owner != peer else None,
                voices=voices or self._voices.most,
                large_room=self._voices.large_room,
                may_pause=may_pause,
                needs_opening=needs_opening,
                playout_delay=delay,
            )
        )

    def set_voices(self, *, room: RoomSid, voices: int) -> None:
        limit = self._voices
        self._do(lambda: self._engine.set_voices(room=room, voices=voices or limit.most, large_room=limit.large_room))

    def close_peer(self, *, peer: ParticipantSid) -> None:
        self._do(lambda: self._engine.close_peer(peer=peer))

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
        self._do(
            lambda: self._engine.negotiate(
                peer=peer,
                offer_id=offer_id,
                offer=shape_offer(offer, codecs=codecs, opus=opus, disabled=self._disabled),
                publish={mid: (track, list(rids)) for mid, (track, rids) in publish.items()},
                subscribe={str(mid): (str(track), str(owner)) for mid, (track, owner) in subscribe.items()},
                microphones={str(mid) for mid, wish in opus.items() if wish.is_microphone},
            )
        )

    def make_offer(
        self,
        *,
        peer: ParticipantSid,
        offer_id: int,
        tracks: Sequence[tuple[TrackSid, ParticipantSid, bool]],
        restarts_ice: bool,
    ) -> None:
        self._do(
            lambda: self._engine.make_offer(peer=peer, offer_id=offer_id, tracks=[*tracks], restarts_ice=restarts_ice)
        )

    def take_answer(self, *, peer: ParticipantSid, offer_id: int, answer: str) -> None:
        self._do(lambda: self._engine.take_answer(peer=peer, offer_id=offer_id, answer=answer))

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
        self._do(
            lambda: self._engine.set_subscription(
                peer=peer,
                track=track,
                is_enabled=is_enabled,
                max_spatial_layer=max_spatial_layer,
                max_fps=max_fps,
                priority=priority,
            )
        )

    def drop_subscription(self, *, peer: ParticipantSid, track: TrackSid) -> None:
        self._do(lambda: self._engine.drop_subscription(peer=peer, track=track))

    def limit_line(self, *, peer: ParticipantSid, bps: int) -> None:
        self._do(lambda: self._engine.limit_line(peer=peer, bps=bps))

    def set_track_muted(self, *, room: RoomSid, track: TrackSid, is_muted: bool) -> None:
        del room
        self._do(lambda: self._engine.set_track_muted(track=track, is_muted=is_muted))

    def send_data(self, *, room: RoomSid, peers: Sequence[ParticipantSid], label: str, payload: bytes) -> None:
        del room
        self._do(lambda: self._engine.send_data(peers=list(peers), label=label, payload=payload))

    def add_candidate(self, *, peer: ParticipantSid, candidate: str) -> None:
        self._do(lambda: self._engine.add_candidate(peer=peer, candidate=candidate))

    def figures(self) -> Mapping[str, int]:
        figures: dict[str, int] = json.loads(self._engine.stats())
        return figures

    def fail_for_a_test(self) -> None:
        """The media thread dies of a fault, as only tests wish."""
        self._do(self._engine.fail_for_a_test)

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._engine.fileno())
        self._engine.close()

    def _do(self, command: Callable[[], None]) -> None:
        if self._is_closed:
            raise MediaError("closed")
        try:
            command()
        except _core.EngineError as error:
            raise MediaError(str(error)) from error

    def _drain(self) -> None:
        if self._is_closed or self._loop is None:
            return
        raws = self._engine.drain(MAX_EVENTS_PER_WAKE)
        if len(raws) == MAX_EVENTS_PER_WAKE:
            self._loop.call_soon(self._drain)
        events: list[MediaEvent] = []
        for raw in raws:
            read = _READERS.get(str(raw[0]))
            if read is None:
                logger.warning("unknown event of the media core", extra={"kind": raw[0]})
            else:
                events.append(read(*raw[1:]))
        if events and self._on_events is not None:
            self._on_events(events)


def _speakers(room: str, speakers: list[tuple[str, str, float, bool]]) -> MediaEvent:
    observed = tuple(
        Speaker(peer=ParticipantSid(peer), track=TrackSid(track), level=level, is_active=is_active)
        for peer, track, level, is_active in speakers
    )
    return SpeakersHeard(room=RoomSid(room), observed=SpeakersObserved(speakers=observed))


def _stats(entries: list[tuple[str, Mapping[str, Any]]]) -> MediaEvent:
    return StatsObserved(
        stats=tuple(
            (
                ParticipantSid(peer),
                LinkStats(
                    rtt_ms=link["rtt_ms"],
                    loss_in=link["loss_in"],
                    loss_out=link["loss_out"],
                    bps_in=link["bps_in"],
                    bps_out=link["bps_out"],
                    idle_s=link["idle_s"],
                ),
            )
            for peer, link in entries
        )
    )


# (bytes, packets, packets asked for again, share lost)
_Totals = tuple[int, int, int, float]


def _streams(
    peers: list[tuple[str, str, list[tuple[str, int | None, str, _Totals]], list[tuple[str, _Totals]]]],
) -> MediaEvent:
    return StreamsTold(
        peers=tuple(
            StreamsObserved(
                peer=ParticipantSid(peer),
                way=way,
                sent=tuple(
                    SentStream(
                        track=TrackSid(track), layer=layer, cause=StreamCause(cause), totals=StreamTotals(*totals)
                    )
                    for track, layer, cause, totals in sent
                ),
                received=tuple(
                    ReceivedStream(track=TrackSid(track), totals=StreamTotals(*totals)) for track, totals in received
                ),
            )
            for peer, way, sent, received in peers
        )
    )


def _tracks(mids: Mapping[str, str]) -> dict[Mid, TrackSid]:
    return {Mid(mid): TrackSid(track) for mid, track in mids.items()}


def _answered(peer: str, offer_id: int, sdp: str, mids: Mapping[str, str]) -> MediaEvent:
    return Answered(peer=ParticipantSid(peer), offer_id=offer_id, sdp=sdp, mid_to_track=_tracks(mids))


def _offer_made(peer: str, offer_id: int, sdp: str, mids: Mapping[str, str]) -> MediaEvent:
    return OfferMade(peer=ParticipantSid(peer), offer_id=offer_id, sdp=sdp, mid_to_track=_tracks(mids))


def _answer_taken(peer: str, offer_id: int, mids: Mapping[str, str]) -> MediaEvent:
    return AnswerTaken(peer=ParticipantSid(peer), offer_id=offer_id, mid_to_track=_tracks(mids))


_READERS: dict[str, Callable[..., MediaEvent]] = {
    "answer": _answered,
    "offer": _offer_made,
    "answer_taken": _answer_taken,
    "negotiation_failed": NegotiationFailed,
    "connected": PeerConnected,
    "disconnected": PeerDisconnected,
    "closed": PeerClosed,
    "track_started": TrackStarted,
    "picture_state": PictureStateObserved,
    "speakers": _speakers,
    "stats": _stats,
    "streams": _streams,
    "load": LoadChanged,
    "data": DataArrived,
    "data_open": DataOpened,
    "log": CoreLog,
    "worker_lost": lambda reason, rooms: WorkerLost(reason=reason, rooms=tuple(RoomSid(room) for room in rooms)),
}
