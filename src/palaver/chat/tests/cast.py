"""The people of the chat's tests: alice hosts, bob and dave are guests, carol is signed in."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

from palaver.accounts.models import User
from palaver.chat import wire
from palaver.chat.commands import CHAT_COMMANDS
from palaver.kernel.ids import MeetingId, MeetingSessionId, UserId
from palaver.live.domain.people import Identity, ParticipantId, Role
from palaver.live.features import Caller, FeatureAnswer, FeatureEvent, FeatureSpec, Reach
from palaver.live.wire import Wire
from palaver.meetings import sessions
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting

NINE: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SPECS: Final[dict[str, FeatureSpec[Any]]] = {spec.kind: spec for spec in CHAT_COMMANDS}


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


@dataclass
class Room:
    """A run of a meeting, and whoever is inside."""

    meeting: Meeting
    session_id: UUID
    people: dict[str, Caller]

    def give(self, who: str, command: Wire, *, at: float = 0.0) -> FeatureAnswer:
        """Somebody gives a command, as the door would pass it on."""
        spec = SPECS[cast("str", command.kind)]  # type: ignore[attr-defined]
        return spec.perform(self.people[who], command, after(at))

    def say(self, who: str, text: str, *, at: float = 0.0, **more: Any) -> wire.ChatMessage:
        """Somebody writes to everyone, or to the hosts."""
        sent = self.give(who, wire.ChatSend(client_id=uuid4().hex, text=text, **more), at=at).result
        assert isinstance(sent, wire.ChatSent)
        return sent.message

    def whisper(self, who: str, to: str, text: str, *, at: float = 0.0, **more: Any) -> wire.ChatMessage:
        """Somebody writes to one person."""
        command = wire.ChatSendPrivate(client_id=uuid4().hex, text=text, to=f"id-{to}", **more)
        sent = self.give(who, command, at=at).result
        assert isinstance(sent, wire.ChatSent)
        return sent.message

    def page(self, who: str, *, at: float = 0.0, **place: int) -> wire.ChatPage:
        """What somebody reads."""
        found = self.give(who, wire.ChatPageRequest.model_validate(place), at=at).result
        assert isinstance(found, wire.ChatPage)
        return found

    def texts(self, who: str, **place: Any) -> list[str]:
        """What somebody reads, only the words."""
        return [message.text for message in self.page(who, **place).messages]

    def enter(self, who: str, role: Role, *, user: User | None = None) -> None:
        """Somebody comes in."""
        sessions.record_join(
            MeetingSessionId(self.session_id),
            identity=f"id-{who}",
            display_name=who.title(),
            is_signed_in=user is not None,
            user_id=None if user is None else UserId(user.pk),
            now=NINE,
        )
        self.people[who] = Caller(
            meeting_id=self.meeting.pk,
            session_id=self.session_id,
            participant_id=ParticipantId(f"p-{who}"),
            identity=Identity(f"id-{who}"),
            user_id=None if user is None else user.pk,
            name=who.title(),
            role=role,
            is_signed_in=user is not None,
        )

    def leave(self, who: str) -> None:
        """Somebody goes; what they had stays in `people`, as a page that has not noticed would have it."""
        sessions.record_leave(MeetingSessionId(self.session_id), identity=f"id-{who}", now=NINE)

    def make(self, who: str, role: Role) -> None:
        """Somebody is promoted or demoted."""
        self.people[who] = replace(self.people[who], role=role)

    def may_hear(self, event: FeatureEvent) -> set[str]:
        """Who of those inside is told of an event."""
        match event.to:
            case Reach.EVERYONE:
                return set(self.people)
            case Reach.MODERATORS:
                return {who for who, caller in self.people.items() if caller.is_moderator}
            case identities:
                return {who for who, caller in self.people.items() if caller.identity in identities}


def open_room(owner: User, member: User, *, title: str = "Stand-up") -> Room:
    """A room with alice, bob, carol and dave inside, at nine."""
    meeting = create_meeting(actor=owner, title=title, now=NINE)
    room = Room(meeting, next_run(meeting, at=NINE), {})
    room.enter("alice", Role.OWNER, user=owner)
    room.enter("bob", Role.GUEST)
    room.enter("carol", Role.MEMBER, user=member)
    room.enter("dave", Role.GUEST)
    return room


def next_run(meeting: Meeting, *, at: datetime) -> UUID:
    """A run that is new, or goes on."""
    opened = sessions.open_or_continue_session(MeetingId(meeting.pk), now=at)
    assert opened is not None
    return opened.session_id
