"""Commands that keep order: roles, quiet, switches, the lock, and putting somebody out. Pure.

Each is written into the log of the run. Who may give them is in `permissions.py`; on whom, in `orders.py`.
"""

from dataclasses import dataclass, fields, replace
from typing import Final

from palaver.live.domain.effects import (
    AskedToUnmute,
    Effect,
    Farewell,
    MuteInEngine,
    Notify,
    RecordBan,
    RecordRemoved,
    Refused,
    Step,
    StoppedBy,
)
from palaver.live.domain.machine import with_role
from palaver.live.domain.orders import audit, find, subject_of
from palaver.live.domain.people import ParticipantId, Role, clean_name, rank_of
from palaver.live.domain.permissions import MODERATORS, Phase
from palaver.live.domain.replica import DropReason, PutRoom
from palaver.live.domain.room import Moment, RoomState, Seat
from palaver.live.domain.room_commands import renamed
from palaver.live.domain.seats import drop_seat, goodbye
from palaver.live.domain.sources import Source
from palaver.meetings.policy import AuditAction, Rights, WaitingRoom

MAX_SPOTLIGHT: Final = 2
MAX_REASON_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """Put somebody out for the rest of the meeting session."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class BanParticipant:
    """Put somebody out of this and all later runs; `days` None is the meeting's usual time."""

    participant_id: ParticipantId
    reason: str
    days: int | None


@dataclass(frozen=True, slots=True)
class SetRole:
    """Give somebody another role for the rest of the run."""

    participant_id: ParticipantId
    role: Role


@dataclass(frozen=True, slots=True)
class RenameParticipant:
    """Give somebody else another name."""

    participant_id: ParticipantId
    name: str


@dataclass(frozen=True, slots=True)
class MuteParticipant:
    """Stop one source of somebody; they may start it again."""

    participant_id: ParticipantId
    source: Source


@dataclass(frozen=True, slots=True)
class MuteAll:
    """Stop the microphones of all who do not moderate, with or without the right to unmute."""

    may_unmute: bool


@dataclass(frozen=True, slots=True)
class AskToUnmute:
    """Say that one would like to hear somebody."""

    participant_id: ParticipantId


@dataclass(frozen=True, slots=True)
class SetRights:
    """The switches for all who do not moderate."""

    rights: Rights


@dataclass(frozen=True, slots=True)
class SetLock:
    """Whether newcomers may come."""

    is_locked: bool


@dataclass(frozen=True, slots=True)
class SetWaitingRoom:
    """Who waits at the door in this run."""

    waiting_room: WaitingRoom


@dataclass(frozen=True, slots=True)
class SetSuspended:
    """Stop everything for all who do not moderate, or let it go on."""

    is_suspended: bool


@dataclass(frozen=True, slots=True)
class SetSpotlight:
    """Who has the big place on everybody's screen; nobody clears it."""

    participant_ids: tuple[ParticipantId, ...]


# --- putting out ---------------------------------------------------------------------------------


def remove_participant(state: RoomState, actor: Seat, command: RemoveParticipant, now: Moment) -> Step:
    """Drop somebody, tell them by whom, and bar them from coming back in this session."""
    seat = _to_put_out(state, actor, command.participant_id)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    records = (audit(AuditAction.REMOVE, actor, seat, now),)
    return _put_out(state, seat, by=actor, farewell=Farewell.REMOVED, records=records, now=now)


def ban_participant(state: RoomState, actor: Seat, command: BanParticipant, now: Moment) -> Step:
    """The same, for all runs. Whoever only acts as host decides nothing beyond this one."""
    if actor.participant.is_acting:
        return Step(state, answer=Refused("not_allowed"))
    seat = _to_put_out(state, actor, command.participant_id)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    record = RecordBan(
        identity=seat.participant.identity,
        user_id=seat.user_id,
        network=seat.network,
        name=seat.participant.name,
        by_name=actor.participant.name,
        by_user_id=actor.user_id,
        reason=clean_name(command.reason, fallback="", max_chars=MAX_REASON_CHARS),
        days=command.days,
        at=now.at,
    )
    entry = audit(AuditAction.BAN, actor, seat, now, {"days": command.days})
    return _put_out(state, seat, by=actor, farewell=Farewell.BANNED, records=(record, entry), now=now)


def _to_put_out(state: RoomState, actor: Seat, participant_id: ParticipantId) -> Seat | Refused:
    seat = subject_of(state, actor, participant_id, is_grave=True)
    return Refused("cannot_remove_self") if seat == actor else seat


def _put_out(
    state: RoomState, seat: Seat, *, by: Seat, farewell: Farewell, records: tuple[Effect, ...], now: Moment
) -> Step:
    identity = seat.participant.identity
    is_guest = seat.user_id is None
    state = replace(
        state,
        barred=state.barred | {identity},
        admitted=state.admitted - {identity},
        grants={who: role for who, role in state.grants.items() if who != identity},
        # A guest is a new one by deleting the ticket: whoever comes from there now is looked at first.
        suspects=state.suspects | {seat.network} if is_guest and seat.network else state.suspects,
    )
    step = drop_seat(state, seat, reason=DropReason.REMOVED, now=now)
    return replace(
        step,
        effects=(
            *goodbye(seat.link, farewell, by=by.participant.name),
            RecordRemoved(identity, now.at),
            *records,
            *step.effects,
        ),
    )


# --- roles and names -----------------------------------------------------------------------------


def set_role(state: RoomState, actor: Seat, command: SetRole, now: Moment) -> Step:
    """Another role. Nobody makes an owner, nobody unmakes one; people without an account do not moderate."""
    seat = subject_of(state, actor, command.participant_id, is_grave=False)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    role = command.role
    is_signed_in = seat.participant.is_signed_in
    # Whoever only acts as host makes nobody what they are not themselves.
    limit = rank_of(Role.CO_HOST if actor.participant.is_acting else actor.participant.role)
    if seat.own_role is Role.OWNER or role is Role.OWNER or rank_of(role) > limit:
        return Step(state, answer=Refused("outranked"))
    if role in MODERATORS and not is_signed_in:
        return Step(state, answer=Refused("sign_in_required"))
    if role in (Role.MEMBER, Role.GUEST):
        role = Role.MEMBER if is_signed_in else Role.GUEST
    if role is seat.own_role:
        return Step(state)
    state, change = with_role(state, seat, role)
    detail = {"from": seat.own_role.value, "to": role.value}
    return Step(state, (change,), (audit(AuditAction.CHANGE_ROLE, actor, seat, now, detail),))


def rename_participant(state: RoomState, actor: Seat, command: RenameParticipant, now: Moment) -> Step:
    """Another name for somebody."""
    seat = subject_of(state, actor, command.participant_id, is_grave=False)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    old = seat.participant.name
    name = clean_name(command.name, fallback=old)
    if name == old:
        return Step(state)
    step = renamed(state, seat, name)
    return replace(
        step, effects=(*step.effects, audit(AuditAction.RENAME, actor, seat, now, {"from": old, "to": name}))
    )


# --- quiet ---------------------------------------------------------------------------------------

_STOPPED: Final = {
    Source.MICROPHONE: AuditAction.MUTE,
    Source.CAMERA: AuditAction.STOP_CAMERA,
    Source.SCREEN_SHARE: AuditAction.STOP_SCREEN_SHARE,
    Source.SCREEN_SHARE_AUDIO: AuditAction.STOP_SCREEN_SHARE,
}


def mute_participant(state: RoomState, actor: Seat, command: MuteParticipant, now: Moment) -> Step:
    """Stop one source of somebody, in the engine and so against any page."""
    seat = subject_of(state, actor, command.participant_id, is_grave=False)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    entry = audit(_STOPPED[command.source], actor, seat, now)
    return Step(state, effects=(*_stopped(seat, command.source, actor, may_resume=True), entry))


def mute_all(state: RoomState, actor: Seat, command: MuteAll, now: Moment) -> Step:
    """Quiet; where nobody may unmute, the switch for microphones goes off with it."""
    stopped: list[Effect] = []
    for seat in state.seats.values():
        if not seat.is_moderator:
            stopped += _stopped(seat, Source.MICROPHONE, actor, may_resume=command.may_unmute)
    entry = audit(AuditAction.MUTE_ALL, actor, None, now, {"may_unmute": command.may_unmute})
    step = _with_rights(state, replace(state.facts.rights, microphone=command.may_unmute))
    return replace(step, effects=(*stopped, entry))


def ask_to_unmute(state: RoomState, actor: Seat, command: AskToUnmute, now: Moment) -> Step:
    """Nobody is unmuted by others: they are asked."""
    seat = find(state, command.participant_id)
    if isinstance(seat, Refused):
        return Step(state, answer=seat)
    asked = Notify(seat.participant.participant_id, AskedToUnmute(actor.participant.name))
    return Step(state, effects=(asked, audit(AuditAction.ASK_TO_UNMUTE, actor, seat, now)))


def _stopped(seat: Seat, source: Source, actor: Seat, *, may_resume: bool) -> tuple[Effect, ...]:
    who = seat.participant
    return (
        MuteInEngine(who.identity, source),
        Notify(who.participant_id, StoppedBy(source, actor.participant.name, may_resume)),
    )


# --- switches ------------------------------------------------------------------------------------


def set_rights(state: RoomState, actor: Seat, command: SetRights, now: Moment) -> Step:
    """The switches, all at once."""
    old, new = state.facts.rights, command.rights
    changed = {
        field.name: getattr(new, field.name)
        for field in fields(Rights)
        if getattr(new, field.name) != getattr(old, field.name)
    }
    if not changed:
        return Step(state)
    return replace(_with_rights(state, new), effects=(audit(AuditAction.CHANGE_RIGHTS, actor, None, now, changed),))


def _with_rights(state: RoomState, rights: Rights) -> Step:
    if rights == state.facts.rights:
        return Step(state)
    facts = replace(state.facts, rights=rights)
    return Step(replace(state, facts=facts), changes=(PutRoom(facts),))


def set_lock(state: RoomState, actor: Seat, command: SetLock, now: Moment) -> Step:
    """Close the room to newcomers, or open it."""
    if command.is_locked == state.facts.is_locked:
        return Step(state)
    facts = replace(state.facts, is_locked=command.is_locked)
    action = AuditAction.LOCK if command.is_locked else AuditAction.UNLOCK
    return Step(replace(state, facts=facts), (PutRoom(facts),), (audit(action, actor, None, now),))


def set_waiting_room(state: RoomState, actor: Seat, command: SetWaitingRoom, now: Moment) -> Step:
    """Who waits from now on. Who waits already is let in or not by the moderators, as before."""
    if command.waiting_room is state.facts.waiting_room:
        return Step(state)
    facts = replace(state.facts, waiting_room=command.waiting_room)
    entry = audit(AuditAction.CHANGE_RIGHTS, actor, None, now, {"waiting_room": command.waiting_room.value})
    return Step(replace(state, facts=facts), (PutRoom(facts),), (entry,))


def set_suspended(state: RoomState, actor: Seat, command: SetSuspended, now: Moment) -> Step:
    """Everything off in one press: sound, pictures, screens, writing, newcomers. And on again, as it was."""
    if command.is_suspended == state.facts.is_suspended:
        return Step(state)
    facts = replace(state.facts, is_suspended=command.is_suspended)
    phase = Phase.SUSPENDED if command.is_suspended else Phase.OPEN
    action = AuditAction.SUSPEND if command.is_suspended else AuditAction.RESUME
    return Step(replace(state, facts=facts, phase=phase), (PutRoom(facts),), (audit(action, actor, None, now),))


def set_spotlight(state: RoomState, actor: Seat, command: SetSpotlight, now: Moment) -> Step:
    """The big place for everybody."""
    chosen = tuple(dict.fromkeys(command.participant_ids))
    if len(chosen) > MAX_SPOTLIGHT:
        return Step(state, answer=Refused("too_many", {"limit": MAX_SPOTLIGHT}))
    if any(pid not in state.seats for pid in chosen):
        return Step(state, answer=Refused("participant_not_found"))
    if chosen == state.facts.spotlight:
        return Step(state)
    facts = replace(state.facts, spotlight=chosen)
    action = AuditAction.SPOTLIGHT if chosen else AuditAction.CLEAR_SPOTLIGHT
    target = state.seats[chosen[0]] if chosen else None
    return Step(replace(state, facts=facts), (PutRoom(facts),), (audit(action, actor, target, now),))
