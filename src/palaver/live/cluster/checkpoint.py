"""What is kept of a running room at the exchange, so that the next holder goes on where this one stopped.

A hash: one field a seat and one for the rest, so that a change costs what it changes. The classes of the domain are
written and read as they are; a checkpoint that does not fit them (another release wrote it) counts as none.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from palaver.live.cluster.exchange import Fields
from palaver.live.domain.effects import SocketGone
from palaver.live.domain.machine import feed
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.room import Connected, Moment, RoomState, Seat

logger = logging.getLogger(__name__)

T = TypeVar("T")

_KEEPER: Final = "keeper"
_REST: Final = "room"
_SEAT: Final = "seat:"


@dataclass(frozen=True, slots=True)
class _Rest:
    """All of a room but its seats, and when it was written."""

    state: RoomState
    at: datetime
    steady_s: float


_REST_ADAPTER: Final = TypeAdapter(_Rest)
_SEAT_ADAPTER: Final = TypeAdapter(Seat)


def whole(state: RoomState, now: Moment, *, keeper: str) -> Fields:
    """Everything, and who keeps it."""
    return {_KEEPER: keeper, _REST: _rest(state, now)} | {_name(pid): _seat(seat) for pid, seat in state.seats.items()}


def changed(before: RoomState, after: RoomState, now: Moment) -> Fields:
    """What is different from `before`. States share what they have in common, so identity tells."""
    fields_: dict[str, str | None] = {_REST: _rest(after, now)}
    for pid, seat in after.seats.items():
        if before.seats.get(pid) is not seat:
            fields_[_name(pid)] = _seat(seat)
    return fields_ | {_name(pid): None for pid in before.seats if pid not in after.seats}


def restored(kept: Mapping[str, str], now: Moment) -> RoomState | None:
    """The room as it was kept, with nobody connected; None when there is nothing to go on from."""
    if _REST not in kept:
        return None
    try:
        rest = _REST_ADAPTER.validate_json(kept[_REST])
        seats = [_SEAT_ADAPTER.validate_json(text) for name, text in kept.items() if name.startswith(_SEAT)]
    except ValidationError:
        logger.warning("What was kept of a room cannot be read; its people come in anew")
        return None
    # In the order in which they came; a hash has none.
    seats.sort(key=lambda seat: seat.participant.joined_at)
    state = replace(rest.state, seats={seat.participant.participant_id: seat for seat in seats})
    # Deadlines count on the clock of the machine that wrote them.
    away_s = max(0.0, (now.at - rest.at).total_seconds())
    return _all_lost(_shifted(state, now.steady_s - rest.steady_s - away_s), now)


def keeper_of(kept: Mapping[str, str]) -> str | None:
    """The process that kept a room last; None when nothing is kept."""
    return kept.get(_KEEPER)


def _all_lost(state: RoomState, now: Moment) -> RoomState:
    """The sockets were those of another process; their people have the usual time to be back."""
    for socket_id in _sockets(state):
        state = feed(state, SocketGone(socket_id, is_clean=False), now).state
    return state


def _sockets(value: Any) -> list[Any]:
    match value:
        case Connected(socket_id):
            return [socket_id]
        case Mapping():
            return [found for part in value.values() for found in _sockets(part)]
        case tuple() | list() | frozenset():
            return [found for part in value for found in _sockets(part)]
        case _ if is_dataclass(value):
            return [found for field in fields(value) for found in _sockets(getattr(value, field.name))]
        case _:
            return []


def _shifted(value: T, by_s: float) -> T:
    """The same with every deadline moved: the fields named `…_s`, and numbers that stand for somebody."""
    moved: Any = value
    match value:
        case Mapping():
            moved = {
                key: part + by_s if isinstance(part, float) else _shifted(part, by_s) for key, part in value.items()
            }
        case tuple():
            moved = tuple(_shifted(part, by_s) for part in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            changes = {}
            for field in fields(value):
                part = getattr(value, field.name)
                is_deadline = field.name.endswith("_s") and isinstance(part, float)
                changes[field.name] = part + by_s if is_deadline else _shifted(part, by_s)
            moved = replace(value, **changes)
        case _:
            pass
    return moved  # type: ignore[no-any-return]


def _rest(state: RoomState, now: Moment) -> str:
    return _REST_ADAPTER.dump_json(_Rest(replace(state, seats={}), now.at, now.steady_s)).decode()


def _seat(seat: Seat) -> str:
    return _SEAT_ADAPTER.dump_json(seat).decode()


def _name(participant_id: ParticipantId) -> str:
    return f"{_SEAT}{participant_id}"
