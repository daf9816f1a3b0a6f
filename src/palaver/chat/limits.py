"""How much one person may write. Counted in the database, so it holds in every process and after a restart.

The socket's own bucket (LIVE-006) still stands before these.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from palaver.accounts.limits import Limit, count_attempt
from palaver.kernel.errors import RATE_LIMITED, PalaverError

# Faster than anybody types or presses, slower than a program that floods.
MESSAGES_BY_PERSON: Final = Limit("chat-messages", 20, timedelta(seconds=10))
CHANGES_BY_PERSON: Final = Limit("chat-changes", 40, timedelta(seconds=10))
SEARCHES_BY_PERSON: Final = Limit("chat-searches", 20, timedelta(seconds=10))

MAX_REACTIONS_PER_MESSAGE: Final = 1000
"""One from everybody in a full room."""
MAX_MENTIONS: Final = 20
MAX_FILES: Final = 10


def count(limit: Limit, meeting_id: UUID, identity: str, *, now: datetime) -> None:
    """Count one try of a person in a meeting.

    Raises:
        PalaverError: rate_limited.
    """
    if not count_attempt(limit, f"{meeting_id}:{identity}", now=now):
        raise PalaverError(RATE_LIMITED)
