"""Coming in, vanishing, coming back, and being given up. Pure; a part of the room machine."""

from dataclasses import replace
from typing import Final

from palaver.live.domain.effects import (
    Answer,
    CloseSocket,
    Effect,
    Farewell,
    Join,
    RecordRenamed,
    Refused,
    Seated,
    SocketGone,
    Step,
)
from palaver.live.domain.lobby import (
    come_to_the_door,
    gone_from_the_door,
    guests_of_network,
    must_wait,
    tell_unanswered,
    without_waiter,
)
from palaver.live.domain.people import Participant, Presence, Role, tone_of
from palaver.live.domain.permissions import HOSTS
from palaver.live.domain.replica import Change, DropReason, DropWaiting, PutParticipant, WaitingEnd
from palaver.live.domain.room import Connected, Lost, Moment, RoomState, Seat, joined_now
from palaver.live.domain.seats import drop_seat, goodbye, is_overtaken, lost_link, seated, with_seat

MAX_SEATS: Final = 1000
# A guest costs nothing to make up: one source never takes all seats. A school behind one address still fits.
MAX_GUESTS_OF_NETWORK: Final = 500


def join(state: RoomState, given: Join, now: Moment) -> Step:
    """Seat somebody, note them at the door, or refuse."""
    if given.identity in state.barred:
        return Step(state, answer=Refused("removed"))
    seat = state.seat_of_identity(given.identity)
    if seat is not None:
        return _return_to(state, seat, given)
    full = _limit_reached(state, given)
    if full is not None:
        return Step(state, answer=Refused("room_full", {"limit": full}))
    role = _role_of(state, given)
    if _is_kept_out(state, given, role):
        return Step(state, answer=Refused("meeting_locked"))
    if must_wait(state, given, role):
        return come_to_the_door(state, given, role, now)
    return _walk_in(state, given, role, now)


def _limit_reached(state: RoomState, given: Join) -> int | None:
    """How many seats there are for somebody like this, when all of them are taken."""
    if len(state.seats) >= MAX_SEATS:
        return MAX_SEATS
    guests = guests_of_network(given, [(seat.user_id, seat.network) for seat in state.seats.values()])
    return MAX_GUESTS_OF_NETWORK if guests >= MAX_GUESTS_OF_NETWORK else None


def foresee(state: RoomState, given: Join, now: Moment) -> Answer:
    """What `join` would answer. Nothing comes of it."""
    return join(state, given, now).answer


def _walk_in(state: RoomState, given: Join, role: Role, now: Moment) -> Step:
    waiter = state.waiter_of_identity(given.identity)
    if waiter is None:
        return take_seat(state, given, role, now)
    # They waited, and need not any more: they were admitted while away, or the waiting room was opened.
    step = take_seat(without_waiter(state, waiter), given, role, now)
    dropped = DropWaiting(waiter.person.participant_id, WaitingEnd.ADMITTED)
    effects = (*goodbye(waiter.link, Farewell.TAKEN_OVER, by=None), *step.effects)
    return replace(step, changes=(dropped, *step.changes), effects=effects)


def take_seat(state: RoomState, given: Join, role: Role, now: Moment) -> Step:
    """A new seat; whoever had one in this run before the server started again gets that one."""
    place = state.places.get(given.identity)
    participant = Participant(
        participant_id=given.participant_id if place is None else place.participant_id,
        identity=given.identity,
        name=given.name or given.fallback_name,
        role=role,
        is_signed_in=given.user_id is not None,
        joined_at=joined_now(state, now.at) if place is None else place.joined_at,
        presence=Presence.CONNECTED,
        tone=tone_of(given.identity),
        avatar_url=given.avatar_url,
    )
    seat = Seat(
        participant=participant,
        user_id=given.user_id,
        tab_id=given.tab_id,
        link=Connected(given.socket_id),
        own_role=role,
        network=given.network,
    )
    places = {identity: kept for identity, kept in state.places.items() if identity != given.identity}
    return seated(replace(state, places=places), seat, now)


def _role_of(state: RoomState, given: Join) -> Role:
    """The owner is the owner; a role that was given in this run counts more than the list of the meeting."""
    return given.role if given.role is Role.OWNER else state.grants.get(given.identity, given.role)


def _is_kept_out(state: RoomState, given: Join, role: Role) -> bool:
    """A lock stops everyone who was not here before, but for those who could open it."""
    is_closed = state.facts.is_locked or state.facts.is_suspended
    return is_closed and role not in HOSTS and given.identity not in state.admitted


def _return_to(state: RoomState, seat: Seat, given: Join) -> Step:
    """The person has a seat: it is taken again, unless another tab is on it and was not told to give way."""
    participant = seat.participant
    effects: list[Effect] = []
    if isinstance(seat.link, Connected):
        if is_overtaken(given, link=seat.link, tab_id=seat.tab_id):
            return Step(state, answer=Refused("already_here"))
        is_same_page = seat.tab_id == given.tab_id or given.resume_participant_id == participant.participant_id
        if not (given.take_over or is_same_page):
            return Step(state, answer=Refused("already_here"))
        effects.append(CloseSocket(seat.link.socket_id, Farewell.TAKEN_OVER))
    # The role is decided anew: somebody may have signed in again, or the meeting may have a new owner.
    own_role = _role_of(state, given)
    is_acting = participant.is_acting and own_role not in HOSTS
    back = replace(
        participant,
        name=given.name or participant.name,
        role=Role.HOST if is_acting else own_role,
        is_acting=is_acting,
        presence=Presence.CONNECTED,
        avatar_url=given.avatar_url,
    )
    if back.name != participant.name:
        effects.append(RecordRenamed(back.participant_id, back.name))
    new_seat = replace(
        seat,
        participant=back,
        user_id=given.user_id,
        tab_id=given.tab_id,
        link=Connected(given.socket_id),
        own_role=own_role,
        network=given.network,
    )
    changes: tuple[Change, ...] = () if back == participant else (PutParticipant(back),)
    return Step(with_seat(state, new_seat), changes, tuple(effects), Seated(back.participant_id))


def socket_gone(state: RoomState, gone: SocketGone, now: Moment) -> Step:
    """A connection ended: its seat, or its place at the door, waits."""
    link = lost_link(is_clean=gone.is_clean, now=now)
    seat = state.seat_of_socket(gone.socket_id)
    if seat is not None:
        return Step(with_seat(state, replace(seat, link=link)))
    return gone_from_the_door(state, gone.socket_id, link)


def time_passed(state: RoomState, now: Moment) -> Step:
    """Show who is lost, give up who does not come back, tell who waits that nobody answered."""
    step = tell_unanswered(state, now)
    state, changes, effects = step.state, list(step.changes), list(step.effects)
    for seat in tuple(state.seats.values()):
        match seat.link:
            case Lost(drop_at_s=drop_at_s, is_clean=is_clean) if drop_at_s <= now.steady_s:
                reason = DropReason.LEFT if is_clean else DropReason.CONNECTION_LOST
                step = drop_seat(state, seat, reason=reason, now=now)
                state = step.state
                changes += step.changes
                effects += step.effects
            case Lost(show_at_s=float(show_at_s)) if show_at_s <= now.steady_s:
                shown = replace(seat.participant, presence=Presence.RECONNECTING)
                link = replace(seat.link, show_at_s=None)
                state = with_seat(state, replace(seat, participant=shown, link=link))
                changes.append(PutParticipant(shown))
    return Step(state, tuple(changes), tuple(effects))
