"""The first start of a server, the second one, and what remains of a call afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PersonFactory
from tests.e2e.people import PASSWORD
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[PalaverServer]:
    """A server on data of its own; options by `@pytest.mark.parametrize("server", …, indirect=True)`."""
    with PalaverServer(tmp_path / "palaver", options=getattr(request, "param", ())) as running:
        yield running


def test_the_first_start_makes_an_administrator_once_and_the_second_knows_everyone(
    person: PersonFactory, server: PalaverServer
) -> None:
    # One address to open, and one link.
    assert re.findall(r"Open  (\S+)", server.log) == [f"http://localhost:{server.port}/"]
    link = server.setup_link()
    assert len(re.findall(r"https?://\S+", server.log)) == 2, server.log
    alice, bob = person("alice"), person("bob")
    alice.server_url = bob.server_url = f"http://localhost:{server.port}"
    page = alice.page
    page.goto(link)
    page.get_by_label("First name").fill("Alice")
    page.get_by_label("Last name").fill("Example")
    page.get_by_label("Email").fill("alice@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("button", name="New meeting")).to_be_visible()
    # The link has served: for somebody else it makes nobody.
    bob.page.goto(link)
    expect(bob.page.get_by_role("heading", level=1)).to_have_text("This link was used before")
    expect(bob.page.get_by_role("button", name="Create administrator")).to_have_count(0)
    meeting = alice.new_meeting()
    # The server stops while people are in a call: cleanly, and without being killed for taking its time.
    alice.join(meeting)
    bob.join(meeting, types_name=True)
    bob.sees("alice")
    assert server.stop() == 0
    assert "Traceback" not in server.log
    printed = len(server.log)
    server.start()
    # Nobody is asked to make an administrator a second time, and the accounts are there.
    assert "/setup/" not in server.log[printed:]
    bob.sees("alice")
    carol = person("carol")
    carol.name = "alice"
    carol.sign_in()
    expect(carol.page.get_by_text("Meeting of Alice Example").first).to_be_visible()


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
    alice.page.get_by_role("main").get_by_role("link", name="Home", exact=True).click()
    mine = alice.page.get_by_role("listitem").filter(has_text="Meeting of Alice Example")
    expect(mine).to_contain_text("Alice Example, Bob")
    expect(mine).not_to_contain_text("On now")
    expect(mine.locator("time").first).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d"))
    mine.get_by_role("link", name="Meeting of Alice Example").first.click()
    runs = alice.page.get_by_role("region", name="When it ran")
    expect(runs.get_by_role("listitem").filter(has_text="Bob").first).to_be_visible()
    expect(runs.locator("time")).to_have_count(2)
