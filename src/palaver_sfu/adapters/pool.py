"""`MediaPort` on several media threads: a room is pinned to one of them, and its peers' commands go there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from palaver_sfu.errors import MediaError
from palaver_sfu.ports import LIGHT, STALLED_S, LoadChanged, MediaCommands, MediaEvent, OnMediaEvents, ThreadFigures
from palaver_sfu.room.pinning import Burden, least_loaded
from palaver_sfu.room.values import Mid, OpusWish, ParticipantSid, PlayoutDelay, RoomSid, TrackSid
from palaver_sfu.session.requests import OfferSection

# Figures of each thread that say nothing when they are summed up.
BUSY, STALLED = "busy_permille", "stalled_ms"


class MediaThread(MediaCommands, Protocol):
    """What the pool needs of each engine."""

    def figures(self) -> Mapping[str, int]: ...


@dataclass(slots=True)
class _Seat:
    """A thread, and what is pinned to it: its rooms with the number of their peers."""

    thread: MediaThread
    load: str = LIGHT
    rooms: dict[RoomSid, int] = field(default_factory=dict)
    peers: int = 0
    empty_rooms: int = 0

    def count(self, room: RoomSid, change: int) -> None:
        self.peers += change
        before = self.rooms.get(room)
        if before is not None:
            self.rooms[room] = before + change
            self.empty_rooms += (before + change == 0) - (before == 0)

    def burden(self) -> Burden:
        figures = self.thread.figures()
        return Burden(
            busy=figures[BUSY] / 1000,
            peers=self.peers,
            measured_peers=figures["peers"],
            rooms=len(self.rooms),
            empty_rooms=self.empty_rooms,
            is_overloaded=self.load != LIGHT or figures[STALLED] >= STALLED_S * 1000,
        )


class MediaPool:
    """Owns its threads. Used from the event loop only, but for `close`."""

    def __init__(self, threads: Sequence[MediaThread]) -> None:
        self._seats = [_Seat(thread) for thread in threads]
        self._rooms: dict[RoomSid, int] = {}
        self._peers: dict[ParticipantSid, tuple[_Seat, RoomSid]] = {}

    @property
    def local_port(self) -> int:
        return self._seats[0].thread.local_port

    def start(self, on_events: OnMediaEvents) -> None:
        for seat in self._seats:
            seat.thread.start(self._listener(seat, on_events))

    def parse_offer(self, sdp: str) -> tuple[OfferSection, ...] | None:
        return self._seats[0].thread.parse_offer(sdp)

    def open_room(self, *, room: RoomSid) -> bool:
        number = least_loaded([seat.burden() for seat in self._seats]) if len(self._seats) > 1 else 0
        seat = self._seats[number]
        self._rooms[room] = number
        seat.rooms[room] = 0
        seat.empty_rooms += 1
        return seat.load != LIGHT

    def close_room(self, *, room: RoomSid) -> None:
        number = self._rooms.pop(room, None)
        if number is not None:
            seat = self._seats[number]
            seat.empty_rooms -= seat.rooms.pop(room) == 0

    def thread_of(self, room: RoomSid) -> int | None:
        return self._rooms.get(room)

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
        number = self._rooms.get(room)
        if number is None:
            raise MediaError("the room is not open")
        seat = self._seats[number]
        seat.thread.open_peer(
            room=room,
            peer=peer,
            voices=voices,
            may_pause=may_pause,
            needs_opening=needs_opening,
            playout_delay=playout_delay,
        )
        self._peers[peer] = seat, room
        seat.count(room, 1)

    def set_voices(self, *, room: RoomSid, voices: int) -> None:
        number = self._rooms.get(room)
        if number is not None:
            self._seats[number].thread.set_voices(room=room, voices=voices)

    def close_peer(self, *, peer: ParticipantSid) -> None:
        found = self._peers.pop(peer, None)
        if found is not None:
            seat, room = found
            seat.count(room, -1)
            seat.thread.close_peer(peer=peer)

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
        if thread := self._thread(peer):
            thread.negotiate(
                peer=peer,
                offer_id=offer_id,
                offer=offer,
                publish=publish,
                subscribe=subscribe,
                codecs=codecs,
                opus=opus,
            )

    def make_offer(
        self,
        *,
        peer: ParticipantSid,
        offer_id: int,
        tracks: Sequence[tuple[TrackSid, ParticipantSid, bool]],
        restarts_ice: bool,
    ) -> None:
        if thread := self._thread(peer):
            thread.make_offer(peer=peer, offer_id=offer_id, tracks=tracks, restarts_ice=restarts_ice)

    def take_answer(self, *, peer: ParticipantSid, offer_id: int, answer: str) -> None:
        if thread := self._thread(peer):
            thread.take_answer(peer=peer, offer_id=offer_id, answer=answer)

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
        if thread := self._thread(peer):
            thread.set_subscription(
                peer=peer,
                track=track,
                is_enabled=is_enabled,
                max_spatial_layer=max_spatial_layer,
                max_fps=max_fps,
                priority=priority,
            )

    def drop_subscription(self, *, peer: ParticipantSid, track: TrackSid) -> None:
        if thread := self._thread(peer):
            thread.drop_subscription(peer=peer, track=track)

    def limit_line(self, *, peer: ParticipantSid, bps: int) -> None:
        if thread := self._thread(peer):
            thread.limit_line(peer=peer, bps=bps)

    def set_track_muted(self, *, room: RoomSid, track: TrackSid, is_muted: bool) -> None:
        number = self._rooms.get(room)
        if number is not None:
            self._seats[number].thread.set_track_muted(room=room, track=track, is_muted=is_muted)

    def send_data(self, *, room: RoomSid, peers: Sequence[ParticipantSid], label: str, payload: bytes) -> None:
        number = self._rooms.get(room)
        if number is not None:
            self._seats[number].thread.send_data(room=room, peers=peers, label=label, payload=payload)

    def add_candidate(self, *, peer: ParticipantSid, candidate: str) -> None:
        if thread := self._thread(peer):
            thread.add_candidate(peer=peer, candidate=candidate)

    def relay_connection(self, fd: int, *, local: tuple[str, int], remote: tuple[str, int]) -> None:
        # The first speaks TURN for all.
        self._seats[0].thread.relay_connection(fd, local=local, remote=remote)

    def stats(self) -> str:
        total: Counter[str] = Counter()
        for seat in self._seats:
            total.update(seat.thread.figures())
        del total[BUSY], total[STALLED]
        return json.dumps(total)

    def threads(self) -> Sequence[ThreadFigures]:
        return [_figures(seat) for seat in self._seats]

    def close(self) -> None:
        # Side by side: each may take its time to say goodbye.
        with ThreadPoolExecutor(max_workers=len(self._seats)) as closing:
            list(closing.map(lambda seat: seat.thread.close(), self._seats))

    def _thread(self, peer: ParticipantSid) -> MediaThread | None:
        found = self._peers.get(peer)
        return None if found is None else found[0].thread

    def _listener(self, seat: _Seat, on_events: OnMediaEvents) -> OnMediaEvents:
        def listen(events: Sequence[MediaEvent]) -> None:
            on_events([self._changed(seat, event) if isinstance(event, LoadChanged) else event for event in events])

        return listen

    def _changed(self, seat: _Seat, event: LoadChanged) -> LoadChanged:
        seat.load = event.load
        return replace(event, rooms=tuple(seat.rooms))


def _figures(seat: _Seat) -> ThreadFigures:
    figures = seat.thread.figures()
    return ThreadFigures(
        port=seat.thread.local_port,
        load=seat.load,
        busy=figures[BUSY] / 1000,
        rooms=len(seat.rooms),
        peers=seat.peers,
        packets_in=figures["packets_in"],
        packets_out=figures["packets_out"],
        failures=figures["worker_panics"],
        stalled_s=figures[STALLED] / 1000,
    )
