"""The state of a room, as data. What may happen to it is in `machine.py`."""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from palaver.live.domain.people import Identity, Participant, ParticipantId, Role, SocketId
from palaver.live.domain.permissions import MODERATORS, Phase
from palaver.live.domain.replica import (
    Audience,
    Change,
    DropParticipant,
    DropReason,
    PutParticipant,
    RoomFacts,
    Snapshot,
    WaitingPerson,
)

# What pages tell apart.
_TICK: Final = timedelta(milliseconds=1)


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
    own_role: Role = Role.GUEST
    """The role without what the rule of the room adds while no host is there."""
    network: str | None = None
    """Where they come from, as bans of guests name it; never shown."""
    next_reaction_s: float = 0.0
    """When, on the steady clock, another reaction is taken."""

    @property
    def is_moderator(self) -> bool:
        """Whether they keep order here."""
        return self.participant.role in MODERATORS


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody at the door, with what only the server knows of them."""

    person: WaitingPerson
    user_id: int | None
    role: Role
    """What they will be once inside."""
    tab_id: str
    network: str | None
    link: Link
    unanswered_at_s: float | None
    """When they are told that nobody answered; None when they were."""
    avatar_url: str | None = None


Actor = Seat | Waiter


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody had in this run before the server started again: given back when they return."""

    participant_id: ParticipantId
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room at one version. Replaced, never changed in place."""

    facts: RoomFacts
    seats: Mapping[ParticipantId, Seat] = field(default_factory=dict)
    waiting: Mapping[ParticipantId, Waiter] = field(default_factory=dict)
    barred: AbstractSet[Identity] = frozenset()
    """Who was removed, for as long as this meeting session runs."""
    suspects: AbstractSet[str] = frozenset()
    """Networks of guests who were removed: other guests from there wait at the door."""
    denied: Mapping[Identity, float] = field(default_factory=dict)
    """Who was not let in, and when, on the steady clock, they may ask again."""
    grants: Mapping[Identity, Role] = field(default_factory=dict)
    """Roles that were given in this run."""
    admitted: AbstractSet[Identity] = frozenset()
    """Who was let in in this run: they come back without waiting, also into a locked room."""
    places: Mapping[Identity, Place] = field(default_factory=dict)
    """Who was inside before the server started again and is not back yet."""
    had_host: bool = False
    """Whether an owner or host was here in this run; before that nobody is host (LIVE-014)."""
    phase: Phase = Phase.OPEN
    versions: Mapping[Audience, int] = field(default_factory=lambda: dict.fromkeys(Audience, 0))

    def seat_of_socket(self, socket_id: SocketId) -> Seat | None:
        """The seat that `socket_id` speaks for now."""
        return next((s for s in self.seats.values() if s.link == Connected(socket_id)), None)

    def seat_of_identity(self, identity: Identity) -> Seat | None:
        """The seat of a person; there is at most one."""
        return next((s for s in self.seats.values() if s.participant.identity == identity), None)

    def waiter_of_socket(self, socket_id: SocketId) -> Waiter | None:
        """Who waits at the other end of `socket_id`."""
        return next((w for w in self.waiting.values() if w.link == Connected(socket_id)), None)

    def waiter_of_identity(self, identity: Identity) -> Waiter | None:
        """Somebody's place at the door; there is at most one."""
        return next((w for w in self.waiting.values() if w.person.identity == identity), None)

    @property
    def is_empty(self) -> bool:
        """Whether nobody is here, nor at the door."""
        return not self.seats and not self.waiting


def after_all(at: datetime, earlier: Iterable[datetime | None]) -> datetime:
    """`at`, or as soon after all `earlier` as a page can tell: a wall clock that is set back changes no order."""
    latest = max((one for one in earlier if one is not None), default=None)
    return at if latest is None else max(at, latest + _TICK)


def joined_now(state: RoomState, at: datetime) -> datetime:
    """When somebody joins who joins now."""
    here = (seat.participant.joined_at for seat in state.seats.values())
    return after_all(at, (*here, *(place.joined_at for place in state.places.values())))


def audience_of(seat: Seat) -> Audience:
    """What somebody inside may see."""
    return Audience.MODERATORS if seat.is_moderator else Audience.PARTICIPANTS


def snapshot_for(state: RoomState, audience: Audience) -> Snapshot | None:
    """All that `audience` may know, or None for nothing at all."""
    if audience is Audience.WAITING:
        return None
    sees_the_door = audience is Audience.MODERATORS
    return Snapshot(
        version=state.versions[audience],
        room=state.facts,
        participants={pid: seat.participant for pid, seat in state.seats.items()},
        waiting={pid: waiter.person for pid, waiter in state.waiting.items()} if sees_the_door else {},
    )


def is_traffic(before: RoomState, changes: Iterable[Change]) -> bool:
    """Whether `changes` only say that people came, went, or lost and found their connection."""
    return all(_is_traffic(before, change) for change in changes)


def _is_traffic(before: RoomState, change: Change) -> bool:
    match change:
        case PutParticipant(now):
            seat = before.seats.get(now.participant_id)
            return seat is None or replace(seat.participant, presence=now.presence) == now
        case DropParticipant(_, reason):
            return reason is not DropReason.REMOVED
        case _:
            return False


def next_deadline_s(state: RoomState) -> float | None:
    """When, on the steady clock, `TimePassed` must be fed in next; None when nothing is waiting."""
    links = [seat.link for seat in state.seats.values()] + [waiter.link for waiter in state.waiting.values()]
    deadlines = [at for link in links if isinstance(link, Lost) for at in (link.show_at_s, link.drop_at_s)]
    deadlines += [waiter.unanswered_at_s for waiter in state.waiting.values()]
    return min((at for at in deadlines if at is not None), default=None)
