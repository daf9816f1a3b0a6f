"""CHAT-010 to CHAT-035: sending, answering, editing, deleting, reacting."""

from uuid import uuid4

import pytest

from palaver.chat import wire
from palaver.chat.errors import (
    MESSAGE_EMPTY,
    MESSAGE_NOT_FOUND,
    MESSAGE_TOO_LONG,
    TOO_MANY_REACTIONS,
)
from palaver.chat.limits import CHANGES_BY_PERSON, MAX_REACTIONS_PER_MESSAGE, MESSAGES_BY_PERSON
from palaver.chat.models import Message, Reaction
from palaver.chat.ports import ChatPorts, FileClaim, Picture, install_ports, ports
from palaver.chat.tests.cast import Room, after
from palaver.kernel.errors import (
    FILE_NOT_FOUND,
    MEETING_NOT_FOUND,
    PARTICIPANT_NOT_FOUND,
    RATE_LIMITED,
    ErrorSpec,
    PalaverError,
)
from palaver.live.domain.people import Role, tone_of
from palaver.live.features import Reach
from palaver.live.wire import Wire
from palaver.meetings.models import AuditEntry

pytestmark = pytest.mark.django_db


def refused(room: Room, who: str, command: Wire, *, at: float = 0.0) -> ErrorSpec:
    with pytest.raises(PalaverError) as caught:
        room.give(who, command, at=at)
    return caught.value.spec


def can_be_given(room: Room, who: str, command: Wire) -> bool:
    try:
        room.give(who, command)
    except PalaverError:
        return False
    return True


def test_a_message_says_who_wrote_what_and_when_by_the_connection(room: Room) -> None:
    message = room.say("bob", "  Hello\r\n", at=5)
    assert (message.seq, message.text, message.audience, message.sent_at) == (1, "  Hello", "everyone", after(5))
    bob = room.people["bob"]
    assert message.sender == wire.ChatSender(
        identity="id-bob", name="Bob", is_signed_in=False, tone=tone_of(bob.identity)
    )
    assert room.page("carol").messages == [message]


def test_everybody_hears_of_a_message_to_everyone(room: Room) -> None:
    answer = room.give("bob", wire.ChatSend(client_id=uuid4().hex, text="Hello"))
    assert isinstance(answer.result, wire.ChatSent)
    [event] = answer.events
    assert event.to is Reach.EVERYONE
    assert event.event == wire.ChatMessageEvent(message=answer.result.message)


def test_what_is_sent_again_is_not_written_again(room: Room) -> None:
    """CHAT-012."""
    command = wire.ChatSend(client_id="same-id-1", text="Once")
    first, again = room.give("bob", command), room.give("bob", command, at=60)
    assert first.result == again.result
    assert again.events == ()
    altered = room.give("bob", wire.ChatSend(client_id="same-id-1", text="Twice"), at=61)
    assert altered.result == first.result
    assert room.texts("alice") == ["Once"]
    room.give("carol", command)
    assert room.texts("alice") == ["Once", "Once"], "the id is the sender's own"


def test_a_retry_is_answered_also_when_the_receiver_is_gone_and_the_limit_is_used_up(room: Room) -> None:
    command = wire.ChatSendPrivate(client_id="same-id-1", text="Psst", to="id-carol")
    first = room.give("bob", command)
    room.leave("carol")
    for number in range(MESSAGES_BY_PERSON.tries - 1):
        room.say("bob", f"{number}")
    assert room.give("bob", command).result == first.result


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MESSAGE_EMPTY),
        (" \n\t\u200b", MESSAGE_EMPTY),
        ("x" * 4001, MESSAGE_TOO_LONG),
        ("👍" * 4001, MESSAGE_TOO_LONG),
    ],
)
def test_a_text_is_neither_empty_nor_too_long(room: Room, text: str, error: ErrorSpec) -> None:
    """CHAT-010."""
    assert refused(room, "bob", wire.ChatSend(client_id=uuid4().hex, text=text)) is error
    assert room.say("bob", "👍" * 4000 + "   ").seq == 1, "a refused message takes no number"


def test_a_private_message_goes_to_two_and_to_nobody_else(room: Room) -> None:
    """CHAT-040."""
    answer = room.give("bob", wire.ChatSendPrivate(client_id=uuid4().hex, text="Psst", to="id-carol"))
    assert [event.to for event in answer.events] == [frozenset({"id-bob", "id-carol"})]
    message = room.page("carol").messages[0]
    assert (message.audience, message.to) == ("private", wire.ChatPerson(identity="id-carol", name="Carol"))
    assert {who: room.texts(who) for who in room.people} == {
        "alice": [], "bob": ["Psst"], "carol": ["Psst"], "dave": [],
    }  # fmt: skip


@pytest.mark.parametrize("to", ["id-bob", "id-erin", "id-nobody", "id-gone", "id-elsewhere", "' OR 1=1"])
def test_to_oneself_or_to_anybody_who_is_not_inside_is_refused_alike(room: Room, to: str) -> None:
    """CHAT-041. erin waits at the door: she has an identity and no stay."""
    room.enter("gone", Role.GUEST)
    room.leave("gone")
    assert (
        refused(room, "bob", wire.ChatSendPrivate(client_id=uuid4().hex, text="Psst", to=to)) is PARTICIPANT_NOT_FOUND
    )
    assert not Message.objects.exists()


def test_a_message_to_the_hosts_is_for_whoever_moderates_now_and_its_sender(room: Room) -> None:
    """CHAT-042."""
    answer = room.give("bob", wire.ChatSend(client_id=uuid4().hex, text="Help", audience="hosts"))
    assert set().union(*(room.may_hear(event) for event in answer.events)) == {"alice", "bob"}
    assert {who for who in room.people if room.texts(who)} == {"alice", "bob"}
    room.make("carol", Role.CO_HOST)
    assert room.texts("carol") == ["Help"]
    room.make("carol", Role.MEMBER)
    assert room.texts("carol") == []


def test_an_answer_names_its_message_and_the_page_brings_what_is_outside_it(room: Room) -> None:
    """CHAT-014."""
    first = room.say("bob", "Question")
    room.say("dave", "Noise")
    answer = room.say("carol", "Answer", reply_to=first.message_id)
    page = room.page("alice", limit=1)
    assert [message.message_id for message in page.messages] == [answer.message_id]
    assert page.messages[0].reply_to == first.message_id
    assert page.quoted == [first]
    assert room.page("alice").quoted == []


def test_an_answer_never_shows_a_message_to_people_who_may_not_read_it(room: Room) -> None:
    """CHAT-015."""
    private, asked = room.whisper("bob", "carol", "Psst"), room.say("bob", "Help", audience="hosts")

    def answer(who: str, to: str, what: wire.ChatMessage) -> bool:
        more = {"client_id": uuid4().hex, "text": "Re", "reply_to": what.message_id}
        is_private = to not in ("everyone", "hosts")
        kind = wire.ChatSendPrivate if is_private else wire.ChatSend
        command = kind.model_validate({**more, "to": f"id-{to}"} if is_private else {**more, "audience": to})
        if can_be_given(room, who, command):
            return True
        return refused(room, who, command) is not MESSAGE_NOT_FOUND

    assert [answer("carol", to, private) for to in ("bob", "alice", "everyone", "hosts")] == [True, False, False, False]
    assert [answer("bob", to, private) for to in ("carol", "alice", "everyone", "hosts")] == [True, False, False, False]
    assert [answer("alice", to, private) for to in ("carol", "bob", "everyone", "hosts")] == [
        False,
        False,
        False,
        False,
    ]
    assert [answer("alice", to, asked) for to in ("bob", "carol", "everyone", "hosts")] == [True, False, False, True]
    assert [answer("bob", to, asked) for to in ("alice", "carol", "everyone", "hosts")] == [False, False, False, True]


def test_mentions_name_people_of_the_run_once_and_leave_strangers_out(room: Room) -> None:
    """CHAT-016."""
    message = room.say("bob", "@Carol @Zed", mentions=["id-carol", "id-zed", "id-carol", "id-alice"])
    assert [person.name for person in message.mentions] == ["Carol", "Alice"]


def test_an_edit_changes_the_text_for_those_who_heard_it_and_says_so(room: Room) -> None:
    """CHAT-030."""
    message = room.whisper("bob", "carol", "Helo")
    command = wire.ChatEditPrivate(message_id=message.message_id, text="Hello", mentions=["id-carol"])
    answer = room.give("bob", command, at=9)
    assert isinstance(answer.result, wire.ChatChanged)
    changed = answer.result.message
    assert (changed.text, changed.edited_at, changed.seq, changed.change) == ("Hello", after(9), 1, 2)
    assert [event.to for event in answer.events] == [frozenset({"id-bob", "id-carol"})]
    assert room.give("bob", command, at=10).events == (), "the same text again changes nothing"


def test_only_the_sender_edits_and_only_by_the_command_of_the_kind(room: Room) -> None:
    """CHAT-031: the right to write privately must not be got round by editing."""
    public, private = room.say("bob", "Hello"), room.whisper("bob", "carol", "Psst")
    for who in ("alice", "carol", "dave"):
        assert refused(room, who, wire.ChatEdit(message_id=public.message_id, text="x")) is MESSAGE_NOT_FOUND
        assert refused(room, who, wire.ChatEditPrivate(message_id=private.message_id, text="x")) is MESSAGE_NOT_FOUND
    assert refused(room, "bob", wire.ChatEditPrivate(message_id=public.message_id, text="x")) is MESSAGE_NOT_FOUND
    assert refused(room, "bob", wire.ChatEdit(message_id=private.message_id, text="x")) is MESSAGE_NOT_FOUND
    assert room.texts("bob") == ["Hello", "Psst"]


def test_a_deleted_message_leaves_who_and_when_and_nothing_of_what(room: Room) -> None:
    """CHAT-032."""
    message = room.say("bob", "Secret sentence", mentions=["id-carol"])
    room.give("carol", wire.ChatReact(message_id=message.message_id, emoji="heart"))
    answer = room.give("alice", wire.ChatDelete(message_id=message.message_id), at=30)
    assert isinstance(answer.result, wire.ChatChanged)
    left = answer.result.message
    assert left.deleted == wire.ChatDeletion(at=after(30), by=wire.ChatPerson(identity="id-alice", name="Alice"))
    assert (left.text, left.mentions, left.reactions, left.file_ids, left.pictures) == ("", [], [], [], [])
    [row] = Message.objects.values()
    assert "Secret" not in str(row)
    assert "ecret" not in row["search_text"]
    assert not Reaction.objects.exists()
    assert room.give("bob", wire.ChatDelete(message_id=message.message_id)).events == (), "deleting twice is nothing"
    for command in (
        wire.ChatEdit(message_id=message.message_id, text="x"),
        wire.ChatReact(message_id=message.message_id, emoji="heart"),
        wire.ChatSend(client_id=uuid4().hex, text="x", reply_to=message.message_id),
    ):
        assert refused(room, "bob", command) is MESSAGE_NOT_FOUND


def test_people_delete_their_own_and_moderators_what_they_may_read(room: Room) -> None:
    """CHAT-033."""
    public, private = room.say("bob", "Hello"), room.whisper("bob", "carol", "Psst")
    for who in ("carol", "dave"):
        assert refused(room, who, wire.ChatDelete(message_id=public.message_id)) is MESSAGE_NOT_FOUND
    assert refused(room, "alice", wire.ChatDelete(message_id=private.message_id)) is MESSAGE_NOT_FOUND
    assert refused(room, "carol", wire.ChatDelete(message_id=private.message_id)) is MESSAGE_NOT_FOUND
    room.make("dave", Role.CO_HOST)
    room.give("dave", wire.ChatDelete(message_id=public.message_id))
    room.give("bob", wire.ChatDelete(message_id=private.message_id))
    assert room.texts("bob") == ["", ""]


def test_the_log_of_the_run_says_which_moderator_deleted_whose_message(room: Room) -> None:
    """CHAT-033: and nothing of what it said; that people delete their own is nobody's business."""
    own, other = room.say("bob", "Mine"), room.say("bob", "Rude word")
    room.give("bob", wire.ChatDelete(message_id=own.message_id))
    room.give("alice", wire.ChatDelete(message_id=other.message_id), at=30)
    [entry] = AuditEntry.objects.values()
    assert (entry["actor_name"], entry["action"], entry["target_name"], entry["at"], entry["detail"]) == (
        "Alice", "delete_message", "Bob", after(30), {"seq": 2},
    )  # fmt: skip
    assert "Rude" not in str(entry)


def test_reactions_are_counted_once_a_person_and_emoji(room: Room) -> None:
    """CHAT-034."""
    message = room.say("bob", "Hello")
    for who, emoji in (("carol", "heart"), ("carol", "heart"), ("dave", "heart"), ("carol", "laugh")):
        answer = room.give(who, wire.ChatReact.model_validate({"message_id": message.message_id, "emoji": emoji}))
    assert isinstance(answer.result, wire.ChatChanged)
    assert answer.result.mine == ["heart", "laugh"]
    page = room.page("dave")
    assert page.messages[0].reactions == [
        wire.ChatReactions(emoji="heart", count=2, by=["id-carol", "id-dave"]),
        wire.ChatReactions(emoji="laugh", count=1, by=["id-carol"]),
    ]
    assert page.mine == {message.message_id: ["heart"]}
    room.give("carol", wire.ChatUnreact(message_id=message.message_id, emoji="heart"))
    again = room.give("carol", wire.ChatUnreact(message_id=message.message_id, emoji="heart"))
    assert again.events == ()
    assert room.page("bob").messages[0].reactions[0].by == ["id-dave"]


def test_many_reactions_are_counted_and_only_the_first_are_named(room: Room) -> None:
    """CHAT-035."""
    message = room.say("bob", "Hello")
    crowd = [
        Reaction(message_id=message.message_id, identity=f"id-{number}", emoji="heart")
        for number in range(MAX_REACTIONS_PER_MESSAGE)
    ]
    Reaction.objects.bulk_create(crowd)
    [shown] = room.page("carol").messages[0].reactions
    assert (shown.count, len(shown.by), shown.by[0]) == (1000, 25, "id-0")
    command = wire.ChatReact(message_id=message.message_id, emoji="heart")
    assert refused(room, "carol", command) is TOO_MANY_REACTIONS


def test_who_writes_too_much_is_held_up_and_nobody_else_is(room: Room) -> None:
    """CHAT-050."""
    for number in range(MESSAGES_BY_PERSON.tries):
        room.say("bob", f"{number}")
    assert refused(room, "bob", wire.ChatSend(client_id=uuid4().hex, text="more")) is RATE_LIMITED
    room.say("dave", "still here")
    room.say("bob", "later", at=11)


def test_who_changes_too_much_is_held_up(room: Room) -> None:
    """CHAT-050."""
    message = room.say("bob", "Hello")
    command = wire.ChatReact(message_id=message.message_id, emoji="heart")
    for _ in range(CHANGES_BY_PERSON.tries):
        room.give("bob", command)
    assert refused(room, "bob", command) is RATE_LIMITED


def test_a_meeting_that_was_deleted_meanwhile_takes_nothing(room: Room) -> None:
    room.say("bob", "Hello")
    room.meeting.delete()
    assert refused(room, "bob", wire.ChatSend(client_id=uuid4().hex, text="x")) is MEETING_NOT_FOUND
    assert not Message.objects.exists()


def test_files_go_with_a_message_only_if_they_are_the_senders_to_attach(room: Room) -> None:
    """CHAT-017."""
    claims: list[FileClaim] = []

    def claim(asked: FileClaim) -> list[Picture] | None:
        claims.append(asked)
        return [Picture("f2", 480, 270)] if set(asked.file_ids) <= {"f1", "f2"} else None

    before = ports()
    install_ports(ChatPorts(claim))
    try:
        command = wire.ChatSend(client_id="files-id-1", text="", file_ids=["f1", "f2", "f1"])
        answer = room.give("bob", command)
        assert isinstance(answer.result, wire.ChatSent)
        assert answer.result.message.file_ids == ["f1", "f2"]
        assert answer.result.message.pictures == [wire.ChatPicture(file_id="f2", width=480, height=270)]
        assert [(c.identity, str(c.message_id)) for c in claims] == [("id-bob", answer.result.message.message_id)]
        room.give("bob", command)
        assert len(claims) == 1, "a retry claims nothing"
        foreign = wire.ChatSend(client_id=uuid4().hex, text="x", file_ids=["f3"])
        assert refused(room, "bob", foreign) is FILE_NOT_FOUND
    finally:
        install_ports(before)
    assert Message.objects.count() == 1
