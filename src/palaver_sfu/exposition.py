"""Counters, gauges and histograms, and the text in which Prometheus reads them (version 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with all its samples: (suffix of the name, labels, value)."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[str, Labels, float]]


@dataclass(slots=True)
class Counter:
    """A total since the start, by the values of its labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    _values: dict[tuple[str, ...], float] = field(default_factory=dict)

    def add(self, *values: str, by: float = 1.0) -> None:
        self._values[values] = self._values.get(values, 0.0) + by

    def family(self) -> Family:
        values = self._values or ({(): 0.0} if not self.labels else {})
        samples = [("", tuple(zip(self.labels, key, strict=True)), value) for key, value in sorted(values.items())]
        return Family(self.name, "counter", self.help, samples)


@dataclass(slots=True)
class Histogram:
    """How often a value was at most so large. `bounds` ascend."""

    name: str
    help: str
    bounds: tuple[float, ...]
    labels: tuple[str, ...] = ()
    _counts: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    _sums: dict[tuple[str, ...], float] = field(default_factory=dict)

    def observe(self, value: float, *values: str) -> None:
        counts = self._counts.setdefault(values, [0] * (len(self.bounds) + 1))
        counts[bisect_left(self.bounds, value)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + value

    def family(self) -> Family:
        samples: list[tuple[str, Labels, float]] = []
        for key, counts in sorted(self._counts.items()):
            labels = tuple(zip(self.labels, key, strict=True))
            total = 0
            for bound, count in zip((*self.bounds, float("inf")), counts, strict=True):
                total += count
                samples.append(("_bucket", (*labels, ("le", _number(bound))), total))
            samples.append(("_sum", labels, self._sums[key]))
            samples.append(("_count", labels, total))
        return Family(self.name, "histogram", self.help, samples)


def gauge(name: str, help_text: str, values: float | Mapping[tuple[str, ...], float], *labels: str) -> Family:
    """A value of now; with `labels`, one for each of their values."""
    by_labels = values if isinstance(values, Mapping) else {(): values}
    samples = [("", tuple(zip(labels, key, strict=True)), value) for key, value in sorted(by_labels.items())]
    return Family(name, "gauge", help_text, samples)


def render(families: Iterable[Family]) -> str:
    lines: list[str] = []
    for family in families:
        lines.append(f"# HELP {family.name} {family.help}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for suffix, labels, value in family.samples:
            text = ",".join(f'{name}="{_escape(value)}"' for name, value in labels)
            lines.append(f"{family.name}{suffix}{'{' + text + '}' if text else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
