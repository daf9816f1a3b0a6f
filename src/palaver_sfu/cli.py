"""`palaver sfu`: the SFU alone, a LiveKit-compatible server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import uvicorn
from typing_extensions import override

from palaver_sfu import descriptors, logs
from palaver_sfu.app import SfuApp, create_app
from palaver_sfu.config import (
    DEFAULT_MEDIA_PORT,
    DEFAULT_PORT,
    DEV_KEYS,
    SfuSettings,
    check_port,
    parse_keys,
)
from palaver_sfu.errors import ConfigError
from palaver_sfu.http.patience import PatientHttp
from palaver_sfu.http.websockets import BoundedWebSocket

logger = logging.getLogger(__name__)

EXIT_SETTINGS = 2
EXIT_PORT = 1

WS_PING_S = 10.0
MAX_REQUEST_LINE_BYTES = 128 * 1024  # a join_request, a token and their metadata travel in the address
MAX_SIGNAL_BYTES = 2 * 1024 * 1024


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(EXIT_SETTINGS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `palaver sfu`, for whoever builds the parser."""
    parser.add_argument("--dev", action="store_true", help="keys `devkey: secret`; never on a public machine")
    parser.add_argument("--host", default=None, help="address to listen on (default 0.0.0.0; 127.0.0.1 with --dev)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"TCP port (default {DEFAULT_PORT})")
    parser.add_argument(
        "--media-port", type=int, default=DEFAULT_MEDIA_PORT, help=f"UDP and TCP port (default {DEFAULT_MEDIA_PORT})"
    )
    parser.add_argument(
        "--media-address",
        action="append",
        default=[],
        metavar="IP",
        help="announce exactly this address (repeatable; default: all of interfaces that are up)",
    )
    parser.add_argument("--keys-file", type=Path, help="file of `name: secret` lines")
    parser.add_argument("--webhook-url", action="append", default=[], metavar="URL", help="repeatable")
    parser.add_argument("--webhook-key", default="", metavar="NAME", help="API key that signs (default: the first)")
    parser.add_argument("--log-format", choices=("text", "json"), default="text")


def main(argv: Sequence[str] | None = None) -> int:
    parser = _Parser(prog="palaver sfu", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(argv))


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal; the exit code."""
    logs.configure(arguments.log_format)
    try:
        check_port("port", arguments.port)
        settings = read_settings(arguments)
        host = arguments.host or ("127.0.0.1" if arguments.dev else "0.0.0.0")  # noqa: S104  a server serves
        listener = listen(host, arguments.port)
    except ConfigError as error:
        return _fail(str(error), EXIT_SETTINGS)
    except OSError as error:
        return _fail(f"port: cannot listen on {host}:{arguments.port}: {error.strerror}", EXIT_PORT)
    descriptors.raise_limit()
    with contextlib.closing(listener):
        try:
            app = create_app(settings)
        except ConfigError as error:
            return _fail(str(error), EXIT_PORT if error.setting == "media-port" else EXIT_SETTINGS)
        asyncio.run(_serve(app, listener, read_keys=lambda: read_keys(arguments)))
    return 0


def read_settings(arguments: argparse.Namespace) -> SfuSettings:
    """Raises: ConfigError."""
    keys = read_keys(arguments)
    webhook_key = arguments.webhook_key or next(iter(keys))
    return SfuSettings(
        keys=keys,
        media_port=arguments.media_port,
        media_addresses=tuple(arguments.media_address),
        webhook_urls=tuple(arguments.webhook_url),
        webhook_api_key=webhook_key,
        is_dev=arguments.dev,
    )


def read_keys(arguments: argparse.Namespace) -> dict[str, str]:
    """The API keys, as they are in the file now.

    Raises:
        ConfigError: there is none, or the file cannot be read.
    """
    keys = dict(DEV_KEYS) if arguments.dev else {}
    if arguments.keys_file is not None:
        try:
            keys.update(parse_keys(arguments.keys_file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("keys-file", f"cannot read {arguments.keys_file}: {error}") from error
    if not keys:
        raise ConfigError("keys-file", "is needed (or --dev)")
    return keys


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def uvicorn_config(app: SfuApp) -> uvicorn.Config:
    """How an SFU must be served: long request lines, pings, and our own logging."""
    return uvicorn.Config(
        app,
        http=PatientHttp,
        ws=BoundedWebSocket,
        lifespan="on",
        log_config=None,
        access_log=False,
        log_level="warning",  # its line per WebSocket would show the whole address
        h11_max_incomplete_event_size=MAX_REQUEST_LINE_BYTES,
        ws_max_size=MAX_SIGNAL_BYTES,
        ws_ping_interval=WS_PING_S,
        ws_ping_timeout=2 * WS_PING_S,
        timeout_graceful_shutdown=1,  # after our own goodbye, which takes up to 3.5 s
    )


class _Server(uvicorn.Server):
    """Says goodbye to clients while their sockets are still open, then stops as uvicorn does."""

    def __init__(self, config: uvicorn.Config, app: SfuApp, *, read_keys: Callable[[], Mapping[str, str]]) -> None:
        super().__init__(config)
        self._app = app
        self._read_keys = read_keys

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.shutdown("signal")
        await super().shutdown(sockets)

    @override
    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
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


async def _serve(app: SfuApp, listener: socket.socket, *, read_keys: Callable[[], Mapping[str, str]]) -> None:
    host, port = listener.getsockname()[:2]
    logger.info("sfu listens", extra={"host": host, "port": port, "media_port": app.media_port})
    await _Server(uvicorn_config(app), app, read_keys=read_keys).serve(sockets=[listener])


def _fail(problem: str, code: int) -> int:
    print(f"palaver sfu: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
