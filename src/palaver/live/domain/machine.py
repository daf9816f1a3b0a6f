"""The room machine: `(state, input, now) -> step`. No socket, clock, task or database inside.

What lives here: who is asked, and the order of a turn. Coming and going is in `coming.py`, commands in
the `*_commands.py` and in the features that register more; what follows from a change by itself is in `settle.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never

from palaver.live.domain.coming import join, socket_gone, time_passed
from palaver.live.domain.effects import (
    BannedElsewhere,
    CloseSocket,
    Done,
    Effect,
    Farewell,
    Join,
    MeetingDeleted,
    MembershipChanged,
    PolicyChanged,
    Refused,
    RoomInput,
    SocketGone,
    Step,
    TimePassed,
    TitleChanged,
)
from palaver.live.domain.ending import end_room
from palaver.live.domain.people import Role, SocketId
from palaver.live.domain.permissions import HOSTS, MODERATORS, PermissionTable, Phase, is_allowed
from palaver.live.domain.replica import Change, DropReason, PutParticipant, PutRoom
from palaver.live.domain.room import Actor, Connected, Moment, RoomState, Seat, Waiter
from palaver.live.domain.seats import drop_seat
from palaver.live.domain.settle import settle

Handler = Callable[[RoomState, Any, Any, Moment], Step]
"""A command: `(state, actor, command, now)`. Any: each handler takes the kind of actor that its row of the table lets
through, and the command class it was registered with."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All commands that the room knows: how they are carried out, who may give them, and the switch they need."""

    handlers: Mapping[str, Handler]
    permissions: PermissionTable
    rights: Mapping[str, str]


def give_command(
    state: RoomState, *, socket_id: SocketId, kind: str, command: object, now: Moment, rules: Rules
) -> Step:
    """Carry out `command` for whoever is behind `socket_id`, or refuse."""
    actor = actor_of(state, socket_id=socket_id, kind=kind, rules=rules)
    if isinstance(actor, Refused):
        return Step(state, answer=actor)
    step = rules.handlers[kind](state, actor, command, now)
    if isinstance(step.answer, Refused):
        return Step(state, answer=step.answer)
    return settle(state, step, now)


def actor_of(state: RoomState, *, socket_id: SocketId, kind: str, rules: Rules) -> Actor | Refused:
    """Who would give the command `kind`, or why they may not."""
    actor: Actor | None = state.seat_of_socket(socket_id) or state.waiter_of_socket(socket_id)
    match actor:
        case None:
            return Refused("not_allowed")
        case Waiter(role=role):
            phase = Phase.WAITING if state.phase is not Phase.ENDED else Phase.ENDED
        case Seat(participant=who):
            role, phase = who.role, state.phase
        case _:
            assert_never(actor)
    if not is_allowed(rules.permissions, kind=kind, role=role, phase=phase):
        return Refused("not_allowed")
    right = rules.rights.get(kind)
    if right is not None and role not in MODERATORS and not getattr(state.facts.rights, right):
        return Refused("switched_off")
    return actor


def feed(state: RoomState, given: RoomInput, now: Moment) -> Step:
    """Take in what happened. An ended room takes in nothing."""
    if state.phase is Phase.ENDED:
        return Step(state, answer=Refused("ended_by_host"))
    match given:
        case Join():
            step = join(state, given, now)
        case SocketGone():
            step = socket_gone(state, given, now)
        case TimePassed():
            step = time_passed(state, now)
        case TitleChanged(title):
            facts = replace(state.facts, title=title)
            step = Step(replace(state, facts=facts), changes=(PutRoom(facts),))
        case PolicyChanged():
            step = _policy_changed(state, given)
        case MembershipChanged():
            step = _membership_changed(state, given)
        case BannedElsewhere():
            step = _banned(state, given, now)
        case MeetingDeleted():
            step = end_room(state, now, farewell=Farewell.MEETING_DELETED, by=None)
        case _:
            assert_never(given)
    return step if isinstance(step.answer, Refused) else settle(state, step, now)


# --- what others decided -------------------------------------------------------------------------


def _policy_changed(state: RoomState, given: PolicyChanged) -> Step:
    policy = given.policy
    facts = replace(
        state.facts,
        waiting_room=policy.waiting_room,
        rights=policy.rights,
        one_presenter=policy.one_presenter,
        voices=policy.voices,
        presenter_id=state.facts.presenter_id if policy.one_presenter else None,
    )
    return Step(state) if facts == state.facts else Step(replace(state, facts=facts), changes=(PutRoom(facts),))


def _membership_changed(state: RoomState, given: MembershipChanged) -> Step:
    """What the list of the meeting says counts more than what was given in this run before."""
    changes: list[Change] = []
    for seat in tuple(state.seats.values()):
        if seat.user_id != given.user_id or seat.own_role is Role.OWNER:
            continue
        state, change = with_role(state, seat, given.role)
        changes.append(change)
    return Step(state, tuple(changes))


def _banned(state: RoomState, given: BannedElsewhere, now: Moment) -> Step:
    """Nobody decides anew who was here: banned is out, and stays out of this run."""
    changes: list[Change] = []
    effects: list[Effect] = []
    for seat in tuple(state.seats.values()):
        is_meant = seat.participant.identity == given.identity or (
            given.user_id is not None and seat.user_id == given.user_id
        )
        if not is_meant or seat.own_role is Role.OWNER:
            continue
        if isinstance(seat.link, Connected):
            effects.append(CloseSocket(seat.link.socket_id, Farewell.BANNED))
        step = drop_seat(state, seat, reason=DropReason.REMOVED, now=now)
        state = replace(step.state, barred=step.state.barred | {seat.participant.identity})
        changes += step.changes
        effects += step.effects
    return Step(state, tuple(changes), tuple(effects), Done())


def with_role(state: RoomState, seat: Seat, role: Role) -> tuple[RoomState, PutParticipant]:
    """`seat` as `role` for the rest of the run. Whoever acts as host goes on acting unless they are host now."""
    is_acting = seat.participant.is_acting and role not in HOSTS
    shown = Role.HOST if is_acting else role
    who = replace(seat.participant, role=shown, is_acting=is_acting)
    changed = replace(seat, participant=who, own_role=role)
    return (
        replace(
            state,
            seats={**state.seats, who.participant_id: changed},
            grants={**state.grants, who.identity: role},
        ),
        PutParticipant(who),
    )
