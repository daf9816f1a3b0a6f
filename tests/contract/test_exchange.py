"""The exchange between processes: one contract, held by Redis and by the memory that tests use."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from typing_extensions import override

from palaver.live.cluster.exchange import CLAIM_S, EVERYONE, Exchange, ExchangeDownError, Letter, NotHeldError
from palaver.live.cluster.memory_exchange import MemoryExchange, MemoryServer
from palaver.live.cluster.redis_exchange import RedisExchange
from tests.servers.redis import RedisServer, binary

PATIENCE_S = 10.0


class Arena(ABC):
    """An exchange under test."""

    @abstractmethod
    def place(self) -> Exchange:
        """A place for another process."""

    @abstractmethod
    def go_away(self) -> None:
        """The server is gone."""

    @abstractmethod
    async def come_back(self) -> None:
        """It is there again, with nothing remembered."""

    @abstractmethod
    async def claims_run_out(self) -> None:
        """As much time goes by as a claim lasts."""


class MemoryArena(Arena):
    def __init__(self) -> None:
        self._skipped_s = 0.0
        self._server = MemoryServer(lambda: asyncio.get_running_loop().time() + self._skipped_s)
        self._count = 0

    @override
    def place(self) -> Exchange:
        self._count += 1
        return MemoryExchange(self._server, f"process-{self._count}")

    @override
    def go_away(self) -> None:
        self._server.is_down = True

    @override
    async def come_back(self) -> None:
        self._server.restart()

    @override
    async def claims_run_out(self) -> None:
        self._skipped_s += CLAIM_S


class RedisArena(Arena):
    def __init__(self, server: RedisServer) -> None:
        self._server = server

    @override
    def place(self) -> Exchange:
        return RedisExchange(self._server.url)

    @override
    def go_away(self) -> None:
        self._server.stop()

    @override
    async def come_back(self) -> None:
        await asyncio.to_thread(self._server.start)

    @override
    async def claims_run_out(self) -> None:
        watcher = self.place()
        while (await watcher.holders(("r",))) != (None,):
            await asyncio.sleep(0.02)
        await watcher.close()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    if binary() is None:
        pytest.skip("Redis is not installed (tools/apt_packages.sh test)")
    with RedisServer() as running:
        yield running


@pytest_asyncio.fixture(params=["memory", "redis"])
async def arena(request: pytest.FixtureRequest) -> Arena:
    return MemoryArena() if request.param == "memory" else RedisArena(request.getfixturevalue("redis"))


@pytest_asyncio.fixture
async def places(arena: Arena) -> AsyncIterator[tuple[Exchange, Exchange]]:
    pair = arena.place(), arena.place()
    yield pair
    for place in pair:
        await place.close()


@asynccontextmanager
async def listening(
    place: Exchange, hear: Callable[[str], None], back: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    task = asyncio.create_task(place.run(on_letter=hear, on_return=back))
    yield
    task.cancel()
    await asyncio.wait({task})


async def test_one_claims_and_the_other_learns_who(places: tuple[Exchange, Exchange]) -> None:
    one, other = places
    assert one.process != other.process
    assert await one.claim("r") == one.process
    assert await other.claim("r") == one.process
    assert await one.claim("r") == one.process
    assert await other.holders(("r", "another")) == (one.process, None)


async def test_a_thousand_claims_at_once_have_one_winner(arena: Arena) -> None:
    places = [arena.place() for _ in range(20)]
    for round_ in range(10):
        winners = {*await asyncio.gather(*(place.claim(f"r{round_}") for place in places))}
        assert len(winners) == 1
    for place in places:
        await place.close()


async def test_a_claim_runs_out_unless_it_is_renewed(arena: Arena, places: tuple[Exchange, Exchange]) -> None:
    one, other = places
    await one.claim("r")
    await arena.claims_run_out()
    assert await one.renew(("r",)) == frozenset(), "what ran out is not renewed, even when nobody else wants it"
    assert await other.claim("r") == other.process
    assert await one.renew(("r", "never")) == frozenset()
    assert await other.renew(("r",)) == {"r"}


async def test_only_the_holder_releases(places: tuple[Exchange, Exchange]) -> None:
    one, other = places
    await one.claim("r")
    await one.keep("r", {"a": "1"}, ())
    await other.release("r", forget=True)
    assert await other.holders(("r",)) == (one.process,)
    await one.release("r", forget=False)
    assert await other.claim("r") == other.process
    assert await other.kept("r") == {"a": "1"}
    await other.release("r", forget=True)
    assert await one.kept("r") == {}


async def test_fields_are_kept_dropped_and_replaced(places: tuple[Exchange, Exchange]) -> None:
    one, other = places
    await one.claim("r")
    await one.keep("r", {"a": "1", "b": "zwölf", "c": ""}, ())
    await one.keep("r", {"a": "2", "b": None}, ())
    assert await other.kept("r") == {"a": "2", "c": ""}
    await one.keep("r", {"d": "4"}, (), is_whole=True)
    assert await other.kept("r") == {"d": "4"}
    await one.keep("r", {}, (), is_whole=True)
    assert await other.kept("r") == {}


async def test_who_does_not_hold_a_room_keeps_and_says_nothing(arena: Arena, places: tuple[Exchange, Exchange]) -> None:
    one, other = places
    heard: list[str] = []
    ready = asyncio.Event()

    async def back() -> None:
        ready.set()

    await one.claim("r")
    await one.keep("r", {"a": "1"}, ())
    await arena.claims_run_out()
    async with listening(other, heard.append, back):
        await asyncio.wait_for(ready.wait(), PATIENCE_S)
        for _ in range(2):
            with pytest.raises(NotHeldError):
                await one.keep("r", {"a": "2"}, (Letter(other.process, "stale"),), is_whole=True)
            assert await other.claim("r") == other.process
        assert await other.keep("r", {}, (Letter(other.process, "last"),)) == (True,)
        while not heard:
            await asyncio.sleep(0.01)
    assert heard == ["last"]
    assert await other.kept("r") == {"a": "1"}


async def test_letters_arrive_in_order_and_the_absent_are_known(places: tuple[Exchange, Exchange]) -> None:
    one, other = places
    heard: list[str] = []
    ready = asyncio.Event()

    async def back() -> None:
        ready.set()

    await one.claim("r")
    assert await one.send((Letter(other.process, "nobody listens yet"),)) == (False,)
    async with listening(other, heard.append, back):
        await asyncio.wait_for(ready.wait(), PATIENCE_S)
        for number in range(50):
            letters = (Letter(other.process, f"{number} ä"), Letter("nobody", "x"))
            sent = one.keep("r", {}, letters) if number % 2 else one.send(letters)
            assert await sent == (True, False)
        while len(heard) < 50:
            await asyncio.sleep(0.01)
    assert heard == [f"{number} ä" for number in range(50)]


async def test_a_letter_to_everyone_reaches_all_who_listen(places: tuple[Exchange, Exchange]) -> None:
    heard: tuple[list[str], list[str]] = [], []
    returns: list[None] = []

    async def back() -> None:
        returns.append(None)

    one, other = places
    async with (
        listening(one, heard[0].append, back),
        listening(other, heard[1].append, back),
        asyncio.timeout(PATIENCE_S),
    ):
        while len(returns) < 2:
            await asyncio.sleep(0.01)
        assert await one.send((Letter(EVERYONE, "a"), Letter(other.process, "b"))) == (True, True)
        while heard != (["a"], ["a", "b"]):
            await asyncio.sleep(0.01)
    assert len(returns) == 2, "an address more is no return more"


async def test_a_server_that_is_gone_is_said_to_be_and_its_return_is_told(
    arena: Arena, places: tuple[Exchange, Exchange]
) -> None:
    one, _ = places
    returns: list[None] = []

    async def back() -> None:
        returns.append(None)

    async with listening(one, lambda _: None, back):
        while not returns:
            await asyncio.sleep(0.01)
        await one.claim("r")
        arena.go_away()
        for ask in (
            lambda: one.claim("r"),
            lambda: one.renew(("r",)),
            lambda: one.holders(("r",)),
            lambda: one.keep("r", {}, ()),
            lambda: one.kept("r"),
            lambda: one.release("r", forget=False),
            lambda: one.send((Letter("a", "b"),)),
        ):
            with pytest.raises(ExchangeDownError):
                await ask()
        await arena.come_back()
        while await _is_down(one):
            await asyncio.sleep(0.01)
        assert await one.holders(("r",)) == (None,)


async def _is_down(place: Exchange) -> bool:
    try:
        await place.holders(("r",))
    except ExchangeDownError:
        return True
    return False


async def test_redis_that_hangs_is_given_up_within_seconds(redis: RedisServer) -> None:
    place = RedisExchange(redis.url)
    await place.claim("r")
    redis.freeze()
    async with asyncio.timeout(5):
        with pytest.raises(ExchangeDownError):
            await place.renew(("r",))
    redis.thaw()
    await place.close()


@asynccontextmanager
async def redialling(redis: RedisServer) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Two places, of which one listens; the function waits until it has found its way again, and hears the other."""
    one, other = RedisExchange(redis.url), RedisExchange(redis.url)
    heard: list[str] = []
    returned = asyncio.Semaphore(0)

    async def back() -> None:
        returned.release()

    async def hears_again() -> None:
        await returned.acquire()
        assert await one.send((Letter(other.process, "again"),)) == (True,)
        while heard != ["again"]:
            await asyncio.sleep(0.01)

    async with listening(other, heard.append, back), asyncio.timeout(PATIENCE_S):
        await returned.acquire()
        yield hears_again
    for place in (one, other):
        await place.close()


async def test_letters_are_heard_again_after_redis_was_restarted(redis: RedisServer) -> None:
    async with redialling(redis) as hears_again:
        redis.stop()
        await asyncio.to_thread(redis.start)
        await hears_again()


async def test_an_ear_that_hears_nothing_asks_and_listens_anew(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine that vanished closes no connection: nothing would ever be heard on it again."""
    async with redialling(redis) as hears_again:
        redis.freeze()
        while "No connection to Redis for letters" not in caplog.text:
            await asyncio.sleep(0.01)
        redis.thaw()
        await hears_again()


async def test_redis_is_asked_even_for_no_room_at_all(redis: RedisServer) -> None:
    """A process without rooms must know as well whether Redis was away."""
    place = RedisExchange(redis.url)
    assert await place.renew(()) == frozenset()
    redis.stop()
    with pytest.raises(ExchangeDownError):
        await place.renew(())
    await place.close()


async def test_a_password_is_needed(redis: RedisServer) -> None:
    stranger = RedisExchange(redis.url.replace(redis.password, "guess"))
    with pytest.raises(ExchangeDownError):
        await stranger.claim("r")
    await stranger.close()
