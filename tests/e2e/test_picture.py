"""One's picture, from a photograph on the device to the head of every page, by keyboard and by pointer."""

import io

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from tests.e2e.accessibility import scrolls_sideways, violations
from tests.e2e.conftest import PersonFactory, SignIns
from tests.servers.palaver import PalaverServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

MIDDLE = "(canvas) => [...canvas.getContext('2d').getImageData(128, 128, 1, 1).data]"


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def photograph() -> FilePayload:
    """Wide, red on the left and blue on the right, and far larger than a form takes."""
    made = Image.effect_noise((3000, 1500), 120).convert("RGB")
    made.paste("red", (0, 0, 1000, 1500))
    made.paste("blue", (2000, 0, 3000, 1500))
    written = io.BytesIO()
    made.save(written, "JPEG", quality=95)
    assert len(written.getvalue()) > 600_000
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def test_a_picture_is_cropped_by_keyboard_sent_small_and_shown(person: PersonFactory, sign_ins: SignIns) -> None:
    alice = person("alice", storage_state=sign_ins("alice"), has_devices=False)
    page = alice.page
    page.goto(f"{alice.server_url}/profile/")
    expect(page.locator(".top .av")).to_have_text("AE")
    sliders = page.get_by_role("group", name="What is seen of it")
    expect(sliders).to_be_hidden()
    page.get_by_label("Choose a picture").set_input_files(photograph())
    expect(sliders).to_be_visible()
    assert violations(page) == []
    for width in (1440, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert not scrolls_sideways(page)

    canvas = page.locator("[data-crop] canvas")
    sideways = page.get_by_label("Left or right")
    sideways.focus()
    page.keyboard.press("Home")
    page.get_by_label("Size").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert canvas.evaluate(MIDDLE)[0] > 200, "the left part, twice as large, is red"
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 70, box["y"] + 80, steps=4)
    page.mouse.up()
    assert float(sideways.input_value()) > 0, "the pointer moves what the sliders show"

    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_text("Your new picture is in place.")).to_be_visible()
    shown = page.locator(".top .av img")
    expect(shown).to_be_visible()
    alice.wait_for(
        lambda: bool(shown.evaluate("(img) => img.complete && img.naturalWidth === 96")), "the picture is there"
    )
    assert shown.evaluate("(img) => img.currentSrc.endsWith('-96.webp')")

    page.get_by_role("button", name="Remove picture").click()
    expect(page.locator(".top .av")).to_have_text("AE")


def test_what_is_no_picture_is_said_before_it_is_sent(person: PersonFactory, sign_ins: SignIns) -> None:
    alice = person("alice", storage_state=sign_ins("alice"), has_devices=False)
    page = alice.page
    page.goto(f"{alice.server_url}/profile/")
    text: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"}
    page.get_by_label("Choose a picture").set_input_files(text)
    expect(page.get_by_text("This is not a picture that can be shown.")).to_be_visible()
    expect(page.get_by_role("group", name="What is seen of it")).to_be_hidden()
