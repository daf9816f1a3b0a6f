"""Which pages may open a socket here. A browser sends cookies with any WebSocket, whoever's page asks for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

_HTTP_OF: Final = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_PLAIN: Final = re.compile(r"[!-~]+")
_STANDARD_PORT: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, a host and a port, as browsers compare them."""

    scheme: str
    host: str
    port: int

    @property
    def websocket_url(self) -> str:
        """The same place as a base for WebSocket connections."""
        scheme = "wss" if self.scheme == "https" else "ws"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}" + ("" if self.port == _STANDARD_PORT[self.scheme] else f":{self.port}")


def parse_origin(text: str) -> Origin | None:
    """Read `scheme://host[:port]`; None for anything else, as `null` or an address with a path."""
    if not _PLAIN.fullmatch(text):
        return None  # `urlsplit` would pass over tabs and line breaks
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    has_rest = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    if scheme not in _STANDARD_PORT or not parts.hostname or has_rest:
        return None
    return Origin(scheme, parts.hostname.lower(), _STANDARD_PORT[scheme] if port is None else port)


def own_origin(*, scheme: str, host_header: str, allowed_hosts: Iterable[str]) -> Origin | None:
    """The origin that the request was sent to, if it is one of ours."""
    domain, _ = split_domain_port(host_header)
    if not domain or not validate_host(domain, list(allowed_hosts)):
        return None
    return parse_origin(f"{_HTTP_OF.get(scheme, 'http')}://{host_header}")


def is_origin_allowed(
    origin_header: str | None, *, own: Origin | None, public_url: str | None, has_cookies: bool
) -> bool:
    """Whether the page that asks is one of ours.

    A program that is no browser sends no Origin: it is let through unless it brings cookies, because then a browser's
    session speaks and we want to know for which page.
    """
    if own is None:
        return False
    if origin_header is None:
        return not has_cookies
    given = parse_origin(origin_header)
    return given is not None and given in {own, parse_origin(public_url) if public_url else None}
