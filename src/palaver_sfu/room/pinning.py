"""Which media thread a new room is given to. It stays there: its peers meet on that thread's port."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What somebody is taken to cost until it is measured, as a share of a thread: a camera to some others.
SHARE_OF_A_PEER = 0.01
# And a room that waits for its first: more than one will come.
SHARE_OF_AN_EMPTY_ROOM = 0.02
# Threads that differ by less are equally busy.
STEP = 0.05


@dataclass(frozen=True, slots=True)
class Burden:
    """A media thread when a room asks for one. `busy` is its share of the last second, with `measured_peers` on it."""

    busy: float
    peers: int
    measured_peers: int
    rooms: int
    empty_rooms: int
    is_overloaded: bool

    @property
    def expected(self) -> float:
        """The share that it will work soon: a rush of joins must not go to the thread that was idle a second ago."""
        unmeasured = max(0, self.peers - self.measured_peers)
        return self.busy + SHARE_OF_A_PEER * unmeasured + SHARE_OF_AN_EMPTY_ROOM * self.empty_rooms


def least_loaded(threads: Sequence[Burden]) -> int:
    """Its place in `threads`; of equals the first."""

    def order(number: int) -> tuple[bool, int, int, int]:
        thread = threads[number]
        return thread.is_overloaded, int(thread.expected / STEP), thread.peers, thread.rooms

    return min(range(len(threads)), key=order)
