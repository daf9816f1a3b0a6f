"""Ports that only this test process is given, for programs that have to be told theirs before they bind it.

A port found by binding and closing is anybody's again: the next socket of any program that asks the kernel for one may
get it. These lie where the kernel takes none by itself, and each is reserved for as long as the process lives, so that
a server may be stopped and started again on its port, and test runs beside each other never meet.
"""

import errno
import random
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_KERNEL_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST, _HIGHEST = 10_240, 65_535
_EVERYWHERE: Final = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
_reservations: list[socket.socket] = []


def free_tcp_port() -> int:
    """A TCP port that nobody has on any interface, and that no other test process is given while this one lives."""
    return reserve(socket.SOCK_STREAM, shuffled(outside_of_the_kernels()))


def free_udp_port() -> int:
    """A UDP port that nobody has on any interface, and that no other test process is given while this one lives."""
    return reserve(socket.SOCK_DGRAM, shuffled(outside_of_the_kernels()))


def free_udp_ports(count: int) -> int:
    """The first of *count* UDP ports one after the other, each as `free_udp_port` finds one."""
    while True:
        first = free_udp_port()
        try:
            for port in range(first + 1, first + count):
                reserve(socket.SOCK_DGRAM, iter([port]))
        except RuntimeError:
            continue
        return first


def outside_of_the_kernels() -> Sequence[int]:
    """The ports that the kernel never picks for a socket that did not name one."""
    low, high = (int(word) for word in _KERNEL_RANGE.read_text().split())
    outside = [*range(_LOWEST, low), *range(max(high + 1, _LOWEST), _HIGHEST + 1)]
    # Where the machine lets the kernel pick them all, the reservation is all that is left.
    return outside or range(_LOWEST, _HIGHEST + 1)


def shuffled(ports: Sequence[int]) -> Iterator[int]:
    """*ports*, in an order that no seed of the tests' makes the same in two runs."""
    return iter(random.SystemRandom().sample(ports, len(ports)))


def reserve(kind: socket.SocketKind, ports: Iterator[int]) -> int:
    """The first of *ports* that is free and that no test process has reserved. Raises RuntimeError where there is none.

    The reservation is the name of an abstract Unix socket. Like the port it belongs to this network namespace, has one
    owner, is not inherited by the programs that we start, and is gone with its owner however that ends.
    """
    for port in ports:
        reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            reservation.bind(f"\0palaver-test-port-{port}")
        except OSError as refusal:
            reservation.close()
            if refusal.errno != errno.EADDRINUSE:
                raise
            continue
        if _is_free(kind, port):
            _reservations.append(reservation)
            return port
        reservation.close()
    raise RuntimeError("no port of this machine is free")


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    for family, address in _EVERYWHERE.items():
        try:
            with socket.socket(family, kind) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except OSError as refusal:
            # A machine without IPv6 says so by other errors, and has no port there to be taken.
            if refusal.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            if family == socket.AF_INET:
                raise
    return True
