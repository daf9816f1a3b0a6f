"""The history of runs that move between processes: written under a fencing number, opened with what was kept."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

from typing_extensions import override

from palaver.kernel.errors import UNAVAILABLE, PalaverError
from palaver.kernel.ids import MeetingSessionId
from palaver.live.cluster import checkpoint
from palaver.live.cluster.breaker import Breaker
from palaver.live.cluster.exchange import ExchangeDownError
from palaver.live.domain.permissions import Phase
from palaver.live.domain.room import Moment, RoomState
from palaver.live.features import FeatureAnswer
from palaver.live.history import DatabaseHistory
from palaver.live.ports import Run
from palaver.live.threads import DatabaseThreads
from palaver.meetings import ownership
from palaver.meetings.policy import Policy

logger = logging.getLogger(__name__)

# Far more than a process holds at once.
_MAX_REMEMBERED: Final = 100_000

P = ParamSpec("P")
T = TypeVar("T")


class Fences:
    """Runs that this process writes, each with its number, and the threads that respect them."""

    def __init__(self, threads: DatabaseThreads, *, on_deposed: Callable[[str], None]) -> None:
        self._threads = threads
        self._on_deposed = on_deposed
        # Kept also when a room is lost: what it still wanted to write must meet its old number.
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._runs: OrderedDict[str, str] = OrderedDict()

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `DatabaseThreads.run`; what writes a run, or its meeting, does so under its number. The first argument
        names it.

        Raises:
            DeposedError: another process writes the run now.
        """
        named = str(args[0]) if args else ""
        # What is written about a meeting (a ban) is written by whoever writes its run.
        return await self.write(self._runs.get(named, named), lambda: call(*args, **kwargs))

    async def write(self, session_id: str, call: Callable[[], T]) -> T:
        """Run a call under the number of a run, if that is written here. Raises: DeposedError."""
        fence = self._numbers.get(session_id)
        if fence is None:
            return await self._threads.run(call)
        session = MeetingSessionId(UUID(session_id))
        try:
            return await self._threads.run(ownership.write_as_owner, session, fence, call)
        except ownership.DeposedError:
            self._on_deposed(session_id)
            raise

    async def perform(self, session_id: str, call: Callable[[], FeatureAnswer]) -> FeatureAnswer:
        """What a feature does in a room, under the number of its run. Raises: PalaverError."""
        try:
            return await self.write(session_id, call)
        except ownership.DeposedError:
            # The room is elsewhere now: the page is about to be led there, and may ask again.
            raise PalaverError(UNAVAILABLE) from None

    def leave(self, meeting_id: str) -> None:
        """No run of the meeting is written here now."""
        self._runs.pop(meeting_id, None)

    async def take_over(self, meeting_id: str, session_id: str) -> None:
        """From now on this process writes the run. Raises: DeposedError when it is gone."""
        number = await self._threads.run(ownership.take_over_session, MeetingSessionId(UUID(session_id)))
        self._runs[meeting_id] = session_id
        self._numbers[session_id] = number
        self._numbers.move_to_end(session_id)
        for memory in (self._numbers, self._runs):
            while len(memory) > _MAX_REMEMBERED:
                memory.popitem(last=False)

    def fence_of(self, session_id: str) -> int:
        """The number of a run; 0 when it is not written here."""
        return self._numbers.get(session_id, 0)

    async def is_ours(self, session_id: str) -> bool:
        """Whether nobody took the run over."""
        fence = self._numbers.get(session_id)
        return fence is not None and await self._threads.run(
            ownership.is_session_owned, MeetingSessionId(UUID(session_id)), fence
        )

    async def is_open(self, session_id: str) -> bool:
        """Whether the run goes on."""
        return await self._threads.run(ownership.is_session_open, MeetingSessionId(UUID(session_id)))


class ClusterHistory(DatabaseHistory):
    """`DatabaseHistory`, but a run is opened with the state in which the last holder of its room left it."""

    def __init__(self, threads: DatabaseThreads, fences: Fences, exchange: Breaker) -> None:
        super().__init__(threads)
        self._run = fences.run
        self._fences = fences
        self._exchange = exchange

    @override
    async def open(self, meeting_id: UUID, *, slug: str, title: str, policy: Policy, now: Moment) -> Run | None:
        kept = await self._kept(str(meeting_id), now)
        # What is about to be opened is under no number yet.
        self._fences.leave(str(meeting_id))
        run = await super().open(meeting_id, slug=slug, title=title, policy=policy, now=now)
        if run is None:
            return None
        await self._fences.take_over(str(meeting_id), run.facts.session_id)
        if kept is None or kept.facts.session_id != run.facts.session_id:
            return run
        facts = replace(kept.facts, slug=run.facts.slug, title=run.facts.title)
        return replace(run, state=replace(kept, facts=facts, barred=frozenset({*kept.barred, *run.barred})))

    async def goes_on(self, room: str, session_id: str, *, now: Moment) -> bool:
        """Whether a run that another process held can be gone on with."""
        await self._kept(room, now)
        return await self._fences.is_open(session_id)

    async def is_ours(self, session_id: str) -> bool:
        """Whether nobody took the run over since we opened it."""
        return await self._fences.is_ours(session_id)

    def fence_of(self, session_id: str) -> int:
        """The number under which we write a run."""
        return self._fences.fence_of(session_id)

    async def _kept(self, room: str, now: Moment) -> RoomState | None:
        """The room as it was kept, if it goes on."""
        try:
            kept = checkpoint.restored(await self._exchange.kept(room), now)
        except ExchangeDownError:
            return None
        if kept is not None and kept.phase is Phase.ENDED:
            # Its holder may have died between saying that it was over and writing it down.
            await self.ended(kept.facts.session_id, now=now)
            return None
        return kept
