"""How much may be kept. Filled from the settings by the composition root."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Bytes, and how many uploads one person may have open."""

    file_bytes: int
    meeting_bytes: int
    person_bytes: int
    uploads_at_once: int
