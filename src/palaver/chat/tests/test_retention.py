"""CHAT-070 to CHAT-073: what a meeting does not keep is gone: for readers at once, from the rows soon after."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db import connection

from palaver.accounts.models import User
from palaver.chat import retention, wire
from palaver.chat.facts import MessageDeleted, MessagesExpired
from palaver.chat.models import ChatLog, Message, Reaction, ReadMark
from palaver.chat.ports import ChatPorts, install_ports, ports
from palaver.chat.tests.cast import NINE, Room, after, next_run, open_room
from palaver.config.deletions import settle_deletions
from palaver.config.housekeeping import Housekeeping
from palaver.kernel import facts
from palaver.kernel.clock import ManualClock
from palaver.kernel.facts import install_subscribers
from palaver.kernel.ids import MeetingId, MeetingSessionId
from palaver.live import lifecycle
from palaver.live.features import FeatureEvent
from palaver.meetings import sessions
from palaver.meetings.models import Attendance, Meeting, MeetingSession
from palaver.meetings.services import delete_meeting

pytestmark = pytest.mark.django_db

Keep = Callable[[Room, int | None], None]


@pytest.fixture
def keep() -> Iterator[Keep]:
    """Says how many days a meeting keeps its chat; meanwhile anybody may attach any file."""
    before = ports()
    install_ports(ChatPorts(claim_files=lambda _: ()))

    def set_days(room: Room, count: int | None) -> None:
        Meeting.objects.filter(pk=room.meeting.pk).update(retention_days=count)

    yield set_days
    install_ports(before)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Facts and events, in the order they were told."""
    told: list[object] = []
    before = dict(facts._subscribers)
    install_subscribers({MessageDeleted: (told.append,), MessagesExpired: (told.append,)})
    monkeypatch.setattr(lifecycle, "publish_event", lambda _, event: told.append(event))
    yield told
    install_subscribers(before)


def stored_bytes() -> bytes:
    """All that the database has on the disk, its write-ahead log included."""
    database = Path(connection.settings_dict["NAME"])
    return b"".join(file.read_bytes() for file in sorted(database.parent.glob(f"{database.name}*")))


def after_days(days: float) -> float:
    return timedelta(days=days).total_seconds()


def test_a_meeting_that_keeps_for_ever_keeps(room: Room, keep: Keep) -> None:
    keep(room, None)
    room.say("bob", "Hello")
    assert retention.drop_expired(now=NINE + timedelta(days=5000)) == 0
    assert room.page("bob", at=after_days(5000)).retention_days is None
    assert room.texts("bob") == ["Hello"]


@pytest.mark.skipif(
    not django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="PostgreSQL is another process"
)
@pytest.mark.django_db(transaction=True)
def test_what_is_not_kept_leaves_no_bytes_in_the_files_of_the_database(room: Room, keep: Keep) -> None:
    """CHAT-074."""
    keep(room, 1)
    chance = random.Random(7)
    for number in range(150):
        # From a few bytes to more than a page, so that pages are split, joined and left.
        text = " ".join(["wintergreen"] * chance.randrange(1, 330))
        at = 20.0 * number
        said = room.say("bob", f"{text} {number}", at=at)
        room.give("carol", wire.ChatReact(message_id=said.message_id, emoji="heart"), at=at)
        if number % 3 == 0:
            room.give("bob", wire.ChatEdit(message_id=said.message_id, text=f"peppermint {text[:900]}"), at=at)
        if number % 7 == 0:
            room.give("bob", wire.ChatDelete(message_id=said.message_id), at=at)
    kept = room.say("bob", "spearmint", at=after_days(1))
    assert b"wintergreen" in stored_bytes()
    assert b"peppermint" in stored_bytes()
    Housekeeping(clock=ManualClock(NINE + timedelta(days=1, hours=1))).sweep(is_thorough=False)
    assert list(Message.objects.values_list("pk", flat=True)) == [UUID(kept.message_id)]
    left = stored_bytes()
    assert b"spearmint" in left
    assert b"wintergreen" not in left
    assert b"peppermint" not in left


@pytest.mark.skipif(
    not django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="PostgreSQL is another process"
)
@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_log_to_be_emptied_while_somebody_reads(room: Room) -> None:
    with sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM chat_message").fetchall()
        room.say("bob", "Hello")
        assert not settle_deletions()
        room.say("bob", "Still there?")
        reader.execute("ROLLBACK")
    reader.close()
    assert settle_deletions()
    assert Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size == 0


@pytest.mark.django_db(transaction=True)
def test_after_its_days_a_message_is_gone_for_readers_then_from_the_rows(
    room: Room, keep: Keep, heard: list[object]
) -> None:
    """CHAT-070, CHAT-071."""
    keep(room, 30)
    old = room.say("bob", "Old", file_ids=["f1"])
    room.give("carol", wire.ChatReact(message_id=old.message_id, emoji="heart"))
    room.say("bob", "New", at=after_days(10))
    assert [m.text for m in room.page("carol", at=after_days(29.9)).messages] == ["Old", "New"]
    page = room.page("carol", at=after_days(30))
    assert ([m.text for m in page.messages], page.retention_days) == (["New"], 30)
    assert Message.objects.count() == 2
    assert retention.drop_expired(now=NINE + timedelta(days=30)) == 1
    assert [row.text for row in Message.objects.all()] == ["New"]
    assert not Reaction.objects.exists()
    expired, event = heard
    assert expired == MessagesExpired(MeetingId(room.meeting.pk), (UUID(old.message_id),), ("f1",))
    assert isinstance(event, FeatureEvent)
    assert event.event == wire.ChatTrimmedEvent(change=4)
    assert retention.drop_expired(now=NINE + timedelta(days=30)) == 0


def test_who_was_away_while_messages_went_is_told_to_reload(room: Room, keep: Keep) -> None:
    """CHAT-024."""
    keep(room, 30)
    room.say("bob", "Old")
    since = room.page("carol").change
    retention.drop_expired(now=NINE + timedelta(days=31))
    told = room.give("carol", wire.ChatChangesRequest(since=since)).result
    assert isinstance(told, wire.ChatChanges)
    assert told.reload
    again = room.give("carol", wire.ChatChangesRequest(since=told.change)).result
    assert isinstance(again, wire.ChatChanges)
    assert not again.reload


def test_a_meeting_that_keeps_nothing_keeps_it_while_the_run_goes_on(room: Room, keep: Keep) -> None:
    """CHAT-072."""
    keep(room, 0)
    room.say("bob", "Hello")
    assert retention.drop_expired(now=NINE + timedelta(hours=5)) == 0
    assert room.texts("carol") == ["Hello"]
    sessions.end_session(MeetingSessionId(room.session_id), now=NINE + timedelta(hours=5))
    assert room.texts("carol") == [], "gone for readers before the next sweep"
    room.session_id = next_run(room.meeting, at=NINE + timedelta(hours=6))
    room.enter("bob", room.people["bob"].role)
    room.say("bob", "Again")
    assert room.texts("carol") == ["Again"]
    assert retention.drop_expired(now=NINE + timedelta(hours=6)) == 1
    assert [row.text for row in Message.objects.all()] == ["Again"]


def test_numbers_go_on_after_everything_went(room: Room, keep: Keep) -> None:
    keep(room, 1)
    room.say("bob", "One")
    retention.drop_expired(now=NINE + timedelta(days=2))
    assert room.say("bob", "Two", at=after_days(2)).seq == 2


def test_many_messages_go_in_several_transactions(room: Room, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(room, 1)
    monkeypatch.setattr(retention, "_MESSAGES_AT_ONCE", 3)
    for number in range(8):
        room.say("bob", f"{number}", at=number)
    assert retention.drop_expired(now=NINE + timedelta(days=2)) == 8
    assert not Message.objects.exists()
    assert ChatLog.objects.get().last_change == 8 + 3


def test_one_meetings_retention_is_not_anothers(room: Room, keep: Keep, alice: User, carol: User) -> None:
    other = open_room(alice, carol, title="Board")
    keep(room, 1)
    for each in (room, other):
        each.say("bob", each.meeting.title)
    assert retention.drop_expired(now=NINE + timedelta(days=9)) == 1
    assert [row.text for row in Message.objects.all()] == ["Board"]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_of_the_house_drops_what_has_run_out(room: Room, keep: Keep) -> None:
    """CHAT-071: and leaves no row of any kind that held a word of it."""
    keep(room, 7)
    message = room.say("bob", "A word that is looked for")
    room.give("bob", wire.ChatReact(message_id=message.message_id, emoji="heart"))
    clock = ManualClock(NINE + timedelta(days=8))
    Housekeeping(clock=clock).sweep(is_thorough=False)
    assert not Message.objects.exists()
    assert not Reaction.objects.exists()
    assert "word" not in dump()


@pytest.mark.django_db(transaction=True)
def test_a_meeting_that_is_deleted_takes_its_chat_along(room: Room, alice: User) -> None:
    """CHAT-073."""
    message = room.say("bob", "A word that is looked for")
    room.give("carol", wire.ChatReact(message_id=message.message_id, emoji="heart"))
    room.give("carol", wire.ChatRead(seq=1))
    delete_meeting(room.meeting, actor=alice)
    assert not any(model.objects.exists() for model in (Message, Reaction, ReadMark, ChatLog))
    assert "looked for" not in dump()


@pytest.mark.django_db(transaction=True)
def test_a_deletion_is_told_to_the_others_with_the_files_that_go(room: Room, keep: Keep, heard: list[object]) -> None:
    keep(room, None)
    message = room.say("bob", "Look", file_ids=["f1"])
    room.give("alice", wire.ChatDelete(message_id=message.message_id))
    [fact] = heard
    assert isinstance(fact, MessageDeleted)
    assert (fact.file_ids, fact.sender_name, fact.by_name) == (("f1",), "Bob", "Alice")


def dump() -> str:
    """Every value of every table of the chat."""
    return str([list(model.objects.values()) for model in (Message, Reaction, ReadMark, ChatLog)])


def test_a_run_with_messages_is_kept_also_when_the_coming_was_never_written(room: Room) -> None:
    """The database was away while people came in: what they wrote is not lost with the run."""
    room.say("bob", "Hello")
    Attendance.objects.all().delete()
    sessions.end_session(MeetingSessionId(room.session_id), now=after(60))
    assert MeetingSession.objects.get(pk=room.session_id).ended_at == after(60)
    assert Message.objects.count() == 1
