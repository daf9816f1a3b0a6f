"""Presenting, where only one may share a screen at a time: taking, asking, handing over, taking away. Pure.

Where several may share, taking is free and the rest does nothing.
"""

from dataclasses import dataclass, replace

from palaver.live.domain.effects import Refused, Step
from palaver.live.domain.orders import audit, find, subject_of
from palaver.live.domain.people import ParticipantId, Role
from palaver.live.domain.replica import Change, PutParticipant, PutRoom
from palaver.live.domain.room import Moment, RoomState, Seat
from palaver.live.domain.seats import with_seat
from palaver.meetings.policy import AuditAction


@dataclass(frozen=True, slots=True)
class SetOnePresenter:
    """Whether only one may share at a time."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class ShareTake:
    """Become the presenter, if there is none; a moderator takes over."""


@dataclass(frozen=True, slots=True)
class ShareRelease:
    """Stop being the presenter."""


@dataclass(frozen=True, slots=True)
class ShareAsk:
    """Ask to present, or take that back."""

    is_asking: bool


@dataclass(frozen=True, slots=True)
class ShareHandOver:
    """Make somebody else the presenter."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class ShareRevoke:
    """Take presenting away from whoever presents."""


def set_one_presenter(state: RoomState, actor: Seat, command: SetOnePresenter, now: Moment) -> Step:
    """One at a time from now on, or as many as like."""
    if command.is_on == state.facts.one_presenter:
        return Step(state)
    facts = replace(state.facts, one_presenter=command.is_on, presenter_id=None)
    entry = audit(AuditAction.CHANGE_RIGHTS, actor, None, now, {"one_presenter": command.is_on})
    return Step(replace(state, facts=facts), (PutRoom(facts),), (entry,))


def share_take(state: RoomState, actor: Seat, command: ShareTake, now: Moment) -> Step:
    """The right to share, before the page shows what is shared."""
    del command
    facts = state.facts
    if not (actor.is_moderator or facts.rights.screen_share):
        return Step(state, answer=Refused("switched_off"))
    mine = actor.participant.participant_id
    if not facts.one_presenter or facts.presenter_id == mine:
        return Step(state)
    presenter = None if facts.presenter_id is None else state.seats.get(facts.presenter_id)
    if presenter is None:
        return _presenting(state, actor)
    if not actor.is_moderator:
        return Step(state, answer=Refused("presenter_taken"))
    step = _presenting(state, actor)
    return replace(step, effects=(audit(AuditAction.REVOKE_PRESENTER, actor, presenter, now),))


def share_release(state: RoomState, actor: Seat, command: ShareRelease, now: Moment) -> Step:
    """Nobody presents."""
    del command, now
    is_mine = state.facts.presenter_id == actor.participant.participant_id
    return _nobody_presents(state) if is_mine else Step(state)


def share_ask(state: RoomState, actor: Seat, command: ShareAsk, now: Moment) -> Step:
    """A wish that everybody sees; the presenter or a moderator grants it."""
    is_asking = actor.participant.asks_to_share_at is not None
    if is_asking == command.is_asking:
        return Step(state)
    who = replace(actor.participant, asks_to_share_at=now.at if command.is_asking else None)
    return Step(with_seat(state, replace(actor, participant=who)), (PutParticipant(who),))


def share_hand_over(state: RoomState, actor: Seat, command: ShareHandOver, now: Moment) -> Step:
    """By the presenter themselves, or by a moderator."""
    if not state.facts.one_presenter:
        return Step(state, answer=Refused("switched_off"))
    is_presenter = state.facts.presenter_id == actor.participant.participant_id
    if not (is_presenter or actor.is_moderator):
        return Step(state, answer=Refused("not_allowed"))
    seat = find(state, command.participant_id)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    if seat.participant.role is Role.VIEWER:
        return Step(state, answer=Refused("outranked"))
    step = _presenting(state, seat)
    return step if is_presenter else replace(step, effects=(audit(AuditAction.ASSIGN_PRESENTER, actor, seat, now),))


def share_revoke(state: RoomState, actor: Seat, command: ShareRevoke, now: Moment) -> Step:
    """Nobody presents any more; whoever did stops sending."""
    del command
    if state.facts.presenter_id is None:
        return Step(state)
    seat = subject_of(state, actor, state.facts.presenter_id, is_grave=False)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    step = _nobody_presents(state)
    return replace(step, effects=(audit(AuditAction.REVOKE_PRESENTER, actor, seat, now),))


def _presenting(state: RoomState, seat: Seat) -> Step:
    facts = replace(state.facts, presenter_id=seat.participant.participant_id)
    changes: list[Change] = [PutRoom(facts)]
    if seat.participant.asks_to_share_at is not None:
        who = replace(seat.participant, asks_to_share_at=None)
        state = with_seat(state, replace(seat, participant=who))
        changes.append(PutParticipant(who))
    return Step(replace(state, facts=facts), tuple(changes))


def _nobody_presents(state: RoomState) -> Step:
    facts = replace(state.facts, presenter_id=None)
    return Step(replace(state, facts=facts), (PutRoom(facts),))
