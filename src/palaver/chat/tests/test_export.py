"""CHAT-080: the chat of a run to be taken along."""

import json

import pytest
from django.utils.translation import override

from palaver.chat import export, wire
from palaver.chat.tests.cast import NINE, Room
from palaver.meetings.models import MeetingSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(room: Room) -> Room:
    room.say("bob", "**Hello** <script>alert(1)</script>\n[x](javascript:alert(1))")
    room.whisper("alice", "bob", "Between us")
    room.say("bob", "Help", audience="hosts", at=1)
    edited = room.say("carol", "Helo", at=2)
    room.give("carol", wire.ChatEdit(message_id=edited.message_id, text="Hello https://a.example"), at=3)
    gone = room.say("dave", "Rude", at=4)
    room.give("alice", wire.ChatDelete(message_id=gone.message_id), at=5)
    return room


def messages(room: Room) -> list[wire.ChatMessage]:
    return list(export.export_session(run(room), now=NINE))


def run(room: Room) -> MeetingSession:
    return MeetingSession.objects.select_related("meeting").get(pk=room.session_id)


def test_it_has_what_was_said_to_everyone_and_to_the_hosts_in_order(
    told: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", 2)
    assert [message.seq for message in messages(told)] == [1, 3, 4, 5]
    assert "Between us" not in str(messages(told))


def test_the_json_is_one_array_of_messages_as_on_the_wire(told: Room) -> None:
    text = "".join(export.json_lines(iter(messages(told))))
    assert [wire.ChatMessage.model_validate_json(json.dumps(row)) for row in json.loads(text)] == messages(told)
    assert json.loads("".join(export.json_lines(iter(())))) == []


def test_the_text_says_who_when_and_what_became_of_it(told: Room) -> None:
    text = "".join(export.text_lines(iter(messages(told))))
    assert "2026-03-02 09:00:01 UTC  Bob (to the hosts)\n    Help\n" in text
    assert "Carol (edited)\n    Hello https://a.example\n" in text
    assert "Dave (deleted by Alice)\n" in text
    assert "Rude" not in text


def test_the_page_stands_alone_and_runs_nothing(told: Room) -> None:
    page = "".join(export.html_pieces(run(told), iter(messages(told))))
    assert "<strong>Hello</strong> &lt;script&gt;" in page
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "default-src 'none'" in page
    assert page.count("<article") == page.count("</article>") == 4
    assert page.rstrip().endswith("</html>")


def test_names_and_titles_are_text(told: Room) -> None:
    told.meeting.title = "<img src=x onerror=alert(1)>"
    told.meeting.save()
    page = "".join(export.html_pieces(run(told), iter(messages(told))))
    assert "<img" not in page


def test_the_words_around_it_are_those_of_the_reader(told: Room) -> None:
    with override("de"):
        text = "".join(export.text_lines(iter(messages(told))))
    assert "Dave (gelöscht von Alice)" in text
