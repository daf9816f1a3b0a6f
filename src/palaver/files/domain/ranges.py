"""Byte ranges of a download (RFC 9110, section 14). What cannot be read is ignored, as the RFC asks: 200, whole."""

import re
from dataclasses import dataclass
from typing import Final

_SPEC: Final = re.compile(r"(\d*)-(\d*)")
_MOST_RANGES: Final = 16  # a client that asks for more gets the whole file (RFC 9110, 14.2)
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """In bytes."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Whole:
    """Answer 200 with everything."""


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """Answer 416."""


Wanted = tuple[Span, ...] | Whole | Unsatisfiable


def wanted(header: str | None, *, size: int, if_range: str | None, etag: str) -> Wanted:
    """What a GET asks for. Spans are in the order asked; those that overlap or touch are joined."""
    if header is None or (if_range is not None and if_range.strip() != etag):
        return Whole()
    unit, _, listed = header.partition("=")
    specs = [text.strip(" \t") for text in listed.split(",")]
    specs = [text for text in specs if text]  # empty elements of a list are to be ignored (RFC 9110, 5.6.1)
    if unit.strip().lower() != "bytes" or not specs or len(specs) > _MOST_RANGES:
        return Whole()
    spans: list[Span] = []
    for text in specs:
        match = _SPEC.fullmatch(text)
        if match is None or match.groups() == ("", "") or max(map(len, match.groups())) > _MOST_DIGITS:
            return Whole()
        first, last = match.groups()
        if first and last and int(last) < int(first):
            return Whole()
        span = _span(first, last, size)
        if span is not None:
            spans.append(span)
    return tuple(_joined(spans)) or Unsatisfiable()


def _span(first: str, last: str, size: int) -> Span | None:
    if not first:
        length = min(int(last), size)
        return Span(size - length, size - 1) if length else None
    start = int(first)
    return Span(start, min(int(last), size - 1) if last else size - 1) if start < size else None


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        whole = span
        for other in list(joined):
            if whole.first <= other.last + 1 and other.first <= whole.last + 1:
                joined.remove(other)
                whole = Span(min(whole.first, other.first), max(whole.last, other.last))
        joined.append(whole)
    return joined
