"""The wheel is the whole product: installed into an empty environment it serves pages and a meeting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_an_installed_wheel_serves_home_and_meeting_pages_with_all_their_assets(
    server: PalaverServer, person: PersonFactory
) -> None:
    with server:
        alice = person("alice")
        failures: list[str] = []
        alice.page.on("response", lambda answer: failures.append(answer.url) if answer.status >= 400 else None)
        alice.page.on("requestfailed", lambda request: failures.append(request.url))
        alice.page.on("pageerror", lambda error: failures.append(str(error)))
        alice.page.goto(server.url)
        alice.sign_up()
        link = alice.new_meeting()
        alice.join(link)
        assert failures == []
