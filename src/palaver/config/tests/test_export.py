"""The whole export, with the real chat and log in it: what leaves the house, and what never does."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from palaver.accounts.models import User
from palaver.chat.tests.cast import NINE, Room, open_room
from palaver.config.feature_ports import CHAT_PORTS, FILE_PORTS
from palaver.files import exports, ports
from palaver.files.downloads import LINKS_PATH
from palaver.files.links import read_link
from palaver.files.models import StoredFile
from palaver.kernel.clock import system_clock
from palaver.live.domain.people import Role
from palaver.live.identity import user_identity
from palaver.live.readers import reader_of
from palaver.meetings.models import AuditEntry, MeetingSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(alice: User, carol: User) -> Iterator[Room]:
    ports.install_ports(FILE_PORTS)
    yield open_room(alice, carol)
    ports.install_ports(ports.FilePorts())


def unpacked(room: Room) -> dict[str, str]:
    run = MeetingSession.objects.select_related("meeting").get(pk=room.session_id)
    with zipfile.ZipFile(io.BytesIO(b"".join(exports.archive(run, now=NINE + timedelta(hours=1))))) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name).decode("utf-8-sig") for name in packed.namelist()}


def test_the_export_has_what_was_said_to_many_and_nothing_that_was_said_to_one(room: Room) -> None:
    """CHAT-080."""
    room.say("bob", "apricot for everyone")
    room.say("bob", "bilberry for the hosts", audience="hosts")
    for sender, reader in (("bob", "carol"), ("bob", "alice"), ("alice", "bob")):
        whispered = room.whisper(sender, reader, f"damson from {sender} to {reader}")
        assert FILE_PORTS.exported_messages({UUID(whispered.message_id)}) == set()
    members = unpacked(room)
    assert set(members) == {"attendance.csv", "chat.json", "chat.txt", "chat.html", "log.csv"}
    for name in ("chat.json", "chat.txt", "chat.html"):
        assert "apricot" in members[name]
        assert "bilberry" in members[name]
    assert not [name for name, text in members.items() if "damson" in text]


def test_an_owner_is_given_links_to_what_many_may_read_and_to_nothing_else(room: Room, alice: User) -> None:
    def file(name: str) -> str:
        kept = StoredFile.objects.create(
            meeting=room.meeting,
            session_id=room.session_id,
            identity="id-bob",
            name=name,
            length_bytes=0,
            sha256="0" * 64,
            created_at=NINE,
            completed_at=NINE,
            expires_at=system_clock() + timedelta(days=1),  # files are claimed by the clock of the house
        )
        return str(kept.pk)

    public, private, unsent = file("plan.pdf"), file("letter.pdf"), file("draft.pdf")
    room.say("bob", "The plan", file_ids=[public])
    room.whisper("bob", "carol", "For you", file_ids=[private])
    owner = reader_of(room.meeting, user_identity(alice.pk, room.meeting.pk), user=alice, now=NINE)
    assert owner is not None
    links = CHAT_PORTS.link_files(owner, [public, private, unsent], NINE)
    assert {file_id: link.name for file_id, link in links.items()} == {public: "plan.pdf"}
    given = read_link(links[public].address.removeprefix(LINKS_PATH), now=NINE)
    assert given is not None
    assert (str(given.file_id), given.user_id) == (public, alice.pk)


def test_what_strangers_write_is_neither_script_nor_formula(room: Room) -> None:
    room.say("bob", "<script>alert(1)</script> [x](javascript&colon;alert(1))")
    formula = '=HYPERLINK("//evil.example")'
    AuditEntry.objects.create(
        session_id=room.session_id,
        number=1,
        at=NINE,
        action="renamed",
        actor_name=formula,
        actor_identity="id-alice",
        target_name="@SUM(1)",
        target_identity="id-bob",
        detail={},
    )
    room.enter("=1+1", Role.GUEST)
    members = unpacked(room)
    assert "<script" not in members["chat.html"]
    assert "javascript&amp;colon;" in members["chat.html"]
    for name in ("attendance.csv", "log.csv"):
        cells = [cell for row in csv.reader(io.StringIO(members[name], newline="")) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert f"'{formula}".replace('"', '""') in members["log.csv"]
