"""Sizes that the reference server enforces, so that clients meet the same walls here; and what an operator may set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_METADATA_BYTES = 512 * 1024
MAX_ATTRIBUTES_BYTES = 64 * 1024
MAX_NAME_BYTES = 256
MAX_IDENTITY_BYTES = 256
MAX_ROOM_NAME_BYTES = 256

# The largest message that every SDP stack in use takes over SCTP without being asked (64 000 by the clients).
MAX_DATA_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one server takes; 0 is no limit."""

    rooms: int = 10_000
    participants: int = 0
    connections_per_address: int = 2_000  # a school behind one address is a few hundred
    joins_per_second: float = 100.0  # from one address, after a burst
    join_burst: int = 2_000


DEFAULT_LIMITS = Limits()


def attributes_bytes(attributes: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())


def fits(text: str, limit_bytes: int) -> bool:
    return len(text) <= limit_bytes and len(text.encode()) <= limit_bytes
