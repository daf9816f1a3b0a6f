"""`MediaPort` without media: negotiates in text, forwards nothing but data. For tests; the contract suite checks it
against the real core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from palaver_sfu.errors import MediaError
from palaver_sfu.ports import (
    LIGHT,
    DataArrived,
    DataOpened,
    MediaEvent,
    OnMediaEvents,
    SpeakersHeard,
    ThreadFigures,
)
from palaver_sfu.room.values import LinkStats, Mid, OpusWish, ParticipantSid, PlayoutDelay, RoomSid, TrackSid
from palaver_sfu.session.inputs import (
    Answered,
    AnswerTaken,
    NegotiationFailed,
    OfferMade,
    PeerClosed,
    PeerConnected,
    Speaker,
    SpeakersObserved,
    StatsObserved,
    TrackStarted,
)
from palaver_sfu.session.requests import OfferSection

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MIRROR = {"sendrecv": "recvonly", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


@dataclass(slots=True)
class MemoryPeer:
    room: RoomSid
    voices: int = 0
    may_pause: bool = True
    needs_opening: bool = False
    playout_delay: PlayoutDelay | None = None
    is_connected: bool = False
    published: dict[TrackSid, tuple[str, ...]] = field(default_factory=dict)
    subscribed: dict[TrackSid, tuple[bool, int, int] | None] = field(default_factory=dict)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    limit_bps: int = 0
    # Where we offer: what is in force, and what waits for an answer.
    offered: dict[Mid, TrackSid] = field(default_factory=dict)
    pending: dict[Mid, TrackSid] | None = None
    sections: int = 0


class MemoryMedia:
    """Answers every offer at once and connects with the first answer, unless told otherwise."""

    def __init__(self, *, connects: bool = True) -> None:
        self.peers: dict[ParticipantSid, MemoryPeer] = {}
        self.rooms: set[RoomSid] = set()
        self.muted: set[TrackSid] = set()
        self.is_overloaded = False
        self.stalled_s = 0.0
        self._connects = connects
        self._on_events: OnMediaEvents | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    @property
    def local_port(self) -> int:
        return 0

    def start(self, on_events: OnMediaEvents) -> None:
        self._on_events = on_events
        self._loop = asyncio.get_running_loop()

    # --- commands -----------------------------------------------------------------------------

    def parse_offer(self, sdp: str) -> tuple[OfferSection, ...] | None:
        return parse_sections(sdp)

    def open_room(self, *, room: RoomSid) -> bool:
        self.rooms.add(room)
        return self.is_overloaded

    def close_room(self, *, room: RoomSid) -> None:
        self.rooms.discard(room)

    def thread_of(self, room: RoomSid) -> int | None:
        return 0 if room in self.rooms else None

    def threads(self) -> Sequence[ThreadFigures]:
        return [
            ThreadFigures(
                port=0,
                load=LIGHT,
                busy=0.0,
                rooms=len(self.rooms),
                peers=len(self.peers),
                packets_in=0,
                packets_out=0,
                failures=0,
                stalled_s=self.stalled_s,
            )
        ]

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
        self._check_open()
        self.peers[peer] = MemoryPeer(
            room=room,
            voices=voices,
            may_pause=may_pause,
            needs_opening=needs_opening,
            playout_delay=playout_delay,
        )

    def set_voices(self, *, room: RoomSid, voices: int) -> None:
        self._check_open()
        for peer in self.peers.values():
            if peer.room == room:
                peer.voices = voices

    def close_peer(self, *, peer: ParticipantSid) -> None:
        self._check_open()
        if self.peers.pop(peer, None) is not None:
            self.emit(PeerClosed(peer=peer, reason="requested"))

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
        self._check_open()
        state = self.peers.get(peer)
        if state is None:
            return
        sections = parse_sections(offer)
        if sections is None:
            self.emit(NegotiationFailed(peer=peer, offer_id=offer_id, code="bad_offer", message="not SDP"))
            return
        receiving = {s.mid for s in sections if s.can_receive}
        taken = {mid: track for mid, (track, _) in subscribe.items() if mid in receiving}
        state.published = dict(publish.values())
        state.subscribed = {track: state.subscribed.get(track) for track in taken.values()}
        answer = _answer(sections, publish, {mid: subscribe[mid] for mid in taken})
        self.emit(Answered(peer=peer, offer_id=offer_id, sdp=answer, mid_to_track=taken))
        if self._connects and not state.is_connected:
            self.connect(peer)

    def make_offer(
        self,
        *,
        peer: ParticipantSid,
        offer_id: int,
        tracks: Sequence[tuple[TrackSid, ParticipantSid, bool]],
        restarts_ice: bool,
    ) -> None:
        self._check_open()
        state = self.peers.get(peer)
        if state is None:
            return
        kept = {mid: track for mid, track in state.offered.items() if track in {sid for sid, *_ in tracks}}
        names = iter(Mid(f"s{number}") for number in range(state.sections, state.sections + len(tracks)))
        kept |= {next(names): sid for sid, *_ in tracks if sid not in kept.values()}
        state.sections += len(tracks)
        state.pending = kept
        self.emit(OfferMade(peer=peer, offer_id=offer_id, sdp=_offer(kept, tracks), mid_to_track=kept))

    def take_answer(self, *, peer: ParticipantSid, offer_id: int, answer: str) -> None:
        self._check_open()
        state = self.peers.get(peer)
        if state is None:
            return
        if state.pending is None or parse_sections(answer) is None:
            self.emit(NegotiationFailed(peer=peer, offer_id=offer_id, code="bad_offer", message="not an answer"))
            return
        state.offered, state.pending = state.pending, None
        state.subscribed = {track: state.subscribed.get(track) for track in state.offered.values()}
        self.emit(AnswerTaken(peer=peer, offer_id=offer_id, mid_to_track=dict(state.offered)))
        if self._connects and not state.is_connected:
            self.connect(peer)

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
        del priority  # memory has room for all
        self._check_open()
        state = self.peers.get(peer)
        if state is not None and track in state.subscribed:
            state.subscribed[track] = (is_enabled, max_spatial_layer, max_fps)

    def drop_subscription(self, *, peer: ParticipantSid, track: TrackSid) -> None:
        self._check_open()
        state = self.peers.get(peer)
        if state is not None:
            state.subscribed.pop(track, None)

    def limit_line(self, *, peer: ParticipantSid, bps: int) -> None:
        self._check_open()
        if peer in self.peers:
            self.peers[peer].limit_bps = bps

    def set_track_muted(self, *, room: RoomSid, track: TrackSid, is_muted: bool) -> None:
        del room
        self._check_open()
        if is_muted:
            self.muted.add(track)
        else:
            self.muted.discard(track)

    def send_data(self, *, room: RoomSid, peers: Sequence[ParticipantSid], label: str, payload: bytes) -> None:
        del room
        self._check_open()
        for peer in peers:
            state = self.peers.get(peer)
            if state is not None and state.is_connected:
                state.received.append((label, payload))

    def add_candidate(self, *, peer: ParticipantSid, candidate: str) -> None:
        self._check_open()
        state = self.peers.get(peer)
        if state is not None:
            state.candidates.append(candidate)

    def relay_connection(self, fd: int, *, local: tuple[str, int], remote: tuple[str, int]) -> None:
        raise MediaError("there is no relay")

    def stats(self) -> str:
        return json.dumps({"peers": len(self.peers)})

    def close(self) -> None:
        self._is_closed = True
        self.peers.clear()

    # --- what a network would do ----------------------------------------------------------------

    def emit(self, *events: MediaEvent) -> None:
        """Deliver events as the core does: later, on the loop."""
        if self._loop is not None and self._on_events is not None:
            self._loop.call_soon(self._on_events, events)

    def connect(self, peer: ParticipantSid) -> None:
        self.peers[peer].is_connected = True
        self.emit(
            PeerConnected(peer=peer), DataOpened(peer=peer, label="_reliable"), DataOpened(peer=peer, label="_lossy")
        )

    def fail(self, peer: ParticipantSid, reason: str) -> None:
        del self.peers[peer]
        self.emit(PeerClosed(peer=peer, reason=reason))

    def start_tracks(self, peer: ParticipantSid, mime_type: str) -> None:
        """The first packet of everything that `peer` publishes arrives."""
        for track in self.peers[peer].published:
            self.emit(TrackStarted(peer=peer, track=track, mime_type=mime_type))

    def receive_data(self, peer: ParticipantSid, label: str, payload: bytes) -> None:
        self.emit(DataArrived(peer=peer, label=label, payload=payload))

    def speak(self, peer: ParticipantSid, track: TrackSid, level: float) -> None:
        speaker = Speaker(peer=peer, track=track, level=level, is_active=level > 0)
        self.emit(SpeakersHeard(room=self.peers[peer].room, observed=SpeakersObserved(speakers=(speaker,))))

    def measure(self, peer: ParticipantSid, link: LinkStats) -> None:
        self.emit(StatsObserved(stats=((peer, link),)))

    def _check_open(self) -> None:
        if self._is_closed:
            raise MediaError("closed")


def parse_sections(sdp: str) -> tuple[OfferSection, ...] | None:
    """The m-sections of an SDP text, in the few attributes that matter here."""
    head, *parts = sdp.replace("\r\n", "\n").split("\nm=")
    if not head.startswith("v=0") or not parts:
        return None
    sections = [_section(part.split("\n")) for part in parts]
    return None if any(section is None for section in sections) else tuple(s for s in sections if s is not None)


def _section(lines: list[str]) -> OfferSection | None:
    fields = lines[0].split()
    attributes = [line[2:] for line in lines[1:] if line.startswith("a=")]

    def value(name: str) -> str | None:
        return next((a[len(name) + 1 :] for a in attributes if a.startswith(f"{name}:")), None)

    mid, msid, simulcast = value("mid"), value("msid"), value("simulcast")
    if len(fields) < 4 or mid is None:
        return None
    codecs = [a.split(" ", 1)[1].split("/")[0].lower() for a in attributes if a.startswith("rtpmap:")]
    return OfferSection(
        mid=Mid(mid),
        kind=fields[0],
        direction=next((d for d in DIRECTIONS if d in attributes), "sendrecv"),
        is_rejected=fields[1] == "0" and "bundle-only" not in attributes,
        track_id=msid.split()[1] if msid and " " in msid else None,
        rids=tuple(simulcast.removeprefix("send ").split(";")) if simulcast else (),
        codecs=tuple(codec for codec in dict.fromkeys(codecs) if codec != "rtx"),
    )


def _offer(placed: Mapping[Mid, TrackSid], tracks: Sequence[tuple[TrackSid, ParticipantSid, bool]]) -> str:
    lines = ["v=0", "o=memory 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    known = {track: (publisher, is_audio) for track, publisher, is_audio in tracks}
    for mid, track in placed.items():
        publisher, is_audio = known[track]
        lines += [f"m={'audio' if is_audio else 'video'} 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mid}", "a=sendonly"]
        lines.append(f"a=msid:{publisher}|{track} {track}")
    lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:data"]
    return "\r\n".join(lines) + "\r\n"


def _answer(
    sections: tuple[OfferSection, ...],
    publish: Mapping[Mid, tuple[TrackSid, tuple[str, ...]]],
    subscribe: Mapping[Mid, tuple[TrackSid, ParticipantSid]],
) -> str:
    lines = ["v=0", "o=memory 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    for section in sections:
        lines += [f"m={section.kind} 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{section.mid}"]
        is_used = section.mid in publish or section.mid in subscribe
        lines.append(f"a={_MIRROR[section.direction] if is_used else 'inactive'}")
        if section.mid in subscribe:
            track, publisher = subscribe[section.mid]
            lines.append(f"a=msid:{publisher}|{track} {track}")
    return "\r\n".join(lines) + "\r\n"
