"""Runs an ASGI application under uvicorn, and ends it cleanly: within five seconds, with exit code 0."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType

import uvicorn
from typing_extensions import override

from palaver.config.asgi_types import App
from palaver.config.turn_door import Relay, http_or_turn
from palaver_sfu.http.patience import PatientFastHttp
from palaver_sfu.http.websockets import BoundedWebSocket
from palaver_sfu.leaving import stop_in_time

_GOODBYE_S = 2.0
_DRAIN_S = 1


class ListenError(Exception):
    """The address cannot be listened on; the text is one line for the operator."""


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket.

    Raises:
        ListenError: the port is taken, or the address is not one of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        is_dual = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((address[0], port), family=family, backlog=2048, dualstack_ipv6=is_dual)
    except OSError as problem:
        # `create_server` repeats the address in its text; a name that is unknown has a number of another kind.
        reason = problem.strerror if isinstance(problem, socket.gaierror) else os.strerror(problem.errno or 0)
        raise ListenError(f"--port {port}: cannot listen on {host}: {reason}") from None


class _Server(uvicorn.Server):
    """uvicorn, but rooms hear of a stop before their sockets are closed."""

    def __init__(
        self, config: uvicorn.Config, *, goodbye: Callable[[], Awaitable[None]], ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._goodbye = goodbye
        self._ready = ready

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stop_in_time()
        super().handle_exit(sig, frame)

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self._goodbye()
        except TimeoutError:
            pass
        await super().shutdown(sockets)


def run(
    app: App,
    listener: socket.socket,
    *,
    goodbye: Callable[[], Awaitable[None]],
    ready: Callable[[], None],
    certificate: tuple[Path, Path] | None,
    trusted_proxies: tuple[str, ...],
    relay: Relay | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code. `goodbye` runs before connections are closed.

    `relay` takes connections that speak TURN instead of HTTP.
    """
    config = uvicorn.Config(
        app,
        # wsproto takes request lines of 64 kB: LiveKit clients put a whole join request there. uvicorn's websockets
        # back ends stop at 8 kB (design notes on the protocol, 1.3).
        ws=BoundedWebSocket,
        http=PatientFastHttp if relay is None else http_or_turn(relay),
        lifespan="on",
        log_config=None,
        access_log=True,
        server_header=False,
        date_header=True,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_graceful_shutdown=_DRAIN_S,
        timeout_keep_alive=75,
        ws_max_size=4 * 1024 * 1024,  # the parts have tighter limits of their own
        # Compressing a delta again for each socket costs more than sending it, and a quarter of a megabyte a socket.
        ws_per_message_deflate=False,
        ssl_certfile=str(certificate[0]) if certificate else None,
        ssl_keyfile=str(certificate[1]) if certificate else None,
    )
    server = _Server(config, goodbye=goodbye, ready=ready)
    _exit_quietly_on_signals()
    server.run(sockets=[listener])
    return 0 if server.started else 3


def _exit_quietly_on_signals() -> None:
    # uvicorn takes the signals while it runs and raises them again afterwards; these handlers are what they meet
    # then, so that a clean stop is exit code 0.
    def stopped(_number: int, _frame: FrameType | None) -> None:
        return

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopped)
