"""Webhooks: each room's facts arrive in order, are tried again for a while, and never hold up a call."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import httpx

from palaver_sfu.room.values import RoomSid
from palaver_sfu.session.effects import Announce
from palaver_sfu.wire.tokens import Keys
from palaver_sfu.wire.webhooks import webhook_body, webhook_headers

logger = logging.getLogger(__name__)

MAX_WAITING = 1_000  # events of all rooms together; a receiver that is down must not fill the memory
MAX_TRIES = 6
FIRST_BACKOFF_S = 0.25  # doubled each time: about 8 s in all, as long as a receiver takes to restart
TIMEOUT_S = 5.0


class WebhookSender:
    """Owns one task per room that has something to tell."""

    def __init__(
        self,
        *,
        urls: Sequence[str],
        keys: Keys,
        api_key: str,
        clock: Callable[[], float],
        nonce: Callable[[], str],
        transport: httpx.AsyncBaseTransport | None = None,
        first_backoff_s: float = FIRST_BACKOFF_S,
    ) -> None:
        self._urls = tuple(urls)
        self._keys = keys
        self._api_key = api_key
        self._clock = clock
        self._nonce = nonce
        self._first_backoff_s = first_backoff_s
        # Certificates are loaded (tens of milliseconds) only when one will be looked at.
        needs_tls = any(url.startswith("https:") for url in self._urls)
        self._client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_S, trust_env=False, verify=needs_tls)
        self._queues: dict[RoomSid, deque[tuple[str, str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.dropped = 0

    @property
    def waiting(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def publish(self, announce: Announce) -> None:
        if not self._urls:
            return
        if self.waiting >= MAX_WAITING:
            self.dropped += 1
            logger.warning("webhook dropped: too many are waiting", extra={"event": announce.fact.value})
            return
        # The body is made now: it shows the room as it was when the fact happened.
        body = webhook_body(announce, nonce=self._nonce(), now=self._clock())
        room = announce.room.sid
        queue = self._queues.get(room)
        if queue is None:
            queue = self._queues[room] = deque()
            task = asyncio.get_running_loop().create_task(self._work(room, queue), name=f"webhooks {room}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append((announce.fact.value, body))

    async def close(self, *, timeout_s: float) -> None:
        """Deliver what waits within `timeout_s`; the rest is dropped."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._client.aclose()

    async def _work(self, room: RoomSid, queue: deque[tuple[str, str]]) -> None:
        try:
            while queue:
                name, body = queue[0]
                for url in self._urls:
                    await self._deliver(url, name, body)
                queue.popleft()
        finally:
            self._queues.pop(room, None)

    async def _deliver(self, url: str, name: str, body: str) -> None:
        backoff_s = self._first_backoff_s
        for attempt in range(1, MAX_TRIES + 1):
            problem = await self._post(url, body)
            if not problem:
                return
            logger.warning(
                "webhook not delivered", extra={"event": name, "url": url, "attempt": attempt, "problem": problem}
            )
            if attempt < MAX_TRIES:
                await asyncio.sleep(backoff_s)
                backoff_s *= 2
        self.dropped += 1

    async def _post(self, url: str, body: str) -> str:
        """What went wrong, or nothing."""
        headers = webhook_headers(body, keys=self._keys, api_key=self._api_key, now=self._clock())
        try:
            response = await self._client.post(url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return "" if response.is_success else f"status {response.status_code}"
