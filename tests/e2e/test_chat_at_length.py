"""The chat over time: a long past, what is new in it, people who left, and files over a reload and by dragging."""

import base64
import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import PersonFactory, SignIns
from tests.e2e.people import Person
from tests.e2e.test_chat import box, message, open_chat, write
from tests.servers.palaver import PalaverServer
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PAST_CHAT = Path(__file__).with_name("past_chat.py")
MANY = 210
FILE_BYTES = 5_000_000
# Drags a file over the panel, and drops it, as a file manager would.
DRAG_OVER = """
(panel, { name, content }) => {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: 'text/plain' }));
  const drag = (kind) => panel.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
  window.__drop = () => drag('drop');
  drag('dragover');
}
"""


@pytest.fixture(scope="module")
def server(shared_server: PalaverServer) -> PalaverServer:
    return shared_server


def notes(person: Person) -> list[str]:
    shown: list[str] = person.page.locator(".msg .said").all_inner_texts()
    return [text.strip() for text in shown if text.startswith("note ")]


def test_a_long_past_is_read_page_by_page_and_what_is_new_is_marked(
    person: PersonFactory, sign_ins: SignIns, server: PalaverServer
) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.meeting()
    slug = link.rsplit("/", 1)[-1]
    server.manage("shell", "-c", f"{PAST_CHAT.read_text()}\nwrite({slug!r}, {MANY})")
    alice.join(link)
    bob.join(link, types_name=True)
    open_chat(alice)
    expect(message(alice, f"note {MANY}")).to_be_in_viewport()
    assert len(notes(alice)) < MANY
    log = alice.page.get_by_role("log", name="Messages", exact=True)
    for _ in range(MANY):
        held = len(notes(alice))
        if held == MANY:
            break
        log.evaluate("(element) => element.scrollTo(0, 0)")
        alice.wait_for(lambda held=held: len(notes(alice)) > held, "older messages come")  # type: ignore[misc]
    assert notes(alice) == [f"note {number}" for number in range(1, MANY + 1)]
    # Read to the end; then something comes while the panel is shut.
    log.evaluate("(element) => element.scrollTo(0, element.scrollHeight)")
    expect(message(alice, f"note {MANY}")).to_be_in_viewport()
    alice.press("Close chat")
    open_chat(bob)
    write(bob, "something new")
    expect(alice.page.get_by_role("button", name="Chat, 1 unread").first).to_be_visible()
    open_chat(alice)
    divider = alice.page.get_by_role("separator", name="New")
    expect(divider).to_have_count(1)
    entry = alice.page.locator(".entry", has=alice.page.get_by_role("separator", name="New"))
    expect(entry).to_contain_text("something new")
    # By keyboard, somebody inside and somebody who has left.
    box(alice).press_sequentially("@bo")
    expect(alice.page.get_by_role("option", name="Bob")).to_have_attribute("aria-selected", "true")
    box(alice).press("Tab")
    expect(box(alice)).to_have_value("@Bob ")
    box(alice).press_sequentially("and @")
    options = alice.page.get_by_role("listbox", name="Who is meant").get_by_role("option")
    expect(options).to_have_text(["Bob", "Walter"])
    box(alice).press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    box(alice).press("Enter")
    expect(box(alice)).to_have_value("@Bob and @Walter ")
    box(alice).press("Enter")
    expect(message(bob, "@Bob and @Walter")).to_be_visible()


def test_an_upload_goes_on_after_a_reload_of_the_page(
    person: PersonFactory, sign_ins: SignIns, wires: WireCutter, tmp_path: Path
) -> None:
    alice, bob = person("alice", storage_state=sign_ins("alice")), person("bob")
    link = alice.meeting()
    alice.join(link)
    bob.server_url = wires.url
    outside = link.replace(alice.server_url, wires.url)
    bob.join(outside, types_name=True)
    open_chat(bob)
    content = hashlib.shake_256(b"reloaded").digest(FILE_BYTES)
    plan = tmp_path / "plan.bin"
    plan.write_bytes(content)
    with bob.page.expect_request(lambda request: request.method == "PATCH"):
        bob.page.get_by_label("Attach a file").first.set_input_files(plan)
    wires.cut("/files/")
    seen: list[Request] = []
    bob.page.on("request", lambda request: seen.append(request) if "/files/" in request.url else None)
    bob.join(outside, types_name=True)
    wires.mend()
    open_chat(bob)
    bob.page.get_by_label("Attach a file").first.set_input_files(plan)
    expect(bob.page.get_by_text("ready to send")).to_be_visible()
    # The one that was begun, not another.
    assert [request.method for request in seen if request.url.endswith(link.rsplit("/", 1)[-1])] == []
    assert "HEAD" in [request.method for request in seen]
    write(bob, "after the reload")
    open_chat(alice)
    with alice.page.expect_download() as download:
        alice.page.get_by_role("link", name="Download plan.bin").click()
    assert hashlib.sha256(Path(download.value.path()).read_bytes()).digest() == hashlib.sha256(content).digest()


def test_a_file_is_dropped_on_the_panel(person: PersonFactory, sign_ins: SignIns) -> None:
    alice = person("alice", storage_state=sign_ins("alice"))
    alice.join(alice.meeting())
    open_chat(alice)
    dropped = {"name": "list.txt", "content": base64.b64encode(b"bread, milk").decode()}
    alice.page.locator(".chat").evaluate(DRAG_OVER, dropped)
    expect(alice.page.get_by_text("Drop the files here")).to_be_visible()
    alice.page.evaluate("window.__drop()")
    expect(alice.page.get_by_text("ready to send")).to_be_visible()
    expect(alice.page.locator(".drop-here")).to_have_count(0)
    box(alice).press("Enter")
    expect(alice.page.get_by_role("link", name="Download list.txt")).to_be_visible()
