"""The people and meetings of the live room's tests, and a stage for several processes."""

from collections.abc import AsyncIterator

import pytest_asyncio

from palaver.live.cluster.tests.stage import Stage, running_stage
from palaver.live.tests.conftest import alice, alice_cookie, carol, carol_cookie, cookie_of, meeting

__all__ = ["alice", "alice_cookie", "carol", "carol_cookie", "cookie_of", "meeting", "stage"]


@pytest_asyncio.fixture
async def stage(transactional_db: None) -> AsyncIterator[Stage]:
    """Several processes, without any yet."""
    async with running_stage() as made:
        yield made
