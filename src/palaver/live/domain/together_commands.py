"""Being together: hands, reactions, and whether somebody is following. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from palaver.live.domain.effects import Effect, HandLoweredBy, Notify, Reacted, Refused, Step
from palaver.live.domain.orders import audit, subject_of
from palaver.live.domain.people import ParticipantId, Reaction, Standing
from palaver.live.domain.replica import Change, PutParticipant
from palaver.live.domain.room import Moment, RoomState, Seat, after_all
from palaver.live.domain.seats import with_seat
from palaver.meetings.policy import AuditAction

# Often enough for applause, seldom enough that one person cannot fill the screen.
REACTION_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """Ask to speak."""


@dataclass(frozen=True, slots=True)
class LowerHand:
    """Take that back; the page does it by itself for whoever is speaking."""


@dataclass(frozen=True, slots=True)
class LowerHandOf:
    """Lower somebody else's hand."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class LowerAllHands:
    """Lower every hand."""


@dataclass(frozen=True, slots=True)
class React:
    """Show a reaction over one's own tile."""

    reaction: Reaction


@dataclass(frozen=True, slots=True)
class SetStanding:
    """Say whether one is following."""

    standing: Standing


def raise_hand(state: RoomState, actor: Seat, command: RaiseHand, now: Moment) -> Step:
    """Raised hands keep their order: raising a raised hand changes nothing."""
    del command
    if actor.participant.hand_at is not None:
        return Step(state)
    raised = (seat.participant.hand_at for seat in state.seats.values())
    who = replace(actor.participant, hand_at=after_all(now.at, raised))
    return Step(with_seat(state, replace(actor, participant=who)), (PutParticipant(who),))


def lower_hand(state: RoomState, actor: Seat, command: LowerHand, now: Moment) -> Step:
    """Down again."""
    del command, now
    return _lowered(state, actor)


def lower_hand_of(state: RoomState, actor: Seat, command: LowerHandOf, now: Moment) -> Step:
    """By a moderator; the person is told."""
    seat = subject_of(state, actor, command.participant_id, is_grave=False)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    step = _lowered(state, seat)
    if not step.changes:
        return step
    return replace(step, effects=(_told(seat, actor), audit(AuditAction.LOWER_HAND, actor, seat, now)))


def lower_all_hands(state: RoomState, actor: Seat, command: LowerAllHands, now: Moment) -> Step:
    """Every hand, those of moderators too."""
    del command
    changes: list[Change] = []
    effects: list[Effect] = []
    for seat in tuple(state.seats.values()):
        step = _lowered(state, seat)
        state = step.state
        changes += step.changes
        if step.changes and seat != actor:
            effects.append(_told(seat, actor))
    if not changes:
        return Step(state)
    effects.append(audit(AuditAction.LOWER_ALL_HANDS, actor, None, now))
    return Step(state, tuple(changes), tuple(effects))


def react(state: RoomState, actor: Seat, command: React, now: Moment) -> Step:
    """Everybody is told, nothing is kept."""
    if now.steady_s < actor.next_reaction_s:
        return Step(state, answer=Refused("too_fast"))
    who = actor.participant
    seat = replace(actor, next_reaction_s=now.steady_s + REACTION_EVERY_S)
    return Step(with_seat(state, seat), effects=(Notify(None, Reacted(who.participant_id, command.reaction)),))


def set_standing(state: RoomState, actor: Seat, command: SetStanding, now: Moment) -> Step:
    """Here, away, or on the phone."""
    del now
    if command.standing is actor.participant.standing:
        return Step(state)
    who = replace(actor.participant, standing=command.standing)
    return Step(with_seat(state, replace(actor, participant=who)), (PutParticipant(who),))


def _lowered(state: RoomState, seat: Seat) -> Step:
    if seat.participant.hand_at is None:
        return Step(state)
    who = replace(seat.participant, hand_at=None)
    return Step(with_seat(state, replace(seat, participant=who)), (PutParticipant(who),))


def _told(seat: Seat, actor: Seat) -> Notify:
    return Notify(seat.participant.participant_id, HandLoweredBy(actor.participant.name))
