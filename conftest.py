"""What every Python test shares: how hard hypothesis tries, and which tests keep together in one worker."""

import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.lanes import BROWSER, BrowsersApart

# Deadlines measure a noisy machine, not the code.
settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("proof", max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def _drives_a_browser(item: pytest.Item) -> bool:
    return "playwright_driver" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file share a worker, since they share servers; those with a browser are a kind of their own."""
    for item in items:
        # The servers of a cluster cost twice as much to start as a test with them: once for all of their folder.
        shared = item.path.parent if "servers" in getattr(item, "fixturenames", ()) else item.path
        group = shared.relative_to(item.config.rootpath).as_posix()
        if _drives_a_browser(item):
            item.add_marker(pytest.mark.browser)
            group += BROWSER
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BrowsersApart | None:
    return BrowsersApart(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file instead of SQLite's memory, where threads lock each other out of whole tables as they never do in use."""
    from django.conf import settings as django_settings

    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
