"""Carries out what features add to one room: their commands, in order, after what the room itself owes the database."""

import functools
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from palaver.kernel.errors import INTERNAL, UNAVAILABLE, PalaverError
from palaver.kernel.outages import is_outage
from palaver.live.domain.effects import Refused
from palaver.live.domain.room import RoomState, Seat
from palaver.live.features import Caller, FeatureAnswer, FeatureSpec
from palaver.live.lanes import Lane
from palaver.live.wire import Wire

logger = logging.getLogger(__name__)

InDatabase = Callable[[str, Callable[[], FeatureAnswer]], Awaitable[FeatureAnswer]]
"""Runs a call for a run of the meeting (its session's id) on a database thread. Raises PalaverError to refuse."""
Reply = Callable[[FeatureAnswer | Refused], None]

# A class of thirty that all write at once fits several times; beyond it the database is away, and waiting helps nobody.
_MAX_WAITING: Final = 256


class FeatureDesk:
    """The lanes of one room.

    `start` runs a new lane for as long as the room lasts; `caught_up` returns when the database knows of everybody who
    came before now, or when that takes too long.
    """

    def __init__(
        self,
        name: str,
        *,
        start: Callable[[Lane], None],
        caught_up: Callable[[], Awaitable[object]],
        in_database: InDatabase,
    ) -> None:
        self._name = name
        self._start = start
        self._caught_up = caught_up
        self._in_database = in_database
        self._lanes: dict[str, Lane] = {}

    def submit(
        self,
        spec: FeatureSpec[Wire],
        given: Wire,
        *,
        caller: Callable[[], Caller | None],
        now: Callable[[], datetime],
        reply: Reply,
    ) -> None:
        """Carry out a command in its turn. `caller` is asked when the turn comes: rights may be gone by then."""
        job = functools.partial(self._do, spec, given, caller, now, reply)
        if not self._lane(spec.lane).offer(job):
            reply(Refused(UNAVAILABLE.code))

    def finish(self) -> None:
        """No more commands come."""
        for lane in self._lanes.values():
            lane.finish()

    def _lane(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(f"{name} {self._name}", max_jobs=_MAX_WAITING)
            self._start(lane)
        return lane

    async def _do(
        self,
        spec: FeatureSpec[Wire],
        given: Wire,
        caller: Callable[[], Caller | None],
        now: Callable[[], datetime],
        reply: Reply,
    ) -> None:
        """Never raises: the sender gets one answer, and the lane goes on."""
        await self._caught_up()
        who = caller()
        if who is None:
            reply(Refused("not_allowed"))
            return
        try:
            perform = functools.partial(spec.perform, who, given, now())
            answer = await self._in_database(str(who.session_id), perform)
        except PalaverError as refusal:
            params = {key: value for key, value in refusal.params.items() if isinstance(value, str | int)}
            reply(Refused(refusal.spec.code, params))
        except Exception as problem:
            if is_outage(problem):
                logger.warning("The database is away or cannot keep up", extra={"kind": spec.kind}, exc_info=True)
                reply(Refused(UNAVAILABLE.code))
            else:
                logger.exception("A command of a feature failed", extra={"kind": spec.kind})
                reply(Refused(INTERNAL.code))
        else:
            reply(answer)


def caller_of(state: RoomState, seat: Seat) -> Caller:
    """Who gives a command, as features see them."""
    who = seat.participant
    return Caller(
        meeting_id=UUID(state.facts.meeting_id),
        session_id=UUID(state.facts.session_id),
        participant_id=who.participant_id,
        identity=who.identity,
        user_id=seat.user_id,
        name=who.name,
        role=who.role,
        is_signed_in=who.is_signed_in,
    )
