"""The state of a room, as data. What may happen to it is in `machine.py`."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from palaver.live.domain.people import Identity, Participant, ParticipantId, SocketId
from palaver.live.domain.permissions import Phase
from palaver.live.domain.replica import Audience, RoomFacts, Snapshot


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens: wall time for people, a steady count of seconds for deadlines.

    The two are apart so that a corrected clock neither drops nor keeps anybody.
    """

    at: datetime
    steady_s: float


@dataclass(frozen=True, slots=True)
class Connected:
    """The seat's socket is up."""

    socket_id: SocketId


@dataclass(frozen=True, slots=True)
class Lost:
    """The seat's socket is gone; the seat waits."""

    show_at_s: float | None
    """When the others are told; None when they are not, or already were."""
    drop_at_s: float
    """When the seat is given up."""
    is_clean: bool
    """The tab said goodbye: it was closed or is being loaded again."""


Link = Connected | Lost


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant together with what only the server knows of them."""

    participant: Participant
    user_id: int | None
    tab_id: str
    link: Link


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room at one version. Replaced, never changed in place."""

    facts: RoomFacts
    seats: Mapping[ParticipantId, Seat] = field(default_factory=dict)
    barred: AbstractSet[Identity] = frozenset()
    """Who was removed, for as long as this meeting session runs."""
    phase: Phase = Phase.OPEN
    version: int = 0

    def seat_of_socket(self, socket_id: SocketId) -> Seat | None:
        """The seat that `socket_id` speaks for now."""
        return next((s for s in self.seats.values() if s.link == Connected(socket_id)), None)

    def seat_of_identity(self, identity: Identity) -> Seat | None:
        """The seat of a person; there is at most one."""
        return next((s for s in self.seats.values() if s.participant.identity == identity), None)


def snapshot_for(state: RoomState, audience: Audience) -> Snapshot | None:
    """All that `audience` may know, or None for nothing at all."""
    if audience is not Audience.PARTICIPANTS:
        return None
    participants = {pid: seat.participant for pid, seat in state.seats.items()}
    return Snapshot(version=state.version, room=state.facts, participants=participants)


def next_deadline_s(state: RoomState) -> float | None:
    """When, on the steady clock, `TimePassed` must be fed in next; None when nothing is waiting."""
    deadlines = [
        deadline
        for seat in state.seats.values()
        if isinstance(seat.link, Lost)
        for deadline in (seat.link.show_at_s, seat.link.drop_at_s)
        if deadline is not None
    ]
    return min(deadlines, default=None)
