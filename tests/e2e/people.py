"""People with a browser each: what they do, and what they see and hear of one another.

To *see* somebody means that frames of the remote video go on arriving and show that person's camera; to *hear*
means that the decoded remote sound has energy.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, TimeoutError as PlaywrightTimeout, expect

from tests.e2e.cameras import COLOURS

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # The last of such flags counts, so Playwright's own come first. What is ours is the list below the address bar: a
    # page of its own, drawn in a process of its own, for every page that a test opens.
    "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,"
    "AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
)  # fmt: skip
FAKE_DEVICES = "--use-fake-device-for-media-stream=fps=15,display-media-type=browser,device-count=2"
PASSWORD = "correct-horse-7-battery"
# How long anything is waited for. It ends a test that has failed, and judges none.
WAIT_MS = 30_000

# Keeps every peer connection in reach of the test, so that it can read what really arrives.
WATCH_CONNECTIONS = """
(() => {
  const Native = window.RTCPeerConnection;
  window.__connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); window.__connections.push(this); }
  };
})();
"""

INBOUND = """
async () => {
  const rows = [];
  for (const connection of window.__connections) {
    if (connection.connectionState === 'closed') continue;
    for (const row of (await connection.getStats()).values()) if (row.type === 'inbound-rtp') rows.push(row);
  }
  return rows;
}
"""

# The mean colour of the lower half of a video (below the moving bar), and the number of frames that were shown.
LOOK = """
(video) => {
  if (!video || video.videoWidth === 0) return null;
  const canvas = document.createElement('canvas');
  canvas.width = 32; canvas.height = 18;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 32, 18);
  const { data } = context.getImageData(0, 10, 32, 8);
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
  const quality = video.getVideoPlaybackQuality();
  return { colour: sum.map((s) => s / (data.length / 4)), frames: quality.totalVideoFrames, width: video.videoWidth };
}
"""

# Notes every change of who is on the stage, so that a flicker between two looks is not missed.
WATCH_TILES = """
() => {
  const names = () => {
    const tiles = [...document.querySelectorAll('[data-participant-id]')];
    return tiles.map((tile) => tile.getAttribute('aria-label')).sort().join(' | ');
  };
  window.__tiles_seen = [names()];
  const note = () => { if (window.__tiles_seen.at(-1) !== names()) window.__tiles_seen.push(names()); };
  const watch = { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] };
  new MutationObserver(note).observe(document.body, watch);
}
"""


@dataclass(slots=True)
class Person:
    """One person at one browser."""

    name: str
    browser: Browser
    context: BrowserContext
    page: Page
    server_url: str

    @property
    def first_name(self) -> str:
        return self.name.capitalize()

    # --- pages ---

    def sign_up(self) -> None:
        self.page.goto(f"{self.server_url}/accounts/signup/")
        self.page.get_by_label("First name").fill(self.first_name)
        self.page.get_by_label("Last name").fill("Example")
        self.page.get_by_label("Email").fill(f"{self.name}@example.org")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Confirm password").fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        expect(self.page.get_by_role("button", name="New meeting")).to_be_visible()

    def sign_in(self) -> None:
        self.page.goto(f"{self.server_url}/accounts/login/")
        self.page.get_by_label("Email").fill(f"{self.name}@example.org")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="New meeting")).to_be_visible()

    def new_tab(self) -> "Person":
        """The same person at another tab of the same browser."""
        tab = Person(self.name, self.browser, self.context, self.context.new_page(), self.server_url)
        tab.page.set_default_timeout(WAIT_MS)
        return tab

    def new_meeting(self) -> str:
        """Press New meeting; returns the link that the page offers to copy."""
        if not self.page.url.startswith(self.server_url):
            self.page.goto(f"{self.server_url}/")
        self.page.get_by_role("button", name="New meeting").click()
        link = self.page.get_by_role("textbox", name="Link to share")
        expect(link).to_be_visible()
        found = re.search(r"/m/[a-z0-9-]+$", link.input_value())
        assert found is not None, link.input_value()
        return self.server_url + found.group()

    def meeting(self) -> str:
        """The link of a new meeting, by the request that New meeting sends: two pages less than the button costs."""
        home = self.context.request.get(f"{self.server_url}/").text()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', home)
        assert token is not None, home
        made = self.context.request.post(
            f"{self.server_url}/meetings/new", form={"csrfmiddlewaretoken": token[1]}
        ).text()
        found = re.search(r"/m/[a-z]+(-[a-z0-9]+)+", made)
        assert found is not None, made
        return self.server_url + found.group()

    def join(self, link: str, *, types_name: bool = False) -> None:
        """Open *link*, go through the green room with camera and microphone, and be in the call."""
        self.go_to_the_door(link, types_name=types_name)
        self.page.get_by_role("button", name="Join now").click()
        self.is_in_the_call()

    def go_to_the_door(self, link: str, *, types_name: bool = False) -> None:
        """Open *link* and do all that the green room asks, but join."""
        self.page.goto(link)
        allow = self.page.get_by_role("button", name="Allow camera and microphone")
        join = self.page.get_by_role("button", name="Join now")
        expect(allow.or_(join).first).to_be_visible()
        allow_devices(allow)
        if types_name:
            self.page.get_by_label("Your name").fill(self.first_name)
        expect(join).to_be_enabled()

    def is_in_the_call(self) -> None:
        expect(self.page.get_by_role("button", name="Leave", exact=True)).to_be_visible()

    def is_told(self, title: str) -> None:
        """Wait for the page after the call with *title*."""
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()

    # --- the call ---

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def choose(self, menu: str, entry: str) -> None:
        """Open the menu of the button *menu* and press *entry* in it."""
        self.press(menu)
        entries = self.page.get_by_role("menuitem", name=entry, exact=True)
        entries.or_(self.page.get_by_role("menuitemradio", name=entry, exact=True)).click()

    def rename(self, name: str) -> None:
        self.choose("More", "Change your name")
        dialog = self.page.get_by_role("dialog", name="Change your name")
        dialog.get_by_label("Your name").fill(name)
        dialog.get_by_role("button", name="Save").click()

    def leave(self) -> None:
        """Leave without ending: one press, or for a host two."""
        self.press("Leave")
        left = self.page.get_by_role("heading", level=1, name="You left the meeting")
        only_me = self.page.get_by_role("menuitem", name="Leave", exact=True)
        expect(left.or_(only_me)).to_be_visible()
        if only_me.is_visible():
            only_me.click()
        expect(left).to_be_visible()

    def watch_tiles(self) -> None:
        """Begin to note who is on the stage."""
        self.page.evaluate(WATCH_TILES)

    def tiles_seen(self) -> list[str]:
        """Who was on the stage since `watch_tiles`: one text for each change, names divided by bars."""
        seen: list[str] = self.page.evaluate("window.__tiles_seen")
        return seen

    def tile(self, who: str) -> Any:
        """The tile of the person called *who* (first name) as a locator."""
        return self.page.locator(f'[data-participant-id][aria-label*="{who.capitalize()}"]')

    def look_at(self, who: str) -> dict[str, Any] | None:
        # Of all that match, and that may be none: nothing here waits for a picture that has just gone.
        seen: dict[str, Any] | None = self.tile(who).locator("video").evaluate_all(f"(videos) => ({LOOK})(videos[0])")
        return seen

    def sees(self, who: str, *, film: str | None = None) -> None:
        """Wait until frames of *who*'s camera go on arriving in their colour, or in that of another *film*."""
        first: dict[str, Any] = {}

        def moving() -> bool:
            seen = self.look_at(who)
            if seen is None or not is_colour_of(seen["colour"], film or who):
                first.clear()
                return False
            first.setdefault("frames", seen["frames"])
            return bool(seen["frames"] >= first["frames"] + 5)

        self.wait_for(moving, f"{self.name} sees {who}" + (f" as {film}" if film else ""))

    def sees_nobody_called(self, who: str) -> None:
        expect(self.tile(who)).to_have_count(0)

    def hears(self, people: int) -> None:
        """Wait until the sound of at least *people* others arrives with energy."""
        before = self.energies()

        def audible() -> bool:
            now = self.energies()
            grown = [key for key, energy in now.items() if energy > before.get(key, 0.0) + 0.001]
            return len(grown) >= people

        self.wait_for(audible, f"{self.name} hears {people}")

    def energies(self) -> dict[str, float]:
        """Energy of each received sound so far, by track."""
        rows = self.page.evaluate(INBOUND)
        return {row["trackIdentifier"]: row.get("totalAudioEnergy", 0.0) for row in rows if row["kind"] == "audio"}

    def wait_for(self, claim: Callable[[], bool], what: str, *, timeout_ms: int = WAIT_MS) -> None:
        """Ask *claim* again and again, letting the page live in between; fails with *what* after the time-out."""
        waited_ms = 0
        while not claim():
            assert waited_ms < timeout_ms, f"not so within {timeout_ms} ms: {what}"
            self.page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
            waited_ms += 100

    def screenshot(self, path: str) -> None:
        self.page.screenshot(path=path)


def allow_devices(button: Locator) -> None:
    """Press it, unless the browser, which has been told to say yes, takes the question away first."""
    while button.is_visible():
        with suppress(PlaywrightTimeout):
            button.click(timeout=2_000)


def is_colour_of(colour: list[float], who: str) -> bool:
    """Whether *colour* is nearer to the camera of *who* than 60 per channel, which no codec loses."""
    return all(abs(got - wanted) < 60 for got, wanted in zip(colour, COLOURS[who], strict=True))
