"""Pieces that coming, going and commands share: taking a seat, giving one up, saying goodbye. Pure."""

from dataclasses import replace
from typing import Final

from palaver.live.domain.effects import (
    CloseSocket,
    DeleteEngineRoom,
    Effect,
    Farewell,
    Join,
    RecordEnded,
    RecordJoined,
    RecordLeft,
    RemoveFromEngine,
    Seated,
    Step,
)
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.permissions import Phase
from palaver.live.domain.replica import DropParticipant, DropReason, PutParticipant
from palaver.live.domain.room import Connected, Link, Lost, Moment, RoomState, Seat

# A page that loads again says goodbye and is back within this; nobody should see it flicker.
CLEAN_GRACE_S: Final = 2.0
# A socket that broke without a word: the others are told late, so that a short cut is noticed by nobody …
SHOW_LOST_AFTER_S: Final = 8.0
# … and the seat is kept as long as media may still be flowing and clients are dialling.
LOST_GRACE_S: Final = 20.0


def seated(state: RoomState, seat: Seat, now: Moment) -> Step:
    """Put `seat` into the room, and write down that somebody came."""
    who = seat.participant
    record = RecordJoined(who.participant_id, who.identity, seat.user_id, who.name, who.role, now.at)
    state = replace(with_seat(state, seat), admitted=state.admitted | {who.identity})
    return Step(state, changes=(PutParticipant(who),), effects=(record,), answer=Seated(who.participant_id))


def lost_link(*, is_clean: bool, now: Moment) -> Lost:
    """A socket that is gone, and what is waited for."""
    return Lost(
        show_at_s=None if is_clean else now.steady_s + SHOW_LOST_AFTER_S,
        drop_at_s=now.steady_s + (CLEAN_GRACE_S if is_clean else LOST_GRACE_S),
        is_clean=is_clean,
    )


def with_seat(state: RoomState, seat: Seat) -> RoomState:
    """`state` with `seat` put in, or in place of the one with the same id."""
    return replace(state, seats={**state.seats, seat.participant.participant_id: seat})


def is_overtaken(given: Join, *, link: Link, tab_id: str) -> bool:
    """Whether the same page is on `link` by a newer connection: it gave up the one whose hello comes only now."""
    return isinstance(link, Connected) and tab_id == given.tab_id and given.socket_id < link.socket_id


def goodbye(link: Link, farewell: Farewell, *, by: str | None) -> tuple[CloseSocket, ...]:
    """The closing of whatever socket there is."""
    return (CloseSocket(link.socket_id, farewell, by),) if isinstance(link, Connected) else ()


def drop_seat(state: RoomState, seat: Seat, *, reason: DropReason, now: Moment) -> Step:
    """Take a seat away, with its media. Closing the socket is the caller's duty."""
    participant_id: ParticipantId = seat.participant.participant_id
    seats = {pid: other for pid, other in state.seats.items() if pid != participant_id}
    effects: list[Effect] = [
        RemoveFromEngine(seat.participant.identity),
        RecordLeft(participant_id, reason, now.at),
    ]
    state = replace(state, seats=seats)
    # Whoever was lost may be back within minutes, and then the same meeting session goes on.
    if state.is_empty and reason is not DropReason.CONNECTION_LOST:
        effects += [DeleteEngineRoom(), RecordEnded(now.at, by_user_id=None)]
        state = replace(state, phase=Phase.ENDED)
    return Step(state, (DropParticipant(participant_id, reason),), tuple(effects))
