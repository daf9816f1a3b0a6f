"""Under which names and addresses this server is reached: for allowed hosts, certificates and the start-up text."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import ifaddr

from palaver.config.options import Settings


@dataclass(frozen=True, slots=True)
class MachineNames:
    """What this machine is called at the moment."""

    names: tuple[str, ...]
    """Host names, lower case, most useful first; always with localhost at the end."""
    addresses: tuple[str, ...]
    """Addresses of interfaces that are up, IPv4 first, without loopback and link-local ones."""


def machine_names() -> MachineNames:
    """Ask the system for its names and addresses. Sends nothing."""
    plain = socket.gethostname().lower().rstrip(".")
    short = plain.split(".", maxsplit=1)[0]
    names = [name for name in (plain, short, f"{short}.local") if name and name != "localhost"]
    return MachineNames(tuple(dict.fromkeys([*names, "localhost"])), interface_addresses())


def interface_addresses() -> tuple[str, ...]:
    """Every address of an interface that is up, except loopback and link-local ones; IPv4 first."""
    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text.partition("%")[0])
            if not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified):
                found.append(address)
    ordered = sorted(set(found), key=lambda address: (address.version, int(address)))
    return tuple(str(address) for address in ordered)


def in_url(host: str) -> str:
    """A host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def is_any(host: str) -> bool:
    """Whether listening on `host` means on every address."""
    return host in ("0.0.0.0", "::")  # noqa: S104  compares, does not bind


def allowed_hosts(settings: Settings, machine: MachineNames) -> list[str]:
    """The Host headers that pages answer to."""
    hosts = ["localhost", "127.0.0.1", "[::1]"]
    if settings.listen.public_url:
        hosts.append(urlsplit(settings.listen.public_url).hostname or "")
    if is_any(settings.listen.host):
        hosts += [*machine.names, *map(in_url, machine.addresses)]
    else:
        hosts.append(in_url(settings.listen.host))
    return [host for host in dict.fromkeys(hosts) if host]


def is_https(settings: Settings) -> bool:
    """Whether people reach this server by https."""
    public = settings.listen.public_url
    return public.startswith("https:") if public else settings.tls.is_on


def origin(settings: Settings, host: str, port: int) -> str:
    """The origin of this very process at `host`."""
    scheme = "https" if settings.tls.is_on else "http"
    standard = 443 if settings.tls.is_on else 80
    return f"{scheme}://{in_url(host)}" + ("" if port == standard else f":{port}")


def main_address(settings: Settings, port: int, machine: MachineNames) -> str:
    """The one address to open first."""
    if settings.listen.public_url:
        return settings.listen.public_url
    host = settings.listen.host
    return origin(settings, "localhost" if is_any(host) or host in ("127.0.0.1", "::1") else host, port)


def address_for_others(settings: Settings, machine: MachineNames) -> str:
    """The one address to tell people who are elsewhere, known without asking anybody: public, or of this machine."""
    port = settings.listen.port
    return next(iter([] if settings.listen.public_url else other_addresses(settings, port, machine)), None) or (
        main_address(settings, port, machine)
    )


def other_addresses(settings: Settings, port: int, machine: MachineNames) -> list[str]:
    """Addresses by which other devices on the network reach this process."""
    if not is_any(settings.listen.host):
        return []
    fit = [a for a in machine.addresses if settings.listen.host == "::" or ":" not in a]
    return [origin(settings, address, port) for address in fit]
