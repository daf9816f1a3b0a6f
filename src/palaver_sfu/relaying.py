"""Settings of the ways through that are no media port: TURN in this process, and servers that the operator runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

from palaver_sfu.errors import ConfigError
from palaver_sfu.wire.ice_servers import DEFAULT_LIFETIME_S, IceServer, TurnServer

_SCHEMES: Final = ("stun:", "stuns:", "turn:", "turns:")
_FIELDS: Final = {"urls", "username", "credential", "secret", "lifetime_s"}
MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """TURN in this process; all zeros is none.

    `port` is for UDP and TCP, `tls_port` for TCP with TLS by `certificate` (PEM files of chain and key). `domain` is
    how clients reach this machine, and what the certificate says; without it they are told the media addresses.
    `https_port` is where clients reach it over https, if whoever serves that hands connections over (`SfuApp.relay`).
    """

    port: int = 0
    tls_port: int = 0
    https_port: int = 0
    domain: str = ""
    certificate: tuple[Path, Path] | None = None

    def __post_init__(self) -> None:
        for setting, port in (("turn-port", self.port), ("turn-tls-port", self.tls_port)):
            if not 0 <= port <= MAX_PORT:
                raise ConfigError(setting, f"{port} is not a port (0 to {MAX_PORT})")
        if self.tls_port and self.certificate is None:
            raise ConfigError("turn-tls-port", "needs a certificate and its key")
        if self.tls_port and not self.domain:
            raise ConfigError("turn-domain", "is needed: TLS is for the name that the certificate says")
        if self.tls_port and self.tls_port == self.port:
            raise ConfigError("turn-tls-port", "cannot be the same as turn-port")

    @property
    def is_on(self) -> bool:
        return bool(self.port or self.tls_port or self.https_port)

    def urls(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """What clients are told, most useful last: browsers try all at once and prefer UDP by themselves."""
        return tuple(self._urls([self.domain] if self.domain else list(addresses)))

    def _urls(self, hosts: list[str]) -> Iterator[str]:
        for host in map(_in_url, hosts):
            if self.port:
                yield f"turn:{host}:{self.port}?transport=udp"
                yield f"turn:{host}:{self.port}?transport=tcp"
            for port in dict.fromkeys(port for port in (self.tls_port, self.https_port) if port):
                yield f"turns:{host}:{port}?transport=tcp"


NO_TURN: Final = TurnSettings()


def _in_url(host: str) -> str:
    try:
        return f"[{host}]" if isinstance(ip_address(host), IPv6Address) else host
    except ValueError:
        return host


def read_ice_servers(path: Path) -> tuple[IceServer | TurnServer, ...]:
    """A JSON file: a list of `{"urls": […]}` with `username` and `credential`, or with `secret` and `lifetime_s`.

    Raises:
        ConfigError: it cannot be read, or an entry is not like that.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError("ice-servers", f"cannot read {path}: {error}") from error
    if not isinstance(entries, list):
        raise ConfigError("ice-servers", "is not a list")
    return tuple(ice_server(entry, f"ice-servers[{index}]") for index, entry in enumerate(entries))


def ice_server(entry: Any, setting: str) -> IceServer | TurnServer:
    """One entry, whatever kind of file it stands in; `setting` says where.

    Raises:
        ConfigError: it is not as `read_ice_servers` says.
    """
    if not isinstance(entry, dict) or not entry.keys() <= _FIELDS:
        raise ConfigError(setting, f"may have only {', '.join(sorted(_FIELDS))}")
    urls = [entry["urls"]] if isinstance(entry.get("urls"), str) else entry.get("urls")
    if not isinstance(urls, list) or not urls or not all(isinstance(u, str) and u.startswith(_SCHEMES) for u in urls):
        raise ConfigError(setting, "has no urls that begin with stun:, stuns:, turn: or turns:")
    texts = {name: entry.get(name, "") for name in ("username", "credential", "secret")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ConfigError(setting, "has a name or a secret that is no text")
    if not texts["secret"]:
        return IceServer(tuple(urls), texts["username"], texts["credential"])
    lifetime_s = entry.get("lifetime_s", DEFAULT_LIFETIME_S)
    if not isinstance(lifetime_s, int) or lifetime_s < 1:
        raise ConfigError(setting, "has a lifetime_s that is no number of seconds")
    return TurnServer(tuple(urls), texts["secret"].encode(), lifetime_s)
