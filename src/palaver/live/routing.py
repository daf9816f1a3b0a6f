"""The WebSocket addresses of the live room, for Channels' URLRouter."""

from typing import Any, Final

from channels.routing import URLRouter
from django.urls import path, re_path

from palaver.kernel.errors import MEETING_NOT_FOUND, SERVER_RESTART
from palaver.live import lifecycle
from palaver.live.consumers import LiveSocket, Receive, Send


async def meeting_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """`/ws/meetings/<slug>`."""
    live = lifecycle.running()
    if live is None:
        await receive()
        await send({"type": "websocket.close", "code": SERVER_RESTART.close_code})
        return
    await LiveSocket(live, scope, receive, send).run()


async def nothing_here(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Any other path below `/ws/`."""
    del scope
    await receive()
    await send({"type": "websocket.close", "code": MEETING_NOT_FOUND.close_code})


# `str`, not `slug`: whatever does not name a meeting gets the same answer as a meeting that is not there.
# Any: Channels hands ASGI applications to Django's `path`, whose type knows views only.
_application: Any = meeting_socket
_nothing: Any = nothing_here
websocket_urlpatterns: Final = [path("ws/meetings/<str:slug>", _application), re_path("", _nothing)]
application: Final[Any] = URLRouter(websocket_urlpatterns)
"""The ASGI application for paths below `/ws/`."""
