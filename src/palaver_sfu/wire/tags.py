"""What the protocol has no field for, in the tags of a room: words of the one who makes it, to this server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import MOST_VOICES

VOICES: Final = "palaver.voices"


def read_voices(tags: Mapping[str, str]) -> int:
    """How many are heard at once while there are many; 0 when nothing is said.

    Raises:
        WireError: it is no such number.
    """
    text = tags.get(VOICES)
    if text is None:
        return 0
    if text not in {str(number) for number in range(1, MOST_VOICES + 1)}:
        raise WireError(f"{VOICES} must be 1 to {MOST_VOICES}")
    return int(text)
