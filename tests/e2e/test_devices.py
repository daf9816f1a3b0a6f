"""Cameras, microphones and speakers: those that are chosen, those that fail, and those that are pulled out."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import PersonFactory
from tests.e2e.people import LOOK, Person, is_colour_of
from tests.e2e.plugged_cameras import PluggedCamera, plug, plug_in, relent, unplug
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

DESK = PluggedCamera("Desk camera", "alice")
WINDOW = PluggedCamera("Window camera", "carol")

# The names of the tracks that go out, one for each kind.
SENT = """
() => window.__connections
  .filter((connection) => connection.connectionState === 'connected')
  .flatMap((connection) => connection.getSenders())
  .flatMap((sender) => sender.track?.readyState === 'live' ? [sender.track.label] : [])
"""

DEVICE_IDS = """
async () => Object.fromEntries(
  (await navigator.mediaDevices.enumerateDevices()).map((device) => [device.label, device.deviceId]),
)
"""

# A browser that plays no sound until somebody presses something, having once refused: Chromium under test never does.
HOLD_SOUND = """
(() => {
  const play = HTMLMediaElement.prototype.play;
  let hasRefused = false;
  let isAllowed = false;
  addEventListener('click', (event) => { isAllowed ||= hasRefused && event.isTrusted; }, true);
  HTMLMediaElement.prototype.play = function () {
    if (isAllowed || !(this instanceof HTMLAudioElement)) return play.call(this);
    hasRefused = true;
    this.autoplay = false;
    this.pause();
    return Promise.reject(new DOMException('play() was refused by the test', 'NotAllowedError'));
  };
})();
"""

# Notes every sound that the page plays itself: where, and how loud it was at its loudest. The window of the analyser is
# far longer than the time between two looks, so that a busy machine misses nothing.
WATCH_SOUNDS = """
(() => {
  const play = HTMLMediaElement.prototype.play;
  window.__sounds = [];
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement && this.srcObject) {
      const sound = { element: this, speaker: null, peak: 0 };
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 32768 });
      context.createMediaStreamSource(this.srcObject).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        sound.speaker = this.sinkId;
        sound.peak = samples.reduce((peak, sample) => Math.max(peak, sample), sound.peak);
      }, 50);
      window.__sounds.push(sound);
    }
    return play.call(this);
  };
})();
"""

LAST_SOUND = "() => { const { speaker, peak } = window.__sounds.at(-1) ?? {}; return speaker && { speaker, peak }; }"


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def pick(someone: Person, field: str, entry: str) -> None:
    """Choose *entry* in the picker *field* of the green room."""
    picker = someone.page.locator(f'button[aria-label="{field}"]')
    picker.click()
    someone.page.get_by_role("option", name=entry, exact=True).click()
    expect(picker).to_contain_text(entry)


def joins_without(someone: Person, link: str, words: str) -> None:
    """Be told at the door of *link* in these *words* why there is no device, and go in without."""
    page = someone.page
    page.goto(link)
    allow = page.get_by_role("button", name="Allow camera and microphone")
    problem = page.get_by_role("dialog", name=words)
    expect(allow.or_(problem)).to_be_visible()
    if allow.is_visible():
        allow.click()
    problem.get_by_role("button", name="Join without", exact=True).click()
    # Nobody goes in without a name.
    expect(page.get_by_text("Type the name that the others will see.")).to_be_visible()
    page.get_by_label("Your name").fill(someone.first_name)
    someone.press("Join now")
    someone.is_in_the_call()


def sends(someone: Person, label: str) -> None:
    someone.wait_for(lambda: label in someone.page.evaluate(SENT), f"{someone.name} sends {label}")


def says(someone: Person, *words: str) -> None:
    """Wait for a notice with all these words, and put it away."""
    notice: Locator = someone.page.get_by_role("region", name="Notices").locator(".toast")
    for word in words:
        notice = notice.filter(has_text=word)
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="Dismiss").click()


def test_the_green_room_shows_your_picture_your_voice_and_lets_you_test_the_speaker(alice: Person, link: str) -> None:
    alice.context.add_init_script(WATCH_SOUNDS)
    alice.go_to_the_door(link)
    expect(alice.page.get_by_label("Your name")).to_have_value("Alice Example")
    preview = alice.page.get_by_role("region", name="Your picture").locator("video")

    def shows_alice() -> bool:
        seen = preview.evaluate(LOOK)
        return seen is not None and seen["frames"] > 3 and is_colour_of(seen["colour"], "alice")

    alice.wait_for(shows_alice, "the preview shows the camera")
    meter = alice.page.get_by_role("meter", name="Microphone level")

    def moves() -> None:
        levels: set[str | None] = set()

        def has_moved() -> bool:
            levels.add(meter.get_attribute("aria-valuenow"))
            return len(levels) > 1

        alice.wait_for(has_moved, "the meter moves")

    moves()
    pick(alice, "Microphone", "Fake Audio Input 2")
    moves()
    pick(alice, "Speaker", "Fake Audio Output 1")
    speakers: dict[str, str] = alice.page.evaluate(DEVICE_IDS)
    alice.press("Test the speaker")

    def sounds() -> bool:
        heard = alice.page.evaluate(LAST_SOUND)
        return bool(heard) and heard["speaker"] == speakers["Fake Audio Output 1"] and heard["peak"] > 0.01

    alice.wait_for(sounds, "the chosen speaker plays the test")
    expect(alice.page.get_by_role("button", name="Test the speaker")).to_have_text("Test")
    # What was chosen at the door is what goes in.
    alice.press("Join now")
    alice.is_in_the_call()
    sends(alice, "Fake Audio Input 2")


def test_whoever_has_no_devices_is_told_why_and_still_sees_and_hears(
    alice: Person, link: str, person: PersonFactory
) -> None:
    alice.join(link)
    denied = person("carol", flags=("--use-fake-ui-for-media-stream=deny",))
    denied.page.goto(link)
    denied.page.get_by_label("Your name").fill("Carol")
    denied.press("Allow camera and microphone")
    problem = denied.page.get_by_role("dialog", name="Your browser keeps your camera and microphone shut")
    expect(problem).to_be_visible()
    # Trying again may fail again: the words come back.
    problem.get_by_role("button", name="Try again").click()
    expect(problem).to_be_visible()
    problem.get_by_role("button", name="Join without", exact=True).click()
    denied.is_in_the_call()
    missing = person("bob", has_devices=False)
    joins_without(missing, link, "No camera or microphone found")
    for someone in (denied, missing):
        someone.sees("alice")
        someone.hears(1)
        expect(someone.tile(someone.name)).to_contain_text("Muted")
        expect(alice.tile(someone.name)).to_contain_text("Muted")
        expect(alice.tile(someone.name).locator("video")).to_have_count(0)


def test_a_device_in_use_has_words_of_its_own_and_starts_when_it_is_free(
    alice: Person, link: str, person: PersonFactory
) -> None:
    bob = person("bob")
    plug_in(bob.context, PluggedCamera("Desk camera", "bob"), refusal="NotReadableError")
    alice.join(link)
    joins_without(bob, link, "The camera is used by another program")
    bob.sees("alice")
    relent(bob.page)
    bob.press("Start video")
    bob.press("Unmute")
    alice.sees("bob")
    alice.hears(1)


def test_whoever_wants_to_joins_without_camera_and_microphone(alice: Person, link: str, person: PersonFactory) -> None:
    alice.join(link)
    bob = person("bob")
    bob.go_to_the_door(link, types_name=True)
    bob.press("Join without camera and microphone")
    bob.is_in_the_call()
    bob.sees("alice")
    bob.hears(1)
    expect(alice.tile("bob")).to_contain_text("Muted")
    expect(alice.tile("bob").locator("video")).to_have_count(0)
    assert bob.page.evaluate(SENT) == []
    bob.press("Start video")
    alice.sees("bob")


def test_another_camera_in_the_call_and_one_that_is_pulled_out(alice: Person, link: str, person: PersonFactory) -> None:
    plug_in(alice.context, DESK, WINDOW)
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    bob.sees("alice", film=DESK.film)
    alice.choose("Camera options", WINDOW.label)
    bob.sees("alice", film=WINDOW.film)
    unplug(alice.page, WINDOW.label)
    says(alice, "Your camera went away", DESK.label)
    bob.sees("alice", film=DESK.film)
    # The choice is kept for when the camera returns.
    plug(alice.page, WINDOW.label)
    bob.sees("alice", film=WINDOW.film)
    unplug(alice.page, DESK.label)
    unplug(alice.page, WINDOW.label)
    says(alice, "Your camera was unplugged", "Nobody sees you")
    expect(bob.tile("alice").locator("video")).to_have_count(0)
    bob.hears(1)
    alice.sees("bob")
    plug(alice.page, DESK.label)
    alice.press("Start video")
    bob.sees("alice", film=DESK.film)


def test_another_microphone_in_the_call_and_one_that_is_pulled_out(
    alice: Person, link: str, person: PersonFactory
) -> None:
    plug_in(alice.context, DESK)
    bob = person("bob")
    alice.join(link)
    bob.join(link, types_name=True)
    bob.hears(1)
    alice.choose("Microphone and speaker options", "Fake Audio Input 2")
    sends(alice, "Fake Audio Input 2")
    bob.hears(1)
    unplug(alice.page, "Fake Audio Input 2")
    says(alice, "Your microphone went away", "Fake Default Audio Input")
    sends(alice, "Fake Default Audio Input")
    bob.hears(1)
    for label in ("Fake Audio Input 1", "Fake Default Audio Input"):
        unplug(alice.page, label)
    says(alice, "Your microphone was unplugged", "Nobody hears you")
    expect(bob.tile("alice")).to_contain_text("Muted")
    bob.sees("alice")
    plug(alice.page, "Fake Audio Input 1")
    alice.press("Unmute")
    bob.hears(1)
    expect(bob.tile("alice")).not_to_contain_text("Muted")


def test_sound_that_the_browser_holds_back_starts_with_a_click(alice: Person, link: str, person: PersonFactory) -> None:
    alice.join(link)
    bob = person("bob")
    bob.context.add_init_script(HOLD_SOUND)
    bob.join(link, types_name=True)
    bob.press("Click to hear")
    bob.page.wait_for_function(
        "() => [...document.querySelectorAll('audio')].some((one) => one.srcObject && !one.paused)"
    )
    expect(bob.page.get_by_role("button", name="Click to hear")).to_have_count(0)
    bob.hears(1)
