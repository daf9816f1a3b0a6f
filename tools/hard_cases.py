"""Take pictures of the pages and the call as some people have them: large text, forced colours, German on a narrow
phone, long names, from right to left.

    python tools/hard_cases.py FOLDER [CASE…]

Each picture's name begins with its case. A page that scrolls sideways is named at the end.
"""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.accessibility import scrolls_sideways
from tools.studio import WAIT_MS, PalaverServer, Studio, enter, go_to_the_door, painted, sign_up

LONG_NAME = "Maximiliane Friederike von Hohenlohe-Lange"
LARGE_TEXT = ("--blink-settings=defaultFontSize=32,defaultFixedFontSize=26",)


@dataclass(frozen=True, slots=True)
class Case:
    """Circumstances of somebody's browser."""

    size: tuple[int, int]
    flags: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    direction: str = "ltr"


CASES = {
    "large-text-desktop": Case((1440, 900), LARGE_TEXT),
    "large-text-phone": Case((390, 844), LARGE_TEXT),
    "forced-colours": Case((1440, 900), options={"forced_colors": "active"}),
    "forced-colours-dark": Case((1440, 900), options={"forced_colors": "active", "color_scheme": "dark"}),
    "german-narrow": Case((320, 640), options={"locale": "de-DE"}),
    "german-desktop": Case((1280, 800), options={"locale": "de-DE"}),
    "sideways-phone": Case((844, 390)),
    "less-motion": Case((1440, 900), options={"reduced_motion": "reduce"}),
    "right-to-left": Case((1440, 900), direction="rtl"),
    "right-to-left-phone": Case((390, 844), direction="rtl"),
}
PAGES = {"start": "/", "sign-up": "/accounts/signup/", "about": "/about/"}


class Walk:
    """One person's way through everything, under the circumstances of a case."""

    def __init__(self, studio: Studio, name: str, session: Any) -> None:
        self.studio, self.name, self.case = studio, name, CASES[name]
        self.wide: list[str] = []
        self.stranger = self._page(None)
        self.page = self._page(session)

    def _page(self, session: Any) -> Page:
        width, height = self.case.size
        options = {"viewport": {"width": width, "height": height}} | self.case.options
        if session is not None:
            options["storage_state"] = session
        page = self.studio.page("amina", flags=self.case.flags, **options)
        page.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => {"
            f" document.documentElement.dir = '{self.case.direction}'; }});"
        )
        return page

    def shoot(self, page: Page, state: str, *, has_pictures: bool = False) -> None:
        self.studio.shoot_once(page, f"{self.name}-{state}", painted if has_pictures else None)
        if scrolls_sideways(page):
            self.wide.append(f"{self.name}-{state}")

    def visit_pages(self, meeting: str) -> None:
        server = self.studio.server
        for state, path in PAGES.items():
            self.stranger.goto(server.url + path)
            self.shoot(self.stranger, state)
        for state, path in {"home": "/", "meeting": meeting}.items():
            self.page.goto(server.url + path)
            self.shoot(self.page, state)

    def take_part(self, link: str) -> None:
        page = self.page
        go_to_the_door(page, link)
        self.shoot(page, "green-room", has_pictures=True)
        page.locator("form button[type=submit]").click()
        expect(page.locator(".ctl.leave")).to_be_visible(timeout=WAIT_MS)
        expect(page.locator("[data-participant-id] video")).to_have_count(4, timeout=WAIT_MS)
        self.shoot(page, "call", has_pictures=True)
        page.locator(".head .icon-btn.phone-only:visible, .bench.end .ctl:last-child:visible").first.click()
        expect(page.locator(".panel > header")).to_be_visible(timeout=WAIT_MS)
        self.shoot(page, "people")
        page.locator(".panel > header > .icon-btn").click()
        page.locator(".bench > .ctl[aria-haspopup]:not(.leave)").first.click()
        expect(page.get_by_role("menu")).to_be_visible()
        self.shoot(page, "more")
        page.keyboard.press("Escape")
        page.locator(".ctl.leave").click()
        page.locator(".menu .bad").click()
        expect(page.get_by_role("alertdialog")).to_be_visible()
        self.shoot(page, "end")
        page.keyboard.press("Escape")
        page.locator(".ctl.leave").click()
        page.get_by_role("menuitem").first.click()
        expect(page.locator(".bye h1")).to_be_visible(timeout=WAIT_MS)
        self.shoot(page, "after")


def walk(studio: Studio, names: list[str]) -> list[str]:
    """Take the pictures of the cases called *names*; returns those that scroll sideways."""
    amina = studio.page("amina")
    sign_up(amina, studio.server, "Amina", "Diallo")
    amina.get_by_role("button", name="New meeting").click()
    link = amina.get_by_role("textbox", name="Link to share").input_value()
    meeting, session = amina.url.removeprefix(studio.server.url), amina.context.storage_state()
    for person, name in (("kofi", "Kofi Mensah"), ("leila", LONG_NAME)):
        enter(studio.page(person), link, name=name)
    sharer = studio.page("mei")
    enter(sharer, link, name="Mei-Ling Wu")
    wide: list[str] = []
    for name in names:
        one = Walk(studio, name, session)
        one.visit_pages(meeting)
        one.take_part(link)
        sharer.get_by_role("button", name="Share screen").click()
        enter(one.page, link)
        expect(one.page.locator("[data-screen-of] video")).to_be_visible(timeout=WAIT_MS)
        one.shoot(one.page, "share", has_pictures=True)
        sharer.get_by_role("button", name="Stop sharing").first.click()
        wide += one.wide
        for page in (one.page, one.stranger):
            page.close()
    return wide


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        PalaverServer(Path(scratch) / "palaver") as server,
        sync_playwright() as driver,
    ):
        studio = Studio(driver, server, folder, Path(scratch))
        try:
            wide = walk(studio, sys.argv[2:] or list(CASES))
        finally:
            studio.close()
    for name in wide:
        print(f"scrolls sideways: {name}")
    return 1 if wide or studio.hasty else 0


if __name__ == "__main__":
    sys.exit(main())
