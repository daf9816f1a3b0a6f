"""The thin shell around the machines: feeds them what happens and does what they ask for. Loop only, no locks."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol
from uuid import uuid4

from palaver_sfu.calling import Calls
from palaver_sfu.errors import AdmissionError, ApiCode, ApiError, MediaError
from palaver_sfu.links import Link, Links
from palaver_sfu.performing import perform
from palaver_sfu.ports import (
    LIGHT,
    CoreLog,
    DataArrived,
    DataOpened,
    FactSink,
    LoadChanged,
    MediaEvent,
    MediaPort,
    SpeakersHeard,
    StreamsTold,
    WorkerLost,
)
from palaver_sfu.room.limits import DEFAULT_LIMITS, Limits
from palaver_sfu.room.values import (
    DEFAULT_OPTIONS,
    DisconnectReason,
    Identity,
    LinkStats,
    ParticipantInfo,
    ParticipantSid,
    RoomInfo,
    RoomName,
    RoomOptions,
    RoomSid,
    RoomWish,
    TrackInfo,
)
from palaver_sfu.session import machine, presence, resuming
from palaver_sfu.session.conveying import RELIABLE
from palaver_sfu.session.data_tracks import DATA_TRACK
from palaver_sfu.session.effects import (
    Announce,
    ClosePeer,
    CloseSignal,
    Effect,
    MakeOffer,
    Negotiate,
    OpenPeer,
    RoomEnded,
    Send,
    SetVoices,
    TakeAnswer,
)
from palaver_sfu.session.inputs import (
    Answered,
    ApiInput,
    ChangeVoices,
    DataChannelOpened,
    DataFrameReceived,
    EndRoom,
    FromClient,
    Input,
    Join,
    LoadObserved,
    NegotiationFailed,
    OfferMade,
    PeerClosed,
    Resume,
    SignalLost,
    StatsObserved,
    Tick,
)
from palaver_sfu.session.requests import ClientRequest
from palaver_sfu.session.state import DEFAULT_TIMING, RoomState, Timing, owner_of
from palaver_sfu.wire import data
from palaver_sfu.wire.responses import Encoder, Mint
from palaver_sfu.wire.rpc import RpcRequest, rpc_packet
from palaver_sfu.wire.streams import sync_streams

logger = logging.getLogger(__name__)

TICK_S = 1.0
MAX_REVOKED = 10_000


class OnTick(Protocol):
    """Told after each tick how long it took, and how late it came."""

    def __call__(self, *, work_s: float, lag_s: float) -> None: ...


class Switchboard:
    """All rooms of one server."""

    def __init__(
        self,
        *,
        media: MediaPort,
        facts: FactSink,
        encoder: Encoder,
        clock: Callable[[], float],
        nonce: Callable[[], str],
        creates_rooms_on_join: bool = True,
        may_unmute_remotely: bool = False,
        options: RoomOptions = DEFAULT_OPTIONS,
        presets: Mapping[str, RoomWish] = MappingProxyType({}),
        timing: Timing = DEFAULT_TIMING,
        limits: Limits = DEFAULT_LIMITS,
        on_tick: OnTick | None = None,
    ) -> None:
        self._on_tick = on_tick
        self._limits = limits
        self._media = media
        self._facts = facts
        self._encoder = encoder
        self._clock = clock
        self.nonce = nonce
        self._creates_rooms_on_join = creates_rooms_on_join
        self._may_unmute_remotely = may_unmute_remotely
        self._options = options
        self._presets = presets
        self._timing = timing
        self._rooms: dict[RoomName, RoomState] = {}
        self._by_sid: dict[RoomSid, RoomState] = {}
        self._peers: dict[ParticipantSid, RoomState] = {}
        self._links = Links(encoder)
        self._waiting: deque[tuple[RoomState, Input]] = deque()
        self._calls = Calls()
        self._is_stepping = False
        self._is_closed = False
        # Oldest out first.
        self._revoked: OrderedDict[tuple[RoomName, Identity], float] = OrderedDict()

    # --- clients ------------------------------------------------------------------------------

    def check_admission(
        self, name: RoomName, identity: Identity, *, token_from: float, may_create: bool = False
    ) -> None:
        """Raises: AdmissionError: nobody can come in here now, or not by a token that was made at `token_from`."""
        if token_from < self._revoked.get((name, identity), 0.0):
            raise AdmissionError(401, "token is revoked")
        if self._is_closed:
            raise AdmissionError(503, "server is shutting down")
        if name not in self._rooms and not (self._creates_rooms_on_join or may_create):
            raise AdmissionError(404, "requested room does not exist")

    def join(self, name: RoomName, request: Join, *, wish: RoomWish, link: Link, mint: Mint, browser: str = "") -> None:
        """Let a client in whom `check_admission` did not refuse, creating its room.

        Raises:
            AdmissionError: the room is full, or is to be made as nobody knows.
        """
        room = self._rooms.get(name)
        most = self._limits.participants
        if most and len(self._links) >= most:
            raise AdmissionError(503, "server has exceeded its max participants")
        if room is None:
            try:
                room = self._open(name, self._options_of(wish))
            except ApiError as error:
                raise AdmissionError(error.code.status, error.message) from error
        presence.admit(room, request.identity, request.permission, request.kind)
        self._peers[request.sid] = room
        self._links.attach(request.sid, link, mint=mint, browser=browser)
        self._feed(room, request)

    def request(self, sid: ParticipantSid, request: ClientRequest) -> None:
        room = self._peers.get(sid)
        if room is not None:
            self._feed(room, FromClient(sid=sid, request=request, nonce=self.nonce()))

    def resume(
        self, name: RoomName, identity: Identity, request: Resume, *, link: Link, mint: Mint, browser: str = ""
    ) -> bool:
        """Give a participant of `check_admission` a new connection; False when there is nobody to go on with."""
        room = self._rooms.get(name)
        session = room.sessions.get(request.sid) if room is not None else None
        if room is None or session is None or session.identity != identity:
            return False
        if not resuming.can_resume(session, is_dual=request.is_dual):
            return False
        # The client knows before us that its old connection is no use.
        self._links.cut(request.sid)
        self._links.attach(request.sid, link, mint=mint, browser=browser)
        self._feed(room, request)
        return True

    def signal_lost(self, sid: ParticipantSid, *, link: Link) -> None:
        if not self._links.detach(sid, link):
            return
        room = self._peers.get(sid)
        if room is not None:
            self._feed(room, SignalLost(sid=sid))

    # --- the server API (wire.room_service.Rooms) -----------------------------------------------

    def create(self, name: RoomName, wish: RoomWish) -> RoomInfo:
        room = self._rooms.get(name)
        if room is None:
            if self._is_closed:
                raise ApiError(ApiCode.UNAVAILABLE, "server is shutting down")
            room = self._open(name, self._options_of(wish))
        elif wish.voices not in {0, room.options.voices}:
            # A room stays as it was made; but who runs it may hear more voices later than at its beginning.
            self.command(name, ChangeVoices(voices=wish.voices))
        return room.info()

    def infos(self) -> Sequence[RoomInfo]:
        return [room.info() for room in self._rooms.values()]

    def participants(self, name: RoomName) -> Sequence[ParticipantInfo]:
        room = self._rooms.get(name)
        return [] if room is None else [session.info() for session in room.sessions.values()]

    def tracks(self, name: RoomName, identity: Identity) -> Sequence[TrackInfo]:
        room = self._rooms.get(name)
        session = room.by_identity(identity) if room is not None else None
        return [] if session is None else [p.info for p in session.publications.values()]

    def revoke(self, name: RoomName, identity: Identity, *, before: float) -> None:
        """Kept beyond the end of the room, which its tokens outlive."""
        self._revoked[name, identity] = max(before, self._revoked.pop((name, identity), 0.0))
        while len(self._revoked) > MAX_REVOKED:
            self._revoked.popitem(last=False)

    def command(self, name: RoomName, event: ApiInput) -> None:
        room = self._rooms.get(name)
        if room is None:
            raise ApiError(ApiCode.NOT_FOUND, "requested room does not exist")
        self._run(room, machine.step(room, event, self._clock()))
        self._work_off()

    async def perform_rpc(self, name: RoomName, request: RpcRequest) -> str:
        room = self._rooms.get(name)
        if room is None:
            raise ApiError(ApiCode.NOT_FOUND, "requested room does not exist")
        session = room.by_identity(request.identity)
        if session is None:
            raise ApiError(ApiCode.NOT_FOUND, "participant does not exist")
        call = str(uuid4())
        self._calls.begin(call, session.sid)
        try:
            self.command(name, rpc_packet(request, call=call))
        except ApiError:
            self._calls.abandon(call)
            raise
        return await self._calls.end(call, response_s=request.response_s)

    # --- media and time -------------------------------------------------------------------------

    def media_events(self, events: Sequence[MediaEvent]) -> None:
        for event in events:
            self._media_event(event)

    async def run(self) -> None:
        """Let time pass for the rooms, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            begun = loop.time()
            self.tick()
            if self._on_tick is not None:
                self._on_tick(work_s=loop.time() - begun, lag_s=begun - due)

    def tick(self) -> None:
        for room in list(self._rooms.values()):
            self._feed(room, Tick())

    def close(self) -> None:
        """Tell everybody, end every room, let nobody in any more."""
        self._is_closed = True
        for room in list(self._rooms.values()):
            self._feed(room, EndRoom(reason=DisconnectReason.SERVER_SHUTDOWN))

    @property
    def open_links(self) -> int:
        return len(self._links)

    @property
    def open_calls(self) -> int:
        return len(self._calls)

    @property
    def rooms(self) -> Sequence[RoomState]:
        """To look at, not to change."""
        return tuple(self._rooms.values())

    # --- inside ---------------------------------------------------------------------------------

    def _options_of(self, wish: RoomWish) -> RoomOptions:
        if not wish.preset:
            return wish.over(self._options)
        if wish.preset not in self._presets:
            raise ApiError(ApiCode.INVALID_ARGUMENT, "unknown room configuration in create room request")
        return wish.over(self._presets[wish.preset].over(self._options))

    def _open(self, name: RoomName, options: RoomOptions) -> RoomState:
        if self._limits.rooms and len(self._rooms) >= self._limits.rooms:
            raise ApiError(ApiCode.RESOURCE_EXHAUSTED, "server has exceeded its max rooms")
        room, effects = machine.open_room(
            sid=RoomSid(f"RM_{self.nonce()}"),
            name=name,
            options=options,
            now=self._clock(),
            timing=self._timing,
            may_unmute_remotely=self._may_unmute_remotely,
            has_tls_relay=self._encoder.has_tls_relay,
        )
        self._rooms[name] = room
        self._by_sid[room.sid] = room
        logger.info("room opened", extra={"room": name, "room_sid": room.sid})
        is_full = self._media.open_room(room=room.sid)
        self._run(room, effects)
        if is_full:
            self._feed(room, LoadObserved(is_full=True))
        return room

    def _feed(self, room: RoomState, event: Input) -> None:
        self._waiting.append((room, event))
        self._work_off()

    def _work_off(self) -> None:
        """Inputs that come up while effects are done wait their turn: a machine is never entered twice."""
        if self._is_stepping:
            return
        self._is_stepping = True
        try:
            while self._waiting:
                room, event = self._waiting.popleft()
                if not room.is_ended:
                    self._step(room, event)
        finally:
            self._is_stepping = False

    def _step(self, room: RoomState, event: Input) -> None:
        try:
            effects = machine.step(room, event, self._clock())
        except Exception:
            # A mistake of ours in one transition must cost at most its sender, not the other calls.
            logger.exception("transition failed", extra={"room": room.name, "input": type(event).__name__})
            if isinstance(event, FromClient):
                self._links.cut(event.sid)
            return
        self._run(room, effects)

    def _run(self, room: RoomState, effects: Sequence[Effect]) -> None:
        for effect in effects:
            try:
                self._do(room, effect)
            except MediaError as error:
                logger.error("media core refused", extra={"effect": type(effect).__name__, "problem": str(error)})
                if isinstance(effect, Negotiate | MakeOffer | TakeAnswer):
                    refusal = NegotiationFailed(
                        peer=effect.peer, offer_id=effect.offer_id, code="refused", message=str(error)
                    )
                    self._waiting.append((room, refusal))
                elif isinstance(effect, OpenPeer):
                    self._waiting.append((room, PeerClosed(peer=effect.peer, reason="refused")))

    def _do(self, room: RoomState, effect: Effect) -> None:
        match effect:
            case Send():
                self._links.send(effect.to, effect.message)
            case CloseSignal(sid=sid):
                self._links.cut(sid)
            case Announce():
                self._announce(effect)
            case RoomEnded():
                self._rooms.pop(room.name, None)
                self._by_sid.pop(room.sid, None)
                self._media.close_room(room=room.sid)
            case SetVoices(voices=voices):
                self._media.set_voices(room=room.sid, voices=voices)
            case ClosePeer(peer=peer):
                self._peers.pop(owner_of(peer), None)
                self._calls.left(owner_of(peer))
                perform(self._media, room.sid, effect)
            case _:
                perform(self._media, room.sid, effect)

    def _announce(self, effect: Announce) -> None:
        participant = effect.participant
        logger.info(
            effect.fact.value,
            extra={"room": effect.room.name, "participant_sid": participant.sid if participant else ""},
        )
        self._facts.publish(effect)

    def _media_event(self, event: MediaEvent) -> None:
        match event:
            case CoreLog(level=level, message=message):
                number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
                logger.log(number, "media core", extra={"detail": message})
            case WorkerLost():
                self._worker_lost(event)
            case SpeakersHeard(room=sid, observed=observed):
                room = self._by_sid.get(sid)
                if room is not None:
                    self._feed(room, observed)
            case StatsObserved():
                self._stats(event)
            case LoadChanged():
                self._load_changed(event)
            case StreamsTold(peers=peers):
                for one in peers:
                    self._feed_peer(one.peer, one)
            case DataArrived():
                self._data(event)
            case DataOpened(peer=peer, label=label):
                self._feed_peer(peer, DataChannelOpened(peer=peer, label=label))
            case Answered() | OfferMade():
                self._feed_peer(event.peer, self._described(event))
            case _:
                self._feed_peer(event.peer, event)

    def _described(self, event: Answered | OfferMade) -> Answered | OfferMade:
        """What the client will read: in some rooms, tracks that belong together name one stream."""
        room = self._peers.get(owner_of(event.peer))
        if room is None or not room.options.syncs_streams:
            return event
        if not self._links.takes_synced_streams(owner_of(event.peer)):
            return event
        return replace(event, sdp=sync_streams(event.sdp, source_of=room.source_of))

    def _feed_peer(self, peer: ParticipantSid, event: Input) -> None:
        room = self._peers.get(owner_of(peer))
        if room is not None:
            self._feed(room, event)

    def _data(self, event: DataArrived) -> None:
        sid = owner_of(event.peer)
        room = self._peers.get(sid)
        session = room.sessions.get(sid) if room is not None else None
        if room is None or session is None:
            return
        if event.label == DATA_TRACK:
            self._feed(room, DataFrameReceived(peer=sid, payload=event.payload))
            return
        if event.label == RELIABLE and self._calls.take(sid, event.payload):
            return
        sender = data.Sender(
            sid=session.sid,
            identity=session.identity,
            is_agent=session.is_agent,
            is_hidden=session.permission.is_hidden,
        )
        stamped = data.stamp(event.payload, label=event.label, sender=sender)
        if stamped is not None:
            self._feed(room, stamped)

    def _stats(self, event: StatsObserved) -> None:
        by_room: dict[RoomSid, list[tuple[ParticipantSid, LinkStats]]] = {}
        for peer, link in event.stats:
            room = self._peers.get(owner_of(peer))
            if room is not None:
                by_room.setdefault(room.sid, []).append((peer, link))
        for sid, stats in by_room.items():
            self._feed(self._by_sid[sid], replace(event, stats=tuple(stats)))

    def _load_changed(self, event: LoadChanged) -> None:
        logger.warning("media load changed", extra={"load": event.load, "rooms": len(event.rooms)})
        for room in self._known(event.rooms):
            self._feed(room, LoadObserved(is_full=event.load != LIGHT))

    def _worker_lost(self, event: WorkerLost) -> None:
        rooms = self._known(event.rooms)
        logger.error(
            "media thread failed and began again",
            extra={"reason": event.reason, "rooms": [room.name for room in rooms]},
        )
        for room in rooms:
            for peer in list(room.sessions):
                self._feed(room, PeerClosed(peer=peer, reason="panic"))

    def _known(self, sids: Sequence[RoomSid]) -> list[RoomState]:
        return [self._by_sid[sid] for sid in sids if sid in self._by_sid]
