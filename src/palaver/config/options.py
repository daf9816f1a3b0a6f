"""What an operator can set: each option once, with its flag, its variable, its meaning and its parser.

The command line, the environment and `docs/reference/configuration.md` are all made from `OPTIONS`. Values are read
once, into the frozen groups of `Settings`; what is unknown or impossible stops the start:

    SettingError          one line that names the setting
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from palaver.config import parsing
from palaver.config.parsing import SettingError, SmtpServer
from palaver.files.limits import FileLimits

SignUpMode = Literal["open", "invited", "closed"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

__all__ = ["OPTIONS", "LogFormat", "LogLevel", "Option", "SettingError", "Settings", "SignUpMode", "add_options"]
__all__ += ["default_data_dir", "read_settings"]


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. `flag` is None for secrets: a command line can be read by every user of the machine."""

    key: str
    variable: str
    parse: Callable[[str], Any]
    default: str | None
    """As text, so that the reference shows exactly what one would write."""
    help: str
    flag: str | None = None
    is_switch: bool = False
    is_list: bool = False
    default_note: str | None = None


def _option(name: str, parse: Callable[[str], Any], default: str | None, text: str, **more: Any) -> Option:
    key = name.replace("-", "_")
    return Option(
        key=key, variable=f"PALAVER_{key.upper()}", flag=f"--{name}", parse=parse, default=default, help=text, **more
    )


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """The user's data folder (XDG Base Directory Specification 0.8)."""
    base = environ.get("XDG_DATA_HOME", "")
    root = Path(base) if base.startswith("/") else Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    return root / "palaver"


OPTIONS: tuple[Option, ...] = (
    _option("host", parsing.host, "127.0.0.1", "Address to listen on for pages and sockets; 0.0.0.0 or :: for all."),
    _option("port", parsing.port_or_any, "8000", "TCP port for pages and sockets; 0 picks a free one."),
    _option(
        "media-port",
        parsing.port_or_any,
        "7882",
        "Port for sound and picture, by UDP and, for those without it, TCP; 0 picks a free one.",
    ),
    _option(
        "media-threads",
        parsing.number_or_auto(1, 64),
        "1",
        "Threads that forward sound and picture, each for rooms of its own: 1 to 64, or auto for one per processor. "
        "Each has a port of its own: --media-port, the next one, and so on.",
    ),
    _option(
        "media-address",
        parsing.ip_address,
        None,
        "IP address that browsers send media to; repeat it, or list several with commas.",
        is_list=True,
        default_note="every address of an interface that is up, except loopback and link-local",
    ),
    _option(
        "turn-port",
        parsing.port_or_any,
        "0",
        "UDP and TCP port for TURN, for people who reach neither the media port nor https of this process; 0 for none. "
        "Where this process serves https, TURN over TLS is spoken on that port without being asked for.",
    ),
    _option(
        "turn-domain",
        parsing.word,
        None,
        "Name or address by which clients reach TURN.",
        default_note="the host of --public-url, or the addresses that media is sent to",
    ),
    _option(
        "ice-servers",
        parsing.existing_file,
        None,
        "JSON file with a list of STUN and TURN servers of your own: urls, and username and credential or secret.",
        default_note="none, and never a third party's",
    ),
    _option(
        "livekit-url",
        parsing.engine_url,
        None,
        "Use this LiveKit-compatible media server (palaver sfu, livekit-server) instead of the embedded one: "
        "http://10.0.0.5:7880.",
        default_note="the embedded media server",
    ),
    _option(
        "livekit-client-url",
        parsing.engine_url,
        None,
        "Where browsers reach the media server, when it is another address: https://media.example.org.",
        default_note="the same as --livekit-url",
    ),
    Option(
        key="livekit_api_key",
        variable="PALAVER_LIVEKIT_API_KEY",
        parse=parsing.word,
        default=None,
        help="API key of the media server; goes with --livekit-url.",
    ),
    Option(
        key="livekit_api_secret",
        variable="PALAVER_LIVEKIT_API_SECRET",
        parse=parsing.secret,
        default=None,
        help="Secret of that key, at least 32 characters.",
    ),
    _option(
        "public-url",
        parsing.public_url,
        None,
        "The address people open and mails lead to when it differs from host and port: https://meet.example.org.",
    ),
    _option(
        "trusted-proxy",
        parsing.network,
        None,
        "Address or network of a reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        is_list=True,
        default_note="none",
    ),
    _option(
        "data-dir",
        parsing.folder,
        None,
        "Folder for the database, files and secrets, readable by its owner only.",
        default_note="$XDG_DATA_HOME/palaver or ~/.local/share/palaver; make run uses ./var",
    ),
    _option("tls-cert", parsing.existing_file, None, "Certificate chain (PEM) to serve https; needs --tls-key."),
    _option("tls-key", parsing.existing_file, None, "Private key (PEM) of --tls-cert."),
    _option(
        "tls-self-signed",
        parsing.switch,
        "no",
        "Make a local authority and a certificate for this machine's names and addresses, and serve https with it.",
        is_switch=True,
    ),
    _option("sign-up", parsing.one_of("open", "invited", "closed"), "open", "Who may create an account."),
    _option("admin-email", parsing.email, None, "Where messages from the Contact page go, besides being kept."),
    _option("mail-from", parsing.email, None, "Sender of mails.", default_note="palaver@ the name of this server"),
    Option(
        key="smtp_url",
        variable="PALAVER_SMTP_URL",
        parse=parsing.smtp_url,
        default=None,
        help="Mail server as smtp://user:password@host:587 (STARTTLS) or smtps://…:465 (TLS). Without it mails are "
        "printed to the log and sign-up asks for no address check.",
    ),
    Option(
        key="database_url",
        variable="DATABASE_URL",
        parse=parsing.database_url,
        default=None,
        help="PostgreSQL as postgres://user:password@host:5432/name.",
        default_note="SQLite in the data directory",
    ),
    _option("file-max-size", parsing.size, "2G", "Largest file that can be sent in a meeting; 0 for no files."),
    _option("file-quota-meeting", parsing.size, "20G", "What the files of one meeting may take in all."),
    _option("file-quota-person", parsing.size, "10G", "What the files of one person may take in all."),
    _option("file-uploads-at-once", parsing.count, "5", "How many unfinished uploads one person may have."),
    Option(
        key="redis_url",
        variable="REDIS_URL",
        parse=parsing.redis_url,
        default=None,
        help="Redis as redis://:password@host:6379/0 or rediss://… (TLS), so that several processes serve the same "
        "rooms; needs DATABASE_URL and --livekit-url. Whoever reaches that Redis is believed: let nobody else in.",
        default_note="none: this process serves all rooms alone",
    ),
    Option(
        key="secret_key",
        variable="PALAVER_SECRET_KEY",
        parse=parsing.secret,
        default=None,
        help="What sessions and guest tickets are signed with, at least 32 characters; the same for all processes that "
        "serve one address.",
        default_note="made at the first start and kept in the data directory",
    ),
    _option("log-format", parsing.one_of("text", "json"), "text", "How log lines are written."),
    _option("log-level", parsing.one_of("debug", "info", "warning", "error"), "info", "The least level written."),
)


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where pages and sockets are served, and how the world reaches them."""

    host: str
    port: int
    public_url: str | None
    trusted_proxies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """At most one of the two ways to https is set."""

    cert: Path | None
    key: Path | None
    is_self_signed: bool

    @property
    def is_on(self) -> bool:
        """Whether this process itself serves https."""
        return self.is_self_signed or self.cert is not None


@dataclass(frozen=True, slots=True)
class MediaServer:
    """A media server of its own."""

    url: str
    client_url: str
    api_key: str
    api_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Where sound and picture arrive. No addresses means: those of the interfaces that are up."""

    port: int
    addresses: tuple[str, ...]
    server: MediaServer | None
    """None for the embedded one."""
    threads: int | None = 1
    """None for one per processor."""
    turn_port: int = 0
    turn_domain: str | None = None
    ice_servers: Path | None = None


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where things are kept, and what is shared with other processes."""

    data_dir: Path
    database: parsing.PostgresServer | None
    redis_url: str | None = field(repr=False)
    secret_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Who may come."""

    sign_up: SignUpMode


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail leaves; without `smtp` it is printed."""

    smtp: SmtpServer | None
    sender: str | None
    administrator: str | None


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the log is written."""

    format: LogFormat
    level: LogLevel


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator set, parsed and checked."""

    listen: ListenSettings
    tls: TlsSettings
    media: MediaSettings
    store: StoreSettings
    accounts: AccountSettings
    files: FileLimits
    mail: MailSettings
    log: LogSettings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` a flag for each option that has one. Values stay text until `read_settings`."""
    for option in OPTIONS:
        if option.flag is None:
            continue
        default = option.default_note or option.default
        text = f"{option.help} [{option.variable}]" + (f" (default: {default})" if default else "")
        text = text.replace("%", "%%")
        if option.is_switch:
            parser.add_argument(option.flag, dest=option.key, action="store_const", const="yes", help=text)
        elif option.is_list:
            parser.add_argument(option.flag, dest=option.key, action="append", metavar="VALUE", help=text)
        else:
            parser.add_argument(option.flag, dest=option.key, metavar="VALUE", help=text)


def read_settings(environ: Mapping[str, str] | None = None, flags: argparse.Namespace | None = None) -> Settings:
    """Parse options over environment over defaults.

    Raises:
        SettingError: an unknown PALAVER_ variable, or a value that cannot be.
    """
    env = os.environ if environ is None else environ
    _refuse_unknown(env)
    values = {option.key: _value(option, env, flags) for option in OPTIONS}
    if values["data_dir"] is None:
        values["data_dir"] = default_data_dir(env)
    _refuse_contradictions(values)
    return Settings(
        listen=ListenSettings(values["host"], values["port"], values["public_url"], values["trusted_proxy"]),
        tls=TlsSettings(values["tls_cert"], values["tls_key"], values["tls_self_signed"]),
        media=MediaSettings(
            values["media_port"],
            values["media_address"],
            _media_server(values),
            threads=values["media_threads"],
            turn_port=values["turn_port"],
            turn_domain=values["turn_domain"],
            ice_servers=values["ice_servers"],
        ),
        store=StoreSettings(values["data_dir"], values["database_url"], values["redis_url"], values["secret_key"]),
        accounts=AccountSettings(values["sign_up"]),
        files=FileLimits(
            file_bytes=values["file_max_size"],
            meeting_bytes=values["file_quota_meeting"],
            person_bytes=values["file_quota_person"],
            uploads_at_once=values["file_uploads_at_once"],
        ),
        mail=MailSettings(values["smtp_url"], values["mail_from"], values["admin_email"]),
        log=LogSettings(values["log_format"], values["log_level"]),
    )


def _media_server(values: Mapping[str, Any]) -> MediaServer | None:
    url = values["livekit_url"]
    if url is None:
        return None
    return MediaServer(
        url, values["livekit_client_url"] or url, values["livekit_api_key"], values["livekit_api_secret"]
    )


def _refuse_unknown(env: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS}
    for name in sorted(env):
        if name.startswith("PALAVER_") and name not in known:
            raise SettingError(name, "is not a setting of Palaver")


def _value(option: Option, env: Mapping[str, str], flags: argparse.Namespace | None) -> Any:
    given: str | list[str] | None = getattr(flags, option.key, None)
    name = option.flag or option.variable
    if given is None and env.get(option.variable, "") != "":
        given, name = env[option.variable], option.variable
    if given is None:
        given = option.default
    if option.is_list:
        return tuple(_parse(option, name, text) for text in _split(given))
    return None if given is None else _parse(option, name, str(given))


def _split(given: str | Sequence[str] | None) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given or ())
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _parse(option: Option, name: str, text: str) -> Any:
    try:
        return option.parse(text)
    except ValueError as problem:
        raise SettingError(name, str(problem)) from None


def _refuse_contradictions(values: Mapping[str, Any]) -> None:
    if (values["tls_cert"] is None) != (values["tls_key"] is None):
        missing = "--tls-key" if values["tls_key"] is None else "--tls-cert"
        raise SettingError(missing, "is missing: a certificate and its key go together")
    if values["tls_self_signed"] and values["tls_cert"] is not None:
        raise SettingError("--tls-self-signed", "cannot be used together with --tls-cert")
    _refuse_half_a_media_server(values)
    if values["redis_url"] is not None:
        if values["database_url"] is None:
            raise SettingError("DATABASE_URL", "is missing: processes that share rooms by REDIS_URL share a PostgreSQL")
        if values["livekit_url"] is None:
            raise SettingError("--livekit-url", "is missing: rooms that are shared by REDIS_URL need one media server")


def _refuse_half_a_media_server(values: Mapping[str, Any]) -> None:
    names = {
        "livekit_url": "--livekit-url",
        "livekit_api_key": "PALAVER_LIVEKIT_API_KEY",
        "livekit_api_secret": "PALAVER_LIVEKIT_API_SECRET",
    }
    missing = [name for key, name in names.items() if values[key] is None]
    is_wanted = len(missing) < len(names) or values["livekit_client_url"] is not None
    if is_wanted and missing:
        raise SettingError(missing[0], "is missing: a media server has an address, a key and a secret")
