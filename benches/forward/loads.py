"""The loads, and what one run of them came to."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from benches.forward.generator import Report
from benches.forward.participants import Role

# So many of a kind make their memory visible.
MEMORY_PEOPLE = 40
VIDEO_BYTES = 1_100
VIDEO_INTERVAL_US = 40_000
PICTURE_PACKETS = 8
AUDIO_BYTES = 120
AUDIO_INTERVAL_US = 20_000


@dataclass(frozen=True, slots=True)
class Load:
    """Publishers who also subscribe, and subscribers who do not publish."""

    name: str
    publishers: int
    listeners: int = 0
    kind: str = "video"
    interval_us: int = VIDEO_INTERVAL_US
    burst: int = PICTURE_PACKETS
    payload_bytes: int = VIDEO_BYTES
    has_feedback: bool = False

    def roles(self) -> list[Role]:
        publisher = Role(self.kind, self.publishers - 1, self.kind, self.has_feedback)
        listener = Role("none", self.publishers, self.kind, self.has_feedback)
        return [publisher] * self.publishers + [listener] * self.listeners

    @property
    def receivers(self) -> int:
        """Of each packet."""
        return self.publishers + self.listeners - 1


LOADS = (
    Load("1→10", 1, 10),
    Load("1→50", 1, 50),
    Load("1→50 evenly", 1, 50, interval_us=VIDEO_INTERVAL_US // PICTURE_PACKETS, burst=1),
    Load("1→50 with feedback", 1, 50, has_feedback=True),
    Load("1→100", 1, 100),
    Load("1→200", 1, 200),
    Load("10×10", 10),
    Load("20×20", 20),
    Load("50×50 audio", 50, kind="audio", interval_us=AUDIO_INTERVAL_US, burst=1, payload_bytes=AUDIO_BYTES),
)


@dataclass(frozen=True, slots=True)
class Result:
    per_processor_s: float
    delivered: float
    p50_ms: float
    p99_ms: float
    p999_ms: float

    @classmethod
    def of(cls, report: Report, used_s: float, receivers: int) -> Result:
        delivered = report.received / max(report.sent * receivers, 1)
        return cls(report.received / max(used_s, 0.01), delivered, report.p50_ms, report.p99_ms, report.p999_ms)

    @classmethod
    def median(cls, results: list[Result]) -> Result:
        return cls(
            median(result.per_processor_s for result in results),
            median(result.delivered for result in results),
            median(result.p50_ms for result in results),
            median(result.p99_ms for result in results),
            median(result.p999_ms for result in results),
        )

    def row(self) -> str:
        """Its cells of the table."""
        delivered = f"{min(self.delivered, 1):.1%}"
        return f"{self.per_processor_s:,.0f} | {delivered} | {self.p50_ms:.1f} / {self.p99_ms:.1f} / {self.p999_ms:.1f}"
