"""Browsers with drawn people in front of them, for pictures of the product: cameras, a voice, and a slide to share.

Needs what the browser tests need. `screenshots.py` and `hard_cases.py` say what the pictures are of.
"""

import io
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, TimeoutError as PlaywrightTimeout, expect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.cameras import write_y4m  # noqa: E402 - the path above makes it importable as a script
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES, PASSWORD, WAIT_MS, allow_devices  # noqa: E402
from tests.servers.palaver import PalaverServer  # noqa: E402

__all__ = [
    "DESKTOP", "PHONE", "WAIT_MS", "PalaverServer", "Studio", "enter", "go_to_the_door", "one_speaks", "painted",
    "sign_up",
]  # fmt: skip

PEOPLE = ROOT / "web/src/assets/people"
SPEAKER = "kofi"
CAMERA = (640, 360)
DESKTOP, PHONE = (1440, 900), (390, 844)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")

# Devices as people have them, not files and fakes; and a slide where Chromium would offer its own tab.
PROPS = """
(() => {
  const media = navigator.mediaDevices;
  if (!media) return;
  const names = { audioinput: 'Desk microphone', audiooutput: 'Loudspeakers', videoinput: 'HD webcam' };
  const enumerate = media.enumerateDevices.bind(media);
  media.enumerateDevices = async () => {
    const seen = new Set();
    const devices = (await enumerate()).filter((one) => !seen.has(one.kind) && seen.add(one.kind));
    return devices.map((one) => ({
      kind: one.kind, deviceId: one.deviceId, groupId: one.groupId, label: one.label && names[one.kind],
    }));
  };
  media.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
    const pen = canvas.getContext('2d');
    const draw = () => {
      pen.fillStyle = '#fffdf8'; pen.fillRect(0, 0, 1280, 720);
      pen.fillStyle = 'INK'; pen.fillRect(0, 0, 20, 720);
      pen.font = '640 52px Commissioner Variable, sans-serif'; pen.fillText('TITLE', 84, 122);
      pen.font = '24px Commissioner Variable, sans-serif'; pen.fillStyle = '#46544c';
      pen.fillText('Books read in each group, September to November', 84, 170);
      [['Oak', 260], ['Ash', 200], ['Elm', 330], ['Lime', 160], ['Yew', 235]].forEach(([name, height], index) => {
        const x = 100 + index * 220;
        pen.fillStyle = 'INK'; pen.fillRect(x, 610 - height, 120, height);
        pen.fillStyle = '#16241e'; pen.fillText(name, x + 30, 656);
      });
    };
    draw(); setInterval(draw, 200);
    return canvas.captureStream(5);
  };
})();
"""
SLIDES = {"kofi": ("Reading groups, autumn term", "#2f6f78"), "leila": ("Plans for the winter term", "#7a4b8c")}


class Studio:
    """Where the pictures are taken: every person has a browser of their own."""

    def __init__(self, driver: Playwright, server: PalaverServer, folder: Path, films: Path) -> None:
        self.driver, self.server, self.folder, self.films = driver, server, folder, films
        self.browsers: list[Browser] = []
        self.hasty: list[str] = []
        """Pictures that were taken before all was on them, as on a machine that is too busy for so many cameras."""

    def page(self, person: str, *, flags: tuple[str, ...] = (), **context_options: Any) -> Page:
        """A page of a browser of *person*'s own."""
        films = [f"--use-file-for-fake-video-capture={self._film(person)}"]
        # Chromium's own microphone beeps, which is voice enough: a hum would be taken for noise and suppressed.
        if person != SPEAKER:
            films.append(f"--use-file-for-fake-audio-capture={self._silence()}")
        browser = self.driver.chromium.launch(
            executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, FAKE_DEVICES, *films, *flags]
        )
        self.browsers.append(browser)
        options: dict[str, Any] = {"viewport": _size(DESKTOP), "locale": "en-GB"} | context_options
        context = browser.new_context(**options)
        title, ink = SLIDES.get(person, SLIDES["kofi"])
        context.add_init_script(PROPS.replace("TITLE", title).replace("INK", ink))
        return context.new_page()

    def shoot(self, page: Page, name: str, is_ready: Callable[[Page], None] | None = None) -> None:
        """A picture in both sizes and both themes; *is_ready* waits for all that must be on it."""
        for size, word in ((DESKTOP, "desktop"), (PHONE, "phone")):
            page.set_viewport_size(_size(size))
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                self.shoot_once(page, f"{name}-{word}-{theme}", is_ready)
        page.set_viewport_size(_size(DESKTOP))
        page.emulate_media(color_scheme="light")

    def shoot_once(self, page: Page, name: str, is_ready: Callable[[Page], None] | None = None) -> None:
        # Nothing is under the pointer, and no tooltip stays from the last press.
        page.mouse.move(1, 1)
        page.evaluate("() => { if (document.activeElement?.matches('.ctl')) document.activeElement.blur(); }")
        page.evaluate("() => document.fonts.ready.then(() => undefined)")
        if is_ready is not None:
            try:
                is_ready(page)
            except (AssertionError, PlaywrightTimeout):
                self.hasty.append(name)
        page.wait_for_function(
            "() => document.getAnimations().every((one) => one.effect.getTiming().iterations === Infinity"
            " || one.playState !== 'running')"
        )
        # A call fills its window; of the other pages all is seen.
        page.screenshot(path=self.folder / f"{name}.png", full_page=True)

    def close(self) -> None:
        """Close the browsers, and say where the pictures are and which are not to be trusted."""
        for browser in self.browsers:
            browser.close()
        print(self.folder)
        for name in self.hasty:
            print(f"not all was there yet: {name}")

    def _film(self, person: str) -> Path:
        """The drawn person as a short film that Chromium plays as a camera."""
        path = self.films / f"{person}.y4m"
        if not path.exists():
            browser = self.driver.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
            page = browser.new_page(viewport=_size(CAMERA))
            svg = (PEOPLE / f"{person}.svg").read_text()
            page.set_content(f"<style>*{{margin:0}}svg{{width:100vw;height:100vh;display:block}}</style>{svg}")
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            browser.close()
            write_y4m(path, [np.asarray(picture)] * 4, fps=5)
        return path

    def _silence(self) -> Path:
        """A second of silence: in the pictures only one person speaks."""
        path = self.films / "silence.wav"
        if not path.exists():
            with wave.open(str(path), "wb") as sound:
                sound.setparams((1, 2, 48_000, 48_000, "NONE", ""))
                sound.writeframes(bytes(2 * 48_000))
        return path


def _size(size: tuple[int, int]) -> Any:
    return {"width": size[0], "height": size[1]}


# --- what a picture waits for ---


def painted(page: Page) -> None:
    """All pictures are there, and large enough for the place that they have."""
    page.wait_for_function(
        f"""() => {{
          const videos = [...document.querySelectorAll('.tile video')];
          const isSharp = (video) => video.videoWidth >= Math.min({CAMERA[0]}, video.clientWidth);
          return videos.length > 0 && videos.every((one) => one.dataset.painted === 'true' && isSharp(one));
        }}""",
        timeout=WAIT_MS,
    )


def one_speaks(page: Page) -> None:
    """All pictures are there, and only the speaker speaks."""
    painted(page)
    speaks = page.locator('[data-participant-id][data-speaking="true"]')
    expect(speaks).to_have_count(1, timeout=WAIT_MS)
    expect(speaks).to_have_attribute("aria-label", "Kofi Mensah", timeout=WAIT_MS)


# --- what people do ---


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
    """Through the green room into the call."""
    go_to_the_door(page, link, name=name)
    page.locator("form button[type=submit]").click()
    expect(page.locator(".ctl.leave")).to_be_visible(timeout=WAIT_MS)


def go_to_the_door(page: Page, link: str, *, name: str | None = None) -> None:
    page.goto(link)
    # By what they are, not by what they are called: the hard cases are in other languages.
    allow, join = page.locator(".ask .btn"), page.locator("form button[type=submit]")
    expect(allow.or_(join).first).to_be_visible(timeout=WAIT_MS)
    allow_devices(allow)
    if name is not None:
        page.locator("#green-name").fill(name)
    expect(join).to_be_enabled(timeout=WAIT_MS)
