"""What all tests across rooms share: one driver of browsers, and the order that it asks for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests with a browser last and long ones first, after the shuffle.

    A long test that starts last leaves the other workers idle. The driver of browsers keeps an event loop of its own
    in the main thread from its start on; tests of coroutines could not start theirs after it.
    """

    def rank(item: pytest.Item) -> tuple[bool, bool]:
        has_browser = "playwright_driver" in getattr(item, "fixturenames", ())
        return has_browser, item.get_closest_marker("early") is None

    items.sort(key=rank)


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver
