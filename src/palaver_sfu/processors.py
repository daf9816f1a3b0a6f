"""How many media threads an operator wants."""

import os

MAX_MEDIA_THREADS = 64


def one_per_processor() -> int:
    """Of the processors that this process may use."""
    return min(len(os.sched_getaffinity(0)), MAX_MEDIA_THREADS)


def media_threads(text: str) -> int:
    """A number, or for `auto` one for each processor.

    Raises:
        ValueError: it is neither.
    """
    if text == "auto":
        return one_per_processor()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_MEDIA_THREADS:
        raise ValueError(f"must be from 1 to {MAX_MEDIA_THREADS}, or auto, not {text!r}")
    return int(text)
