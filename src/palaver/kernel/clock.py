"""Time comes in as an argument; these are the two clocks that the composition root and tests hand out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


def system_clock() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(tz=UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that moves only when told, for tests."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> datetime:
        """Move on by `step` and return the new time."""
        self.now += step
        return self.now
