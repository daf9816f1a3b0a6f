"""What a server counts of itself, for `/metrics`. Everything here is cheap: what can be asked is asked when read."""

from __future__ import annotations

import json
import os
import resource
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from palaver_sfu.exposition import Counter, Family, Histogram, gauge
from palaver_sfu.ports import LIGHT, MediaEvent, StreamsTold, ThreadFigures
from palaver_sfu.room.values import ParticipantSid, TrackSid
from palaver_sfu.session.effects import Announce, RoomFact
from palaver_sfu.session.inputs import PeerClosed, StatsObserved, StreamsObserved
from palaver_sfu.survey import RoomView

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_TICKS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
_LOSSES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_TRIPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

# Counters of the media core that are worth a name of their own: (theirs, ours, meaning). The others are drops.
_CORE = {
    "packets_in": ("packets_received_total", "RTP packets that came in."),
    "packets_out": ("packets_sent_total", "RTP packets that were sent, retransmissions included."),
    "datagrams_in": ("datagrams_received_total", "UDP datagrams and TCP frames that came in."),
    "datagrams_out": ("datagrams_sent_total", "UDP datagrams and TCP frames that were sent."),
    "keyframe_requests": ("keyframe_requests_total", "Key frames that publishers were asked for (PLI)."),
    "layer_switches": ("layer_switches_total", "Times that a subscriber was moved to another simulcast layer."),
    "recovered": ("recovered_packets_total", "Packets of sound that were lost on the way in and made anew (RED)."),
    "unheard": ("unheard_packets_total", "Packets of voices that were not among those heard in a large room."),
    "panics": ("media_failures_total", "Peers that the media core closed because of a fault of its own."),
    "worker_panics": ("media_worker_failures_total", "Media threads that died."),
}
_CORE_GAUGES = {
    "peers": "Peer connections.",
    "tcp_connections": "Media connections over TCP.",
    "turn_allocations": "Relayed addresses that somebody has.",
    "turn_connections": "Connections to TURN, also of those who proved nothing yet.",
}
_LOADS = (LIGHT, "full", "smaller_pictures", "smallest_pictures")
_PREFIX = "palaver_sfu_"


class Meters:
    """One server's; a sink of facts and an observer of media events."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._facts = Counter(f"{_PREFIX}events_total", "Facts about rooms, as webhooks tell them.", ("event",))
        self._refusals = Counter(
            f"{_PREFIX}joins_refused_total", "Joins that were refused, by HTTP status.", ("status",)
        )
        self._calls = Counter(f"{_PREFIX}api_calls_total", "Calls of the server API.", ("method", "code"))
        self._bytes = Counter(f"{_PREFIX}media_bytes_total", "Bytes of media and data.", ("direction",))
        self._joins = Histogram(f"{_PREFIX}join_seconds", "From a join to connected media.", _SECONDS)
        self._ticks = Histogram(f"{_PREFIX}tick_seconds", "Work of the second's tick over all rooms.", _TICKS)
        self._lags = Histogram(f"{_PREFIX}loop_lag_seconds", "How late the event loop was for its tick.", _TICKS)
        self._losses = Histogram(
            f"{_PREFIX}loss_ratio", "Share of packets lost, of each participant and second.", _LOSSES, ("direction",)
        )
        self._nacks = Counter(
            f"{_PREFIX}nacks_total", "Packets asked for again: by us (in), by subscribers (out).", ("direction",)
        )
        self._nacks_told: dict[ParticipantSid, dict[tuple[str, TrackSid], int]] = {}
        self._trips = Histogram(f"{_PREFIX}round_trip_seconds", "Round trip of each participant and second.", _TRIPS)

    def publish(self, announce: Announce) -> None:
        self._facts.add(announce.fact.value)
        participant = announce.participant
        if announce.fact is RoomFact.PARTICIPANT_JOINED and participant is not None:
            self._joins.observe(max(0.0, self._clock() - participant.joined_at))

    def observe(self, events: Sequence[MediaEvent]) -> None:
        for event in events:
            if isinstance(event, StatsObserved):
                self._stats(event)
            elif isinstance(event, StreamsTold):
                for peer in event.peers:
                    self._streams(peer)
            elif isinstance(event, PeerClosed):
                self._nacks_told.pop(event.peer, None)

    def refused(self, status: int) -> None:
        self._refusals.add(str(status))

    def called(self, method: str, code: str) -> None:
        self._calls.add(method, code)

    def ticked(self, *, work_s: float, lag_s: float) -> None:
        self._ticks.observe(work_s)
        self._lags.observe(max(0.0, lag_s))

    def families(
        self,
        rooms: Sequence[RoomView],
        *,
        core: str,
        threads: Sequence[ThreadFigures],
        webhooks: tuple[int, int, int],
        calls_open: int,
    ) -> Iterable[Family]:
        """`core`: the media core's counters; `webhooks`: sent, dropped, waiting."""
        yield from _rooms(rooms)
        for meter in (
            self._facts,
            self._refusals,
            self._calls,
            self._bytes,
            self._nacks,
            self._joins,
            self._ticks,
            self._lags,
            self._losses,
            self._trips,
        ):
            yield meter.family()
        yield from _core(core)
        yield from _threads(threads)
        sent, dropped, waiting = webhooks
        total = [("", (("result", "sent"),), float(sent)), ("", (("result", "dropped"),), float(dropped))]
        yield Family(f"{_PREFIX}webhooks_total", "counter", "Webhooks, by what became of them.", total)
        yield gauge(f"{_PREFIX}webhooks_waiting", "Webhooks that wait to be sent.", waiting)
        yield gauge(f"{_PREFIX}rpc_waiting", "Remote calls of participants that wait for an answer.", calls_open)
        yield from _process()

    def _stats(self, event: StatsObserved) -> None:
        for _, link in event.stats:
            # Of one second each.
            self._bytes.add("in", by=link.bps_in / 8)
            self._bytes.add("out", by=link.bps_out / 8)
            self._losses.observe(link.loss_in, "in")
            self._losses.observe(link.loss_out, "out")
            if link.rtt_ms is not None:
                self._trips.observe(link.rtt_ms / 1000)

    def _streams(self, peer: StreamsObserved) -> None:
        """What is told are totals of each stream: what they have grown by counts."""
        before = self._nacks_told.get(peer.peer, {})
        now = {("in", stream.track): stream.totals.num_nacks for stream in peer.received}
        now |= {("out", stream.track): stream.totals.num_nacks for stream in peer.sent}
        for (direction, track), nacks in now.items():
            self._nacks.add(direction, by=max(0, nacks - before.get((direction, track), 0)))
        self._nacks_told[peer.peer] = now


def _rooms(rooms: Sequence[RoomView]) -> Iterable[Family]:
    people = [person for room in rooms for person in room.participants]
    tracks: Tally[tuple[str, ...]] = Tally((track.kind, track.source) for person in people for track in person.tracks)
    subscriptions: Tally[tuple[str, ...]] = Tally(
        (s.kind, str(s.layer), s.state) for person in people for s in person.subscriptions
    )
    yield gauge(f"{_PREFIX}rooms", "Rooms.", len(rooms))
    yield gauge(f"{_PREFIX}participants", "Participants.", Tally((person.state,) for person in people), "state")
    yield gauge(f"{_PREFIX}tracks", "Published tracks.", tracks, "kind", "source")
    yield gauge(
        f"{_PREFIX}subscriptions",
        "Tracks on their way to a subscriber, by the highest simulcast layer that it may get.",
        subscriptions,
        "kind",
        "layer",
        "state",
    )


def _core(text: str) -> Iterable[Family]:
    figures: dict[str, float] = json.loads(text)
    drops: list[tuple[str, tuple[tuple[str, str], ...], float]] = []
    for name, value in sorted(figures.items()):
        if name in _CORE:
            ours, meaning = _CORE[name]
            yield Family(_PREFIX + ours, "counter", meaning, [("", (), value)])
        elif name in _CORE_GAUGES:
            yield gauge(f"{_PREFIX}media_{name}", _CORE_GAUGES[name], value)
        elif name != "rooms":
            drops.append(("", (("cause", name),), value))
    yield Family(f"{_PREFIX}media_drops_total", "counter", "What the media core threw away, by cause.", drops)


def _threads(threads: Sequence[ThreadFigures]) -> Iterable[Family]:
    def of_each(name: str, meaning: str, value: Callable[[ThreadFigures], float]) -> Family:
        values: dict[tuple[str, ...], float] = {(str(number),): value(thread) for number, thread in enumerate(threads)}
        return gauge(f"{_PREFIX}media_thread_{name}", meaning, values, "thread")

    yield of_each("busy_ratio", "Share of the last second that a media thread worked.", lambda thread: thread.busy)
    yield of_each("rooms", "Rooms that are pinned to a media thread.", lambda thread: thread.rooms)
    yield of_each("peers", "Peer connections of a media thread.", lambda thread: thread.peers)
    yield of_each(
        "stalled_seconds", "How long a media thread has been at what it does now.", lambda thread: thread.stalled_s
    )
    yield of_each(
        "overload",
        "What a media thread gives up: 0 nothing, 1 new publishers, 2 the largest layers, 3 all but the smallest.",
        lambda thread: _LOADS.index(thread.load),
    )
    packets, failures = [], []
    for number, thread in enumerate(threads):
        label = ("thread", str(number))
        packets.append(("", (label, ("direction", "in")), float(thread.packets_in)))
        packets.append(("", (label, ("direction", "out")), float(thread.packets_out)))
        failures.append(("", (label,), float(thread.failures)))
    name = f"{_PREFIX}media_thread_"
    yield Family(f"{name}packets_total", "counter", "RTP packets of a media thread.", packets)
    yield Family(f"{name}failures_total", "counter", "Times that a media thread died and began again.", failures)


def _process() -> Iterable[Family]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield Family("process_cpu_seconds_total", "counter", "Processor time.", [("", (), used.ru_utime + used.ru_stime)])
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        files = len(os.listdir("/proc/self/fd"))
    except (OSError, ValueError, IndexError):
        return
    yield gauge("process_resident_memory_bytes", "Memory.", pages * _PAGE_BYTES)
    yield gauge("process_open_fds", "Open files and sockets.", files)
    yield gauge("process_start_time_seconds", "When the process began, as Unix time.", _STARTED_AT)


_STARTED_AT = time.time()
