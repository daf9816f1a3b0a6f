"""The holder's side of a room: takes in what branches send, keeps the room at the exchange, and answers.

What the room says leaves only after its state is kept, and only while the room is still held: the exchange does both
in one step. So nothing that anybody was told is lost with this process, and a process that was asleep while another
took over has no words left. Without the exchange the room goes on for its own sockets, as long as the database agrees.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

from palaver.kernel.errors import ENDED_BY_HOST, INTERNAL, UNAVAILABLE, PalaverError
from palaver.kernel.outages import is_outage
from palaver.live import wire
from palaver.live.cluster import checkpoint
from palaver.live.cluster.breaker import Breaker
from palaver.live.cluster.claim import Claim, Ownership
from palaver.live.cluster.exchange import ExchangeDownError, Fields, Letter, NotHeldError
from palaver.live.cluster.letters import (
    Answered,
    BranchItem,
    BranchLetter,
    Command,
    Detached,
    Enter,
    Entered,
    Gone,
    Sync,
    TenureItem,
    TenureLetter,
    write_letter,
)
from palaver.live.cluster.links import Guestbook, Line, LineSocket, Link
from palaver.live.domain import effects as fx
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.room import RoomState, Seat
from palaver.live.hub import Hub
from palaver.live.parsing import BrokenMessageError
from palaver.live.room_host import LiveRoom
from palaver.live.sign_ins import SignIns
from palaver.live.visits import RoomVisit, Visitor

logger = logging.getLogger(__name__)

# A branch speaks at least every five seconds (`branch.PING_S`).
LINK_SILENCE_S: Final = 12.0
PING_S: Final = 5.0
# While the exchange is away its branches cannot be heard; once it is back they have this long to attach anew.
_RETURN_S: Final = 5.0

LocalEar = Callable[[tuple[TenureItem, ...]], None]


class Tenure:
    """One room held by this process. `on_over` is called once: it was lost, or given up."""

    def __init__(
        self,
        room: str,
        *,
        hub: Hub,
        sign_ins: SignIns,
        exchange: Breaker,
        ownership: Ownership,
        spawn: Callable[[Awaitable[object]], object],
        on_over: Callable[["Tenure"], None],
    ) -> None:
        self.room = room
        self.is_over = False
        self.links: dict[str, Link] = {}
        self._hub = hub
        self._sign_ins = sign_ins
        self._exchange = exchange
        self._ownership = ownership
        self._spawn = spawn
        self._on_over = on_over
        self._ears: dict[str, LocalEar] = {}
        self._live: LiveRoom | None = None
        self._kept: RoomState | None = None
        self._must_keep_whole = True
        self._is_scheduled = False
        self._is_writing = False
        self._entering = 0
        self._lost_links: list[tuple[float, Link]] = []
        self._untold: list[Link] = []
        """Links that were lost with the exchange; their branches do not know it yet."""
        self._hushed: list[Link] = []
        self.claim = Claim(
            room, exchange=exchange, ownership=ownership, session_id=self._session_id, steady_s=self._now_s
        )

    # --- from branches -------------------------------------------------------------------------

    def attach_own(self, name: str, ear: LocalEar) -> Link:
        """The branch of this very process."""
        link = self._new_link(name, to=None)
        self._ears[name] = ear
        return link

    def take(self, letter: BranchLetter) -> None:
        """A letter of another process's branch."""
        link = self.links.get(letter.link)
        if link is None and letter.number == 1:
            link = self._new_link(letter.link, to=letter.sender)
        if link is None or letter.number != link.next_in:
            if link is not None:
                self._lose(link)
            detached = write_letter(Detached(self.room, letter.link))
            self._spawn(self._post((Letter(letter.sender, detached),)))
            return
        link.next_in += 1
        link.heard_at_s = self._now_s()
        self.take_items(link, letter.items)

    def take_items(self, link: Link, items: Iterable[BranchItem]) -> None:
        """What a branch wants, in its order. Whatever goes wrong with one item is its sender's trouble alone."""
        for item in items:
            try:
                self._take_item(link, item)
            except BrokenMessageError:
                logger.warning("A branch sent a command that cannot be read", extra={"room": self.room})
            except Exception:
                logger.exception("An item of a branch failed", extra={"item": type(item).__name__})
        self._changed()

    def _take_item(self, link: Link, item: BranchItem) -> None:
        match item:
            case Enter():
                entry = Guestbook(LineSocket(self._hub.new_socket_id(), link, item.line))
                link.lines[item.line] = entry
                self._entering += 1
                self._spawn(self._enter(link, item, entry))
            case Command(line, message):
                if (visit := link.visit_of(line)) is not None:
                    visit.command(message)
            case Sync(line, message):
                if (visit := link.visit_of(line)) is not None:
                    visit.sync(message)
            case Gone(line, is_clean):
                visit = link.visit_of(line)
                link.drop(line)
                if visit is not None:
                    visit.gone(is_clean=is_clean)

    async def _enter(self, link: Link, item: Enter, entry: Guestbook) -> None:
        try:
            entered = await self._seat(link, item, entry)
        finally:
            self._entering -= 1
        if entered.code is not None:
            link.drop(item.line)
        link.say(entered)
        if entry.is_gone and entry.visit is not None:
            entry.visit.gone(is_clean=False)
        self._changed()

    async def _seat(self, link: Link, item: Enter, entry: Guestbook) -> Entered:
        def welcomed(seat: Seat, room: LiveRoom) -> None:
            entry.visit = visit
            link.say(_entered(item.line, seat.participant.participant_id, room, is_inside=True))

        visit = RoomVisit(
            self._hub,
            self._sign_ins,
            entry.socket,
            visitor=Visitor(page_url=item.page_url, session_key=item.session_key),
            on_answer=lambda request_id: link.say(Answered(item.line, request_id)),
            on_welcome=welcomed,
        )
        try:
            if item.returns is not None and not await self._goes_on(item.returns.session_id):
                return Entered(item.line, code=ENDED_BY_HOST.code)
            answer = await _enter_room(visit, item)
        except PalaverError as refusal:
            return Entered(item.line, code=refusal.spec.code)
        except Exception as problem:
            logger.exception("An entry failed")
            return Entered(item.line, code=(UNAVAILABLE if is_outage(problem) else INTERNAL).code)
        match answer:
            case fx.Seated(participant_id) | fx.Waits(participant_id):
                entry.visit = visit
                is_inside = isinstance(answer, fx.Seated)
                return _entered(item.line, participant_id, self._hub.rooms[self.room], is_inside=is_inside)
            case fx.Refused(code, params):
                return Entered(item.line, code=code, params=dict(params))
            case _:
                raise AssertionError(f"an entry was answered with {answer}")

    async def _goes_on(self, session_id: str) -> bool:
        room = self._hub.rooms.get(self.room)
        if room is not None:
            return room.state.facts.session_id == session_id
        return await self._ownership.goes_on(self.room, session_id, now=self._hub.ports.clock())

    # --- to branches ---------------------------------------------------------------------------

    def _changed(self) -> None:
        """Something was said, or may have changed. What one turn of the loop brings goes out together."""
        if not (self._is_scheduled or self.is_over):
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._is_scheduled = False
        if self._is_writing or self.is_over:
            return
        if self._needs_exchange():
            self._is_writing = True
            self._spawn(self._write())
        else:
            self._speak_to_own()

    def _needs_exchange(self) -> bool:
        speaks_to_others = any(link.has_words for link in self.links.values() if link.to is not None)
        # A claim that may have run out is looked at before anything is said, even if nothing changed here.
        return speaks_to_others or self._has_unkept() or not self.claim.is_fresh

    def _has_unkept(self) -> bool:
        state = self._state()
        return state is not self._kept or (self._must_keep_whole and self._exchange.is_up and state is not None)

    async def _write(self) -> None:
        try:
            while not self.is_over and (self._has_unkept() or any(link.has_words for link in self.links.values())):
                await self._write_once()
        finally:
            self._is_writing = False

    async def _write_once(self) -> None:
        asked_at_s, state = self._now_s(), self._state()
        own = [(name, link.take()) for name, link in self.links.items() if link.to is None and link.has_words]
        others = [link for link in self.links.values() if link.to is not None and link.has_words]
        letters = [self._letter(link, link.take()) for link in others]
        try:
            heard = await self._keep(state, letters)
        except NotHeldError:
            self.lost()
            return
        except ExchangeDownError:
            for link in others:
                self._lose(link)
            self._untold += others
            if not await self.claim.check_without_exchange():
                self.lost()
                return
            self._must_keep_whole = True
        else:
            self.claim.confirmed(asked_at_s)
            self._must_keep_whole = False
            for link, is_heard in zip(others, heard, strict=True):
                if not is_heard:
                    self._lose(link)
        self._kept = state
        for name, items in own:
            if (ear := self._ears.get(name)) is not None:
                ear(items)

    async def _keep(self, state: RoomState | None, letters: list[Letter]) -> tuple[bool, ...]:
        before, now = self._kept, self._hub.ports.clock()
        is_new_run = before is None or state is None or before.facts.session_id != state.facts.session_id
        is_whole = self._must_keep_whole or is_new_run
        fields: Fields = {}
        if state is not None and is_whole:
            fields = checkpoint.whole(state, now, keeper=self._exchange.process)
        elif state is not None and before is not None and state is not before:
            fields = checkpoint.changed(before, state, now)
        try:
            return await self._exchange.keep(self.room, fields, letters, is_whole=is_whole)
        except NotHeldError:
            # The claim ran out, or the exchange forgot it. If nobody wrote since, the room is still ours.
            if not await self.claim.regain():
                raise
            fields = {} if state is None else checkpoint.whole(state, now, keeper=self._exchange.process)
            return await self._exchange.keep(self.room, fields, letters, is_whole=True)

    def _letter(self, link: Link, items: tuple[TenureItem, ...]) -> Letter:
        assert link.to is not None
        session_id = self._session_id()
        fence = 0 if session_id is None else self._ownership.fence_of(session_id)
        text = write_letter(TenureLetter(self.room, link.name, link.next_out, fence, items))
        link.next_out += 1
        link.spoke_at_s = self._now_s()
        return Letter(link.to, text)

    def _speak_to_own(self) -> None:
        for name, link in tuple(self.links.items()):
            if link.has_words and (ear := self._ears.get(name)) is not None:
                ear(link.take())

    # --- holding -------------------------------------------------------------------------------

    async def holds(self) -> bool:
        """Whether what this process does in the name of the room still counts."""
        is_held = not self.is_over and await self.claim.check()
        if not (is_held or self.is_over):
            self.lost()
        return is_held

    def lost(self) -> None:
        """Somebody else holds the room: nothing of it is said, written or done here any more."""
        logger.warning("A room was taken over by another process", extra={"room": self.room})
        self._finish()
        if (room := self._hub.rooms.get(self.room)) is not None:
            room.abandon()

    async def hand_over(self) -> None:
        """Give the room to whoever wants it next. Its sockets must have been spoken for."""
        state, is_done = self._state(), self.room not in self._hub.rooms
        links = [*self._hushed, *(link for link in self.links.values() if link.to is not None)]
        self._finish()
        try:
            if state is not None and not is_done:
                fields = checkpoint.whole(state, self._hub.ports.clock(), keeper=self._exchange.process)
                await self._exchange.keep(self.room, fields, (), is_whole=True)
            await self._exchange.release(self.room, forget=is_done)
            letters = [Letter(link.to, write_letter(Detached(self.room, link.name))) for link in links if link.to]
            await self._exchange.send(letters)
        except (ExchangeDownError, NotHeldError):
            logger.warning("A room could not be handed over; its claim will run out", extra={"room": self.room})

    def _finish(self) -> None:
        self.is_over = True
        for link in self.links.values():
            link.close()
        self._on_over(self)

    def hush(self) -> None:
        """Say nothing more, but hold the room until it is handed over."""
        self._hushed = [link for link in self.links.values() if link.to is not None]
        for link in tuple(self.links.values()):
            self._close(link)

    def attach_anew(self) -> None:
        """Letters of other branches may have been lost: they are told to begin again."""
        others = [link for link in self.links.values() if link.to is not None]
        for link in others:
            self._lose(link)
        self._tell_detached(others)

    def _tell_detached(self, links: Iterable[Link]) -> None:
        letters = [Letter(link.to, write_letter(Detached(self.room, link.name))) for link in links if link.to]
        if letters:
            self._spawn(self._post(tuple(letters)))

    # --- from time to time ---------------------------------------------------------------------

    def tick(self) -> None:
        """Look after the links, and give the room up once nobody wants it."""
        now_s = self._now_s()
        for link in tuple(self.links.values()):
            if link.to is None:
                continue
            if now_s - link.heard_at_s > LINK_SILENCE_S and self._exchange.is_up:
                self._lose(link)
            elif now_s - link.spoke_at_s > PING_S and self._exchange.is_up and not self._is_writing:
                self._spawn(self._ping(link))
        if self._exchange.is_up:
            due = [link for at_s, link in self._lost_links if now_s - at_s > _RETURN_S]
            self._lost_links = [(at_s, link) for at_s, link in self._lost_links if link not in due]
            for link in due:
                self._people_gone(link)
            self._tell_detached(self._untold)
            self._untold = []
        else:
            self._lost_links = [(now_s, link) for _, link in self._lost_links]
        self._changed()
        if self._is_idle():
            self._spawn(self.hand_over())

    def _is_idle(self) -> bool:
        has_lines = any(link.lines for link in self.links.values())
        is_busy = self._entering or self._is_writing or self._lost_links or self._hub.settling(self.room)
        return not (self.is_over or has_lines or is_busy or self.room in self._hub.rooms)

    async def _ping(self, link: Link) -> None:
        if self.is_over or link.is_closed:
            return
        [is_heard] = await self._post((self._letter(link, link.take()),)) or [False]
        if not is_heard:
            self._lose(link)

    async def _post(self, letters: tuple[Letter, ...]) -> tuple[bool, ...]:
        try:
            return await self._exchange.send(letters)
        except ExchangeDownError:
            return ()

    def _new_link(self, name: str, *, to: str | None) -> Link:
        link = Link(name, to=to, now_s=self._now_s(), on_said=self._changed)
        self.links[name] = link
        return link

    def detach(self, link: Link) -> None:
        """Our own branch lets go of its link; its people are about to be back on another, or gone."""
        self._lose(link)

    def _close(self, link: Link) -> None:
        link.close()
        self.links.pop(link.name, None)
        self._ears.pop(link.name, None)

    def _lose(self, link: Link) -> None:
        """Its people may be back on another link any moment, and then nobody has noticed."""
        if not link.is_closed:
            self._close(link)
            if link.lines:
                self._lost_links.append((self._now_s(), link))

    def _people_gone(self, link: Link) -> None:
        for entry in link.lines.values():
            if entry.visit is not None:
                entry.visit.gone(is_clean=False)

    def _state(self) -> RoomState | None:
        # A room that is over has still said its last words, and may have ended the run: that is kept as well.
        self._live = self._hub.rooms.get(self.room, self._live)
        return None if self._live is None else self._live.state

    def _session_id(self) -> str | None:
        state = self._state()
        return None if state is None else state.facts.session_id

    def _now_s(self) -> float:
        return self._hub.ports.clock().steady_s


def _entered(line: Line, participant_id: ParticipantId, room: LiveRoom, *, is_inside: bool) -> Entered:
    session_id = room.state.facts.session_id
    return Entered(line, participant_id=participant_id, session_id=session_id, is_inside=is_inside)


async def _enter_room(visit: RoomVisit, item: Enter) -> fx.Answer:
    """Whoever returns without having noticed anything keeps seat, id and name, whatever their hello once said."""
    if item.returns is None:
        return await visit.enter(item.admission, item.hello)
    participant_id = ParticipantId(item.returns.participant_id)
    fallback_name = item.admission.name or item.admission.fallback_name
    admission = replace(item.admission, name=None, fallback_name=fallback_name)
    hello = item.hello.model_copy(update={"resume": wire.Resume(participant_id=participant_id, version=0)})
    return await visit.enter(admission, hello, participant_id=participant_id, was_inside=item.returns.was_inside)
