"""How people are received by the others, as an engine of ours knows it beyond the LiveKit API."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Sound(StrEnum):
    """What of somebody's microphone reaches the engine; SILENT: it is open, and nothing comes."""

    NONE = "none"
    MUTED = "muted"
    SILENT = "silent"
    ARRIVING = "arriving"


class LineTrouble(StrEnum):
    """Why somebody's own connection is weak."""

    CUT = "cut"
    LOSS = "loss"
    DELAY = "delay"


class StreamCause(StrEnum):
    """Why something comes badly: the receiver's line has no room, the engine is too busy, it is waited for; or it is
    whole and as large as was asked for, but packets are lost.
    """

    WHOLE = "whole"
    ASKED = "asked"
    BANDWIDTH = "bandwidth"
    CPU = "cpu"
    MUTED = "muted"
    WAITING = "waiting"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class StreamTrouble:
    """A source of `publisher` that does not come as well as it could."""

    publisher: str
    source: str
    cause: StreamCause
    is_sent: bool
    loss: float


@dataclass(frozen=True, slots=True)
class Reception:
    """One person in the engine. Losses are shares from 0 to 1; up is towards the engine."""

    identity: str
    way: str
    """`udp` or `tcp`; empty while nothing came."""
    line: LineTrouble | None
    rtt_ms: float | None
    loss_up: float
    loss_down: float
    sound: Sound
    heard_by: int
    unheard_by: tuple[str, ...]
    """Identities of some who do not hear."""
    troubles: tuple[StreamTrouble, ...] = ()


Receptions = Mapping[str, tuple[Reception, ...]]
"""By room."""


def read_receptions(answer: Mapping[str, Any]) -> Receptions:
    """Raises: ValueError, KeyError, TypeError, AttributeError: that is no such answer."""
    return {str(room): tuple(_read(one) for one in people) for room, people in answer["rooms"].items()}


def _read(one: Mapping[str, Any]) -> Reception:
    return Reception(
        identity=str(one["identity"]),
        way=str(one["way"]),
        line=None if one["line"] is None else LineTrouble(one["line"]),
        rtt_ms=None if one["rtt_ms"] is None else float(one["rtt_ms"]),
        loss_up=float(one["loss_up"]),
        loss_down=float(one["loss_down"]),
        sound=Sound(one["sound"]),
        heard_by=int(one["heard_by"]),
        unheard_by=tuple(str(identity) for identity in one["unheard_by"]),
        troubles=tuple(
            StreamTrouble(
                publisher=str(trouble["publisher"]),
                source=str(trouble["source"]),
                cause=StreamCause(trouble["cause"]),
                is_sent=bool(trouble["is_sent"]),
                loss=float(trouble["loss"]),
            )
            for trouble in one["troubles"]
        ),
    )
