"""The page on which an owner reads what was written in a run."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from palaver.accounts.models import User
from palaver.chat import ports, wire
from palaver.chat.ports import ChatPorts, FileLink, install_ports
from palaver.chat.tests.cast import Room, open_room

pytestmark = pytest.mark.django_db


def address(room: Room) -> str:
    return f"/meetings/{room.meeting.pk}/sessions/{room.session_id}/chat"


def test_the_owner_reads_what_was_said_to_all_and_to_the_hosts(room: Room, alices_browser: Client) -> None:
    room.say("bob", "apricot **for** everyone")
    room.say("bob", "bilberry for the hosts", audience="hosts")
    room.whisper("bob", "alice", "damson for alice alone")
    gone = room.say("dave", "elderberry, said by mistake")
    room.give("dave", wire.ChatDelete(message_id=gone.message_id))
    page = alices_browser.get(address(room)).content.decode()
    assert "apricot <strong>for</strong> everyone" in page
    assert "to the hosts" in page
    assert "damson" not in page
    assert "elderberry" not in page
    assert "deleted by Dave" in page
    assert address(room) in alices_browser.get(address(room).removesuffix("chat")).content.decode()


def test_nobody_else_reads_it_and_no_run_of_another_meeting_is_found(
    room: Room, alices_browser: Client, carols_browser: Client, alice: User, carol: User
) -> None:
    room.say("bob", "apricot")
    assert Client().get(address(room)).status_code == 302
    assert carols_browser.get(address(room)).status_code == 404
    other = open_room(alice, carol, title="Choir")
    mixed = f"/meetings/{other.meeting.pk}/sessions/{room.session_id}/chat"
    assert alices_browser.get(mixed).status_code == 404
    assert alices_browser.post(address(room)).status_code == 405


def test_what_strangers_write_does_nothing(room: Room, alices_browser: Client) -> None:
    room.say("bob", "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1))")
    page = alices_browser.get(address(room)).content.decode()
    written = page.partition('<ol class="log"')[2]
    assert "<script" not in written.partition("</ol>")[0]
    assert "<img" not in written.partition("</ol>")[0]
    assert 'href="javascript' not in page


def test_a_long_chat_has_pages(room: Room, alices_browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palaver.chat.views._SHOWN", 2)
    for number in range(3):
        room.say("bob", f"word {number}", at=10.0 * number)
    first = alices_browser.get(address(room)).content.decode()
    assert ("word 1" in first, "word 2" in first) == (True, False)
    assert 'href="?after=2"' in first
    second = alices_browser.get(address(room) + "?after=2").content.decode()
    assert ("word 1" in second, "word 2" in second) == (False, True)
    assert 'rel="next"' not in second
    for broken in ("x", "-1", "9" * 99, "²", "\x00"):
        assert alices_browser.get(address(room), {"after": broken}).status_code == 200


@pytest.fixture
def linked() -> Iterator[list[Any]]:
    """Every file has a link; who asked for which."""
    asked: list[Any] = []

    def link(reader: Any, file_ids: Any, _: datetime) -> dict[str, FileLink]:
        asked.append((reader.is_owner, list(file_ids)))
        return {file_id: FileLink("plan <1>.pdf", 2_000_000, f"/files/links/{file_id}") for file_id in file_ids}

    before = ports.ports()
    install_ports(ChatPorts(claim_files=lambda _: (), link_files=link))
    yield asked
    install_ports(replace(before))


def test_files_are_offered_by_links_made_for_the_owner(room: Room, alices_browser: Client, linked: list[Any]) -> None:
    file_id = str(UUID(int=7))
    room.say("bob", "The plan", file_ids=[file_id])
    page = alices_browser.get(address(room)).content.decode()
    assert f'href="/files/links/{file_id}" download' in page
    assert "plan &lt;1&gt;.pdf" in page
    assert linked == [(True, [file_id])]


def test_a_run_in_which_nothing_was_written_says_so(room: Room, alices_browser: Client) -> None:
    assert "Nothing that is kept." in alices_browser.get(address(room)).content.decode()
