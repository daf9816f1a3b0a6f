"""The server under load."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.palaver import PalaverServer, migrated


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PalaverServer]:
    with PalaverServer(migrated(tmp_path / "palaver")) as running:
        yield running
