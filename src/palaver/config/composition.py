"""Puts the parts of `palaver serve` together. Import it only after `django.setup()`.

ConfigError (of palaver_sfu)      a setting of the media server that cannot be; names it
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from django.conf import settings as django_settings

from palaver.config.asgi import Planes, nothing_here
from palaver.config.asgi_types import Receive, Scope, Send, respond
from palaver.config.health import Health
from palaver.config.housekeeping import Housekeeping
from palaver.config.live_handlers import REGISTRY
from palaver.config.options import MediaServer, Settings
from palaver.config.origins import is_any
from palaver.config.pages import Pages
from palaver.config.secret_files import Secrets
from palaver.config.static_files import StaticFiles
from palaver.engines.livekit import LiveKitEngine
from palaver.files.application import Files
from palaver.live.lifecycle import LivePart
from palaver.live.routing import application as live_sockets
from palaver_sfu.app import SfuApp, create_app
from palaver_sfu.config import SfuSettings
from palaver_sfu.processors import one_per_processor
from palaver_sfu.relaying import TurnSettings, read_ice_servers
from palaver_sfu.room.values import RoomOptions

if TYPE_CHECKING:
    from palaver.live.cluster.part import ClusterPart

# The parts meet inside the process: these addresses are never dialled, only routed by `httpx.ASGITransport`.
_SFU_URL = "http://sfu.internal"
_WEBHOOK_URL = "http://localhost/engine/webhook"


def build(settings: Settings) -> Planes:
    """The application of one process. Opens the media port, if media is served here."""
    pages = Pages()
    sfu: SfuApp | None = None
    if settings.media.server is None:
        sfu, engine = _embedded(settings, pages, is_serving=lambda: planes.is_serving)
    else:
        engine = _external(settings.media.server)
    files = Files()
    live = LivePart(engine=engine, registry=REGISTRY, cluster=_cluster(settings))
    planes = Planes(
        pages=pages,
        static=StaticFiles(django_settings.PALAVER_WEB_DIST),
        health=Health(is_serving=lambda: planes.is_serving),
        sfu=sfu or nothing_here,
        live=live_sockets,
        files=files,
        relay=None if sfu is None else sfu.relay,
        # Stopped in the opposite order: rooms say good-bye while the media server still answers them.
        parts=(Housekeeping(), files, *(() if sfu is None else (sfu,)), live),
    )
    return planes


def _embedded(settings: Settings, pages: Pages, *, is_serving: Callable[[], bool]) -> tuple[SfuApp, LiveKitEngine]:
    secrets: Secrets = django_settings.PALAVER_SECRETS

    async def webhooks(scope: Scope, receive: Receive, send: Send) -> None:
        if not is_serving():
            # The rooms have gone or are going, and read no more reports. "Later" would only hold up the stop.
            await respond(send, 200, b"")
            return
        await pages({**scope, "client": ("127.0.0.1", 0)}, receive, send)

    sfu = create_app(
        SfuSettings(
            keys={secrets.sfu_api_key: secrets.sfu_api_secret},
            media_port=settings.media.port,
            media_threads=settings.media.threads or one_per_processor(),
            media_addresses=settings.media.addresses,
            turn=_turn(settings),
            ice_servers=read_ice_servers(settings.media.ice_servers) if settings.media.ice_servers else (),
            webhook_urls=(_WEBHOOK_URL,),
            webhook_api_key=secrets.sfu_api_key,
            # Browsers put sound and picture together only where both are of one stream.
            room_options=RoomOptions(syncs_streams=True),
        ),
        webhook_transport=httpx.ASGITransport(app=webhooks),
    )
    engine = LiveKitEngine(
        url=_SFU_URL,
        api_key=secrets.sfu_api_key,
        api_secret=secrets.sfu_api_secret,
        transport=httpx.ASGITransport(app=sfu),
    )
    return sfu, engine


def _turn(settings: Settings) -> TurnSettings:
    """TURN over TLS shares the port of https: whoever sees the page gets through, whatever else is blocked."""
    public = urlsplit(settings.listen.public_url or "")
    is_ours = settings.tls.is_on and public.scheme in ("", "https")
    host = settings.listen.host
    return TurnSettings(
        port=settings.media.turn_port,
        https_port=(public.port or (443 if public.hostname else settings.listen.port)) if is_ours else 0,
        domain=settings.media.turn_domain or public.hostname or ("" if is_any(host) else host),
    )


def _external(server: MediaServer) -> LiveKitEngine:
    return LiveKitEngine(
        url=server.url,
        api_key=server.api_key,
        api_secret=server.api_secret,
        client_url=server.client_url.replace("http", "ws", 1),
    )


def _cluster(settings: Settings) -> "ClusterPart | None":
    redis_url = settings.store.redis_url
    if redis_url is None:
        return None
    # Loaded only where it is wanted: one process needs no Redis, and no client for it.
    from palaver.live.cluster.part import ClusterPart
    from palaver.live.cluster.redis_exchange import RedisExchange

    return ClusterPart(lambda: RedisExchange(redis_url))
