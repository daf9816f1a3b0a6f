"""Sockets and uvicorn: how an SFU is served alone, with its operators' port beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

import uvicorn
from typing_extensions import override

from palaver_sfu.app import SfuApp
from palaver_sfu.errors import ConfigError
from palaver_sfu.http.admin import AdminApp
from palaver_sfu.http.patience import PatientHttp
from palaver_sfu.http.websockets import BoundedWebSocket
from palaver_sfu.leaving import stop_in_time

logger = logging.getLogger(__name__)

WS_PING_S = 10.0
MAX_REQUEST_LINE_BYTES = 128 * 1024  # a join_request, a token and their metadata travel in the address
MAX_SIGNAL_BYTES = 2 * 1024 * 1024


def listen(host: str, port: int) -> socket.socket:
    """Raises: OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. asyncio asks for it too, but not where a socket was made without naming its protocol;
        # without it every second message in a row waits 40 ms for the client's acknowledgement of the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def uvicorn_config(app: SfuApp) -> uvicorn.Config:
    """How an SFU must be served: long request lines, pings, and our own logging."""
    return _config(
        app,
        lifespan="on",
        ws=BoundedWebSocket,
        # A compressor keeps a quarter of a megabyte for each connection, which is twice what all its media needs.
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=MAX_REQUEST_LINE_BYTES,
        ws_max_size=MAX_SIGNAL_BYTES,
        ws_ping_interval=WS_PING_S,
        ws_ping_timeout=2 * WS_PING_S,
    )


async def serve(
    app: SfuApp,
    listener: socket.socket,
    *,
    read_keys: Callable[[], Mapping[str, str]],
    admin: tuple[AdminApp, socket.socket] | None,
) -> None:
    """Until a signal. `read_keys` is asked again when the process is told to (SIGHUP)."""
    host, port = listener.getsockname()[:2]
    fields = {"host": host, "port": port, "media_port": app.media_port, "media_threads": len(app.media_threads())}
    if admin is None:
        logger.info("sfu listens", extra=fields)
        await _Server(uvicorn_config(app), app, read_keys=read_keys).serve(sockets=[listener])
        return
    page, beside = admin
    logger.info("sfu listens", extra={**fields, "admin_port": beside.getsockname()[1]})
    operators = _Beside(_config(page, lifespan="off", ws="none"))
    looking = asyncio.create_task(operators.serve(sockets=[beside]))
    await _Server(uvicorn_config(app), app, read_keys=read_keys).serve(sockets=[listener])
    operators.end()
    await looking


def _config(app: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PatientHttp,
        log_config=None,
        access_log=False,
        log_level="warning",  # its line per WebSocket would show the whole address
        server_header=False,
        timeout_graceful_shutdown=1,  # after our own goodbye, which takes up to 3.5 s
        **more,
    )


class _Told(uvicorn.Server):
    """uvicorn looks ten times a second whether it shall end; this one is told, and sleeps."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._ending.set()

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._ending.set()

    @override
    async def main_loop(self) -> None:
        # The date in its answers is made anew with every tick of this number.
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), timeout=1.0)


class _Server(_Told):
    """Says goodbye to clients while their sockets are still open, then stops as uvicorn does."""

    def __init__(self, config: uvicorn.Config, app: SfuApp, *, read_keys: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(config)
        self._app = app
        self._read_keys = read_keys

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stop_in_time()
        super().handle_exit(sig, frame)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.shutdown("signal")
        await super().shutdown(sockets)

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises a caught signal again after it has stopped; a clean stop is exit code 0.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        loop.add_signal_handler(signal.SIGHUP, self._exchange_keys)
        yield

    def _exchange_keys(self) -> None:
        try:
            self._app.replace_keys(self._read_keys())
        except ConfigError as error:
            logger.error("API keys stay as they are", extra={"problem": str(error)})


class _Beside(_Told):
    """Stops when it is told to, by the other server."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
