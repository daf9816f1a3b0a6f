"""A running Palaver and people with browsers, for the stories of a user."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.e2e.cameras import STORY_FPS, camera_film
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES, WAIT_MS, WATCH_CONNECTIONS, Person
from tests.servers.palaver import PalaverServer, migrated
from tests.servers.wire_cutter import WireCutter

BrowserOf = Callable[..., Browser]
PersonFactory = Callable[..., Person]
SignIns = Callable[[str], Any]
Motion = Literal["reduce", "no-preference"]

# Playwright's own five seconds are not enough for four browsers and a server on two busy cores.
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="session")
def browser_of(playwright_driver: Playwright, films: Path) -> Iterator[BrowserOf]:
    """The browser at which somebody sits. It is started once: what a test does in it ends with the test's context."""
    started: dict[tuple[str, tuple[str, ...], bool], Browser] = {}

    def browser(name: str, *, flags: tuple[str, ...] = (), has_devices: bool = True) -> Browser:
        key = (name, flags, has_devices)
        if key not in started or not started[key].is_connected():
            film = camera_film(films, name, fps=STORY_FPS)
            devices = (FAKE_DEVICES, f"--use-file-for-fake-video-capture={film}") if has_devices else ()
            started[key] = playwright_driver.chromium.launch(
                executable_path=CHROMIUM, headless=True, args=[*CHROMIUM_FLAGS, *devices, *flags]
            )
        return started[key]

    yield browser
    for one in started.values():
        one.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PalaverServer]:
    with PalaverServer(migrated(tmp_path / "palaver")) as running:
        yield running


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PalaverServer]:
    """One server for all stories that need none of their own: a module takes it by a fixture `server` that returns it.

    Each test has a meeting of its own there; the home page of its people shows those of the others too.
    """
    with PalaverServer(migrated(tmp_path_factory.mktemp("palaver"))) as running:
        yield running


@pytest.fixture(scope="session")
def sign_ins(browser_of: BrowserOf, shared_server: PalaverServer) -> SignIns:
    """Cookies of somebody with an account on the shared server: `person("alice", storage_state=sign_ins("alice"))`."""
    kept: dict[str, Any] = {}

    def sign_in(name: str) -> Any:
        if name not in kept:
            browser = browser_of(name)
            context = browser.new_context(locale="en-GB")
            Person(name, browser, context, context.new_page(), shared_server.url).sign_up()
            kept[name] = context.storage_state()
            context.close()
        return kept[name]

    return sign_in


@pytest.fixture
def wires(server: PalaverServer) -> Iterator[WireCutter]:
    """A way to the server that can be cut."""
    with WireCutter(server.port) as cutter:
        yield cutter


@pytest.fixture(scope="module")
def motion() -> Motion:
    """What people's systems ask for. What moves costs a quarter of a call: modules that want it say so themselves."""
    return "reduce"


@pytest.fixture
def person(browser_of: BrowserOf, server: PalaverServer, motion: Motion) -> Iterator[PersonFactory]:
    """Make a person: `person("alice")`; flags and context options can be added, and all devices taken away."""
    yield from _people(browser_of, server, motion)


@pytest.fixture
def alice(person: PersonFactory, sign_ins: SignIns) -> Person:
    """Who has an account on the shared server, signed in."""
    return person("alice", storage_state=sign_ins("alice"))


@pytest.fixture
def link(alice: Person) -> str:
    """Of a meeting of hers."""
    return alice.meeting()


@pytest.fixture(scope="module")
def lasting_person(browser_of: BrowserOf, shared_server: PalaverServer, motion: Motion) -> Iterator[PersonFactory]:
    """The same for people who stay for all tests of a module, on the server that these share."""
    yield from _people(browser_of, shared_server, motion)


def _people(browser_of: BrowserOf, server: PalaverServer, motion: Motion) -> Iterator[PersonFactory]:
    made: list[Person] = []

    def make(name: str, *, flags: tuple[str, ...] = (), has_devices: bool = True, **context_options: Any) -> Person:
        browser = browser_of(name, flags=flags, has_devices=has_devices)
        usual = {"viewport": {"width": 1000, "height": 640}, "locale": "en-GB", "reduced_motion": motion}
        context = browser.new_context(**(usual | context_options))
        context.add_init_script(WATCH_CONNECTIONS)
        someone = Person(name, browser, context, context.new_page(), server.url)
        someone.page.set_default_timeout(WAIT_MS)
        made.append(someone)
        return someone

    yield make
    for someone in made:
        someone.context.close()
