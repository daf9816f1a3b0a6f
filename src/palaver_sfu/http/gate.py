"""How many may come in from one address, and how fast: told with a status before anything is kept for them."""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Callable

from palaver_sfu.errors import AdmissionError
from palaver_sfu.http.replies import Scope
from palaver_sfu.room.limits import Limits

MAX_ADDRESSES = 10_000  # whose pace is remembered; the one that was quiet for longest is forgotten first
_IPV6_BITS = 64  # what one household or machine is given as a whole
TOO_MANY = 429


class Gate:
    """One server's; used from the event loop only."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._paces: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens left, and when

    def enter(self, scope: Scope) -> str:
        """The address of a client that comes in; `leave` it in the end.

        Raises:
            AdmissionError: too many are here from there, or they come too fast.
        """
        address = address_of(scope)
        most = self._limits.connections_per_address
        if most and self._open[address] >= most:
            raise AdmissionError(TOO_MANY, "too many connections from this address")
        if not self._is_slow_enough(address):
            raise AdmissionError(TOO_MANY, "too many joins from this address, try again later")
        self._open[address] += 1
        return address

    def leave(self, address: str) -> None:
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]

    def _is_slow_enough(self, address: str) -> bool:
        rate, burst = self._limits.joins_per_second, self._limits.join_burst
        if not rate:
            return True
        now = self._clock()
        tokens, at = self._paces.pop(address, (float(burst), now))
        tokens = min(float(burst), tokens + (now - at) * rate)
        is_slow_enough = tokens >= 1.0
        self._paces[address] = (tokens - 1.0 if is_slow_enough else tokens, now)
        while len(self._paces) > MAX_ADDRESSES:
            self._paces.popitem(last=False)
        return is_slow_enough


def address_of(scope: Scope) -> str:
    """Who counts as one: an IPv4 address, or the network that an IPv6 address is in."""
    client = scope.get("client")
    if not client:
        return ""
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_BITS), strict=False))
    return str(address)
