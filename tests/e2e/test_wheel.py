"""The wheel is the whole product: installed into an empty environment it serves pages and a meeting."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Response

from tests.e2e.conftest import PersonFactory
from tests.servers.palaver import PalaverServer
from tools.build_wheel import build

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> PalaverServer:
    """A server that runs from an installed wheel, outside the source tree."""
    wheel = build(tmp_path / "dist")
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for words in (
        ["venv", "-q", "--python", sys.executable, str(environment)],
        [
            "pip",
            "install",
            "-q",
            "--require-hashes",
            "-r",
            str(ROOT / "requirements/runtime.txt"),
            "--python",
            str(python),
        ],
        ["pip", "install", "-q", "--no-deps", str(wheel), "--python", str(python)],
    ):
        subprocess.run([sys.executable, "-m", "uv", *words], check=True, cwd=tmp_path, env=quiet, timeout=300)
    return PalaverServer(tmp_path / "palaver", python=str(python), from_source=False)


# What a page names in its head and body, and what its scripts and styles asked for since.
NAMED = """
() => {
  const named = [...document.querySelectorAll('script[src], img[src], link[href]')].map((one) => one.src || one.href);
  return [...named, ...performance.getEntriesByType('resource').map((entry) => entry.name)];
}
"""


@dataclass  # without slots: Playwright leaves marks of its own on whose methods it calls
class Inspector:
    """Notes what goes wrong on a page, and which assets its documents named."""

    page: Page
    failures: list[str] = field(default_factory=list)
    assets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("response", self._on_response)
        self.page.on("requestfailed", self._on_failed)
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))

    def _on_response(self, answer: Response) -> None:
        if answer.status >= 400:
            self.failures.append(f"{answer.status} {answer.url}")

    def _on_failed(self, request: Request) -> None:
        # The browser drops what is under way when a page is left, which tells nothing of the server: it is asked again.
        if request.method == "GET" and request.failure == "net::ERR_ABORTED":
            self.assets.add(request.url)
        else:
            self.failures.append(f"{request.failure} {request.method} {request.url}")

    def look(self) -> None:
        """Note what the document that is open now names."""
        self.assets.update(self.page.evaluate(NAMED))

    def fetch_all(self, server: PalaverServer) -> None:
        """Ask for every asset once more, outside of any page that could be left."""
        for address in sorted(self.assets):
            assert address.startswith(f"{server.url}/"), f"not from this server: {address}"
            answer = self.page.request.get(address)
            if answer.status != 200 or not answer.body():
                self.failures.append(f"{answer.status} {address}, {len(answer.body())} bytes")


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_an_installed_wheel_serves_home_and_meeting_pages_with_all_their_assets(
    server: PalaverServer, person: PersonFactory
) -> None:
    with server:
        alice = person("alice")
        inspector = Inspector(alice.page)
        alice.page.goto(server.url)
        inspector.look()
        alice.page.goto(f"{server.url}/accounts/signup/")
        inspector.look()
        alice.sign_up()
        link = alice.new_meeting()
        inspector.look()
        alice.join(link)
        inspector.look()
        inspector.fetch_all(server)
        kinds = {address.partition("?")[0].rpartition(".")[2] for address in inspector.assets}
        assert {"js", "css", "svg", "woff2"} <= kinds, inspector.assets
        assert inspector.failures == []
