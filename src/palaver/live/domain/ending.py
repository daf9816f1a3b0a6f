"""The end of a meeting session for everybody. Pure."""

from dataclasses import replace

from palaver.live.domain.effects import (
    CloseSocket,
    DeleteEngineRoom,
    Effect,
    Farewell,
    RecordEnded,
    RecordLeft,
    Step,
)
from palaver.live.domain.permissions import Phase
from palaver.live.domain.replica import Change, DropParticipant, DropReason, DropWaiting, WaitingEnd
from palaver.live.domain.room import Connected, Moment, RoomState, Seat


def end_room(state: RoomState, now: Moment, *, farewell: Farewell, by: Seat | None) -> Step:
    """Send everybody away, those at the door too, and end the run."""
    by_name = None if by is None else by.participant.name
    links = [seat.link for seat in state.seats.values()] + [waiter.link for waiter in state.waiting.values()]
    goodbyes: list[Effect] = [
        CloseSocket(link.socket_id, farewell, by_name) for link in links if isinstance(link, Connected)
    ]
    changes: list[Change] = [DropParticipant(pid, DropReason.LEFT) for pid in state.seats]
    changes += [DropWaiting(pid, WaitingEnd.LEFT) for pid in state.waiting]
    records: list[Effect] = [RecordLeft(pid, DropReason.LEFT, now.at) for pid in state.seats]
    ended = RecordEnded(now.at, by_user_id=None if by is None else by.user_id)
    return Step(
        replace(state, seats={}, waiting={}, phase=Phase.ENDED),
        tuple(changes),
        (*goodbyes, DeleteEngineRoom(), *records, ended),
    )
