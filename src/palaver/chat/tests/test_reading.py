"""CHAT-020 to CHAT-028 and CHAT-043: pages, changes, searches, the mark of what was read."""

from datetime import timedelta
from uuid import uuid4

import pytest

from palaver.accounts.models import User
from palaver.chat import wire
from palaver.chat.limits import SEARCHES_BY_PERSON
from palaver.chat.models import ChatLog, Message
from palaver.chat.selectors import MAX_CHANGES, MAX_FOUND
from palaver.chat.tests.cast import NINE, Room, next_run, open_room
from palaver.kernel.errors import RATE_LIMITED, SIGN_IN_REQUIRED, PalaverError
from palaver.kernel.ids import MeetingSessionId
from palaver.live.domain.people import Role
from palaver.meetings import sessions

pytestmark = pytest.mark.django_db


def write_many(room: Room, count: int) -> None:
    """Lines 1 to `count`, slowly enough for the limits."""
    for number in range(1, count + 1):
        room.say("bob", f"{number}", at=number * 20)


def found(room: Room, who: str, text: str, *, before_seq: int | None = None, at: float = 0) -> wire.ChatFound:
    result = room.give(who, wire.ChatSearch(text=text, before_seq=before_seq), at=at).result
    assert isinstance(result, wire.ChatFound)
    return result


def changes(room: Room, who: str, since: int) -> wire.ChatChanges:
    result = room.give(who, wire.ChatChangesRequest(since=since)).result
    assert isinstance(result, wire.ChatChanges)
    return result


def test_pages_lead_from_the_newest_to_the_first_and_back(room: Room) -> None:
    """CHAT-022."""
    write_many(room, 7)
    assert room.texts("carol", limit=3) == ["5", "6", "7"]
    assert room.texts("carol", limit=3, before_seq=5) == ["2", "3", "4"]
    last = room.page("carol", limit=3, before_seq=2)
    assert ([message.text for message in last.messages], last.has_more) == (["1"], False)
    onward = room.page("carol", limit=3, after_seq=2)
    assert ([message.text for message in onward.messages], onward.has_more) == (["3", "4", "5"], True)
    assert room.page("carol", limit=3, before_seq=5).has_more
    assert room.page("carol", after_seq=7).messages == []


def test_the_order_is_that_of_arrival_for_everybody(room: Room) -> None:
    """CHAT-020."""
    for number, who in enumerate(("bob", "alice", "carol", "bob", "dave")):
        # Clocks may step back; numbers do not.
        room.say(who, f"{number}", at=-number)
    pages = [room.page(who) for who in room.people]
    assert all(page.messages == pages[0].messages for page in pages)
    assert [message.seq for message in pages[0].messages] == [1, 2, 3, 4, 5]


def test_who_was_away_is_told_exactly_what_changed(room: Room) -> None:
    """CHAT-023."""
    first, second = room.say("bob", "One"), room.say("bob", "Two")
    since = room.page("carol").change
    assert changes(room, "carol", since).messages == []
    room.whisper("bob", "dave", "Not for carol")
    room.give("bob", wire.ChatEdit(message_id=first.message_id, text="One!"))
    room.give("dave", wire.ChatDelete(message_id=room.say("dave", "Gone").message_id))
    answer = room.say("alice", "Re", reply_to=second.message_id)
    told = changes(room, "carol", since)
    assert [(message.text, message.deleted is not None) for message in told.messages] == [
        ("One!", False), ("", True), ("Re", False),
    ]  # fmt: skip
    assert told.messages[-1] == answer
    assert told.quoted == [second]
    assert not told.reload
    assert changes(room, "carol", told.change).messages == []


def test_who_missed_too_much_or_comes_from_the_future_is_told_to_reload(room: Room) -> None:
    """CHAT-024."""
    message = room.say("bob", "One")
    rows = [
        Message(
            meeting=room.meeting, session_id=room.session_id, seq=number, change=number, client_id=uuid4().hex,
            sender_identity="id-bob", sender_name="Bob", sender_is_signed_in=False, audience="everyone", text="x",
            sent_at=NINE,
        )
        for number in range(2, MAX_CHANGES + 2)
    ]  # fmt: skip
    Message.objects.bulk_create(rows)
    ChatLog.objects.update(last_seq=MAX_CHANGES + 1, last_change=MAX_CHANGES + 1)
    assert changes(room, "carol", 0).reload
    assert changes(room, "carol", 0).messages == []
    told = changes(room, "carol", message.change)
    assert (len(told.messages), told.reload) == (MAX_CHANGES, False)
    assert changes(room, "carol", told.change + 1).reload


def test_an_empty_chat_has_an_empty_page_and_no_changes(room: Room) -> None:
    page = room.page("bob")
    assert (page.messages, page.change, page.has_more, page.read_seq) == ([], 0, False, None)
    assert not changes(room, "bob", 0).reload


def test_late_joiners_read_what_was_said_to_everyone_also_in_earlier_runs(room: Room) -> None:
    """CHAT-043."""
    room.say("bob", "Before")
    room.whisper("bob", "carol", "Psst")
    sessions.end_session(MeetingSessionId(room.session_id), now=NINE + timedelta(hours=1))
    room.session_id = next_run(room.meeting, at=NINE + timedelta(days=1))
    room.enter("frank", Role.GUEST)
    assert room.texts("frank") == ["Before"]


def test_a_search_finds_words_whatever_their_case_and_only_what_one_may_read(room: Room) -> None:
    """CHAT-025."""
    room.say("bob", "The Straße is long")
    room.whisper("bob", "dave", "strasse, secretly")
    room.say("bob", "for hosts: STRASSE", audience="hosts")
    gone = room.say("bob", "strasse, gone")
    room.give("bob", wire.ChatDelete(message_id=gone.message_id))
    assert [message.text for message in found(room, "carol", " STRASSE ").messages] == ["The Straße is long"]
    assert len(found(room, "alice", "strasse").messages) == 2
    assert len(found(room, "bob", "strasse").messages) == 3
    assert found(room, "carol", "   ").messages == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%", "a_c", "'", '"', "(.*)+$", "[a-z]", "*", "?", "\\%"])
def test_no_character_of_a_search_means_anything(room: Room, text: str) -> None:
    """CHAT-026."""
    room.say("bob", "abc 1000 plain")
    assert found(room, "carol", text).messages == []
    wanted = room.say("bob", f"x{text}y")
    assert found(room, "carol", text).messages == [wanted]


def test_a_search_goes_on_before_what_it_found(room: Room) -> None:
    write_many(room, MAX_FOUND + 2)
    rows = Message.objects.all()
    rows.update(text="same", search_text="same")
    first = found(room, "carol", "same")
    assert (len(first.messages), first.has_more, first.messages[0].seq) == (MAX_FOUND, True, MAX_FOUND + 2)
    rest = found(room, "carol", "same", before_seq=first.messages[-1].seq)
    assert ([message.seq for message in rest.messages], rest.has_more) == ([2, 1], False)


def test_who_searches_too_much_is_held_up(room: Room) -> None:
    """CHAT-050."""
    for _ in range(SEARCHES_BY_PERSON.tries):
        found(room, "carol", "x")
    with pytest.raises(PalaverError) as refusal:
        found(room, "carol", "x")
    assert refusal.value.spec is RATE_LIMITED


def test_the_mark_of_what_was_read_is_kept_for_signed_in_people_and_never_goes_back(room: Room) -> None:
    """CHAT-027."""
    write_many(room, 3)

    def read(who: str, seq: int) -> int:
        result = room.give(who, wire.ChatRead(seq=seq)).result
        assert isinstance(result, wire.ChatReadUpTo)
        return result.seq

    assert [read("carol", seq) for seq in (2, 1, 2**53 - 1)] == [2, 2, 3]
    assert room.page("carol").read_seq == 3
    assert room.page("alice").read_seq is None
    with pytest.raises(PalaverError) as refusal:
        read("bob", 1)
    assert refusal.value.spec is SIGN_IN_REQUIRED


def test_a_mark_is_of_one_meeting(room: Room, alice: User, carol: User) -> None:
    other = open_room(alice, carol, title="Choir")
    write_many(room, 2)
    write_many(other, 1)
    room.give("carol", wire.ChatRead(seq=2))
    assert (room.page("carol").read_seq, other.page("carol").read_seq) == (2, None)


def test_who_is_demoted_keeps_their_own_answer_and_not_what_it_answered(room: Room) -> None:
    """CHAT-042: also not by way of the quote."""
    asked = room.say("bob", "Help", audience="hosts")
    room.make("carol", Role.CO_HOST)
    answer = room.say("carol", "Coming", audience="hosts", reply_to=asked.message_id)
    room.make("carol", Role.MEMBER)
    page, told = room.page("carol"), changes(room, "carol", 0)
    assert (page.messages, page.quoted) == ([answer], [])
    assert (told.messages, told.quoted) == ([answer], [])
