"""Take pictures of every page and call state, with the drawn people as cameras.

    python tools/screenshots.py FOLDER        # desktop and phone, light and dark

They are there to be looked at with a critical eye; `call-grid-desktop-light.png` is the README's picture. Needs what
the browser tests need.
"""

import io
import sys
import tempfile
import wave
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.cameras import write_y4m  # noqa: E402 - the path above makes it importable as a script
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES, PASSWORD, WAIT_MS  # noqa: E402
from tests.servers.palaver import PalaverServer  # noqa: E402

PEOPLE = ROOT / "web/src/assets/people"
CAST = (("amina", "Amina", "Diallo"), ("kofi", "Kofi", "Mensah"), ("leila", "Leila", "Haddad"))
GUESTS = (("mei", "Mei-Ling Wu"), ("tomas", "Tomás Ferreira"), ("ingrid", "Ingrid Sørensen"))
SPEAKER = "kofi"
CAMERA = (640, 360)
DESKTOP, PHONE = (1440, 900), (390, 844)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")
SIGNED_OUT_PAGES = {
    "start": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "about": "/about/",
    "contact": "/contact/",
    "lost": "/m/no-such-link",
}


class Studio:
    """Browsers with drawn people in front of them."""

    def __init__(self, driver: Playwright, server: PalaverServer, folder: Path, films: Path) -> None:
        self.driver, self.server, self.folder, self.films = driver, server, folder, films
        self.browsers: list[Browser] = []

    def film(self, person: str) -> Path:
        """The drawn person as a short film that Chromium plays as a camera."""
        path = self.films / f"{person}.y4m"
        if not path.exists():
            browser = self.driver.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
            page = browser.new_page(viewport={"width": CAMERA[0], "height": CAMERA[1]})
            svg = (PEOPLE / f"{person}.svg").read_text()
            page.set_content(f"<style>*{{margin:0}}svg{{width:100vw;height:100vh;display:block}}</style>{svg}")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            browser.close()
            write_y4m(path, [np.asarray(picture)] * 4, fps=5)
        return path

    def silence(self) -> Path:
        """A second of silence: in the pictures only one person speaks."""
        path = self.films / "silence.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 48_000, 48_000, "NONE", ""))
            sound.writeframes(bytes(2 * 48_000))
        return path

    def page(self, person: str, *, theme: Theme = "light", size: tuple[int, int] = DESKTOP) -> Page:
        """A page of a browser of *person*'s own."""
        flags = [*CHROMIUM_FLAGS, FAKE_DEVICES, f"--use-file-for-fake-video-capture={self.film(person)}"]
        if person != SPEAKER:
            flags.append(f"--use-file-for-fake-audio-capture={self.silence()}")
        browser = self.driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        self.browsers.append(browser)
        viewport = {"width": size[0], "height": size[1]}
        return browser.new_context(viewport=viewport, color_scheme=theme, locale="en-GB").new_page()  # type: ignore[arg-type]

    def shoot(self, page: Page, name: str) -> None:
        """A picture in both sizes and both themes."""
        for size, word in ((DESKTOP, "desktop"), (PHONE, "phone")):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                # Fonts, and the longest of the movements that a change of size or theme sets off.
                page.evaluate("() => document.fonts.ready.then(() => new Promise((done) => setTimeout(done, 700)))")
                page.screenshot(path=self.folder / f"{name}-{word}-{theme}.png")
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        page.emulate_media(color_scheme="light")

    def close(self) -> None:
        for browser in self.browsers:
            browser.close()


def sign_up(page: Page, server: PalaverServer, first: str, last: str) -> None:
    page.goto(f"{server.url}/accounts/signup/")
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_label("Email").fill(f"{first.lower()}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name="New meeting")).to_be_visible()


def enter(page: Page, link: str, *, name: str | None = None) -> None:
    page.goto(link)
    allow = page.get_by_role("button", name="Allow camera and microphone")
    join = page.get_by_role("button", name="Join now")
    expect(allow.or_(join).first).to_be_visible(timeout=WAIT_MS)
    if allow.is_visible():
        allow.click()
    if name is not None:
        page.get_by_label("Your name").fill(name)
    expect(join).to_be_enabled(timeout=WAIT_MS)
    join.click()
    expect(page.get_by_role("button", name="Leave", exact=True)).to_be_visible(timeout=WAIT_MS)


def visit_pages(studio: Studio) -> tuple[Page, str]:
    """Every page of the site; returns Amina's page and the link of her meeting."""
    server = studio.server
    amina = studio.page("amina")
    for name, path in SIGNED_OUT_PAGES.items():
        amina.goto(server.url + path)
        studio.shoot(amina, name)
    sign_up(amina, server, "Amina", "Diallo")
    studio.shoot(amina, "home-empty")
    amina.get_by_role("button", name="New meeting").click()
    link = amina.get_by_role("textbox", name="Link to share").input_value()
    studio.shoot(amina, "meeting")
    title = amina.get_by_role("textbox", name="Title", exact=True)
    title.fill("Autumn term planning")
    title.press("Enter")
    expect(amina.get_by_role("heading", level=1)).to_have_text("Autumn term planning")
    amina.goto(server.url + "/profile/")
    studio.shoot(amina, "profile")
    return amina, link


def hold_a_meeting(studio: Studio, amina: Page, link: str) -> None:
    """Every state of the call, from the first who comes to the page after it."""
    server = studio.server
    enter(amina, link)
    studio.shoot(amina, "call-alone")

    others = []
    for person, first, last in CAST[1:]:
        page = studio.page(person)
        sign_up(page, server, first, last)
        enter(page, link)
        others.append(page)
    studio.shoot(amina, "call-three")
    visitor = studio.page(GUESTS[0][0])
    visitor.goto(link)
    expect(visitor.get_by_label("Your name")).to_be_visible(timeout=WAIT_MS)
    studio.shoot(visitor, "green-room-asked")
    allow = visitor.get_by_role("button", name="Allow camera and microphone")
    if allow.is_visible():
        allow.click()
    visitor.get_by_label("Your name").fill(GUESTS[0][1])
    expect(visitor.get_by_role("button", name="Join now")).to_be_enabled(timeout=WAIT_MS)
    studio.shoot(visitor, "green-room")
    visitor.get_by_role("button", name="Join now").click()
    for person, name in GUESTS[1:]:
        page = studio.page(person)
        enter(page, link, name=name)
        others.append(page)
    others[-1].get_by_role("button", name="Mute", exact=True).click()
    expect(amina.locator("[data-participant-id] video")).to_have_count(6, timeout=WAIT_MS)
    for video in amina.locator("[data-participant-id] video").all():
        video.evaluate("(v) => new Promise((done) => v.requestVideoFrameCallback(done))")
    studio.shoot(amina, "call-grid")
    amina.get_by_role("button", name="People", exact=True).click()
    studio.shoot(amina, "call-people")
    amina.keyboard.press("Escape")
    others[0].get_by_role("button", name="Share screen").click()
    expect(amina.locator("[data-screen-of] video")).to_be_visible(timeout=WAIT_MS)
    studio.shoot(amina, "call-share")
    others[0].get_by_role("button", name="Stop sharing").first.click()
    expect(amina.locator("[data-screen-of]")).to_have_count(0, timeout=WAIT_MS)
    amina.get_by_role("button", name="Leave", exact=True).click()
    amina.get_by_role("menuitem", name="Leave", exact=True).click()
    expect(amina.get_by_role("button", name="Rejoin")).to_be_visible(timeout=WAIT_MS)
    studio.shoot(amina, "after-call")
    amina.goto(server.url)
    studio.shoot(amina, "home")


def main() -> int:
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="palaver-pictures-"))
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        PalaverServer(Path(scratch) / "palaver") as server,
        sync_playwright() as driver,
    ):
        studio = Studio(driver, server, folder, Path(scratch))
        try:
            hold_a_meeting(studio, *visit_pages(studio))
        finally:
            studio.close()
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
