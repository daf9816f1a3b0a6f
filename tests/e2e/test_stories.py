"""Every state of the call page, drawn with fake people: axe finds nothing in any, whoever looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tools.stories import LOOKS, faults_of, names, served

pytestmark = [pytest.mark.e2e, pytest.mark.proof, pytest.mark.timeout(3_600)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as found:
        yield found


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_state_of_the_call(
    playwright_driver: Playwright, address: str, look: str, tmp_path: Path
) -> None:
    stories = names()
    assert "chat-uploads" in stories
    assert list(faults_of(playwright_driver, address, stories, look, tmp_path)) == []
