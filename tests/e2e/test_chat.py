"""The chat in real browsers: who reads what, nothing lost or doubled over a cut, files, and hostile texts."""

import hashlib
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, WebSocket, expect

from tests.e2e.accessibility import LOOKS, scrolls_sideways, violations
from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.servers.palaver import PalaverServer
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FILE_BYTES = 5_000_000
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1)) <javascript:alert(1)>",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    '[x](https://a.example/"onmouseover=alert(1))',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "</textarea><iframe srcdoc='<script>alert(1)</script>'>",
    "{{constructor.constructor('alert(1)')()}}",
    '"><style>*{display:none}</style>',
)
WATCH_VIOLATIONS = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(event.violatedDirective));
window.alert = () => window.__violations.push('alert');
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def frames_of(person: Person) -> list[str]:
    """Everything that arrives on the WebSockets of *person* from now on."""
    seen: list[str] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: seen.append(str(payload)))

    person.page.on("websocket", watch)
    return seen


def open_chat(person: Person) -> None:
    person.page.get_by_role("button", name=re.compile("^Chat")).first.click()
    expect(box(person)).to_be_focused()


def box(person: Person) -> Locator:
    return person.page.locator(".composer textarea")


def write(person: Person, text: str) -> None:
    box(person).fill(text)
    box(person).press("Enter")


def message(person: Person, text: str) -> Locator:
    return person.page.locator(".msg:not(.sending)").filter(has_text=text)


def choose_audience(person: Person, name: str) -> None:
    person.page.get_by_role("button", name=re.compile("^To:")).click()
    person.page.get_by_role("menuitemradio", name=name, exact=True).click()


def act(person: Person, text: str, button: str, entry: str | None = None) -> None:
    """Press a button of the message with *text*, and an entry of the menu that it opens."""
    message(person, text).hover()
    message(person, text).get_by_role("button", name=button).click()
    if entry is not None:
        person.page.get_by_role("menuitem", name=entry, exact=True).click()


def test_a_conversation_and_a_private_one_that_the_third_never_gets(person: PersonFactory, sign_ins: SignIns) -> None:
    alice, bob, carol = person("alice", storage_state=sign_ins("alice")), person("bob"), person("carol")
    frames = frames_of(carol)
    link = alice.meeting()
    alice.join(link)
    bob.join(link, types_name=True)
    carol.join(link, types_name=True)
    open_chat(alice)
    write(alice, "Good **morning**")
    # Bob's panel is shut: he is told, and the button counts.
    expect(bob.page.get_by_role("button", name="Chat, 1 unread").first).to_be_visible()
    expect(bob.page.get_by_text("New message from Alice Example").first).to_be_attached()
    open_chat(bob)
    expect(message(bob, "Good morning").locator("strong")).to_have_text("morning")
    expect(bob.page.get_by_role("button", name="Chat", exact=True).first).to_be_visible()

    choose_audience(bob, "Alice Example")
    expect(box(bob)).to_be_focused()
    expect(bob.page.locator(".composer.private")).to_be_visible()
    write(bob, "between us two")
    expect(message(alice, "between us two")).to_contain_text("Only you and Bob")
    # The box stays as it was: the next one is private too.
    expect(bob.page.get_by_role("button", name="To: Only Alice Example")).to_be_visible()

    act(alice, "between us two", "Answer Bob")
    expect(alice.page.locator(".composer.private")).to_be_visible()
    write(alice, "and nobody else")
    expect(message(bob, "and nobody else").locator("button.quote")).to_contain_text("between us two")
    choose_audience(alice, "Everyone")

    act(alice, "Good morning", "More for this message", "Edit")
    box(alice).fill("Good evening")
    box(alice).press("Enter")
    expect(message(bob, "Good evening")).to_contain_text("Edited")
    act(bob, "Good evening", "React to Alice Example", "Heart")
    expect(alice.page.get_by_role("button", name="Heart: 1")).to_have_attribute("aria-pressed", "false")
    expect(bob.page.get_by_role("button", name="Heart: 1")).to_have_attribute("aria-pressed", "true")

    # Carol comes to the chat late and reads what is for everyone.
    open_chat(carol)
    expect(message(carol, "Good evening")).to_be_visible()
    write(carol, "to be deleted")
    expect(message(alice, "to be deleted")).to_be_visible()
    act(alice, "to be deleted", "More for this message", "Delete")
    expect(message(carol, "Alice Example deleted this message.")).to_be_visible()
    assert any("Good evening" in frame for frame in frames)
    assert not [frame for frame in frames if "between us two" in frame or "and nobody else" in frame]


def test_nothing_is_lost_or_doubled_when_the_room_socket_is_cut(
    person: PersonFactory, sign_ins: SignIns, wires: WireCutter
) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.meeting()
    alice.join(link)
    bob.server_url = wires.url
    bob.join(link.replace(alice.server_url, wires.url), types_name=True)
    open_chat(alice)
    open_chat(bob)
    write(bob, "before")
    expect(message(alice, "before")).to_be_visible()
    assert wires.cut("/ws/") == 1
    for number in range(3):
        write(bob, f"during {number}")
        write(alice, f"meanwhile {number}")
    expect(bob.page.locator(".msg.sending")).to_have_count(3)
    wires.mend()
    for number in range(3):
        expect(message(alice, f"during {number}")).to_have_count(1)
        expect(message(bob, f"meanwhile {number}")).to_have_count(1)
    expect(bob.page.locator(".msg.sending")).to_have_count(0)
    said = [bob.page.locator(".msg .said").all_inner_texts(), alice.page.locator(".msg .said").all_inner_texts()]
    assert said[0] == said[1]
    assert len(said[0]) == 7


def test_a_file_comes_through_a_cut_whole_and_a_picture_is_shown(
    person: PersonFactory, sign_ins: SignIns, wires: WireCutter, tmp_path: Path
) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.meeting()
    alice.join(link)
    bob.server_url = wires.url
    bob.join(link.replace(alice.server_url, wires.url), types_name=True)
    open_chat(alice)
    open_chat(bob)
    content = hashlib.shake_256(b"palaver").digest(FILE_BYTES)
    big = tmp_path / "plan.bin"
    big.write_bytes(content)
    # The first piece is on its way when the line goes.
    with bob.page.expect_request(lambda request: request.method == "PATCH"):
        bob.page.get_by_label("Attach a file").first.set_input_files(big)
    wires.cut("/files/")
    bob.page.wait_for_timeout(1_000)
    wires.mend()
    expect(bob.page.get_by_text("ready to send")).to_be_visible()
    write(bob, "here it is")
    expect(message(alice, "here it is")).to_contain_text("plan.bin")
    with alice.page.expect_download() as download:
        alice.page.get_by_role("link", name="Download plan.bin").click()
    assert hashlib.sha256(Path(download.value.path()).read_bytes()).digest() == hashlib.sha256(content).digest()

    picture = tmp_path / "tree.png"
    picture.write_bytes(png(40, 30))
    bob.page.get_by_label("Attach a file").first.set_input_files(picture)
    expect(bob.page.get_by_text("ready to send")).to_be_visible()
    # Its place is kept while nothing but the message has come.
    asked = re.compile(r"/api/meetings/[^/]+/files\?")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    alice.page.route(asked, hold)
    box(bob).press("Enter")
    expect(alice.page.get_by_role("img", name="Looking for the file")).to_have_css("height", "30px")
    alice.wait_for(lambda: bool(held), "the page asks for the links")
    held[0].continue_()
    alice.page.unroute(asked)
    thumbnail = alice.page.get_by_role("button", name="Show tree.png large")
    expect(thumbnail).to_have_css("height", "30px")
    expect(thumbnail.locator("img")).to_be_visible()
    # As a function: a bare expression would be evaluated anew in the page, which its content-security policy refuses.
    alice.page.wait_for_function("() => document.querySelector('.thumb img').naturalWidth > 0")
    thumbnail.click()
    expect(alice.page.get_by_role("dialog", name="tree.png").get_by_role("img")).to_be_visible()


@pytest.mark.parametrize(("width", "height", "theme"), LOOKS)
def test_hostile_texts_are_text_and_axe_finds_nothing(
    person: PersonFactory, sign_ins: SignIns, theme: str, width: int, height: int
) -> None:
    options: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": theme}
    alice = person("alice", storage_state=sign_ins("alice"), **options)
    alice.context.add_init_script(WATCH_VIOLATIONS)
    alice.join(alice.meeting())
    open_chat(alice)
    expect(alice.page.get_by_text("Nothing has been written yet")).to_be_visible()
    found = [f"empty: {fault}" for fault in violations(alice.page)]
    for text in HOSTILE:
        write(alice, text)
    expect(alice.page.locator(".msg:not(.sending)")).to_have_count(len(HOSTILE))
    said = alice.page.locator(".msg .said")
    assert said.locator("script, img, svg, iframe, style, [onerror], [onload], [onmouseover]").count() == 0
    assert all(
        href.startswith("https://") for href in said.locator("a").evaluate_all("(all) => all.map((one) => one.href)")
    )
    assert alice.page.evaluate("window.__violations") == []
    found += [f"messages: {fault}" for fault in violations(alice.page)]
    assert found == []
    assert not scrolls_sideways(alice.page)
    box(alice).press("Escape")
    expect(alice.page.get_by_role("complementary")).to_have_count(0)
    expect(alice.page.get_by_role("button", name="Chat", exact=True).locator("visible=true")).to_be_focused()


def png(width: int, height: int) -> bytes:
    """A small green picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    rows = (b"\0" + b"\x20\x80\x40" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
