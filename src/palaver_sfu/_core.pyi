"""The media core: for each engine one UDP port, two threads, every packet. Built from `media/crates/py`.

Threads. An `Engine` owns a media thread (everything per packet) and a negotiation thread (session descriptions as
text). Neither ever attaches to the interpreter. Every method but `close` puts a command on a bounded queue and returns
within microseconds; results arrive as events. All methods may be called from any thread.

Events. `fileno()` is readable while events wait: register it with `loop.add_reader` and call `drain()` until it answers
fewer than `max_events`. Nobody draining is no danger: figures and speakers are dropped first, then lossy and at last
reliable messages; state changes never are.

Ownership. The engine copies what it is given. Ids (`peer`, `track`, `room`) are the caller's own words; peers and
tracks are unique in an engine. Commands for peers or tracks that are not known (yet, or any more) are ignored.

Fork. Threads do not survive `fork()`: an inherited engine raises `EngineError`. Create engines after forking.
"""

from typing import final

class SdpError(ValueError):
    """The description is malformed or cannot be accepted. The text says which line."""

class EngineError(RuntimeError):
    """Bind failure, closed engine, use after fork, or `queue_full` (try again, or shed load)."""

@final
class OfferSection:
    """One media section of an offer, read-only."""

    @property
    def mid(self) -> str:
        """Name of the section, unique in the offer."""

    @property
    def kind(self) -> str:
        """`audio`, `video` or `application`."""

    @property
    def direction(self) -> str:
        """`sendrecv`, `sendonly`, `recvonly` or `inactive`, as the offerer sees it."""

    @property
    def is_rejected(self) -> bool:
        """Port 0 without `a=bundle-only`: the offerer does not want the section."""

    @property
    def stream_id(self) -> str | None:
        """First word of `a=msid`; `None` when absent or `-`."""

    @property
    def track_id(self) -> str | None:
        """Second word of `a=msid`, the `cid` of LiveKit's AddTrack in most browsers."""

    @property
    def rids(self) -> list[str]:
        """Simulcast layers in the order of `a=simulcast:send`; empty without simulcast."""

    @property
    def codecs(self) -> list[str]:
        """Lower-case names in the offerer's order, each once, without `rtx`."""

def parse_offer(sdp: str) -> list[OfferSection]:
    """Read the sections of an offer, in order.

    Pure and quick (about 0.1 ms for ten sections); other threads run meanwhile.

    Raises:
        SdpError: malformed, too large (512 KiB, 256 sections), a section without `a=mid` or with a doubled one.
    """

@final
class Engine:
    """A media thread and what belongs to it. A process may have several, each with a port of its own."""

    def __init__(self, *, binds: list[tuple[str, int]], announce: list[str]) -> None:
        """Bind one UDP port and start.

        Args:
            binds: IP address and port; port 0 is an ephemeral port, the same for all. IPv6 sockets take IPv6 only. A
                family that the machine lacks is skipped after the first bind.
            announce: IP addresses that become the candidates of every answer, each with the bound port. Addresses of a
                family that is not bound are left out; at least one must remain.

        Raises:
            EngineError: bind failure, no usable address, no threads or descriptors left.
        """

    @property
    def local_port(self) -> int:
        """The bound UDP port, never 0."""

    def fileno(self) -> int:
        """Descriptor that is readable while events wait. The engine owns it: it lives as long as the object."""

    def drain(self, max_events: int = 256) -> list[tuple[object, ...]]:
        """Take up to `max_events` events in order; never waits. Still allowed after `close`.

        - `("answer", peer, offer_id, sdp, {mid: track})`: subscribed sections and what they show.
        - `("offer", peer, offer_id, sdp, {mid: track})`, `("answer_taken", peer, offer_id, {mid: track})`: sections of
          an offer of ours and what they will show, or show from now on.
        - `("negotiation_failed", peer, offer_id, code, message)`: `bad_sdp`, `bad_offer` or `queue_full`; the session
          goes on as it was.
        - `("connected", peer)`: ICE and DTLS are up, or ICE is up again. Media flows from here on.
        - `("disconnected", peer)`: no connectivity check for some seconds; it may come back.
        - `("closed", peer, reason)`: the peer is gone: `ice_timeout`, `dtls_failed`, `panic`, `requested`,
          `peer_closed` (it closed the connection itself) or `data_flood` (far more messages than anybody may send).
        - `("track_started", peer, track, mime)`: first packet: `audio/opus`, `audio/red`, `video/vp8` or
          `video/h264`.
        - `("picture_state", peer, track, is_paused)`: the line to `peer` has no room for `track`, or has room again.
        - `("speakers", room, [(peer, track, level, is_active)])`: changed speakers, level 0 to 1, at most 5 a second.
        - `("stats", [(peer, figures)])`: connected peers, about each second; figures are `{"rtt_ms": float | None,
          "loss_in": float, "loss_out": float, "bps_in": int, "bps_out": int, "idle_s": float}`, losses as shares from
          0 to 1; `idle_s` since the last verified connectivity check or packet.
        - `("streams", [(peer, way, [(track, layer, cause, totals)], [(track, totals)])])`: what each peer is sent and
          sends, when it changed and else about every five seconds, at most once a second. `way` is `udp` or `tcp`;
          `layer` 0 is the smallest, None: nothing is sent; `cause` says why no more: `whole` (it is all), `asked`,
          `bandwidth`, `cpu`, `muted`, `waiting` (for the publisher or a key frame), `unheard` (in a large room others
          speak). `totals` are `(bytes, packets, nacks, loss)`: since the beginning, repairs included; `loss` is the
          share lost lately.
        - `("load", load)`: the media thread has become too busy or less so: `light`, `full` (nobody should begin to
          publish), `smaller_pictures`, `smallest_pictures` (which it has then seen to itself).
        - `("data", peer, label, payload)`, `("data_open", peer, label)`
        - `("log", level, text)`: `info`, `warning`, `error`; never contains descriptions, addresses or keys.
        - `("worker_lost", reason, rooms)`: the media thread failed as a whole and began again, on its port, without
          these rooms and their peers.

        Raises:
            EngineError: used after fork.
        """

    def open_peer(
        self,
        *,
        room: str,
        peer: str,
        owner: str | None = None,
        voices: int = 3,
        large_room: int = 50,
        may_pause: bool = True,
        needs_opening: bool = False,
        playout_delay: tuple[int, int] | None = None,
    ) -> None:
        """Make a peer. It is closed by itself when it has not connected within 30 s of its last offer.

        Args:
            owner: the peer that publishes for the same participant, if that is another one.
            voices: how many microphones (1 to 5) everybody hears at once when the room is large: those that speak. Who
                is heard himself hears one more instead. Counts for the room from now on.
            large_room: a room with more microphones than this is large.
            may_pause: pictures that its line has no room for are stopped; if not, their smallest layers go on.
            needs_opening: a silent track begins with a few packets of nothing: the peer knows it by its first packet.
            playout_delay: least and most hundredths of a second (12 bits) for which it shall hold pictures back.

        Raises:
            EngineError: closed, `queue_full`, used after fork. So do all methods below.
        """

    def set_voices(self, *, room: str, voices: int, large_room: int) -> None:
        """What `open_peer` said of the room, anew: counts from now on."""

    def close_peer(self, *, peer: str) -> None:
        """Say goodbye (RTCP BYE, DTLS close_notify) and forget the peer with its tracks. Event `closed`."""

    def negotiate(
        self,
        *,
        peer: str,
        offer_id: int,
        offer: str,
        publish: dict[str, tuple[str, list[str]]],
        subscribe: dict[str, tuple[str, str]],
        microphones: set[str] = ...,
    ) -> None:
        """Answer an offer. Exactly one event `answer` or `negotiation_failed` follows, unless the peer goes meanwhile.

        Args:
            publish: section that the client sends in → (track, layers from the smallest to the largest, `[]` without
                simulcast). Sections not named are answered `inactive`.
            subscribe: section that the client receives in → (track, session id of its publisher). The track may be
                published later. Sections not named are answered `inactive`. `a=msid` of the answer is
                `<publisher>|<track> <track>`.

            microphones: sections of `publish` that carry a microphone. In a large room these are forwarded while their
                owner is one of the few who speak, provided that packets say how loud they are (RFC 6464).

        Publications and subscriptions that are not named any more end. Offers of one peer are answered in order.
        """

    def make_offer(self, *, peer: str, offer_id: int, tracks: list[tuple[str, str, bool]], restarts_ice: bool) -> None:
        """Offer to a peer that only receives. One event `offer` or `negotiation_failed` follows.

        Args:
            tracks: (track, session id of its publisher, is it sound): what the peer is to receive, and nothing else.
                A track keeps its section; one that became free is used again a round later.
            restarts_ice: with new ICE credentials.

        The first offer brings the data channels `_reliable`, `_lossy` and `_data_track`. A new offer replaces one that
        is not answered yet.
        """

    def take_answer(self, *, peer: str, offer_id: int, answer: str) -> None:
        """The peer's answer to the latest offer. One event `answer_taken` or `negotiation_failed` follows."""

    def set_subscription(
        self,
        *,
        peer: str,
        track: str,
        is_enabled: bool,
        max_spatial_layer: int,
        max_fps: int,
        priority: int = 1,
    ) -> None:
        """Say what a subscriber wants of a track: pause, largest layer (0 to 2), frames per second (0 is no limit).

        `priority` (0 to 255, higher is more important) counts when the line to the subscriber is too narrow for all.

        Remembered also before the track is shown. Without it a track is sent in its largest layer.
        """

    def drop_subscription(self, *, peer: str, track: str) -> None:
        """Stop forwarding at once. The section stays until the next `negotiate` of the peer."""

    def limit_line(self, *, peer: str, bps: int) -> None:
        """Send `peer` no more than `bps` bits per second, whatever its line carries; 0 lifts the limit."""

    def set_track_muted(self, *, track: str, is_muted: bool) -> None:
        """Drop the track's packets on entry, whatever the publisher sends. Remembered also before it is published."""

    def send_data(self, *, peers: list[str], label: str, payload: bytes) -> None:
        """Send one message to each peer whose channel `label` is open; the others are skipped and counted.

        `_reliable` messages wait for room in the channel (4 MiB a peer), those of `_lossy` and `_data_track` are
        dropped.

        Raises:
            ValueError: another label.
        """

    def add_candidate(self, *, peer: str, candidate: str) -> None:
        """A trickled candidate (`candidate:…`). Unreadable ones are counted; nothing depends on them."""

    def relay(
        self,
        *,
        secret: bytes,
        plain: list[tuple[str, int]],
        encrypted: list[tuple[str, int]],
        certificate: tuple[str, str] | None = None,
        beside: list[Engine] = ...,
    ) -> None:
        """Speak TURN as well, on a thread of its own; once. Its only peers are the candidates of this engine and of
        those `beside` it. It ends with this one.

        Args:
            secret: what passwords are made with: user `<unix time until which it is valid>:<participant>`, password
                the Base64 of its HMAC-SHA1 by `secret`, realm `palaver`.
            plain: IP address and port for UDP and TCP.
            encrypted: IP address and port for TCP with TLS.
            certificate: PEM files of chain and key for the latter, read again when they change.

        Raises:
            EngineError: bind failure, unreadable certificate, or TURN is spoken already.
        """

    def relay_connection(self, *, fd: int, local: tuple[str, int], remote: tuple[str, int]) -> None:
        """Speak TURN on a connected stream socket, which is duplicated; `remote` is who is really at its other end.

        Raises:
            EngineError: `relay` was not called, or `queue_full`.
        """

    def fail_for_a_test(self) -> None:
        """Make the media thread panic: event `worker_lost`. Nothing but tests has a use for it."""

    def stats(self) -> str:
        """A flat JSON object of numbers: totals since the start, as of the last second."""

    def close(self, *, timeout_s: float = 2.0) -> None:
        """Say goodbye to all peers and join the threads; other Python threads run meanwhile. Again: nothing happens.

        The last events can still be drained.
        """
