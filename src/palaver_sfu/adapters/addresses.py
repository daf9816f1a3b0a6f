"""The addresses at which this machine can be reached: those of interfaces that are up."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import ifaddr

_FLAGS = "/sys/class/net/{name}/flags"
_IFF_UP = 0x1


def local_addresses() -> list[str]:
    """IPv4 then IPv6, without loopback, link-local, multicast and unspecified ones."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for adapter in ifaddr.get_adapters():
        if not _is_up(adapter.name):
            continue
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text.partition("%")[0])
            if is_announceable(address) and address not in found:
                found.append(address)
    return [str(address) for address in sorted(found, key=lambda address: address.version)]


def is_announceable(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)


def _is_up(name: str) -> bool:
    try:
        flags = int(Path(_FLAGS.format(name=name)).read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return True  # not Linux, or an alias name: getifaddrs lists what is configured
    return bool(flags & _IFF_UP)
