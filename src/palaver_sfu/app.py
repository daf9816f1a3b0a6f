"""The composition root: one SFU as an ASGI application.

    app = create_app(settings)
    await app.startup()
    ...                      # serve `app`
    await app.shutdown("SIGTERM")

A server that speaks the ASGI lifespan protocol calls the two by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import httpx

from palaver_sfu.adapters.addresses import local_addresses
from palaver_sfu.adapters.webhooks import WebhookSender
from palaver_sfu.config import SfuSettings
from palaver_sfu.errors import ConfigError, MediaError
from palaver_sfu.exposition import Family
from palaver_sfu.http.app import HttpApp
from palaver_sfu.http.gate import Gate
from palaver_sfu.http.replies import Receive, Scope, Send
from palaver_sfu.meters import Meters
from palaver_sfu.ports import FactSink, MediaEvent, MediaPort, ThreadFigures
from palaver_sfu.room.values import ALL_CODECS
from palaver_sfu.session.effects import Announce
from palaver_sfu.stalls import StallWatch
from palaver_sfu.survey import RoomView, survey
from palaver_sfu.switchboard import Switchboard
from palaver_sfu.wire.ice_servers import IceServer, IceServers, TurnServer
from palaver_sfu.wire.responses import Encoder
from palaver_sfu.wire.tokens import Keys

logger = logging.getLogger(__name__)

# The whole process stops within 5 s, and the media core takes up to 2 s of them, beside this.
# `palaver serve` gives a part 1.5 s.
WEBHOOKS_S = 1.0

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NONCE_LETTERS = 12


class _Facts:
    """Facts go to all of these."""

    def __init__(self, *sinks: FactSink) -> None:
        self._sinks = sinks

    def publish(self, announce: Announce) -> None:
        for sink in self._sinks:
            sink.publish(announce)


class SfuApp:
    """Owns the media core, the rooms and the tasks between `startup` and `shutdown`."""

    def __init__(
        self,
        settings: SfuSettings,
        *,
        media: MediaPort,
        webhook_transport: httpx.AsyncBaseTransport | None,
        clock: Callable[[], float],
        own_turn: TurnServer | None = None,
    ) -> None:
        self._media = media
        self._settings = settings
        self._keys = keys = Keys(secrets=settings.keys)
        self._clock = clock
        self._meters = Meters(clock)
        self._stalls = StallWatch(media.threads)
        servers: Sequence[IceServer | TurnServer] = settings.ice_servers + (() if own_turn is None else (own_turn,))
        self._webhooks = WebhookSender(
            urls=settings.webhook_urls,
            keys=keys,
            api_key=settings.webhook_api_key,
            clock=clock,
            nonce=new_nonce,
            transport=webhook_transport,
        )
        self.switchboard = Switchboard(
            media=media,
            facts=_Facts(self._webhooks, self._meters),
            encoder=Encoder(node_id=f"ND_{new_nonce()}", ice_servers=IceServers(clock=clock, servers=servers)),
            clock=clock,
            nonce=new_nonce,
            creates_rooms_on_join=settings.creates_rooms_on_join,
            may_unmute_remotely=settings.may_unmute_remotely,
            options=settings.room_options,
            presets=settings.room_presets,
            timing=settings.timing,
            limits=settings.limits,
            on_tick=self._ticked,
        )
        self._http = HttpApp(
            switchboard=self.switchboard,
            keys=keys,
            parse_offer=media.parse_offer,
            clock=clock,
            gate=Gate(settings.limits, clock),
            meters=self._meters,
            is_stalled=lambda: self._stalls.is_any,
        )
        self._ticking: asyncio.Task[None] | None = None
        self._is_down = False

    @property
    def media_port(self) -> int:
        """The UDP port that media really uses; of several threads, that of the first."""
        return self._media.local_port

    def media_stats(self) -> str:
        """The media core's counters, as JSON."""
        return self._media.stats()

    def rooms(self) -> Sequence[RoomView]:
        """What is going on, for operators."""
        return survey(self.switchboard.rooms, now=self._clock(), thread_of=self._media.thread_of)

    def media_threads(self) -> Sequence[ThreadFigures]:
        return self._media.threads()

    def metrics(self) -> Iterable[Family]:
        sender = self._webhooks
        return self._meters.families(
            self.rooms(),
            core=self._media.stats(),
            threads=self._media.threads(),
            webhooks=(sender.sent, sender.dropped, sender.waiting),
            calls_open=self.switchboard.open_calls,
        )

    def replace_keys(self, secrets: Mapping[str, str]) -> None:
        """Other API keys are valid from now on; nobody inside notices.

        Raises:
            ConfigError: these cannot be; the old ones stay.
        """
        self._settings = replace(self._settings, keys=dict(secrets))
        self._keys.replace(secrets)
        logger.info("API keys exchanged", extra={"keys": sorted(secrets)})

    def relay(self, connection: socket.socket, *, local: tuple[str, int], remote: tuple[str, int]) -> None:
        """Speak TURN on `connection`, which is duplicated; `remote` is who is really at its other end.

        Raises: MediaError: there is no relay, or too many connections wait.
        """
        self._media.relay_connection(connection.fileno(), local=local, remote=remote)

    async def startup(self) -> None:
        self._media.start(self._media_events)
        self._ticking = asyncio.create_task(self.switchboard.run(), name="sfu ticks")

    def _ticked(self, *, work_s: float, lag_s: float) -> None:
        self._meters.ticked(work_s=work_s, lag_s=lag_s)
        self._stalls.look()

    def _media_events(self, events: Sequence[MediaEvent]) -> None:
        self._meters.observe(events)
        self.switchboard.media_events(events)

    async def shutdown(self, reason: str = "") -> None:
        """Say goodbye, deliver the last webhooks, stop media; about 4 s at most. Idempotent."""
        if self._is_down:
            return
        self._is_down = True
        logger.info("sfu shuts down", extra={"reason": reason})
        self.switchboard.close()
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        # Side by side: a receiver that is down must not keep the media from being closed in time.
        await asyncio.gather(self._webhooks.close(timeout_s=WEBHOOKS_S), asyncio.to_thread(self._media.close))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.startup()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.shutdown("lifespan")
                await send({"type": "lifespan.shutdown.complete"})
                return


def create_app(
    settings: SfuSettings,
    *,
    webhook_transport: httpx.AsyncBaseTransport | None = None,
    media: MediaPort | None = None,
    clock: Callable[[], float] | None = None,
) -> SfuApp:
    """An SFU with `settings`; `webhook_transport` lets webhooks reach an application in this very process.

    Raises:
        ConfigError: the media port is taken, or nothing can be announced.
    """
    own_turn: TurnServer | None = None
    if media is None:
        media, own_turn = _open_media(settings)
    return SfuApp(
        settings,
        media=media,
        webhook_transport=webhook_transport,
        clock=steady_clock() if clock is None else clock,
        own_turn=own_turn,
    )


def steady_clock() -> Callable[[], float]:
    """Unix time that never jumps: the wall clock of now, carried on by the monotonic one."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


def new_nonce() -> str:
    number, letters = secrets.randbelow(len(_ALPHABET) ** _NONCE_LETTERS), []
    for _ in range(_NONCE_LETTERS):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def _open_media(settings: SfuSettings) -> tuple[MediaPort, TurnServer | None]:
    # Imported here: the compiled core is needed by a running server only, not by those who read settings.
    from palaver_sfu.adapters.media import CoreMedia
    from palaver_sfu.adapters.pool import MediaPool

    announce = settings.media_addresses or tuple(local_addresses())
    if not announce:
        raise ConfigError("media-address", "no interface is up; name an address that clients can reach")
    has_ipv6 = any(":" in address for address in announce)
    has_ipv4 = any(":" not in address for address in announce)
    hosts = ["0.0.0.0"] * has_ipv4 + ["::"] * has_ipv6  # noqa: S104  media is for everybody
    turn = settings.turn
    secret = secrets.token_bytes(32)
    threads: list[CoreMedia] = []
    with contextlib.ExitStack() as opened:
        for number in range(settings.media_threads):
            port = settings.media_port and settings.media_port + number
            which = f" for media thread {number + 1} of {settings.media_threads}" if settings.media_threads > 1 else ""
            try:
                thread = CoreMedia(
                    binds=[(host, port) for host in hosts],
                    announce=announce,
                    disabled=frozenset(ALL_CODECS) - frozenset(settings.room_options.enabled_codecs),
                    voices=settings.voices,
                )
            except MediaError as error:
                raise ConfigError("media-port", f"cannot use UDP port {port}{which}: {error}") from error
            threads.append(opened.enter_context(contextlib.closing(thread)))
        if turn.is_on:
            try:
                threads[0].relay(
                    secret=secret,
                    plain=[(host, turn.port) for host in hosts if turn.port],
                    encrypted=[(host, turn.tls_port) for host in hosts if turn.tls_port],
                    certificate=turn.certificate,
                    beside=threads[1:],
                )
            except MediaError as error:
                raise ConfigError("turn-port", str(error)) from error
        opened.pop_all()
    return MediaPool(threads), TurnServer(urls=turn.urls(announce), secret=secret) if turn.is_on else None
