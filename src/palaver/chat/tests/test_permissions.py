"""CHAT-002, CHAT-003: who may give which command, and that no id of another meeting is any good here."""

from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from palaver.accounts.models import User
from palaver.chat import wire
from palaver.chat.commands import CHAT_COMMANDS, CHAT_PERMISSIONS, CHAT_RIGHTS
from palaver.chat.errors import MESSAGE_NOT_FOUND
from palaver.chat.models import Message, Reaction
from palaver.chat.tests.cast import SPECS, Room, open_room
from palaver.kernel.errors import PARTICIPANT_NOT_FOUND, PalaverError
from palaver.live.domain.people import Role
from palaver.live.domain.permissions import Phase, is_allowed
from palaver.live.wire import Wire

# Written a second time by hand. Whoever is inside may give all of these while the room is open; what each may do to
# which message is decided by the message.
RIGHTS = {
    "chat_send": "chat",
    "chat_send_private": "private_chat",
    "chat_edit": "chat",
    "chat_edit_private": "private_chat",
    "chat_delete": None,
    "chat_react": "chat",
    "chat_unreact": None,
    "chat_page": None,
    "chat_changes": None,
    "chat_search": None,
    "chat_read": None,
}


def test_every_command_has_a_row_and_the_right_that_it_needs() -> None:
    assert {spec.kind: CHAT_RIGHTS.get(spec.kind) for spec in CHAT_COMMANDS} == RIGHTS
    assert set(CHAT_PERMISSIONS) == set(RIGHTS)
    assert {spec.lane for spec in CHAT_COMMANDS} == {"chat"}, "one lane: one order"


@pytest.mark.parametrize(("kind", "role", "phase"), list(product(RIGHTS, Role, Phase)))
def test_each_cell_of_the_table(kind: str, role: Role, phase: Phase) -> None:
    makes_others_read = RIGHTS[kind] is not None
    keeps_order = role in (Role.OWNER, Role.HOST, Role.CO_HOST)
    may = phase is Phase.OPEN or (phase is Phase.SUSPENDED and (keeps_order or not makes_others_read))
    assert is_allowed(CHAT_PERMISSIONS, kind=kind, role=role, phase=phase) == may


def with_message(message_id: str) -> dict[str, dict[str, Any]]:
    """Every command that names a message, with this one."""
    fresh = {"client_id": uuid4().hex, "text": "x", "reply_to": message_id}
    return {
        "chat_send": fresh,
        "chat_send_private": {**fresh, "to": "id-dave"},
        "chat_edit": {"message_id": message_id, "text": "x"},
        "chat_edit_private": {"message_id": message_id, "text": "x"},
        "chat_delete": {"message_id": message_id},
        "chat_react": {"message_id": message_id, "emoji": "heart"},
        "chat_unreact": {"message_id": message_id, "emoji": "heart"},
    }


NAMES_A_MESSAGE = sorted(with_message(""))


def test_the_list_of_commands_that_name_a_message_is_whole() -> None:
    naming = {spec.kind for spec in CHAT_COMMANDS if {"message_id", "reply_to"} & set(spec.wire_type.model_fields)}
    assert naming == set(NAMES_A_MESSAGE)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", NAMES_A_MESSAGE)
@pytest.mark.parametrize("who", ["alice", "bob", "carol"])
def test_a_message_of_another_meeting_is_not_there(room: Room, alice: User, carol: User, kind: str, who: str) -> None:
    """CHAT-003: also for its own sender, and for the owner of both meetings."""
    other = open_room(alice, carol, title="Board")
    targets = [other.say(who, "Public"), other.whisper(who, "dave", "Private"), other.say(who, "H", audience="hosts")]
    before = list(Message.objects.order_by("pk").values())
    for target in targets:
        command = SPECS[kind].wire_type.model_validate(with_message(target.message_id)[kind])
        with pytest.raises(PalaverError) as refusal:
            room.give(who, command)
        assert refusal.value.spec is MESSAGE_NOT_FOUND
    assert list(Message.objects.order_by("pk").values()) == before
    assert not Reaction.objects.exists()
    assert room.texts(who) == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", NAMES_A_MESSAGE)
def test_a_message_that_one_may_not_read_is_as_good_as_none(room: Room, kind: str) -> None:
    """CHAT-003: alice moderates, and still knows nothing of what two others say to each other."""
    hidden = room.whisper("bob", "carol", "Psst").message_id
    refusals = []
    for message_id in (hidden, str(uuid4()), "0" * 36, "{" + "a" * 34 + "}", "ö" * 36):
        with pytest.raises(PalaverError) as refusal:
            room.give("alice", SPECS[kind].wire_type.model_validate(with_message(message_id)[kind]))
        refusals.append((refusal.value.spec, dict(refusal.value.params)))
    assert refusals == [(MESSAGE_NOT_FOUND, {})] * 5


@pytest.mark.django_db
def test_people_of_another_meeting_are_strangers(room: Room, alice: User, carol: User) -> None:
    other = open_room(alice, carol, title="Board")
    other.enter("zoe", Role.GUEST)
    with pytest.raises(PalaverError) as refusal:
        room.whisper("bob", "zoe", "Psst")
    assert refusal.value.spec is PARTICIPANT_NOT_FOUND
    assert room.say("bob", "@Zoe", mentions=["id-zoe"]).mentions == []


@pytest.mark.parametrize(
    ("wire_type", "given"),
    [
        (wire.ChatSend, {"client_id": "short", "text": "x"}),
        (wire.ChatSend, {"client_id": "x" * 65, "text": "x"}),
        (wire.ChatSend, {"client_id": "with space", "text": "x"}),
        (wire.ChatSend, {"client_id": "trailing\n", "text": "x"}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": "x" * 12_001}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": "x", "audience": "private"}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": "x", "to": "id-bob"}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": "x", "mentions": ["i"] * 21}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": "x", "file_ids": ["i"] * 11}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": "x", "sender": "id-alice"}),
        (wire.ChatSend, {"client_id": "a-good-one", "text": 1}),
        (wire.ChatReact, {"message_id": "a" * 36, "emoji": "poop"}),
        (wire.ChatReact, {"message_id": "a" * 36, "emoji": "heart\u0000"}),
        (wire.ChatReact, {"message_id": "a" * 36, "emoji": ["heart"]}),
        (wire.ChatDelete, {"message_id": "a"}),
        (wire.ChatPageRequest, {"limit": 0}),
        (wire.ChatPageRequest, {"limit": 51}),
        (wire.ChatPageRequest, {"before_seq": -1}),
        (wire.ChatPageRequest, {"before_seq": 2**63}),
        (wire.ChatPageRequest, {"after_seq": True}),
        (wire.ChatSearch, {"text": ""}),
        (wire.ChatSearch, {"text": "x" * 101}),
        (wire.ChatRead, {"seq": 1.5}),
    ],
)
def test_each_field_is_held_to_its_type_and_bound(wire_type: type[Wire], given: dict[str, Any]) -> None:
    """CHAT-004."""
    with pytest.raises(ValidationError):
        wire_type.model_validate(given)
