"""CHAT-021: a page plus the changes and events after it is a fresh page, for everybody, whatever happens.

A machine of hypothesis plays people who write to everyone, to each other and to the hosts, answer, edit, delete and
react, lose events, come back, and are promoted and demoted; each has a replica that knows only what it was told.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from palaver.accounts.models import User
from palaver.chat import retention, wire
from palaver.chat.commands import CHAT_COMMANDS
from palaver.chat.models import Message
from palaver.chat.tests.cast import NINE, open_room
from palaver.kernel.errors import PalaverError
from palaver.live import lifecycle
from palaver.live.domain.people import Role
from palaver.live.features import FeatureAnswer, FeatureEvent
from palaver.live.wire import Wire
from palaver.meetings.models import Meeting

PEOPLE = ("alice", "bob", "carol", "dave")
KEPT_DAYS = 30
people = st.sampled_from(PEOPLE)
texts = st.sampled_from(["Hello", "**b**", "strasse", "Straße", " ", ""])
emoji = st.sampled_from(["heart", "laugh"])
# Indexes from the end: what was just written is what people act on.
picks = st.integers(0, 5)


@dataclass
class Replica:
    """What one person's page holds: messages by id, own reactions, and up to which change it was told."""

    messages: dict[str, wire.ChatMessage] = field(default_factory=dict)
    mine: dict[str, list[str]] = field(default_factory=dict)
    change: int = 0
    is_online: bool = True

    def load(self, page: wire.ChatPage) -> None:
        """Begin anew (CHAT-022)."""
        self.messages, self.mine = {}, {}
        self.change = page.change
        for message in (*page.messages, *page.quoted):
            self.hear(message)
        self.mine = {key: list(value) for key, value in page.mine.items()}

    def hear(self, message: wire.ChatMessage) -> None:
        """The greater `change` is true; a deleted message has no reactions."""
        known = self.messages.get(message.message_id)
        if known is None or known.change < message.change:
            self.messages[message.message_id] = message
        self.change = max(self.change, message.change)
        if message.deleted is not None:
            self.mine.pop(message.message_id, None)

    def acked(self, result: Wire | None) -> None:
        """What an own command came to."""
        if isinstance(result, wire.ChatSent):
            self.hear(result.message)
        elif isinstance(result, wire.ChatChanged):
            self.hear(result.message)
            self.mine.pop(result.message.message_id, None)
            if result.mine:
                self.mine[result.message.message_id] = list(result.mine)

    def catch_up(self, told: wire.ChatChanges) -> bool:
        """What was missed; False when only a page helps."""
        if told.reload:
            return False
        for message in (*told.messages, *told.quoted):
            self.hear(message)
            self.mine.pop(message.message_id, None)
        self.mine |= {key: list(value) for key, value in told.mine.items()}
        self.change = max(self.change, told.change)
        return True


class ChatPlay(RuleBasedStateMachine):
    """Everything that can happen to a chat."""

    owner: User
    member: User

    @initialize()
    def open(self) -> None:
        self.room = open_room(self.owner, self.member)
        Meeting.objects.filter(pk=self.room.meeting.pk).update(retention_days=KEPT_DAYS)
        self.at = 0.0
        self.replicas = {who: Replica() for who in PEOPLE}

    def give(self, who: str, command: Callable[[], Wire]) -> None:
        """Whoever is away gives no commands."""
        replica = self.replicas[who]
        if not replica.is_online:
            return
        self.at += 3
        try:
            with transaction.atomic():
                answer = self.room.give(who, command(), at=self.at)
        except PalaverError:
            return
        self.tell(who, answer)

    def tell(self, who: str, answer: FeatureAnswer) -> None:
        self.replicas[who].acked(answer.result)
        for event in answer.events:
            self.spread(event)

    def spread(self, event: FeatureEvent) -> None:
        for name in self.room.may_hear(event):
            replica = self.replicas[name]
            if not replica.is_online:
                continue
            match event.event:
                case wire.ChatMessageEvent(message=message):
                    replica.hear(message)
                case wire.ChatTrimmedEvent():
                    self.reload(name)

    def reload(self, who: str) -> None:
        self.replicas[who].load(self.room.page(who, at=self.at))

    def pick(self, number: int) -> str:
        """The id of one of the last messages, whoever may read it."""
        ids = list(Message.objects.filter(meeting=self.room.meeting).order_by("-seq").values_list("pk", flat=True)[:6])
        return str(ids[number % len(ids)]) if ids else str(uuid4())

    @rule(who=people, text=texts, to_hosts=st.booleans(), answers=st.none() | picks)
    def write(self, who: str, text: str, to_hosts: bool, answers: int | None) -> None:
        self.give(
            who,
            lambda: wire.ChatSend(
                client_id=uuid4().hex,
                text=text,
                audience="hosts" if to_hosts else "everyone",
                reply_to=None if answers is None else self.pick(answers),
                mentions=["id-carol"],
            ),
        )

    @rule(who=people, to=people, text=texts, answers=st.none() | picks)
    def whisper(self, who: str, to: str, text: str, answers: int | None) -> None:
        reply_to = None if answers is None else self.pick(answers)
        command = wire.ChatSendPrivate(client_id=uuid4().hex, text=text, to=f"id-{to}", reply_to=reply_to)
        self.give(who, lambda: command)

    @rule(who=people, number=picks, text=texts, is_private=st.booleans())
    def edit(self, who: str, number: int, text: str, is_private: bool) -> None:
        kind = wire.ChatEditPrivate if is_private else wire.ChatEdit
        self.give(who, lambda: kind(message_id=self.pick(number), text=text))

    @rule(who=people, number=picks)
    def delete(self, who: str, number: int) -> None:
        self.give(who, lambda: wire.ChatDelete(message_id=self.pick(number)))

    @rule(who=people, number=picks, what=emoji, is_on=st.booleans())
    def react(self, who: str, number: int, what: str, is_on: bool) -> None:
        kind = wire.ChatReact if is_on else wire.ChatUnreact
        self.give(who, lambda: kind.model_validate({"message_id": self.pick(number), "emoji": what}))

    @rule(who=people)
    def go_away(self, who: str) -> None:
        """The socket is cut: no event arrives, and the person counts as inside for the others."""
        self.replicas[who].is_online = False

    @rule(who=people)
    def come_back(self, who: str) -> None:
        replica = self.replicas[who]
        replica.is_online = True
        told = self.room.give(who, wire.ChatChangesRequest(since=replica.change), at=self.at).result
        assert isinstance(told, wire.ChatChanges)
        if not replica.catch_up(told):
            self.reload(who)

    @rule(who=st.sampled_from(["bob", "carol"]), role=st.sampled_from([Role.CO_HOST, Role.MEMBER]))
    def promote(self, who: str, role: Role) -> None:
        """Whose role changes asks for a page (CHAT-042), now or when they are back."""
        self.room.make(who, role)
        if self.replicas[who].is_online:
            self.reload(who)
        else:
            self.replicas[who] = Replica(change=2**40, is_online=False)

    @precondition(lambda self: self.at > 0)
    @rule(days=st.sampled_from([10, 40]))
    def time_passes(self, days: int) -> None:
        self.at += timedelta(days=days).total_seconds()
        published: list[FeatureEvent] = []
        with pytest.MonkeyPatch.context() as patched:
            # The test's own transaction never commits: what is told after a commit is told at once.
            patched.setattr(transaction, "on_commit", lambda call: call())
            patched.setattr(lifecycle, "publish_event", lambda _, event: published.append(event))
            retention.drop_expired(now=NINE + timedelta(seconds=self.at))
        for event in published:
            self.spread(event)

    @invariant()
    def replicas_equal_fresh_pages(self) -> None:
        for who, replica in self.replicas.items():
            if not replica.is_online:
                continue
            fresh = self.room.page(who, at=self.at)
            shown = sorted(replica.messages.values(), key=lambda message: message.seq)
            assert shown[-wire.MAX_PAGE :] == fresh.messages
            assert replica.change <= fresh.change
            ids = {message.message_id for message in fresh.messages}
            assert {key: value for key, value in replica.mine.items() if key in ids} == {
                key: value for key, value in fresh.mine.items() if key in ids
            }

    @invariant()
    def nobody_holds_what_is_not_theirs(self) -> None:
        for who, replica in self.replicas.items():
            own, is_moderator = f"id-{who}", self.room.people[who].is_moderator
            for message in replica.messages.values() if replica.is_online else ():
                to = None if message.to is None else message.to.identity
                if message.audience == "private":
                    assert own in (message.sender.identity, to)
                if message.audience == "hosts":
                    assert is_moderator or own == message.sender.identity

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        rows = Message.objects.filter(meeting=self.room.meeting).order_by("seq")
        seqs = list(rows.values_list("seq", flat=True))
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True

    @override
    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.meeting.delete()


@pytest.mark.django_db
@pytest.mark.timeout(600)
def test_a_page_and_what_came_after_it_is_a_fresh_page(alice: User, carol: User) -> None:
    class Play(ChatPlay):
        owner, member = alice, carol

    # A step costs a hundred queries: fewer plays than of a machine in memory, and longer ones.
    is_proof = os.environ.get("HYPOTHESIS_PROFILE") == "proof"
    run_state_machine_as_test(Play, settings=settings(max_examples=400 if is_proof else 12, stateful_step_count=30))


def test_the_machine_plays_every_command() -> None:
    played = {"chat_send", "chat_send_private", "chat_edit", "chat_edit_private", "chat_delete", "chat_react"}
    played |= {"chat_unreact", "chat_page", "chat_changes"}
    # A search and the mark of what was read change nothing that a page of messages shows.
    assert {spec.kind for spec in CHAT_COMMANDS} == played | {"chat_search", "chat_read"}
