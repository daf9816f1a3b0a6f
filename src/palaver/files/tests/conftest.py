"""What the tests of this room share: a folder of their own, limits that are easily reached, and the stage."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from palaver.accounts.models import User
from palaver.files.limits import FileLimits
from palaver.files.tests.stage import Stage, everybody_may_read, set_stage


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PALAVER_FILES_DIR = tmp_path / "files"
    settings.PALAVER_FILES = FileLimits(
        file_bytes=64_000_000, meeting_bytes=100_000_000, person_bytes=80_000_000, uploads_at_once=5
    )
    settings.ALLOWED_HOSTS = ["testserver"]
    return tmp_path / "files"


@pytest_asyncio.fixture
async def stage(transactional_db: None, alice: User, carol: User) -> AsyncIterator[Stage]:
    async with set_stage(alice, carol) as running:
        yield running


@pytest.fixture
def public_chat() -> Iterator[None]:
    with everybody_may_read():
        yield
