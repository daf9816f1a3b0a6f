"""The first start of a server, the second one, and what remains of a call afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory
from tests.e2e.people import WAIT_MS
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PalaverServer]:
    """A server on data of its own; options by `@pytest.mark.parametrize("server", …, indirect=True)`."""
    with PalaverServer(tmp_path / "palaver", options=getattr(request, "param", ())) as running:
        yield running


@pytest.mark.parametrize("server", [("--tls-self-signed", "--host", "0.0.0.0")], indirect=True)
def test_a_call_over_https_with_a_certificate_of_our_own_and_its_history(
    person: PersonFactory, server: PalaverServer
) -> None:
    assert server.url.startswith("https://")
    # PalaverServer has reached it already, trusting nobody but the authority that the server has made.
    assert re.search(r"https://\S+/trust/", server.log)
    alice, bob = (person(name, ignore_https_errors=True) for name in ("alice", "bob"))
    alice.sign_up()
    link = alice.new_meeting()
    assert link.startswith("https://")
    alice.join(link)
    bob.join(link, types_name=True)
    alice.sees("bob")
    bob.sees("alice")
    bob.hears(1)
    bob.leave()
    alice.leave()
    # Afterwards: when it was, and who was there.
    alice.page.get_by_role("link", name="Home", exact=True).click()
    mine = alice.page.get_by_role("listitem").filter(has_text="Meeting of Alice Example")
    expect(mine).to_contain_text("Alice Example, Bob", timeout=WAIT_MS)
    expect(mine).not_to_contain_text("On now")
    expect(mine.locator("time").first).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d"))
    mine.get_by_role("link", name="Meeting of Alice Example").first.click()
    runs = alice.page.get_by_role("region", name="When it ran")
    expect(runs.get_by_role("listitem").filter(has_text="Bob").first).to_be_visible()
    expect(runs.locator("time")).to_have_count(2)
