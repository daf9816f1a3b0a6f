"""A token bucket: how much a client may send, in bursts and over time. Pure; the time comes in."""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """`capacity` at once, `refill_per_s` over time."""

    capacity: float
    refill_per_s: float
    level: float
    updated_s: float

    @classmethod
    def full(cls, *, capacity: float, refill_per_s: float, now_s: float) -> "TokenBucket":
        """A bucket that was not used yet."""
        return cls(capacity=capacity, refill_per_s=refill_per_s, level=capacity, updated_s=now_s)

    def take(self, cost: float, *, now_s: float) -> bool:
        """Take `cost` if it is there. A refused take costs nothing, so that waiting always helps."""
        self.level = min(self.capacity, self.level + max(0.0, now_s - self.updated_s) * self.refill_per_s)
        self.updated_s = now_s
        if cost > self.level:
            return False
        self.level -= cost
        return True
