"""Puts the parts of `palaver serve` together. Import it only after `django.setup()`.

ConfigError (of palaver_sfu)      a setting of the media server that cannot be; names it
"""

import httpx
from django.conf import settings as django_settings

from palaver.config.asgi import Planes
from palaver.config.asgi_types import Receive, Scope, Send, respond
from palaver.config.health import Health
from palaver.config.housekeeping import Housekeeping
from palaver.config.live_handlers import REGISTRY
from palaver.config.options import Settings
from palaver.config.pages import Pages
from palaver.config.secret_files import Secrets
from palaver.config.static_files import StaticFiles
from palaver.engines.livekit import LiveKitEngine
from palaver.files.application import Files
from palaver.live.lifecycle import LivePart
from palaver.live.routing import application as live_sockets
from palaver_sfu.app import create_app
from palaver_sfu.config import SfuSettings

# The parts meet inside the process: these addresses are never dialled, only routed by `httpx.ASGITransport`.
_SFU_URL = "http://sfu.internal"
_WEBHOOK_URL = "http://localhost/engine/webhook"


def build(settings: Settings) -> Planes:
    """The application of one process. Opens the media port."""
    secrets: Secrets = django_settings.PALAVER_SECRETS
    pages = Pages()

    async def webhooks(scope: Scope, receive: Receive, send: Send) -> None:
        if not planes.is_serving:
            # The rooms have gone or are going, and read no more reports. "Later" would only hold up the stop.
            await respond(send, 200, b"")
            return
        await pages({**scope, "client": ("127.0.0.1", 0)}, receive, send)

    sfu = create_app(
        SfuSettings(
            keys={secrets.sfu_api_key: secrets.sfu_api_secret},
            media_port=settings.media.port,
            media_addresses=settings.media.addresses,
            webhook_urls=(_WEBHOOK_URL,),
            webhook_api_key=secrets.sfu_api_key,
        ),
        webhook_transport=httpx.ASGITransport(app=webhooks),
    )
    engine = LiveKitEngine(
        url=_SFU_URL,
        api_key=secrets.sfu_api_key,
        api_secret=secrets.sfu_api_secret,
        transport=httpx.ASGITransport(app=sfu),
    )
    files = Files()
    planes = Planes(
        pages=pages,
        static=StaticFiles(django_settings.PALAVER_WEB_DIST),
        health=Health(is_serving=lambda: planes.is_serving),
        sfu=sfu,
        live=live_sockets,
        files=files,
        # Stopped in the opposite order: rooms say good-bye while the media server still answers them.
        parts=(Housekeeping(), files, sfu, LivePart(engine=engine, registry=REGISTRY)),
    )
    return planes
