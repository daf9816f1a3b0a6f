"""Look at every story of the web client (`web/stories`): a picture of each, and what axe finds wrong in it.

    python tools/stories.py FOLDER                 # all of them
    python tools/stories.py FOLDER chat ban        # those whose name begins so

Each is taken wide and light, narrow and dark. Fails when axe finds something. Needs what the browser tests need.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402 - the path above makes ours importable
from typing_extensions import override  # noqa: E402

from tests.e2e.accessibility import scrolls_sideways, violations  # noqa: E402
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES  # noqa: E402

LOOKS = (("wide", (1440, 900), "light"), ("narrow", (390, 844), "dark"))
# The longest that a story takes to play: menus open, and speaking time is counted for two seconds.
PLAYS_MS = 3_500


def names() -> list[str]:
    """All stories, as their files list them."""
    found: list[str] = []
    for path in sorted((ROOT / "web/stories").glob("*stories.ts")):
        found += re.findall(r'^  "?([\w-]+)"?: \{', path.read_text(), re.MULTILINE)
    return found


@contextmanager
def served() -> Iterator[str]:
    """The built stories; gives their address."""
    with tempfile.TemporaryDirectory() as folder:
        build = ["npx", "vite", "build", "--config", "stories/vite.config.ts", "--outDir", folder]
        subprocess.run(build, cwd=ROOT / "web", check=True, stdout=subprocess.DEVNULL)
        handler = partial(Quiet, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/stories/index.html"
            server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads which files were asked for."""


def look(page: Page, url: str, picture: Path) -> list[str]:
    """Takes a picture; returns what is wrong."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.goto(url)
    page.wait_for_timeout(PLAYS_MS)
    page.screenshot(path=picture)
    if scrolls_sideways(page):
        faults.append("scrolls sideways")
    return faults + violations(page)


def main() -> int:
    folder, wanted = Path(sys.argv[1]).resolve(), tuple(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, FAKE_DEVICES])
        for word, (width, height), theme in LOOKS:
            context = browser.new_context(viewport={"width": width, "height": height})
            for story in names():
                if wanted and not story.startswith(wanted):
                    continue
                page = context.new_page()
                found = look(page, f"{address}?story={story}&theme={theme}", folder / f"{story}-{word}.png")
                faults += [f"{story} ({word}): {fault}" for fault in found]
                page.close()
        browser.close()
    print(*faults, sep="\n")
    print(folder)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
