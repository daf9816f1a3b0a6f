"""The door of one process among several: its branches and tenures, letters in, and the look around twice a second."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Final

from palaver.engines.port import EngineUnavailableError
from palaver.kernel.errors import SERVER_RESTART, PalaverError
from palaver.live import wire
from palaver.live.admission import Admission
from palaver.live.cluster import checkpoint
from palaver.live.cluster.branch import Branch
from palaver.live.cluster.breaker import Breaker
from palaver.live.cluster.exchange import EVERYONE, Exchange, ExchangeDownError, Letter
from palaver.live.cluster.history import ClusterHistory
from palaver.live.cluster.letters import (
    BranchLetter,
    Detached,
    SignInTold,
    TenureLetter,
    Told,
    read_letter,
    write_letter,
)
from palaver.live.cluster.tenure import Tenure
from palaver.live.cluster.told import news_of, told
from palaver.live.domain import effects as fx
from palaver.live.domain.permissions import Phase
from palaver.live.domain.room import RoomState
from palaver.live.domain.sign_in import SignInFact
from palaver.live.errors import CloseCode
from palaver.live.hub import HEARTBEAT_S, Hub, check_socket
from palaver.live.news import EngineJoined, News, take_news
from palaver.live.sign_ins import SignIns
from palaver.live.sockets import Socket
from palaver.live.visits import Visit, Visitor

logger = logging.getLogger(__name__)

TICK_S: Final = 0.5
# As the hub has it: after a restart people may be back in the engine before they are back in a room.
_STRAY_GRACE_S: Final = 15.0


class ClusterDoor:
    """All rooms, whoever holds them. Use from the hub's event loop only."""

    def __init__(
        self, hub: Hub, sign_ins: SignIns, exchange: Exchange, breaker: Breaker, history: ClusterHistory
    ) -> None:
        self.tenures: dict[str, Tenure] = {}
        self.branches: dict[str, Branch] = {}
        self._hub = hub
        self._sign_ins = sign_ins
        self._exchange = exchange
        self._breaker = breaker
        self._history = history
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self._listening = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self._exchange.run(on_letter=self._letter, on_return=self._letters_return), name="cluster letters"
            )
            tasks.create_task(self._tick_for_ever(), name="cluster tick")

    async def listening(self) -> None:
        """Until letters reach this process."""
        await self._listening.wait()

    # --- the door ------------------------------------------------------------------------------

    async def enter(
        self, socket: Socket, admission: Admission, hello: wire.Hello, *, visitor: Visitor
    ) -> tuple[Visit, fx.Answer]:
        """Seat somebody, wherever the room is."""
        if self._is_stopping:
            raise PalaverError(SERVER_RESTART)
        room = str(admission.meeting_id)
        branch = self.branches.get(room)
        if branch is None:
            branch = self.branches[room] = self._new_branch(room)
        return await branch.enter(socket, admission, hello, visitor=visitor)

    def tell(self, meeting_id: str, news: News) -> None:
        """Tell the room, wherever it is."""
        if meeting_id in self.tenures:
            take_news(self._hub, meeting_id, news)
        else:
            self._spawn(self._tell_holder(meeting_id, news))

    def tell_sign_in(self, fact: SignInFact) -> None:
        """Tell all processes: any may hold a seat of it."""
        self._sign_ins.tell(fact)
        # Should the letter be lost, the holder finds out when it looks at its seats the next time.
        self._spawn(self._post(Letter(EVERYONE, write_letter(SignInTold(self._exchange.process, fact)))))

    async def look_in(self, meeting_id: str) -> RoomState | None:
        """The room: known here, or as it was kept last."""
        if meeting_id in self.tenures:
            return self._hub.state_of(meeting_id)
        try:
            kept = await self._breaker.kept(meeting_id)
        except ExchangeDownError:
            return None
        state = checkpoint.restored(kept, self._hub.ports.clock())
        return None if state is None or state.phase is Phase.ENDED else state

    async def _tell_holder(self, room: str, news: News) -> None:
        try:
            [holder] = await self._breaker.holders((room,))
            if holder is not None:
                await self._breaker.send((Letter(holder, write_letter(told(room, news))),))
            elif isinstance(news, EngineJoined) and news.who.admitted_as is not None:
                await self._stray(room, news)
        except ExchangeDownError:
            # Rooms hear of what they missed: titles at their next opening, strays when the engine is asked.
            logger.warning("News did not reach a room", extra={"room": room, "news": type(news).__name__})

    async def _stray(self, room: str, news: EngineJoined) -> None:
        """Somebody is in the engine without a room: they have the time that the hub gives, then they are put out."""
        await asyncio.sleep(_STRAY_GRACE_S)
        [holder] = await self._breaker.holders((room,))
        if holder is not None:
            await self._breaker.send((Letter(holder, write_letter(told(room, news))),))
            return
        try:
            await self._hub.ports.engine.remove_participant(room, identity=news.who.identity)
        except EngineUnavailableError:
            logger.warning("Could not put a stray out of the media engine")

    # --- places --------------------------------------------------------------------------------

    async def tenure_or_holder(self, room: str) -> Tenure | str | None:
        """The tenure, if this process holds the room or can; else the process that does. None: not known yet."""
        if (tenure := self.tenures.get(room)) is not None:
            return tenure
        if self._breaker.is_settling:
            # A claim now would take the room, and all that happened in it meanwhile, from one who went on without.
            [known] = await self._breaker.holders((room,))
            if known != self._breaker.process:
                return known
        holder = await self._breaker.claim(room)
        if holder != self._breaker.process:
            return holder
        if (tenure := self.tenures.get(room)) is None:
            tenure = self.tenures[room] = Tenure(
                room,
                hub=self._hub,
                sign_ins=self._sign_ins,
                exchange=self._breaker,
                ownership=self._history,
                spawn=self._spawn,
                on_over=self._tenure_over,
            )
        return tenure

    def deposed(self, session_id: str) -> None:
        """The database refused to write a run: another process opened it."""
        for room, live in tuple(self._hub.rooms.items()):
            tenure = self.tenures.get(room)
            if live.state.facts.session_id == session_id and tenure is not None:
                tenure.lost()

    async def holds(self, room: str) -> bool:
        """Whether this process may act in the name of a room."""
        tenure = self.tenures.get(room)
        return tenure is not None and await tenure.holds()

    def _tenure_over(self, tenure: Tenure) -> None:
        if self.tenures.get(tenure.room) is tenure:
            del self.tenures[tenure.room]
        if (branch := self.branches.get(tenure.room)) is not None and not self._is_stopping:
            branch.own_lost(tenure)

    def _new_branch(self, room: str) -> Branch:
        return Branch(
            room,
            places=self,
            exchange=self._breaker,
            registry=self._hub.ports.registry,
            steady_s=lambda: self._hub.ports.clock().steady_s,
            spawn=self._spawn,
            on_empty=self._branch_empty,
        )

    def _branch_empty(self, branch: Branch) -> None:
        if self.branches.get(branch.room) is branch:
            del self.branches[branch.room]

    # --- letters -------------------------------------------------------------------------------

    def _letter(self, text: str) -> None:
        try:
            letter = read_letter(text)
        except ValueError:
            logger.warning("A letter of another process cannot be read: do all run the same release?")
            return
        match letter:
            case BranchLetter():
                if (tenure := self.tenures.get(letter.room)) is not None:
                    tenure.take(letter)
                else:
                    detached = Letter(letter.sender, write_letter(Detached(letter.room, letter.link)))
                    self._spawn(self._post(detached))
            case TenureLetter():
                if (branch := self.branches.get(letter.room)) is not None:
                    branch.take(letter)
            case Detached(room, link):
                if (branch := self.branches.get(room)) is not None:
                    branch.detached(link)
            case SignInTold(sender, fact):
                if sender != self._exchange.process:
                    self._sign_ins.tell(fact)
            case Told():
                news = news_of(letter, self._hub.ports.registry)
                if letter.room in self.tenures and news is not None:
                    take_news(self._hub, letter.room, news)

    async def _letters_return(self) -> None:
        """The first time, or after letters were lost: every link to another process begins anew."""
        if self._listening.is_set():
            self._breaker.was_away()
        self._listening.set()
        await self.tick()
        for tenure in tuple(self.tenures.values()):
            tenure.attach_anew()
        for branch in tuple(self.branches.values()):
            if branch.holder is not None:
                branch.seek()

    async def _post(self, letter: Letter) -> None:
        try:
            await self._breaker.send((letter,))
        except ExchangeDownError:
            logger.info("A letter could not be sent")

    # --- from time to time ---------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        while True:
            await self.tick()
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        """Hold on to what is ours, see who holds the rest, look after links and sockets."""
        asked_at_s = self._now_s()
        tenures = dict(self.tenures)
        following = [branch for branch in self.branches.values() if branch.holder is not None]
        try:
            held = await self._breaker.probe(tenures)
            holders = await self._breaker.holders([branch.room for branch in following])
        except ExchangeDownError:
            pass
        else:
            for room, tenure in tenures.items():
                if room in held:
                    tenure.claim.confirmed(asked_at_s)
                elif not tenure.is_over:
                    tenure.claim.doubt()
                    self._spawn(self._look_again(tenure))
            for branch, holder in zip(following, holders, strict=True):
                branch.holder_is(holder)
        now_s = self._now_s()
        for tenure in tuple(self.tenures.values()):
            tenure.tick()
        for branch in tuple(self.branches.values()):
            for caller in tuple(branch.callers.values()):
                check_socket(caller.socket, now_s)
            branch.tick(heartbeat_s=HEARTBEAT_S)

    async def _look_again(self, tenure: Tenure) -> None:
        await tenure.holds()

    # --- going ---------------------------------------------------------------------------------

    def say_goodbye(self) -> None:
        """The sockets of this process hear that it goes; those of others will not notice."""
        self._is_stopping = True
        for tenure in self.tenures.values():
            tenure.hush()
        closing = wire.Closing(reason="server_restart").model_dump_json()
        for branch in tuple(self.branches.values()):
            for caller in branch.callers.values():
                caller.socket.push(closing)
                caller.socket.close(CloseCode.SERVER_RESTART)
            branch.close()

    async def hand_over(self) -> None:
        """Give all rooms to whoever wants them."""
        await asyncio.gather(*(tenure.hand_over() for tenure in tuple(self.tenures.values())))

    def _spawn(self, work: Awaitable[object]) -> None:
        task = asyncio.get_running_loop().create_task(_finish(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _now_s(self) -> float:
        return self._hub.ports.clock().steady_s


async def _finish(work: Awaitable[object]) -> None:
    try:
        await work
    except Exception:
        logger.exception("Work between processes failed")
