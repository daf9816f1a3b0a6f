"""Cameras, microphones and speakers: those that are chosen, those that fail, and those that are pulled out."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import WAIT_MS, Person
from tests.e2e.plugged_cameras import PluggedCamera, plug, plug_in, relent, unplug
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

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

WATCH_SOUNDS = """
(() => {
  const play = HTMLMediaElement.prototype.play;
  window.__sounds = [];
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement) window.__sounds.push({ element: this, stream: this.srcObject });
    return play.call(this);
  };
})();
"""

# Where the newest sound is played, and how loud it is now.
LAST_SOUND = """
async () => {
  const sound = window.__sounds.at(-1);
  if (!sound) return null;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context);
  context.createMediaStreamSource(sound.stream).connect(analyser);
  await new Promise((done) => setTimeout(done, 60));
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  await context.close();
  return { speaker: sound.element.sinkId, peak: Math.max(...samples) };
}
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


@pytest.fixture
def alice(person: PersonFactory, sign_ins: SignIns) -> Person:
    return person("alice", storage_state=sign_ins("alice"))


@pytest.fixture
def link(alice: Person) -> str:
    return alice.new_meeting()


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
    expect(allow.or_(problem)).to_be_visible(timeout=WAIT_MS)
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
    expect(notice).to_be_visible(timeout=WAIT_MS)
    notice.get_by_role("button", name="Dismiss").click()


def test_whoever_has_no_devices_is_told_why_and_still_sees_and_hears(
    alice: Person, link: str, person: PersonFactory
) -> None:
    alice.join(link)
    denied = person("carol", flags=("--use-fake-ui-for-media-stream=deny",))
    denied.page.goto(link)
    denied.page.get_by_label("Your name").fill("Carol")
    denied.press("Allow camera and microphone")
    problem = denied.page.get_by_role("dialog", name="Your browser keeps your camera and microphone shut")
    expect(problem).to_be_visible(timeout=WAIT_MS)
    # Trying again may fail again: the words come back.
    problem.get_by_role("button", name="Try again").click()
    expect(problem).to_be_visible(timeout=WAIT_MS)
    problem.get_by_role("button", name="Join without", exact=True).click()
    denied.is_in_the_call()
    missing = person("bob", has_devices=False)
    joins_without(missing, link, "No camera or microphone found")
    for someone in (denied, missing):
        someone.sees("alice")
        someone.hears(1)
        expect(someone.tile(someone.name)).to_contain_text("Muted")
        expect(alice.tile(someone.name)).to_contain_text("Muted", timeout=WAIT_MS)
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
    expect(bob.tile("alice").locator("video")).to_have_count(0, timeout=WAIT_MS)
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
    expect(bob.tile("alice")).to_contain_text("Muted", timeout=WAIT_MS)
    bob.sees("alice")
    plug(alice.page, "Fake Audio Input 1")
    alice.press("Unmute")
    bob.hears(1)
    expect(bob.tile("alice")).not_to_contain_text("Muted", timeout=WAIT_MS)


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
