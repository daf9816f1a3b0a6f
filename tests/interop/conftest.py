"""Servers and browsers for foreign clients. Each test runs on the reference too, so that it is known to be right."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.e2e.cameras import camera_film
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES
from tests.interop.js_client import JsClient
from tests.servers import livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

ClientFactory = Callable[[str], JsClient]


# The reference shows that a test is right, not that we are: `make proof` asks it.
@pytest.fixture(scope="module", params=["palaver", pytest.param("livekit", marks=pytest.mark.proof)])
def sfu(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SfuAddress]:
    folder = tmp_path_factory.mktemp("sfu")
    if request.param == "livekit":
        if livekit.binary() is None:
            pytest.skip(livekit.SKIP_REASON)
        with livekit.livekit_server(folder) as address:
            yield address
    else:
        with palaver_sfu(folder) as address:
            yield address


@pytest.fixture(scope="session")
def publishing_browser(playwright_driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium whose camera is alice's, 1280×720, so that three layers are published."""
    film = camera_film(tmp_path_factory.mktemp("films"), "alice", width=1280, height=720)
    flags = [*CHROMIUM_FLAGS, FAKE_DEVICES, f"--use-file-for-fake-video-capture={film}"]
    browser = playwright_driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def watching_browser(playwright_driver: Playwright) -> Iterator[Browser]:
    browser = playwright_driver.chromium.launch(
        executable_path=CHROMIUM, headless=True, args=[*CHROMIUM_FLAGS, FAKE_DEVICES]
    )
    yield browser
    browser.close()


@pytest.fixture
def publisher(publishing_browser: Browser) -> Iterator[JsClient]:
    client = JsClient(publishing_browser, "alice")
    yield client
    client.close()


@pytest.fixture
def watcher(watching_browser: Browser) -> Iterator[JsClient]:
    client = JsClient(watching_browser, "bob")
    yield client
    client.close()
