"""The door: who waits, who is told what there, and who comes in. Pure; a part of the room machine.

Somebody at the door has a place of their own, but is in nobody's roster, hears nothing of the room and has no media.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from palaver.live.domain.effects import (
    Effect,
    Farewell,
    Join,
    LetIn,
    Named,
    RecordAudit,
    Refused,
    Step,
    TellWaiting,
    Waits,
)
from palaver.live.domain.people import (
    Identity,
    Participant,
    ParticipantId,
    Presence,
    Role,
    SocketId,
    clean_name,
    tone_of,
)
from palaver.live.domain.permissions import MODERATORS
from palaver.live.domain.replica import Change, DropWaiting, PutWaiting, WaitingEnd, WaitingPerson, WaitingStatus
from palaver.live.domain.room import Connected, Lost, Moment, RoomState, Seat, Waiter, joined_now
from palaver.live.domain.seats import goodbye, is_overtaken, seated
from palaver.meetings.policy import AuditAction, WaitingRoom

# A public consultation may have many at the door; beyond this the list helps nobody, and is somebody's attack.
MAX_WAITING: Final = 200
MAX_WAITING_OF_NETWORK: Final = 100
# After a minute without an answer people wonder whether anybody has seen them.
UNANSWERED_AFTER_S: Final = 60.0
# Who was not let in may have been mistaken for somebody else; they can ask again, but not again and again.
DENIED_FOR_S: Final = 60.0
MAX_NOTE_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Knock:
    """Ask (again) to be let in, with a word to the hosts or without."""

    note: str


@dataclass(frozen=True, slots=True)
class Admit:
    """Let somebody in."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class AdmitAll:
    """Let everybody in who is at the door."""


@dataclass(frozen=True, slots=True)
class Deny:
    """Do not let somebody in."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class DenyAll:
    """Send everybody away who is at the door."""


# --- coming to the door --------------------------------------------------------------------------


def must_wait(state: RoomState, join: Join, role: Role) -> bool:
    """Whether somebody who may come waits for a moderator first."""
    if role in MODERATORS or join.is_trusted or join.identity in state.admitted:
        return False
    is_guest = join.user_id is None
    if is_guest and (join.always_waits or join.network in state.suspects):
        return True
    match state.facts.waiting_room:
        case WaitingRoom.NOBODY:
            return False
        case WaitingRoom.GUESTS:
            return is_guest
        case WaitingRoom.EVERYONE:
            return True


def guests_of_network(join: Join, there: Iterable[tuple[int | None, str | None]]) -> int:
    """How many guests are there already from where a guest comes from; `there` are accounts and networks."""
    if join.user_id is not None or join.network is None:
        return 0
    return sum(user_id is None and network == join.network for user_id, network in there)


def come_to_the_door(state: RoomState, join: Join, role: Role, now: Moment) -> Step:
    """Note somebody at the door; who has a place there keeps it."""
    if state.denied.get(join.identity, now.steady_s) > now.steady_s:
        return Step(state, answer=Refused("denied"))
    effects: tuple[Effect, ...] = ()
    waiter = state.waiter_of_identity(join.identity)
    if waiter is None:
        if len(state.waiting) >= MAX_WAITING:
            return Step(state, answer=Refused("room_full", {"limit": MAX_WAITING}))
        guests = guests_of_network(join, [(waits.user_id, waits.network) for waits in state.waiting.values()])
        if guests >= MAX_WAITING_OF_NETWORK:
            return Step(state, answer=Refused("room_full", {"limit": MAX_WAITING_OF_NETWORK}))
        person = WaitingPerson(
            participant_id=join.participant_id,
            identity=join.identity,
            name=join.name or join.fallback_name,
            is_signed_in=join.user_id is not None,
            tone=tone_of(join.identity),
            since=now.at,
            asked_at=now.at,
            note="",
            status=WaitingStatus.ASKED,
            is_connected=True,
        )
        unanswered_at_s: float | None = now.steady_s + UNANSWERED_AFTER_S
    elif is_overtaken(join, link=waiter.link, tab_id=waiter.tab_id):
        return Step(state, answer=Refused("already_here"))
    else:
        # There is nothing to be seen here: the newest tab has the place.
        effects = goodbye(waiter.link, Farewell.TAKEN_OVER, by=None)
        person = replace(waiter.person, name=join.name or waiter.person.name, is_connected=True)
        unanswered_at_s = waiter.unanswered_at_s
    placed = Waiter(
        person=person,
        user_id=join.user_id,
        role=role,
        tab_id=join.tab_id,
        network=join.network,
        link=Connected(join.socket_id),
        unanswered_at_s=unanswered_at_s,
        avatar_url=join.avatar_url,
    )
    changes = () if waiter is not None and waiter.person == person else (PutWaiting(person),)
    return Step(_with_waiter(state, placed), changes, effects, Waits(person.participant_id))


def gone_from_the_door(state: RoomState, socket_id: SocketId, link: Lost) -> Step:
    """A connection at the door ended; the place is kept for a while."""
    waiter = state.waiter_of_socket(socket_id)
    if waiter is None:
        return Step(state)
    person = replace(waiter.person, is_connected=False)
    return Step(_with_waiter(state, replace(waiter, person=person, link=link)), changes=(PutWaiting(person),))


def tell_unanswered(state: RoomState, now: Moment) -> Step:
    """Give up who went away from the door; tell the others when nobody has answered for a while."""
    changes: list[Change] = []
    effects: list[Effect] = []
    for waiter in tuple(state.waiting.values()):
        if isinstance(waiter.link, Lost) and waiter.link.drop_at_s <= now.steady_s:
            state = without_waiter(state, waiter)
            changes.append(DropWaiting(waiter.person.participant_id, WaitingEnd.LEFT))
            continue
        if isinstance(waiter.link, Lost) and waiter.link.show_at_s is not None:
            # Moderators see at once who is not connected: there is nothing left to be shown later.
            waiter = replace(waiter, link=replace(waiter.link, show_at_s=None))  # noqa: PLW2901
            state = _with_waiter(state, waiter)
        if waiter.unanswered_at_s is not None and waiter.unanswered_at_s <= now.steady_s:
            person = replace(waiter.person, status=WaitingStatus.UNANSWERED)
            state = _with_waiter(state, replace(waiter, person=person, unanswered_at_s=None))
            changes.append(PutWaiting(person))
            effects += _told(waiter, person)
    return Step(state, tuple(changes), tuple(effects))


# --- commands ------------------------------------------------------------------------------------


def knock(state: RoomState, actor: Waiter, command: Knock, now: Moment) -> Step:
    """Ask anew, with these words."""
    note = clean_name(command.note, fallback="", max_chars=MAX_NOTE_CHARS)
    person = replace(actor.person, note=note, asked_at=now.at, status=WaitingStatus.ASKED)
    asked = replace(actor, person=person, unanswered_at_s=now.steady_s + UNANSWERED_AFTER_S)
    return Step(_with_waiter(state, asked), (PutWaiting(person),), _told(actor, person))


def admit(state: RoomState, actor: Seat, command: Admit, now: Moment) -> Step:
    """Let somebody in."""
    waiter = state.waiting.get(command.participant_id)
    return _not_at_the_door(state) if waiter is None else _let_in(state, (waiter,), actor, now)


def admit_all(state: RoomState, actor: Seat, command: AdmitAll, now: Moment) -> Step:
    """Let everybody in."""
    del command
    return _let_in(state, tuple(state.waiting.values()), actor, now)


def deny(state: RoomState, actor: Seat, command: Deny, now: Moment) -> Step:
    """Send somebody away."""
    waiter = state.waiting.get(command.participant_id)
    return _not_at_the_door(state) if waiter is None else _send_away(state, (waiter,), actor, now)


def deny_all(state: RoomState, actor: Seat, command: DenyAll, now: Moment) -> Step:
    """Send everybody away."""
    del command
    return _send_away(state, tuple(state.waiting.values()), actor, now)


def leave_the_door(state: RoomState, actor: Waiter) -> Step:
    """Go away by oneself."""
    return Step(
        without_waiter(state, actor),
        (DropWaiting(actor.person.participant_id, WaitingEnd.LEFT),),
        goodbye(actor.link, Farewell.LEFT, by=None),
    )


def _let_in(state: RoomState, waiters: tuple[Waiter, ...], actor: Seat, now: Moment) -> Step:
    changes: list[Change] = []
    effects: list[Effect] = []
    for waiter in waiters:
        person = waiter.person
        state = without_waiter(state, waiter)
        state = replace(state, admitted=state.admitted | {person.identity})
        changes.append(DropWaiting(person.participant_id, WaitingEnd.ADMITTED))
        effects.append(_audit(AuditAction.ADMIT, actor, person, now))
        if not isinstance(waiter.link, Connected):
            continue  # they walk straight in when they are back
        step = seated(state, _seat_for(waiter, joined_now(state, now.at)), now)
        state = step.state
        changes += step.changes
        effects += (*step.effects, LetIn(waiter.link.socket_id, person.participant_id))
    return Step(state, tuple(changes), tuple(effects))


def _seat_for(waiter: Waiter, joined_at: datetime) -> Seat:
    person = waiter.person
    return Seat(
        participant=Participant(
            participant_id=person.participant_id,
            identity=person.identity,
            name=person.name,
            role=waiter.role,
            is_signed_in=person.is_signed_in,
            joined_at=joined_at,
            presence=Presence.CONNECTED,
            tone=person.tone,
            avatar_url=waiter.avatar_url,
        ),
        user_id=waiter.user_id,
        tab_id=waiter.tab_id,
        link=waiter.link,
        own_role=waiter.role,
        network=waiter.network,
    )


def _send_away(state: RoomState, waiters: tuple[Waiter, ...], actor: Seat, now: Moment) -> Step:
    changes: list[Change] = []
    effects: list[Effect] = []
    denied: dict[Identity, float] = {
        identity: until_s for identity, until_s in state.denied.items() if until_s > now.steady_s
    }
    for waiter in waiters:
        person = waiter.person
        state = without_waiter(state, waiter)
        denied[person.identity] = now.steady_s + DENIED_FOR_S
        changes.append(DropWaiting(person.participant_id, WaitingEnd.DENIED))
        effects += goodbye(waiter.link, Farewell.DENIED, by=None)
        effects.append(_audit(AuditAction.DENY, actor, person, now))
    return Step(replace(state, denied=denied), tuple(changes), tuple(effects))


def _audit(action: AuditAction, actor: Seat, person: WaitingPerson, now: Moment) -> RecordAudit:
    return RecordAudit(
        action,
        actor=Named(actor.participant.identity, actor.participant.name),
        target=Named(person.identity, person.name),
        detail={},
        at=now.at,
    )


def _not_at_the_door(state: RoomState) -> Step:
    return Step(state, answer=Refused("participant_not_found"))


def _told(waiter: Waiter, person: WaitingPerson) -> tuple[TellWaiting, ...]:
    return (TellWaiting(waiter.link.socket_id, person),) if isinstance(waiter.link, Connected) else ()


def _with_waiter(state: RoomState, waiter: Waiter) -> RoomState:
    return replace(state, waiting={**state.waiting, waiter.person.participant_id: waiter})


def without_waiter(state: RoomState, waiter: Waiter) -> RoomState:
    """`state` without somebody at the door."""
    gone = waiter.person.participant_id
    return replace(state, waiting={pid: other for pid, other in state.waiting.items() if pid != gone})
