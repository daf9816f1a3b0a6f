"""Look at every story of the web client (`web/stories`): a picture of each, and what axe finds wrong in it.

    python tools/stories.py FOLDER                       # all of them, wide and light, narrow and dark
    python tools/stories.py FOLDER chat ban              # those whose name begins so
    python tools/stories.py FOLDER chat --looks german   # as others have it: see LOOKS below; `every` is all of them

Fails when axe finds something, or a page scrolls sideways. Needs what the browser tests need.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, Playwright, sync_playwright  # noqa: E402 - the path above makes ours importable
from typing_extensions import override  # noqa: E402

from tests.e2e.accessibility import scrolls_sideways, violations  # noqa: E402
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES  # noqa: E402


@dataclass(frozen=True, slots=True)
class Look:
    """Circumstances of somebody's browser."""

    size: tuple[int, int]
    query: str = "theme=light"
    flags: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


LARGE_TEXT = ("--blink-settings=defaultFontSize=32,defaultFixedFontSize=26",)
LOOKS = {
    "wide": Look((1440, 900)),
    "narrow": Look((390, 844), "theme=dark"),
    "wide-dark": Look((1440, 900), "theme=dark"),
    "narrow-light": Look((390, 844)),
    "german": Look((1280, 800), "lang=de"),
    "german-narrow": Look((320, 640), "lang=de"),
    "right-to-left": Look((1440, 900), "dir=rtl"),
    "right-to-left-narrow": Look((390, 844), "dir=rtl&theme=dark"),
    "large-text": Look((1440, 900), flags=LARGE_TEXT),
    "large-text-narrow": Look((390, 844), flags=LARGE_TEXT),
    "forced-colours": Look((1440, 900), options={"forced_colors": "active", "color_scheme": "dark"}),
}
USUAL = ("wide", "narrow")
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


def faults_of(driver: Playwright, address: str, stories: Iterable[str], word: str, folder: Path) -> Iterator[str]:
    """What is wrong in *stories* as somebody with the look *word* has them."""
    one = LOOKS[word]
    width, height = one.size
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, FAKE_DEVICES, *one.flags])
    context = browser.new_context(viewport={"width": width, "height": height}, **one.options)
    for story in stories:
        page = context.new_page()
        found = look(page, f"{address}?story={story}&{one.query}", folder / f"{story}-{word}.png")
        yield from (f"{story} ({word}): {fault}" for fault in found)
        page.close()
    browser.close()


def main() -> int:
    wants = argparse.ArgumentParser()
    wants.add_argument("folder", type=Path)
    wants.add_argument("stories", nargs="*", help="how their names begin")
    wants.add_argument("--looks", nargs="+", default=USUAL, choices=[*LOOKS, "every"])
    wanted = wants.parse_args()
    folder: Path = wanted.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [name for name in names() if not wanted.stories or name.startswith(tuple(wanted.stories))]
    count = 0
    with served() as address, sync_playwright() as driver:
        for word in LOOKS if "every" in wanted.looks else wanted.looks:
            for fault in faults_of(driver, address, chosen, word, folder):
                print(fault, flush=True)
                count += 1
    print(folder)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
