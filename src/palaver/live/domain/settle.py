"""What follows from a change by itself: the room is handed over, places of those who are gone are cleared, the engine
hears what each may publish, and what must be kept is kept. Pure; every turn of the machine ends here.
"""

from dataclasses import replace

from palaver.live.domain.effects import Effect, KeepState, Named, RecordAudit, SetSources, Step
from palaver.live.domain.people import Role
from palaver.live.domain.permissions import HOSTS, Phase
from palaver.live.domain.replica import Audience, Change, DropParticipant, PutParticipant, PutRoom, changes_for
from palaver.live.domain.room import Moment, RoomState, Seat
from palaver.live.domain.sources import sources_of
from palaver.meetings.policy import AuditAction


def settle(before: RoomState, step: Step, now: Moment) -> Step:
    """`step`, which led on from `before`, with all that follows from it."""
    state = step.state
    if state is before:
        return step
    if state.phase is Phase.ENDED:
        return _counted(before, step)
    changes, effects = list(step.changes), list(step.effects)
    state = _without_the_gone(state, changes)
    state = _handed_over(state, changes, effects, now)
    effects += _new_sources(before, state)
    if _is_kept_otherwise(before, state):
        effects.append(KeepState())
    return _counted(before, replace(step, state=state, changes=_last_of_each(changes), effects=tuple(effects)))


def _counted(before: RoomState, step: Step) -> Step:
    """Each audience's version goes up when it is told something."""
    told = {audience: bool(changes_for(step.changes, audience)) for audience in Audience}
    versions = {audience: before.versions[audience] + told[audience] for audience in Audience}
    return replace(step, state=replace(step.state, versions=versions))


def _is_kept_otherwise(before: RoomState, state: RoomState) -> bool:
    """Whether `kept.keep` would say something else: asked at every turn, so without building it."""
    return (
        before.facts != state.facts
        or before.grants != state.grants
        or before.admitted != state.admitted
        or before.suspects != state.suspects
        or before.had_host != state.had_host
        or before.places != state.places
        or before.seats.keys() != state.seats.keys()
    )


def _last_of_each(changes: list[Change]) -> tuple[Change, ...]:
    """Several changes of one thing in one turn are one: only the last is told."""
    kept: list[Change] = []
    for number, change in enumerate(changes):
        later = changes[number + 1 :]
        match change:
            case PutRoom():
                is_stale = any(isinstance(other, PutRoom) for other in later)
            case PutParticipant(who):
                is_stale = any(
                    isinstance(other, PutParticipant) and other.participant.participant_id == who.participant_id
                    for other in later
                )
            case _:
                is_stale = False
        if not is_stale:
            kept.append(change)
    return tuple(kept)


# --- the gone -----------------------------------------------------------------------------------


def _without_the_gone(state: RoomState, changes: list[Change]) -> RoomState:
    """Spotlight and presenter are people who are here; after a restart they may be on their way back."""
    if not any(isinstance(change, DropParticipant) for change in changes):
        return state
    expected = {place.participant_id for place in state.places.values()} | set(state.seats)
    facts = replace(
        state.facts,
        spotlight=tuple(pid for pid in state.facts.spotlight if pid in expected),
        presenter_id=state.facts.presenter_id if state.facts.presenter_id in expected else None,
    )
    if facts == state.facts:
        return state
    changes.append(PutRoom(facts))
    return replace(state, facts=facts)


# --- handing over --------------------------------------------------------------------------------


def _handed_over(state: RoomState, changes: list[Change], effects: list[Effect], now: Moment) -> RoomState:
    """The rule (LIVE-019): when the last host is gone, the co-host who came first acts as host, else the signed-in
    member who came first; as soon as a host is there, the room is theirs again. Guests and viewers never act.
    """
    is_host_here = any(seat.own_role in HOSTS for seat in state.seats.values())
    acting = next((seat for seat in state.seats.values() if seat.participant.is_acting), None)
    if is_host_here:
        if acting is not None:
            state = _with_role(state, acting, acting.own_role, is_acting=False, changes=changes)
            effects.append(_audit(AuditAction.GIVE_BACK, acting, now))
        return state if state.had_host else replace(state, had_host=True)
    if acting is not None or not state.had_host:
        return state
    heir = _heir(state)
    if heir is None:
        return state
    effects.append(_audit(AuditAction.HAND_OVER, heir, now))
    return _with_role(state, heir, Role.HOST, is_acting=True, changes=changes)


def _heir(state: RoomState) -> Seat | None:
    for role in (Role.CO_HOST, Role.MEMBER):
        seats = [seat for seat in state.seats.values() if seat.own_role is role and seat.participant.is_signed_in]
        if seats:
            return min(seats, key=lambda seat: (seat.participant.joined_at, seat.participant.participant_id))
    return None


def _with_role(state: RoomState, seat: Seat, role: Role, *, is_acting: bool, changes: list[Change]) -> RoomState:
    who = replace(seat.participant, role=role, is_acting=is_acting)
    changes.append(PutParticipant(who))
    return replace(state, seats={**state.seats, who.participant_id: replace(seat, participant=who)})


def _audit(action: AuditAction, seat: Seat, now: Moment) -> RecordAudit:
    who = Named(seat.participant.identity, seat.participant.name)
    return RecordAudit(action, actor=who, target=who, detail={"by": "rule"}, at=now.at)


# --- the engine ----------------------------------------------------------------------------------


def _new_sources(before: RoomState, state: RoomState) -> list[Effect]:
    """For those who were here before: newcomers have theirs on the ticket."""
    effects: list[Effect] = []
    for pid, seat in state.seats.items():
        old = before.seats.get(pid)
        if old is None or (old.participant.role is seat.participant.role and before.facts == state.facts):
            continue
        sources = sources_of(state, seat)
        if sources != sources_of(before, old):
            effects.append(SetSources(seat.participant.identity, sources))
    return effects
