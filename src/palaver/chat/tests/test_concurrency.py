"""CHAT-011, CHAT-012 under load: many threads, on SQLite's file or on PostgreSQL, lose nothing and double nothing."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from palaver.accounts.models import User
from palaver.chat import retention, wire
from palaver.chat.limits import MESSAGES_BY_PERSON
from palaver.chat.models import ChatLog, Message, Reaction
from palaver.chat.tests.cast import NINE, Room
from palaver.kernel.errors import MEETING_NOT_FOUND, RATE_LIMITED, PalaverError
from palaver.live.domain.people import Role
from palaver.live.wire import Wire
from palaver.meetings.models import Meeting
from palaver.meetings.services import delete_meeting

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")
THREADS = 8


def at_once(calls: list[Callable[[], T]]) -> list[T | PalaverError]:
    """Each call on a thread of its own, all let go at the same moment."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | PalaverError:
        gate.wait()
        try:
            return call()
        except PalaverError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_what_many_send_at_once_is_all_there_once_and_without_a_gap(room: Room) -> None:
    for number in range(THREADS):
        room.enter(f"p{number}", Role.GUEST)

    def talk(number: int) -> list[int]:
        return [room.say(f"p{number}", f"{number}/{line}", at=line).seq for line in range(15)]

    acknowledged = at_once([partial(talk, number) for number in range(THREADS)])
    seqs = [seq for own in acknowledged if isinstance(own, list) for seq in own]
    assert sorted(seqs) == list(range(1, THREADS * 15 + 1))
    rows = list(Message.objects.order_by("seq").values_list("seq", "text"))
    assert [seq for seq, _ in rows] == sorted(seqs)
    for number in range(THREADS):
        own = [text for _, text in rows if text.startswith(f"{number}/")]
        assert own == [f"{number}/{line}" for line in range(15)], "the sender's own order is kept"
    assert ChatLog.objects.get().last_seq == THREADS * 15


def test_the_same_message_sent_from_many_threads_is_written_once(room: Room) -> None:
    command = wire.ChatSend(client_id="same-id-1", text="Once")
    answers = at_once([lambda: room.give("bob", command)] * THREADS)
    assert not any(isinstance(answer, PalaverError) for answer in answers)
    assert len({str(answer.result) for answer in answers if not isinstance(answer, PalaverError)}) == 1
    assert sum(len(answer.events) for answer in answers if not isinstance(answer, PalaverError)) == 1
    assert Message.objects.count() == 1


def test_the_limit_holds_from_many_threads(room: Room) -> None:
    """CHAT-050."""
    answers = at_once([lambda: [_try_to_say(room) for _ in range(5)]] * THREADS)
    outcomes = Counter(outcome for own in answers if isinstance(own, list) for outcome in own)
    assert outcomes == {True: MESSAGES_BY_PERSON.tries, False: THREADS * 5 - MESSAGES_BY_PERSON.tries}
    assert Message.objects.count() == MESSAGES_BY_PERSON.tries


def _say_first(room: Room, who: str) -> int:
    return room.say(who, "First").seq


def _try_to_say(room: Room) -> bool:
    try:
        room.say("bob", "x")
    except PalaverError as refusal:
        if refusal.spec is not RATE_LIMITED:
            raise
        return False
    return True


def test_reactions_edits_and_deletions_at_once_each_raise_the_change_by_one(room: Room) -> None:
    messages = [room.say("bob", f"{number}") for number in range(4)]
    for number in range(THREADS):
        room.enter(f"p{number}", Role.CO_HOST)

    def act(number: int) -> int:
        changed = 0
        for message in messages:
            commands: list[Wire] = [
                wire.ChatReact(message_id=message.message_id, emoji="heart"),
                wire.ChatUnreact(message_id=message.message_id, emoji="heart"),
                wire.ChatReact(message_id=message.message_id, emoji="laugh"),
            ]
            if number == 0 and message is messages[0]:
                commands.append(wire.ChatDelete(message_id=message.message_id))
            for command in commands:
                try:
                    changed += len(room.give(f"p{number}", command).events)
                except PalaverError:
                    assert message is messages[0], "only the deleted one takes nothing more"
        return changed

    outcomes = at_once([partial(act, number) for number in range(THREADS)])
    changed = sum(outcome for outcome in outcomes if isinstance(outcome, int))
    assert ChatLog.objects.get().last_change == len(messages) + changed
    changes = list(Message.objects.values_list("change", flat=True))
    assert len(set(changes)) == len(messages)
    assert Reaction.objects.count() == THREADS * (len(messages) - 1)


def test_a_meeting_deleted_while_many_write_leaves_nothing_and_breaks_nobody(room: Room, alice: User) -> None:
    """CHAT-073."""
    for number in range(THREADS):
        room.enter(f"p{number}", Role.GUEST)

    def talk(number: int) -> None:
        for line in range(10):
            room.say(f"p{number}", f"{line}", at=line)

    calls: list[Callable[[], None]] = [partial(talk, number) for number in range(THREADS)]
    calls.append(lambda: delete_meeting(room.meeting, actor=alice))
    refusals = [outcome.spec for outcome in at_once(calls) if isinstance(outcome, PalaverError)]
    assert set(refusals) <= {MEETING_NOT_FOUND}
    assert not Message.objects.exists()
    assert not ChatLog.objects.exists()


def test_messages_that_expire_while_others_are_written_leave_those(room: Room) -> None:
    Meeting.objects.update(retention_days=1)
    for number in range(10):
        room.say("bob", f"old {number}")
    late = timedelta(days=2)
    calls: list[Callable[[], object]] = [
        lambda: [room.say("dave", f"new {n}", at=late.total_seconds()) for n in range(10)],
        lambda: retention.drop_expired(now=NINE + late),
        lambda: retention.drop_expired(now=NINE + late),
    ]
    _, *dropped = at_once(calls)
    assert sum(count for count in dropped if isinstance(count, int)) == 10
    assert [row.seq for row in Message.objects.order_by("seq")] == list(range(11, 21))


def test_two_first_messages_at_once_share_one_log(room: Room) -> None:
    assert not ChatLog.objects.exists()
    answers = at_once([partial(_say_first, room, who) for who in ("alice", "bob", "carol", "dave")])
    assert sorted(seq for seq in answers if isinstance(seq, int)) == [1, 2, 3, 4]
