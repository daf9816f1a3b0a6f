"""What a connection does with a room once its frames are read: come in, give commands, ask for what was missed, go.

A connection knows a `Door` and the `Visit` that it gets there, not the hub. In one process that is `HubDoor` and
`RoomVisit`; with several, `palaver.live.cluster` puts a door in front that leads to the process that holds the room.
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from palaver.engines.port import ADMITTED_ATTRIBUTE, TicketHolder
from palaver.kernel.errors import NOT_ALLOWED, REGISTRY as ERRORS, ErrorSpec
from palaver.live import wire
from palaver.live.admission import Admission
from palaver.live.domain import effects as fx
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.replica import WaitingPerson
from palaver.live.domain.room import RoomState, Seat, audience_of
from palaver.live.domain.sign_in import SignInFact
from palaver.live.domain.sources import sources_of
from palaver.live.features import FeatureAnswer, FeatureSpec
from palaver.live.hub import HEARTBEAT_S, Hub
from palaver.live.news import News, take_news
from palaver.live.parsing import parse_command
from palaver.live.render import error_text
from palaver.live.room_host import LiveRoom
from palaver.live.sign_ins import SignIns
from palaver.live.sockets import Socket

# Long enough for a page to start, short enough that a ticket that got away is soon worth nothing.
MEDIA_TICKET_LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is known of a connection besides who comes by it."""

    page_url: str
    """Where the page came from, as a WebSocket address: there it finds the embedded media engine."""
    session_key: str | None = field(repr=False)
    told: int | None = None
    """How much was known of sign-ins that ended when this person's was still good; None where nobody counted."""


class Visit(Protocol):
    """Somebody inside."""

    def command(self, message: wire.CommandMessage) -> None:
        """Carry out a command and answer it. Raises: BrokenMessageError."""
        ...

    def sync(self, message: wire.Sync) -> None:
        """Send what is missing since a version."""
        ...

    def gone(self, *, is_clean: bool) -> None:
        """The connection ended by itself. Safe to say twice."""
        ...


class Door(Protocol):
    """Where people come in, and where other parts of Palaver tell rooms their news and look in."""

    async def enter(
        self, socket: Socket, admission: Admission, hello: wire.Hello, *, visitor: Visitor
    ) -> tuple[Visit, fx.Answer]:
        """Seat somebody who was admitted, or note them at the door.

        Raises:
            PalaverError: nobody can be let in here now; the code says why.
        """
        ...

    def tell(self, meeting_id: str, news: News) -> None:
        """Something happened that a running room should know. Nothing happens when there is no such room."""
        ...

    def tell_sign_in(self, fact: SignInFact) -> None:
        """A sign-in has ended, or goes on under another key: its seats must know, wherever they are."""
        ...

    async def look_in(self, meeting_id: str) -> RoomState | None:
        """The room as it is now; None when there is none."""
        ...


class HubDoor:
    """The door of a process that holds all rooms itself."""

    def __init__(self, hub: Hub, sign_ins: SignIns) -> None:
        self._hub = hub
        self._sign_ins = sign_ins

    async def enter(
        self, socket: Socket, admission: Admission, hello: wire.Hello, *, visitor: Visitor
    ) -> tuple[Visit, fx.Answer]:
        """Seat somebody."""
        visit = RoomVisit(self._hub, self._sign_ins, socket, visitor=visitor)
        return visit, await visit.enter(admission, hello)

    def tell(self, meeting_id: str, news: News) -> None:
        """Tell the room, if there is one."""
        take_news(self._hub, meeting_id, news)

    def tell_sign_in(self, fact: SignInFact) -> None:
        """Tell those seats."""
        self._sign_ins.tell(fact)

    async def look_in(self, meeting_id: str) -> RoomState | None:
        """The room, if there is one."""
        return self._hub.state_of(meeting_id)


class RoomVisit:
    """A visit to a room of this process. Whatever is answered goes through `socket`.

    `on_answer` hears which request was answered, `on_welcome` that somebody is inside now.
    """

    def __init__(
        self,
        hub: Hub,
        sign_ins: SignIns,
        socket: Socket,
        *,
        visitor: Visitor,
        on_answer: Callable[[str], None] | None = None,
        on_welcome: Callable[[Seat, LiveRoom], None] | None = None,
    ) -> None:
        self._hub = hub
        self._sign_ins = sign_ins
        self._socket = socket
        self._visitor = visitor
        self._on_answer = on_answer
        self._on_welcome = on_welcome
        self._room: LiveRoom | None = None

    async def enter(
        self,
        admission: Admission,
        hello: wire.Hello,
        *,
        participant_id: ParticipantId | None = None,
        was_inside: bool = False,
    ) -> fx.Answer:
        """Take a seat, or a place at the door. `was_inside`: the page never noticed that it was gone, so a snapshot is
        welcome enough.
        """
        greeter = _Greetings(self, hello.request_id, admission, was_inside)
        room, answer = await self._hub.enter(
            self._socket, admission, hello, greeter=greeter, participant_id=participant_id
        )
        if isinstance(answer, fx.Seated | fx.Waits):
            self._room = room
        return answer

    def command(self, message: wire.CommandMessage) -> None:
        """Carry out a command and answer it."""
        room = self._room
        assert room is not None
        seat = room.seat_of(self._socket)

        def reply(answer: fx.Answer | FeatureAnswer) -> None:
            self._answer(message.request_id, answer, seat)

        spec, given = parse_command(message, self._hub.ports.registry)
        if isinstance(spec, FeatureSpec):
            assert isinstance(given, wire.Wire)
            room.feature_command(self._socket, spec=spec, given=given, reply=reply)
        else:
            room.command(self._socket, kind=spec.kind, command=given, reply=reply)

    def sync(self, message: wire.Sync) -> None:
        """Send what is missing."""
        assert self._room is not None
        seat = self._room.seat_of(self._socket)
        if seat is None:
            self._error(NOT_ALLOWED, message.request_id)
            return
        texts = self._room.texts_since(message.version, audience_of(seat))
        if texts is None:
            texts = [self._room.snapshot_text(audience_of(seat), request_id=message.request_id)]
        for text in texts:
            self._socket.push(text)
        self._ack(message.request_id)

    def gone(self, *, is_clean: bool) -> None:
        """The connection ended by itself."""
        if self._room is not None:
            self._hub.socket_gone(self._room, self._socket, is_clean=is_clean)

    # --- answers -------------------------------------------------------------------------------

    def _answer(self, request_id: str, answer: fx.Answer | FeatureAnswer, seat: Seat | None) -> None:
        match answer:
            case fx.Refused(code, params):
                self._error(ERRORS[code], request_id, params)
            case fx.MediaTicketDue() if seat is not None and self._room is not None:
                self._ack(request_id, wire.MediaTicketResult(media=self.media_for(seat, self._room)))
            case FeatureAnswer(result):
                self._ack(request_id, result)
            case _:
                self._ack(request_id)

    def _ack(self, request_id: str, result: wire.Wire | None = None) -> None:
        carried = None if result is None else result.model_dump(mode="json")
        self._push_answer(request_id, wire.Ack(request_id=request_id, result=carried).model_dump_json())

    def _error(self, spec: ErrorSpec, request_id: str, params: Mapping[str, str | int] | None = None) -> None:
        self._push_answer(request_id, error_text(spec, request_id=request_id, params=dict(params or {})))

    def _push_answer(self, request_id: str, text: str) -> None:
        self._socket.push(text)
        if self._on_answer is not None:
            self._on_answer(request_id)

    def welcomed(self, seat: Seat, room: LiveRoom) -> None:
        """Somebody is inside now, and stays for as long as the sign-in is good that they came with."""
        since = self._sign_ins.position if self._visitor.told is None else self._visitor.told
        # From soon on: a turn of the room is under way.
        asyncio.get_running_loop().call_soon(
            functools.partial(self._sign_ins.seated, room, seat, self._visitor.session_key, since=since)
        )
        if self._on_welcome is not None:
            self._on_welcome(seat, room)

    def media_for(self, seat: Seat, room: LiveRoom) -> wire.Media:
        """A fresh media ticket, for what this person may publish now."""
        who = seat.participant
        holder = TicketHolder(
            room=room.state.facts.meeting_id,
            identity=who.identity,
            name=who.name,
            attributes={ADMITTED_ATTRIBUTE: who.participant_id},
            sources=frozenset(source.value for source in sources_of(room.state, seat)),
            voices=room.state.facts.voices,
        )
        engine = self._hub.ports.engine
        ticket = engine.issue_ticket(holder, lifetime=MEDIA_TICKET_LIFETIME, now=self._hub.ports.clock().at)
        url = engine.client_url or self._visitor.page_url
        return wire.Media(url=url, token=ticket.token, expires_at=ticket.expires_at)


@dataclass(frozen=True, slots=True)
class _Greetings:
    """How one hello is answered, at once or when the person is let in."""

    visit: RoomVisit
    request_id: str
    admission: Admission
    was_inside: bool

    def welcome(self, seat: Seat, room: LiveRoom) -> str:
        """For somebody who is inside now, which may be long after their hello."""
        self.visit.welcomed(seat, room)
        audience = audience_of(seat)
        if self.was_inside:
            return room.snapshot_text(audience)
        who = seat.participant
        media = self.visit.media_for(seat, room)

        def welcome(snapshot: wire.Snapshot) -> wire.Welcome:
            return wire.Welcome(
                request_id=self.request_id,
                you=wire.You(participant_id=who.participant_id, identity=who.identity, role=who.role),
                guest_ticket=self.admission.guest_ticket,
                media=media,
                heartbeat_s=HEARTBEAT_S,
                snapshot=snapshot,
            )

        return room.text_with_snapshot(audience, welcome)

    def waiting(self, person: WaitingPerson) -> str:
        """For somebody at the door: nothing of the room, and no media."""
        return wire.Waiting(
            request_id=self.request_id,
            participant_id=person.participant_id,
            guest_ticket=self.admission.guest_ticket,
            name=person.name,
            since=person.since,
            note=person.note,
            status=person.status,
            heartbeat_s=HEARTBEAT_S,
        ).model_dump_json()
