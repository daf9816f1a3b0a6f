"""What one room owes to the history: who came and went, what moderators did, and what must outlive the process."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from palaver.live.domain import effects as fx
from palaver.live.domain.kept import keep
from palaver.live.domain.room import Moment, RoomState
from palaver.live.lanes import Lane
from palaver.live.ports import History

Record = (
    fx.RecordJoined
    | fx.RecordRenamed
    | fx.RecordLeft
    | fx.RecordRemoved
    | fx.RecordEnded
    | fx.RecordBan
    | fx.RecordAudit
    | fx.KeepState
)


class RecordDesk:
    """The lane of one room to the history. All methods return at once; `state` is the room as it is when asked."""

    def __init__(
        self,
        history: History,
        lane: Lane,
        *,
        state: Callable[[], RoomState],
        now: Callable[[], Moment],
    ) -> None:
        self._history = history
        self._lane = lane
        self._state = state
        self._now = now
        self._is_keeping = False

    def record(self, effect: Record, before: RoomState) -> None:
        """Write down what a step of the room did; `before` is the room as it was until then."""
        history, facts, submit, now = self._history, self._state().facts, self._lane.submit, self._now()
        session_id = facts.session_id
        match effect:
            case fx.RecordJoined():
                submit(functools.partial(history.joined, session_id, effect))
            case fx.RecordRenamed(participant_id, name):
                identity = self._state().seats[participant_id].participant.identity
                submit(functools.partial(history.renamed, session_id, identity=identity, name=name))
            case fx.RecordLeft(participant_id, _, at):
                identity = before.seats[participant_id].participant.identity
                submit(functools.partial(history.left, session_id, identity=identity, now=replace(now, at=at)))
            case fx.RecordRemoved(identity, at):
                submit(functools.partial(history.removed, session_id, identity=identity, now=replace(now, at=at)))
            case fx.RecordEnded(at):
                submit(functools.partial(history.ended, session_id, now=replace(now, at=at)))
            case fx.RecordBan():
                submit(functools.partial(history.banned, facts.meeting_id, effect))
            case fx.RecordAudit():
                submit(functools.partial(history.audited, session_id, effect))
            case fx.KeepState():
                self._keep_soon()
            case _:
                assert_never(effect)

    def record_again(self) -> None:
        """Another process may not have written all that it owed. Writing twice is safe."""
        state, now = self._state(), self._now()
        session_id = state.facts.session_id
        for seat in state.seats.values():
            who = seat.participant
            record = fx.RecordJoined(who.participant_id, who.identity, seat.user_id, who.name, who.role, who.joined_at)
            self._lane.submit(functools.partial(self._history.joined, session_id, record))
        for identity in state.barred:
            self._lane.submit(functools.partial(self._history.removed, session_id, identity=identity, now=now))

    def _keep_soon(self) -> None:
        """Many changes in a row are stored once, as they are when their turn comes."""
        if self._is_keeping:
            return
        self._is_keeping = True

        async def store() -> None:
            self._is_keeping = False
            state = self._state()
            await self._history.kept(state.facts.session_id, keep(state), now=self._now())

        self._lane.submit(store)
