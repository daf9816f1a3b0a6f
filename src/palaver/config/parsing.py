"""Parsers of single settings: text in, a well-formed value out, or a ValueError that says what is wrong."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit


class SettingError(Exception):
    """A setting that stops the start. The text is one line and names the setting; it never repeats a secret."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server and how to speak to it."""

    host: str
    port: int
    user: str
    password: str
    security: str
    """"tls" from the first byte, "starttls", or "none"."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL database."""

    host: str
    port: int
    name: str
    user: str
    password: str
    options: tuple[tuple[str, str], ...]
    """libpq parameters such as sslmode."""


_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_EMAIL = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


def host(text: str) -> str:
    """An address or a name to listen on."""
    plain = text.strip("[]")
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        if _HOST_NAME.fullmatch(text):
            return text
    raise ValueError(f"must be an IP address or a host name, not {text!r}")


def port_or_any(text: str) -> int:
    """A port, or 0 for any free one."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError(f"must be a port from 0 to 65535, not {text!r}")
    return int(text)


def number_or_auto(lowest: int, highest: int) -> Callable[[str], int | None]:
    """A number of these, or None for `auto`."""

    def parse(text: str) -> int | None:
        if text == "auto":
            return None
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise ValueError(f"must be from {lowest} to {highest}, or auto, not {text!r}")
        return int(text)

    return parse


def ip_address(text: str) -> str:
    """An IP address that a browser can send to."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        raise ValueError(f"must be an IP address, not {text!r}") from None
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f"must be an address that browsers can send to, not {text!r}")
    return str(address)


def network(text: str) -> str:
    """An address or a network in CIDR form."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f"must be an IP address or a network such as 10.0.0.0/8, not {text!r}") from None


def public_url(text: str) -> str:
    """An origin: http or https, a host, no path."""
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = -1
    is_origin = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or not is_origin:
        raise ValueError(f"must look like https://meet.example.org, not {text!r}")
    host(parts.hostname)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def engine_url(text: str) -> str:
    """The origin of a media server; ws and wss are the same places as http and https."""
    return public_url(re.sub(r"^ws(s?):", r"http\1:", text))


def word(text: str) -> str:
    """One word without white space."""
    if text.split() != [text]:
        raise ValueError(f"must be one word, not {text!r}")
    return text


def secret(text: str) -> str:
    """Something that cannot be guessed. Errors do not repeat it."""
    if len(text) < 32:
        raise ValueError("must have at least 32 characters")
    return text


def redis_url(text: str) -> str:
    """redis://, rediss:// or unix://. The text may hold a password, so errors do not repeat it."""
    parts = urlsplit(text)
    try:
        has_place = bool(parts.hostname if parts.scheme in ("redis", "rediss") else parts.path) and parts.port != 0
    except ValueError:
        has_place = False
    if parts.scheme not in ("redis", "rediss", "unix") or not has_place:
        raise ValueError("must look like redis://:password@host:6379/0")
    return text


def folder(text: str) -> Path:
    """A folder that exists or can be made."""
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError(f"must be a folder, {text!r} is a file")
    return path


def existing_file(text: str) -> Path:
    """A file that can be read."""
    path = Path(text).expanduser().absolute()
    try:
        path.open("rb").close()
    except OSError as problem:
        raise ValueError(f"cannot be read: {problem.strerror} ({text!r})") from None
    return path


def switch(text: str) -> bool:
    """Yes or no."""
    match text.lower():
        case "yes" | "true" | "on" | "1":
            return True
        case "no" | "false" | "off" | "0":
            return False
    raise ValueError(f"must be yes or no, not {text!r}")


def email(text: str) -> str:
    """One plain mail address."""
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"must be a mail address, not {text!r}")
    return text


_SIZE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"([0-9]{1,12})([KMGT]?)")


def size(text: str) -> int:
    """A number of bytes, with K, M, G or T for 1024 and its powers."""
    match = _SIZE.fullmatch(text.strip().upper())
    if match is None:
        raise ValueError(f"must be a size such as 500M or 2G, not {text!r}")
    return int(match.group(1)) * _SIZE_UNITS[match.group(2)]


def count(text: str) -> int:
    """A whole number from 1 to 1000."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 1000:
        raise ValueError(f"must be a number from 1 to 1000, not {text!r}")
    return int(text)


def one_of(*choices: str) -> Callable[[str], str]:
    """One word out of a few."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text!r}")
        return text

    return parse


def smtp_url(text: str) -> SmtpServer:
    """smtp://, smtp+plain:// or smtps://. The text may hold a password, so errors do not repeat it."""
    parts = urlsplit(text)
    kinds = {"smtp": ("starttls", 587), "smtps": ("tls", 465), "smtp+plain": ("none", 25)}
    try:
        security, default_port = kinds[parts.scheme]
        port = parts.port or default_port
    except (KeyError, ValueError):
        raise ValueError("must look like smtp://user:password@mail.example.org:587") from None
    if not parts.hostname:
        raise ValueError("must name a host, as in smtp://mail.example.org")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(host=parts.hostname, port=port, user=user, password=password, security=security)


def database_url(text: str) -> PostgresServer:
    """postgres:// only. The text may hold a password, so errors do not repeat it."""
    parts = urlsplit(text)
    try:
        port = parts.port or 5432
    except ValueError:
        port = 0
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name or not port:
        raise ValueError("must look like postgres://user:password@host:5432/name")
    return PostgresServer(
        host=unquote(parts.hostname or ""),
        port=port,
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        options=tuple(parse_qsl(parts.query)),
    )
