"""Response headers that every page carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

# Only our own pages may ask for the devices of a call; nobody may ask for the rest.
_PERMISSIONS = (
    "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), fullscreen=(self), "
    "autoplay=(self), picture-in-picture=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=(), midi=(), "
    "serial=(), browsing-topics=()"
)


def security_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add what Django has no setting for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Every page, an error too, names who is signed in, and is shown no more once they have signed out.
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return middleware


def socket_origin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Name in the content-security policy where pages connect to: a media server of its own, if there is one, and the
    page's own WebSocket origin, for browsers whose 'self' lacks it.
    """
    media = settings.PALAVER_MEDIA_URL
    # LiveKit clients open a socket, and ask by HTTP when that fails.
    media_origins = [] if media is None else [media, media.replace("http", "ws", 1)]

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        scheme = "wss" if request.is_secure() else "ws"
        origins = [f"{scheme}://{request.get_host()}", *media_origins]
        response._csp_update = {"connect-src": origins}  # type: ignore[attr-defined]
        return response

    return middleware
