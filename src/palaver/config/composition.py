"""Puts the parts of `palaver serve` together. Import it only after `django.setup()`."""

from django.conf import settings as django_settings

from palaver.config.asgi import Part, Planes, nothing_here
from palaver.config.asgi_types import App
from palaver.config.health import Health
from palaver.config.housekeeping import Housekeeping
from palaver.config.options import Settings
from palaver.config.pages import Pages
from palaver.config.static_files import StaticFiles


def build(settings: Settings, *, port: int) -> Planes:
    """The application of one process; `port` is the one it listens on."""
    parts: list[Part] = []
    sfu: App = nothing_here
    live: App = nothing_here
    parts.append(Housekeeping())
    planes = Planes(
        pages=Pages(),
        static=StaticFiles(django_settings.PALAVER_WEB_DIST),
        health=Health(is_serving=lambda: planes.is_serving),
        sfu=sfu,
        live=live,
        parts=tuple(parts),
    )
    return planes
