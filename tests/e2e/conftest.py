"""A running Palaver and people with browsers, for the stories of a user."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.e2e.cameras import camera_film
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES, WATCH_CONNECTIONS, Person
from tests.servers.palaver import PalaverServer

PersonFactory = Callable[..., Person]


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PalaverServer]:
    with PalaverServer(tmp_path / "palaver") as running:
        yield running


@pytest.fixture
def person(playwright_driver: Playwright, films: Path, server: PalaverServer) -> Iterator[PersonFactory]:
    """Make a person: `person("alice")`; flags and context options can be added."""
    made: list[Person] = []

    def make(name: str, *, flags: tuple[str, ...] = (), **context_options: Any) -> Person:
        film = camera_film(films, name)
        browser = playwright_driver.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=[*CHROMIUM_FLAGS, FAKE_DEVICES, f"--use-file-for-fake-video-capture={film}", *flags],
        )
        options: dict[str, Any] = {"viewport": {"width": 1000, "height": 640}, "locale": "en-GB"} | context_options
        context = browser.new_context(**options)
        context.add_init_script(WATCH_CONNECTIONS)
        someone = Person(name, browser, context, context.new_page(), server.url)
        someone.page.set_default_timeout(20_000)
        made.append(someone)
        return someone

    yield make
    for someone in made:
        someone.browser.close()
