"""When an empty room ends."""

from __future__ import annotations

from palaver_sfu.room.values import RoomOptions


def ends_at(options: RoomOptions, *, created_at: float, last_left_at: float | None) -> float:
    """When a room that nobody is in closes: sooner after people left than while it still waits for the first."""
    if last_left_at is None:
        return created_at + options.empty_timeout_s
    return last_left_at + options.departure_timeout_s
