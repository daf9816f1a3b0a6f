"""`palaver sfu`: the SFU alone, a LiveKit-compatible server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import uvloop
from typing_extensions import override

from palaver_sfu import descriptors, logs, server
from palaver_sfu.app import create_app
from palaver_sfu.config import (
    DEFAULT_MEDIA_PORT,
    DEFAULT_PORT,
    DEV_KEYS,
    AdminSettings,
    SfuSettings,
    check_port,
    parse_keys,
)
from palaver_sfu.config_file import FileConfig, read_file
from palaver_sfu.errors import ConfigError
from palaver_sfu.http.admin import AdminApp, Insight
from palaver_sfu.leaving import leave
from palaver_sfu.processors import media_threads
from palaver_sfu.relaying import TurnSettings, read_ice_servers
from palaver_sfu.room.values import DEFAULT_VOICES, VoiceLimit

EXIT_SETTINGS = 2
EXIT_PORT = 1

_NOTHING = FileConfig()


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that `palaver sfu` was told, by options and by its file."""

    host: str
    port: int
    log_format: logs.LogFormat
    sfu: SfuSettings
    admin: AdminSettings | None


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(EXIT_SETTINGS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `palaver sfu`, for whoever builds the parser. None: as the file says, or as usual."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML; options here win over it")
    parser.add_argument("--check", action="store_true", help="read all settings, say what is wrong, and end")
    parser.add_argument("--dev", action="store_true", help="keys `devkey: secret`; never on a public machine")
    parser.add_argument("--host", help="address to listen on (default 0.0.0.0; 127.0.0.1 with --dev)")
    parser.add_argument("--port", type=int, help=f"TCP port (default {DEFAULT_PORT})")
    parser.add_argument("--media-port", type=int, help=f"UDP and TCP port (default {DEFAULT_MEDIA_PORT})")
    parser.add_argument(
        "--media-address",
        action="append",
        default=[],
        metavar="IP",
        help="announce exactly this address (repeatable; default: all of interfaces that are up)",
    )
    parser.add_argument(
        "--media-threads",
        metavar="N",
        help="media threads, or auto: one for each processor; each has a port, from --media-port on (default 1)",
    )
    parser.add_argument(
        "--voices",
        type=int,
        help=f"heard at once in a large room (default {DEFAULT_VOICES.most})",
    )
    parser.add_argument(
        "--large-room",
        type=int,
        metavar="MICROPHONES",
        help=f"a room with more is large (default {DEFAULT_VOICES.large_room})",
    )
    parser.add_argument("--turn-port", type=int, metavar="PORT", help="UDP and TCP port for TURN")
    parser.add_argument("--turn-tls-port", type=int, metavar="PORT", help="TCP port for TURN over TLS")
    parser.add_argument("--turn-domain", metavar="NAME", help="name of this machine in the certificate")
    parser.add_argument("--turn-cert", type=Path, metavar="FILE", help="certificate chain (PEM) for --turn-tls-port")
    parser.add_argument("--turn-key", type=Path, metavar="FILE", help="private key (PEM) of --turn-cert")
    parser.add_argument(
        "--ice-servers", type=Path, metavar="FILE", help="JSON list of STUN and TURN servers that you run yourself"
    )
    parser.add_argument("--keys-file", type=Path, help="file of `name: secret` lines")
    parser.add_argument("--webhook-url", action="append", default=[], metavar="URL", help="repeatable")
    parser.add_argument("--webhook-key", default="", metavar="NAME", help="API key that signs (default: the first)")
    parser.add_argument(
        "--admin-port", type=int, help="metrics and the debug page, for this machine only (default: off)"
    )
    parser.add_argument("--log-format", choices=("text", "json"))


def main(argv: Sequence[str] | None = None) -> int:
    parser = _Parser(prog="palaver sfu", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(argv))


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal, which ends the process; the exit code when it comes to nothing."""
    try:
        options = read_options(arguments)
    except ConfigError as error:
        return _fail(str(error), EXIT_SETTINGS)
    if arguments.check:
        return 0
    logs.configure(options.log_format)
    descriptors.raise_limit()
    with contextlib.ExitStack() as opened:

        def listen(setting: str, host: str, port: int) -> socket.socket:
            try:
                return opened.enter_context(contextlib.closing(server.listen(host, port)))
            except OSError as error:
                raise ConfigError(setting, f"cannot listen on {host}:{port}: {error.strerror}") from error

        try:
            listener = listen("port", options.host, options.port)
            beside = None if options.admin is None else listen("admin-port", options.admin.host, options.admin.port)
            app = create_app(options.sfu)
        except ConfigError as error:
            return _fail(str(error), EXIT_PORT if error.setting.endswith("port") else EXIT_SETTINGS)
        admin = None
        if options.admin is not None and beside is not None:
            page = AdminApp(
                Insight(rooms=app.rooms, families=app.metrics, settings=options.admin, threads=app.media_threads)
            )
            admin = page, beside
        # The loop that `palaver serve` has.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve(app, listener, read_keys=lambda: _read_keys_again(arguments), admin=admin))
    leave(0)


def read_options(arguments: argparse.Namespace) -> Options:
    """Raises: ConfigError."""
    file = _NOTHING if arguments.config is None else read_file(arguments.config)
    port = _first(arguments.port, file.port, DEFAULT_PORT)
    check_port("port", port)
    keys = _keys(arguments, file)
    sfu = SfuSettings(
        keys=keys,
        media_port=_first(arguments.media_port, file.media_port, DEFAULT_MEDIA_PORT),
        media_addresses=tuple(arguments.media_address) or file.media_addresses,
        media_threads=_media_threads(arguments.media_threads or file.media_threads or "1"),
        voices=VoiceLimit(
            most=_first(arguments.voices, None, file.voices.most),
            large_room=_first(arguments.large_room, None, file.voices.large_room),
        ),
        webhook_urls=tuple(arguments.webhook_url) or file.webhook_urls,
        webhook_api_key=arguments.webhook_key or file.webhook_key or next(iter(keys)),
        is_dev=arguments.dev,
        creates_rooms_on_join=file.creates_rooms_on_join,
        may_unmute_remotely=file.may_unmute_remotely,
        room_options=file.room_options,
        room_presets=file.room_presets,
        limits=file.limits,
        turn=_turn(arguments, file),
        ice_servers=read_ice_servers(arguments.ice_servers) if arguments.ice_servers else file.ice_servers,
    )
    return Options(
        host=arguments.host or file.host or ("127.0.0.1" if arguments.dev else "0.0.0.0"),  # noqa: S104  a server serves
        port=port,
        log_format="json" if (arguments.log_format or file.log_format) == "json" else "text",
        sfu=sfu,
        admin=_admin(arguments, file),
    )


def _media_threads(text: str) -> int:
    try:
        return media_threads(text)
    except ValueError as problem:
        raise ConfigError("media-threads", str(problem)) from None


def _turn(arguments: argparse.Namespace, file: FileConfig) -> TurnSettings:
    chain: Path | None = arguments.turn_cert or file.turn_cert
    key: Path | None = arguments.turn_key or file.turn_key
    return TurnSettings(
        port=_first(arguments.turn_port, file.turn_port, 0),
        tls_port=_first(arguments.turn_tls_port, file.turn_tls_port, 0),
        domain=arguments.turn_domain or file.turn_domain,
        certificate=None if chain is None or key is None else (chain, key),
    )


def _admin(arguments: argparse.Namespace, file: FileConfig) -> AdminSettings | None:
    port = arguments.admin_port if arguments.admin_port is not None else file.admin_port
    if port is None:
        if file.admin_host or file.admin_username or file.admin_password:
            raise ConfigError("admin.port", "is needed beside the other settings of admin")
        return None
    return AdminSettings(
        port=port, host=file.admin_host or "127.0.0.1", username=file.admin_username, password=file.admin_password
    )


def _read_keys_again(arguments: argparse.Namespace) -> dict[str, str]:
    """Raises: ConfigError."""
    return _keys(arguments, _NOTHING if arguments.config is None else read_file(arguments.config))


def _keys(arguments: argparse.Namespace, file: FileConfig) -> dict[str, str]:
    """The API keys, as they are in the files now.

    Raises:
        ConfigError: there is none, or a file cannot be read.
    """
    keys = dict(DEV_KEYS) if arguments.dev else {}
    keys.update(file.keys)
    path: Path | None = arguments.keys_file or file.keys_file
    if path is not None:
        try:
            keys.update(parse_keys(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("keys-file", f"cannot read {path}: {error}") from error
    if not keys:
        raise ConfigError("keys-file", "is needed (or --dev)")
    return keys


def _first(given: int | None, written: int | None, usual: int) -> int:
    if given is not None:
        return given
    return usual if written is None else written


def _fail(problem: str, code: int) -> int:
    print(f"palaver sfu: {problem}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
