"""What a room needs of the world: a clock, timers, the history, the engine. Given in by `lifecycle`, faked in tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from palaver.engines.port import MediaEngine
from palaver.live.commands import CommandRegistry
from palaver.live.domain.effects import RecordAudit, RecordBan, RecordJoined
from palaver.live.domain.people import Identity
from palaver.live.domain.replica import RoomFacts
from palaver.live.domain.room import Moment, RoomState
from palaver.live.feature_desk import InDatabase
from palaver.meetings.policy import Policy


class Timer(Protocol):
    """Something scheduled."""

    def cancel(self) -> None:
        """Do not call any more."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a meeting, new or going on."""

    facts: RoomFacts
    barred: frozenset[Identity] = frozenset()
    """Who was removed from it, before or after the server was started."""
    kept: Mapping[str, Any] | None = None
    """What `domain.kept.keep` gave of it, when it goes on."""
    state: RoomState | None = None
    """Where another process left off, when it is known; facts and barred people are in it."""


class History(Protocol):
    """Where meeting sessions are kept. Calls may fail; the caller tries again."""

    async def open(self, meeting_id: UUID, *, slug: str, title: str, policy: Policy, now: Moment) -> Run | None:
        """The run that starts or goes on; None when the meeting is gone."""
        ...

    async def joined(self, session_id: str, record: RecordJoined) -> None:
        """Somebody came in."""
        ...

    async def renamed(self, session_id: str, *, identity: Identity, name: str) -> None:
        """Somebody is called otherwise."""
        ...

    async def left(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        """Somebody is gone."""
        ...

    async def removed(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        """Somebody was put out of the run for good."""
        ...

    async def banned(self, meeting_id: str, record: RecordBan) -> None:
        """Somebody stays out of all runs."""
        ...

    async def audited(self, session_id: str, record: RecordAudit) -> None:
        """A line for the log of the run."""
        ...

    async def kept(self, session_id: str, state: dict[str, Any], *, now: Moment) -> None:
        """What must outlive this process."""
        ...

    async def touched(self, session_id: str, *, now: Moment) -> None:
        """Somebody is still inside."""
        ...

    async def ended(self, session_id: str, *, now: Moment) -> None:
        """The run is over."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All of it."""

    registry: CommandRegistry
    engine: MediaEngine
    history: History
    clock: Callable[[], Moment]
    call_later: Callable[[float, Callable[[], None]], Timer]
    in_database: InDatabase
