"""People with a Chromium each beside those with room sockets.

Playwright's pages belong to the thread that opened them, and the sockets to the event loop: so all that a page does
is done on one thread of its own, and waited for.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from playwright.sync_api import Error, Playwright, sync_playwright

from tests.e2e.cameras import camera_film
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES, WAIT_MS, WATCH_CONNECTIONS, Person
from tests.load.classroom import House

T = TypeVar("T")


class Browsers:
    """The Chromiums of one lesson."""

    def __init__(self, server: House, films: Path) -> None:
        self._server = server
        self._films = films
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browsers")
        self._playwright: Playwright | None = None
        self._open: list[Person] = []

    async def do(self, call: Callable[[], T]) -> T:
        """Have something done to pages, while the sockets go on."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def person(self, name: str, *, film: str, cookie: str | None = None) -> Person:
        """Somebody with a camera that plays the film, signed in if there is a cookie."""
        return await self.do(lambda: self._person(name, film, cookie))

    async def crash(self, person: Person) -> None:
        """The browser is gone, without a word to anybody."""

        def crash() -> None:
            with contextlib.suppress(Error):
                person.browser.new_browser_cdp_session().send("Browser.crash")
            self._open.remove(person)

        await self.do(crash)

    def _person(self, name: str, film: str, cookie: str | None) -> Person:
        assert self._playwright is not None
        camera = f"--use-file-for-fake-video-capture={camera_film(self._films, film)}"
        browser = self._playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=[*CHROMIUM_FLAGS, FAKE_DEVICES, camera]
        )
        context = browser.new_context(viewport={"width": 1000, "height": 640}, locale="en-GB")
        if cookie is not None:
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": self._server.url}])
        context.add_init_script(WATCH_CONNECTIONS)
        person = Person(name, browser, context, context.new_page(), self._server.url)
        person.page.set_default_timeout(2 * WAIT_MS)
        self._open.append(person)
        return person

    async def __aenter__(self) -> Self:
        self._playwright = await self.do(lambda: sync_playwright().start())
        return self

    async def __aexit__(self, *_: object) -> None:
        def close() -> None:
            for person in self._open:
                with contextlib.suppress(Error):
                    person.browser.close()
            if self._playwright is not None:
                self._playwright.stop()

        await self.do(close)
        self._thread.shutdown()
