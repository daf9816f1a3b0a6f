"""How fast one client may talk: a token bucket that says how long to wait, so that TCP holds the rest back."""

from __future__ import annotations

from dataclasses import dataclass

# A client with a hundred tiles sends a few hundred settings at once when its window changes, then little.
BURST = 500
PER_SECOND = 100.0


@dataclass(slots=True)
class Pace:
    tokens: float = BURST
    updated_at: float = 0.0

    def wait_s(self, now: float) -> float:
        """Take one message at time `now`; the seconds to wait before the next is read."""
        self.tokens = min(float(BURST), self.tokens + (now - self.updated_at) * PER_SECOND)
        self.updated_at = now
        self.tokens -= 1.0
        return 0.0 if self.tokens >= 0 else -self.tokens / PER_SECOND
