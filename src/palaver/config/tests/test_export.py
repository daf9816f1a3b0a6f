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
from palaver.config.feature_ports import FILE_PORTS
from palaver.files import exports, ports
from palaver.live.domain.people import Role
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
