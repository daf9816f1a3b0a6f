"""An SFU that serves on a port of its own."""

from collections.abc import AsyncIterator

import pytest

from palaver_sfu.tests.serving import Served, serving


@pytest.fixture
async def sfu() -> AsyncIterator[Served]:
    async with serving() as served:
        yield served
