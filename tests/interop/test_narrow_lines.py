"""A Chromium behind a narrow or lossy line: the picture gets smaller, the sound stays whole, and all comes back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from playwright.sync_api import Browser, Playwright

from tests.e2e.cameras import moving_colour, write_y4m
from tests.e2e.people import CHROMIUM, CHROMIUM_FLAGS, FAKE_DEVICES
from tests.interop.js_client import JsClient
from tests.interop.narrow_line import Line, narrow_line, reroute
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

NARROW_BPS = 300_000
# Sound that is made up because a packet did not come in time, as a share of all.
MOST_CONCEALED = 0.05
LONGEST_FREEZE_S = 5.0
# What fills a line: a camera in a dark room. A flat picture fits through any.
GRAIN = 40


@dataclass
class Call:
    """bob watches and hears alice over `line`; what it was like since `mark`."""

    alice: JsClient
    bob: JsClient
    line: Line

    def mark(self) -> None:
        self.bob.call("mark", "alice")

    def assert_well(self, frames: int) -> None:
        """So many frames came since the mark, the sound was whole, and the picture never stood still for long."""
        self.bob.call("untilFrames", "alice", frames)
        told: dict[str, float] = self.bob.call("sinceMark", "alice")
        assert told["concealed"] <= MOST_CONCEALED, told
        assert told["longestFreezeS"] <= LONGEST_FREEZE_S, told


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SfuAddress]:
    with palaver_sfu(tmp_path_factory.mktemp("sfu")) as address:
        yield address


@pytest.fixture(scope="module")
def grainy_browser(playwright_driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium whose camera, 1280x720, has so much grain that each layer takes all it may."""
    film: Path = tmp_path_factory.mktemp("films") / "grain.y4m"
    dice = np.random.default_rng(7)
    frames = [
        np.clip(frame + dice.integers(-GRAIN, GRAIN, frame.shape[:2])[..., None], 0, 255).astype(np.uint8)
        for frame in moving_colour((90, 110, 150), width=1280, height=720)
    ]
    write_y4m(film, frames)
    flags = [*CHROMIUM_FLAGS, FAKE_DEVICES, f"--use-file-for-fake-video-capture={film}"]
    browser = playwright_driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
    yield browser
    browser.close()


@pytest.fixture
def call(ours: SfuAddress, grainy_browser: Browser, watching_browser: Browser) -> Iterator[Call]:
    with narrow_line(ours.media_port) as line:
        alice, bob = JsClient(grainy_browser, "alice"), JsClient(watching_browser, "bob")
        bob.page.add_init_script(reroute(ours.media_port, line.port))
        room = f"room-{uuid4()}"
        alice.connect(ours, room, dynacast=True)
        alice.call("publishCamera")
        alice.call("publishMicrophone")
        bob.connect(ours, room)
        bob.call("see", "alice")
        bob.call("hear", "alice")
        assert line.passed > 0, "the media goes through the line"
        yield Call(alice, bob, line)
        alice.close()
        bob.close()


def test_on_a_narrow_line_the_picture_is_small_and_it_grows_when_the_line_does(call: Call) -> None:
    call.bob.call("untilWidth", "alice", 600, 1280)
    call.line.bps = NARROW_BPS
    call.bob.call("untilWidth", "alice", 160, 400)
    call.mark()
    call.assert_well(frames=60)
    call.line.bps = 0
    call.bob.call("untilWidth", "alice", 600, 1280)


@pytest.mark.proof
def test_a_loss_of_five_percent_does_not_make_the_picture_small(call: Call) -> None:
    call.bob.call("untilWidth", "alice", 600, 1280)
    call.line.loss = 0.05
    call.mark()
    for _ in range(10):
        call.bob.call("untilFrames", "alice", 30)
        call.bob.call("untilWidth", "alice", 600, 1280)
    assert call.line.dropped > 0


@pytest.mark.proof
@pytest.mark.parametrize(("loss", "most"), [(0.05, 0.03), (0.2, 0.1)])
def test_sound_survives_loss(call: Call, loss: float, most: float) -> None:
    call.line.loss = loss
    call.mark()
    for _ in range(20):
        call.bob.call("untilFrames", "alice", 10)
    told: dict[str, float] = call.bob.call("sinceMark", "alice")
    made_up, freeze_s = told["concealed"], told["longestFreezeS"]
    print(
        f"\nfigure: {loss:.0%} of the packets to a Chromium lost: {made_up:.1%} of its sound made up, "
        f"longest freeze of the picture {freeze_s:.1f} s"
    )
    assert told["concealed"] <= most


@pytest.mark.proof
def test_the_picture_is_large_again_soon_after_the_line_is_wide(call: Call) -> None:
    call.bob.call("untilWidth", "alice", 600, 1280)
    call.line.bps = NARROW_BPS
    call.bob.call("untilWidth", "alice", 160, 400)
    call.line.bps = 0
    began = time.monotonic()
    call.bob.call("untilWidth", "alice", 600, 1280)
    print(f"\nfigure: a line of 300 kbit/s is wide again: large picture after {time.monotonic() - began:.0f} s")


def test_nothing_is_sent_of_a_picture_that_is_hidden(call: Call) -> None:
    call.bob.call("setEnabled", "alice", False)
    call.bob.call("untilStill", "alice")
    call.bob.call("setEnabled", "alice", True)
    call.bob.call("untilFrames", "alice", 10)
