"""How fast one client may talk: a token bucket that says how long to wait, so that TCP holds the rest back."""

from __future__ import annotations

from dataclasses import dataclass

# A client with a hundred tiles sends a few hundred settings at once when its window changes, then little.
BURST = 500
PER_SECOND = 100.0
# Large frames take longer to read, and text longer than binary: a kilobyte of theirs counts as so many messages.
BINARY_COST_PER_KIB = 1.0
TEXT_COST_PER_KIB = 8.0


def cost_of(frame: bytes | str) -> float:
    """How many messages `frame` counts as."""
    per_kib = BINARY_COST_PER_KIB if isinstance(frame, bytes) else TEXT_COST_PER_KIB
    return 1.0 + len(frame) / 1024 * per_kib


@dataclass(slots=True)
class Pace:
    tokens: float = BURST
    updated_at: float = 0.0

    def wait_s(self, now: float, cost: float = 1.0) -> float:
        """Take a message at time `now`; the seconds to wait before the next is read."""
        self.tokens = min(float(BURST), self.tokens + (now - self.updated_at) * PER_SECOND)
        self.updated_at = now
        self.tokens -= cost
        return 0.0 if self.tokens >= 0 else -self.tokens / PER_SECOND
