"""This process's part in one room: the sockets that are connected here, and the way to whoever holds the room.

While there is a way, what a socket wants is passed on in its order, and what comes back is handed to the sockets. When
the way breaks (a letter is missing, the holder died or gave the room up) the branch looks for the holder, or becomes
it, and all its people take their seats again: their pages see a snapshot and nothing else.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from palaver.kernel.errors import REGISTRY as ERRORS, SERVER_RESTART, UNAVAILABLE, PalaverError
from palaver.live import wire
from palaver.live.admission import Admission
from palaver.live.cluster.breaker import Breaker
from palaver.live.cluster.exchange import ExchangeDownError, Letter
from palaver.live.cluster.letters import (
    Answered,
    BranchItem,
    BranchLetter,
    Close,
    Command,
    Enter,
    Entered,
    Gone,
    Return,
    Sync,
    TenureItem,
    TenureLetter,
    Text,
    write_letter,
)
from palaver.live.cluster.links import Line, Link
from palaver.live.cluster.tenure import LINK_SILENCE_S, PING_S, Tenure
from palaver.live.commands import CommandRegistry
from palaver.live.domain import effects as fx
from palaver.live.domain.people import ParticipantId
from palaver.live.errors import CloseCode
from palaver.live.parsing import parse_command
from palaver.live.render import error_text
from palaver.live.sockets import Socket
from palaver.live.visits import Visitor

logger = logging.getLogger(__name__)

# A hand-over takes at most three seconds; who has waited longer is better off knowing.
HOLD_S: Final = 5.0
# A room of a thousand, each sending what the rate limit allows, while a new holder is found.
_MAX_HELD: Final = 10_000
_SEEK_AGAIN_S: Final = 0.2
_CLOSING: Final[dict[str, wire.ClosingReason]] = {
    "ended_by_host": "ended_by_host",
    "removed": "removed",
    "banned": "banned",
}


class Places(Protocol):
    """Where a branch finds the holder of its room."""

    async def tenure_or_holder(self, room: str) -> Tenure | str | None:
        """The tenure, if this process holds the room or can; else the process that does. None: not known yet.

        Raises:
            ExchangeDownError: the exchange cannot be asked.
        """
        ...


@dataclass(eq=False, slots=True)
class Caller:
    """One socket of the branch."""

    line: Line
    socket: Socket
    admission: Admission
    hello: wire.Hello
    visitor: Visitor
    entered: "asyncio.Future[fx.Answer]"
    returns: Return | None = None
    is_in: bool = False
    """Seated on the present way; until then its requests are held."""
    is_open: bool = False
    """The tenure has written to it: it is among "all"."""
    waiting: dict[str, None] = field(default_factory=dict)
    """Requests that were passed on and not answered yet."""


class Branch:
    """The sockets of one room in this process. `on_empty` is called when the last is gone."""

    def __init__(
        self,
        room: str,
        *,
        places: Places,
        exchange: Breaker,
        registry: CommandRegistry,
        steady_s: Callable[[], float],
        spawn: Callable[[Awaitable[object]], object],
        on_empty: Callable[["Branch"], None],
    ) -> None:
        self.room = room
        self.callers: dict[Line, Caller] = {}
        self.holder: str | None = None
        """The other process that holds the room, as far as known."""
        self._places = places
        self._exchange = exchange
        self._registry = registry
        self._steady_s = steady_s
        self._spawn = spawn
        self._on_empty = on_empty
        self._next_line = 0
        self._own: tuple[Tenure, Link] | None = None
        self._link = ""
        self._next_in = self._next_out = 1
        self._fence = 0
        self._heard_at_s = self._spoke_at_s = self._beat_at_s = 0.0
        self._outgoing: list[BranchItem] = []
        self._held: list[BranchItem] = []
        self._held_since_s = 0.0
        self._is_seeking = False
        self._is_sending = False
        self._is_closed = False

    # --- sockets -------------------------------------------------------------------------------

    async def enter(
        self, socket: Socket, admission: Admission, hello: wire.Hello, *, visitor: Visitor
    ) -> tuple["BranchVisit", fx.Answer]:
        """Seat somebody, wherever the room is.

        Raises:
            PalaverError: refused, or the holder cannot be reached now.
        """
        self._next_line += 1
        entered = asyncio.get_running_loop().create_future()
        # Admission has seen them; they are nobody else's business.
        hello = hello.model_copy(update={"password": None, "guest_ticket": None, "guest_key": None})
        caller = Caller(self._next_line, socket, admission, hello, visitor, entered)
        self.callers[caller.line] = caller
        if self._is_attached():
            self._pass_on(_enter(caller))
        else:
            self.seek()
        try:
            async with asyncio.timeout(HOLD_S):
                answer = await entered
        except TimeoutError:
            self.gone(caller, is_clean=False)
            raise PalaverError(UNAVAILABLE) from None
        except asyncio.CancelledError:
            self.gone(caller, is_clean=False)
            raise
        return BranchVisit(self, caller), answer

    def command(self, caller: Caller, message: wire.CommandMessage) -> None:
        """Pass a command on. Raises: BrokenMessageError."""
        parse_command(message, self._registry)
        self._request(caller, message.request_id, Command(caller.line, message))

    def sync(self, caller: Caller, message: wire.Sync) -> None:
        """Pass a wish for what was missed on."""
        self._request(caller, message.request_id, Sync(caller.line, message))

    def gone(self, caller: Caller, *, is_clean: bool) -> None:
        """A connection ended by itself."""
        if self.callers.pop(caller.line, None) is None:
            return
        if self._is_attached():
            self._pass_on(Gone(caller.line, is_clean))
        self._held = [item for item in self._held if item.line != caller.line]
        self._maybe_empty()

    def _request(self, caller: Caller, request_id: str, item: Command | Sync) -> None:
        if caller.line not in self.callers:
            return
        caller.waiting[request_id] = None
        if self._is_attached() and caller.is_in:
            self._pass_on(item)
        elif self._exchange.is_up and len(self._held) < _MAX_HELD:
            if not self._held:
                self._held_since_s = self._steady_s()
            self._held.append(item)
        else:
            self._refuse(caller, but=self._held_requests(caller))

    # --- the way to the holder -----------------------------------------------------------------

    def seek(self, *, in_s: float = 0.0) -> None:
        """There is no way any more, or none yet: find the holder, or become it."""
        self._detach()
        if not self._is_seeking and self.callers and not self._is_closed:
            self._is_seeking = True
            self._spawn(self._seek(in_s=in_s))

    async def _seek(self, *, in_s: float) -> None:
        try:
            await asyncio.sleep(in_s)
            while self.callers and not self._is_closed:
                found = None
                try:
                    found = await self._places.tenure_or_holder(self.room)
                except ExchangeDownError:
                    self._refuse_all()
                if found is not None:
                    if not self._is_closed:
                        self._attach(found)
                    return
                await asyncio.sleep(_SEEK_AGAIN_S)
        finally:
            self._is_seeking = False

    def _attach(self, found: Tenure | str) -> None:
        now_s = self._steady_s()
        self._link = f"{self._exchange.process}.{secrets.token_urlsafe(9)}"
        self._next_in = self._next_out = 1
        self._fence = 0
        self._heard_at_s = self._spoke_at_s = now_s
        if isinstance(found, Tenure):
            self._own = (found, found.attach_own(self._link, self._hear))
        else:
            self.holder = found
        for caller in self.callers.values():
            caller.is_open = caller.is_in = False
        self._pass_on(*map(_enter, self.callers.values()))

    def _detach(self) -> None:
        if self._own is not None:
            tenure, link = self._own
            tenure.detach(link)
        self._own, self.holder, self._link = None, None, ""
        self._outgoing = []
        for caller in self.callers.values():
            caller.is_in = False
            # Nobody knows whether it was carried out; the page may ask again.
            self._refuse(caller, but=self._held_requests(caller))

    def _is_attached(self) -> bool:
        return self._own is not None or self.holder is not None

    def _maybe_empty(self) -> None:
        if not self.callers:
            # After what is being said now, and unless somebody comes meanwhile.
            self._spawn(self._leave_if_empty())

    async def _leave_if_empty(self) -> None:
        if not self.callers:
            self.close()
            self._on_empty(self)

    def close(self) -> None:
        """No way is looked for any more."""
        self._is_closed = True
        if self._own is not None:
            tenure, link = self._own
            tenure.detach(link)
            self._own = None

    # --- to the holder -------------------------------------------------------------------------

    def _pass_on(self, *items: BranchItem) -> None:
        if self._own is not None:
            tenure, link = self._own
            tenure.take_items(link, items)
            return
        self._outgoing.extend(items)
        if not self._is_sending:
            self._is_sending = True
            self._spawn(self._send())

    async def _send(self, *, is_ping: bool = False) -> None:
        try:
            while (self._outgoing or is_ping) and self.holder is not None:
                is_ping = False
                items, self._outgoing = tuple(self._outgoing), []
                link = self._link
                letter = BranchLetter(self.room, link, self._next_out, self._exchange.process, items)
                self._next_out += 1
                self._spoke_at_s = self._steady_s()
                try:
                    [is_heard] = await self._exchange.send((Letter(self.holder, write_letter(letter)),))
                except ExchangeDownError:
                    is_heard = False
                # If another way was found meanwhile, what it waits for is sent by this very loop.
                if not is_heard and link == self._link:
                    self.seek(in_s=_SEEK_AGAIN_S)
        finally:
            self._is_sending = False

    # --- from the holder -----------------------------------------------------------------------

    def take(self, letter: TenureLetter) -> None:
        """A letter of the holder; of an earlier one it is ignored."""
        if letter.link != self._link or letter.fence < self._fence:
            return
        if letter.number != self._next_in:
            logger.info("A letter of the holder is missing", extra={"room": self.room})
            self.seek()
            return
        self._next_in += 1
        self._fence = letter.fence
        self._heard_at_s = self._steady_s()
        self._hear(letter.items)

    def detached(self, link: str) -> None:
        """The holder does not know this link any more."""
        if link == self._link:
            self.seek()

    def _hear(self, items: Iterable[TenureItem]) -> None:
        self._heard_at_s = self._steady_s()
        for item in items:
            match item:
                case Text(to, text):
                    self._text(to, text)
                case Close(line, code):
                    if (closed := self.callers.pop(line, None)) is not None:
                        closed.socket.close(code)
                        self._maybe_empty()
                case Answered(line, request_id):
                    if (answered := self.callers.get(line)) is not None:
                        answered.waiting.pop(request_id, None)
                case Entered():
                    self._entered(item)

    def _text(self, to: tuple[Line, ...] | None, text: str) -> None:
        if to is None:
            for caller in self.callers.values():
                if caller.is_open:
                    caller.socket.push(text)
            return
        for line in to:
            if (named := self.callers.get(line)) is not None:
                named.is_open = True
                named.socket.push(text)

    def _entered(self, item: Entered) -> None:
        caller = self.callers.get(item.line)
        if caller is None:
            return
        if item.code is None:
            assert item.participant_id is not None
            assert item.session_id is not None
            caller.returns = Return(item.participant_id, item.session_id, was_inside=item.is_inside)
            caller.is_in = True
            if not caller.entered.done():
                participant_id = ParticipantId(item.participant_id)
                caller.entered.set_result(fx.Seated(participant_id) if item.is_inside else fx.Waits(participant_id))
            held = [held for held in self._held if held.line == caller.line]
            self._held = [other for other in self._held if other.line != caller.line]
            if held:
                self._pass_on(*held)
            return
        del self.callers[item.line]
        if not caller.entered.done():
            caller.entered.set_result(fx.Refused(item.code, item.params))
        else:
            self._put_out(caller, item.code)
        self._maybe_empty()

    def _put_out(self, caller: Caller, code: str) -> None:
        """Somebody who was inside cannot be any more. When that is no decision of people, their page dials again."""
        reason = _CLOSING.get(code, "server_restart")
        spec = ERRORS[code] if code in _CLOSING else SERVER_RESTART
        caller.socket.push(wire.Closing(reason=reason).model_dump_json())
        caller.socket.close(spec.close_code or CloseCode.SERVER_RESTART)

    # --- from time to time ---------------------------------------------------------------------

    def tick(self, *, heartbeat_s: float) -> None:
        """Say something if it is time, and give up on what takes too long."""
        now_s = self._steady_s()
        if self._held and now_s - self._held_since_s > HOLD_S:
            self._refuse_all()
        if now_s - self._heard_at_s > heartbeat_s and now_s - self._beat_at_s > heartbeat_s:
            # Nobody says it for us; without it the pages would dial, and find no better place.
            self._beat_at_s = now_s
            beat = wire.Heartbeat(version=0).model_dump_json()
            for caller in self.callers.values():
                if caller.returns is not None:
                    caller.socket.push(beat)
        if self.holder is None:
            return
        if now_s - self._heard_at_s > LINK_SILENCE_S:
            self.seek()
        elif now_s - self._spoke_at_s > PING_S and not self._is_sending:
            self._is_sending = True
            self._spawn(self._send(is_ping=True))

    def holder_is(self, holder: str | None) -> None:
        """What the exchange says."""
        if self.holder is not None and holder != self.holder:
            self.seek()

    def own_lost(self, tenure: Tenure) -> None:
        """Our own tenure is over."""
        if self._own is not None and self._own[0] is tenure:
            self.seek()

    # --- refusing ------------------------------------------------------------------------------

    def _refuse_all(self) -> None:
        self._held.clear()
        for caller in tuple(self.callers.values()):
            self._refuse(caller)
            if not caller.entered.done():
                caller.entered.set_exception(PalaverError(UNAVAILABLE))
                del self.callers[caller.line]

    def _held_requests(self, caller: Caller) -> frozenset[str]:
        return frozenset(
            item.message.request_id
            for item in self._held
            if isinstance(item, Command | Sync) and item.line == caller.line
        )

    def _refuse(self, caller: Caller, *, but: frozenset[str] = frozenset()) -> None:
        kept = {request_id: None for request_id in caller.waiting if request_id in but}
        for request_id in caller.waiting:
            if request_id not in kept:
                caller.socket.push(error_text(UNAVAILABLE, request_id=request_id))
        caller.waiting = kept


class BranchVisit:
    """Somebody inside, wherever the room is."""

    def __init__(self, branch: Branch, caller: Caller) -> None:
        self._branch = branch
        self._caller = caller

    def command(self, message: wire.CommandMessage) -> None:
        """Pass a command on."""
        self._branch.command(self._caller, message)

    def sync(self, message: wire.Sync) -> None:
        """Ask for what was missed."""
        self._branch.sync(self._caller, message)

    def gone(self, *, is_clean: bool) -> None:
        """The connection ended by itself."""
        self._branch.gone(self._caller, is_clean=is_clean)


def _enter(caller: Caller) -> Enter:
    visitor = caller.visitor
    return Enter(caller.line, caller.admission, caller.hello, visitor.page_url, visitor.session_key, caller.returns)
