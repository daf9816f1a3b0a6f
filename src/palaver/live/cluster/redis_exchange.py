"""The exchange on Redis: a lock with a lease for each room, a hash for what is kept, publish and subscribe for letters.

Whoever reaches this Redis is believed: keep others out of it by network, password and TLS (`rediss://`).
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, TimeoutError as RedisTimeoutError

from palaver.live.cluster.exchange import CLAIM_S, EVERYONE, KEEP_S, ExchangeDownError, Fields, Letter, NotHeldError

logger = logging.getLogger(__name__)

# One data centre answers in a millisecond. A Redis that takes longer than this is as good as gone: rooms go on without.
_ANSWER_S: Final = 1.0
_RECONNECT_S: Final = 0.2
# A connection whose other end is gone without a word looks like one on which nobody has anything to say.
_SILENCE_S: Final = 1.0
_CLAIM_MS: Final = int(CLAIM_S * 1000)
_KEEP_MS: Final = int(KEEP_S * 1000)

_RENEW: Final = """
local held = {}
for i = 1, #KEYS, 2 do
  if redis.call('get', KEYS[i]) == ARGV[1] then
    redis.call('pexpire', KEYS[i], ARGV[2])
    redis.call('pexpire', KEYS[i + 1], ARGV[3])
    held[#held + 1] = (i + 1) / 2
  end
end
return held
"""
_RELEASE: Final = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then redis.call('del', KEYS[2]) end
return redis.call('del', KEYS[1])
"""
# ARGV: process, life in ms, whole, how many fields to set and names to drop, these, then channel and text in turn.
_KEEP: Final = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return false end
if ARGV[3] == '1' then redis.call('del', KEYS[2]) end
local at = 6
for _ = 1, tonumber(ARGV[4]) do
  redis.call('hset', KEYS[2], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, tonumber(ARGV[5]) do
  redis.call('hdel', KEYS[2], ARGV[at])
  at = at + 1
end
redis.call('pexpire', KEYS[2], ARGV[2])
local heard = {}
while at < #ARGV do
  heard[#heard + 1] = redis.call('publish', ARGV[at], ARGV[at + 1])
  at = at + 2
end
return heard
"""


class RedisExchange:
    """A process's place at a Redis server."""

    def __init__(self, url: str, *, prefix: str = "palaver") -> None:
        self._process = secrets.token_urlsafe(9)
        self._prefix = prefix
        self._inboxes = self._inbox(self._process), self._inbox(EVERYONE)
        # No retries inside the client: a call that failed may have been done, and its caller knows what to do then.
        options: dict[str, Any] = {
            "socket_timeout": _ANSWER_S,
            "socket_connect_timeout": _ANSWER_S,
            "retry": Retry(NoBackoff(), 0),
            "decode_responses": True,
            "client_name": f"palaver-{self._process}",
        }
        self._redis: Redis = Redis.from_url(url, **options)
        self._ear: Redis = Redis.from_url(url, **options)
        self._renew = self._redis.register_script(_RENEW)
        self._release = self._redis.register_script(_RELEASE)
        self._keep = self._redis.register_script(_KEEP)

    @property
    def process(self) -> str:
        """The name of this process."""
        return self._process

    async def run(self, *, on_letter: Callable[[str], None], on_return: Callable[[], Awaitable[None]]) -> None:
        """Listen until cancelled; connect again for as long as it takes."""
        while True:
            try:
                async with self._ear.pubsub() as ear:
                    await ear.subscribe(*self._inboxes)
                    await self._listen(ear, on_letter=on_letter, on_return=on_return)
            except (RedisError, OSError) as problem:
                logger.warning("No connection to Redis for letters", extra={"problem": repr(problem)})
            await asyncio.sleep(_RECONNECT_S)

    async def _listen(
        self, ear: PubSub, *, on_letter: Callable[[str], None], on_return: Callable[[], Awaitable[None]]
    ) -> None:
        """Until the connection ends. Raises: RedisError, OSError."""
        is_asked = False
        while True:
            message = await ear.get_message(timeout=_SILENCE_S)
            if message is None:
                if is_asked:
                    raise RedisTimeoutError("Redis does not answer where letters are waited for")
                await ear.ping()
            elif message["type"] == "message":
                on_letter(message["data"])
            elif message["type"] == "subscribe" and message["data"] == len(self._inboxes):
                # Only now: what was published before Redis said so went past.
                await on_return()
            is_asked = message is None

    async def claim(self, room: str) -> str:
        """Hold the room if nobody does."""
        async with self._asking(), self._redis.pipeline(transaction=True) as pipe:
            _queued(pipe.set(self._lock(room), self._process, nx=True, px=_CLAIM_MS))
            _queued(pipe.get(self._lock(room)))
            _, holder = await pipe.execute()
        return str(holder)

    async def renew(self, rooms: Collection[str]) -> frozenset[str]:
        """Hold on to rooms."""
        ordered = list(rooms)
        if not ordered:
            async with self._asking():
                await self._redis.ping()
            return frozenset()
        keys = [key for room in ordered for key in (self._lock(room), self._shelf(room))]
        async with self._asking():
            held = await self._renew(keys=keys, args=[self._process, _CLAIM_MS, _KEEP_MS])
        return frozenset(ordered[int(place) - 1] for place in held)

    async def release(self, room: str, *, forget: bool) -> None:
        """Let go of a room."""
        async with self._asking():
            await self._release(
                keys=[self._lock(room), self._shelf(room)], args=[self._process, "1" if forget else "0"]
            )

    async def holders(self, rooms: Sequence[str]) -> tuple[str | None, ...]:
        """Who holds each of the rooms."""
        if not rooms:
            return ()
        async with self._asking():
            found: list[Any] = await self._redis.mget([self._lock(room) for room in rooms])
        return tuple(found)

    async def keep(
        self, room: str, fields: Fields, letters: Sequence[Letter], *, is_whole: bool = False
    ) -> tuple[bool, ...]:
        """Keep and send, all or nothing."""
        kept = [part for name, text in fields.items() if text is not None for part in (name, text)]
        dropped = [name for name, text in fields.items() if text is None]
        posted = [part for letter in letters for part in (self._inbox(letter.to), letter.text)]
        head: list[str | int] = [self._process, _KEEP_MS, "1" if is_whole else "0", len(kept) // 2, len(dropped)]
        async with self._asking():
            heard = await self._keep(keys=[self._lock(room), self._shelf(room)], args=[*head, *kept, *dropped, *posted])
        if heard is None:
            raise NotHeldError(room)
        return tuple(int(count) > 0 for count in heard)

    async def kept(self, room: str) -> Mapping[str, str]:
        """What is kept of a room."""
        async with self._asking():
            found: dict[Any, Any] = await self._redis.hgetall(self._shelf(room))
        return found

    async def send(self, letters: Sequence[Letter]) -> tuple[bool, ...]:
        """Send letters in order."""
        async with self._asking(), self._redis.pipeline(transaction=False) as pipe:
            for letter in letters:
                _queued(pipe.publish(self._inbox(letter.to), letter.text))
            heard = await pipe.execute()
        return tuple(int(count) > 0 for count in heard)

    async def close(self) -> None:
        """Give connections back."""
        for client in (self._redis, self._ear):
            with contextlib.suppress(RedisError, OSError):
                await client.aclose()

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        try:
            yield
        except (RedisError, OSError, TimeoutError) as problem:
            # What waits in the pool is as old as what failed: each would cost the next caller a time-out of their own.
            with contextlib.suppress(RedisError, OSError):
                await self._redis.connection_pool.disconnect(inuse_connections=False)
            raise ExchangeDownError from problem

    # A hash tag keeps the keys of a room together, should the server be a cluster one day.
    def _lock(self, room: str) -> str:
        return f"{self._prefix}:{{{room}}}:holder"

    def _shelf(self, room: str) -> str:
        return f"{self._prefix}:{{{room}}}:state"

    def _inbox(self, process: str) -> str:
        return f"{self._prefix}:letters:{process}"


def _queued(_: object) -> None:
    """A command in a pipeline: its answer comes with those of the others."""
