"""Webhooks: each room's facts arrive in order, are tried again for a while, and never hold up a call.

Every address has a queue of its own for each room: a receiver that is down delays neither the other receivers nor the
other rooms. What had to be dropped is counted, and the next event that arrives says how much is missing before it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import httpx
from livekit.protocol import webhook

from palaver_sfu.room.values import RoomSid
from palaver_sfu.session.effects import Announce
from palaver_sfu.wire.tokens import Keys
from palaver_sfu.wire.webhooks import webhook_body, webhook_event, webhook_headers

logger = logging.getLogger(__name__)

# A receiver that is down must not fill the memory, nor one room that is busy leave the others no place.
MAX_WAITING = 1_000
MAX_WAITING_OF_ROOM = 200
MAX_TRIES = 6
FIRST_BACKOFF_S = 0.25  # doubled each time: about 8 s in all, as long as a receiver takes to restart
TIMEOUT_S = 5.0
MAX_CONNECTIONS = 50
# What a receiver may say of a moment, or a proxy in front of it. Every other refusal would be said again.
_PASSING = frozenset({408, 425, 429})

_Queue = deque[webhook.WebhookEvent]


class WebhookSender:
    """Owns one task per room and address that has something to tell."""

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
        self._urls = tuple(dict.fromkeys(urls))
        self._keys = keys
        self._api_key = api_key
        self._clock = clock
        self._nonce = nonce
        self._first_backoff_s = first_backoff_s
        # Certificates are loaded (tens of milliseconds) only when one will be looked at.
        needs_tls = any(url.startswith("https:") for url in self._urls)
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(TIMEOUT_S, pool=None),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            trust_env=False,
            verify=needs_tls,
        )
        self._queues: dict[tuple[RoomSid, str], _Queue] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._missed = dict.fromkeys(self._urls, 0)
        self.sent = 0
        self.dropped = 0

    @property
    def waiting(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def publish(self, announce: Announce) -> None:
        if not self._urls:
            return
        # Made now: it shows the room as it was when the fact happened.
        event = webhook_event(announce, nonce=self._nonce(), now=self._clock())
        for url in self._urls:
            self._enqueue(announce.room.sid, url, event)

    async def close(self, *, timeout_s: float) -> None:
        """Deliver what waits within `timeout_s`; the rest is dropped."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._client.aclose()

    def _enqueue(self, room: RoomSid, url: str, event: webhook.WebhookEvent) -> None:
        queue = self._queues.get((room, url))
        if self.waiting >= MAX_WAITING or (queue is not None and len(queue) >= MAX_WAITING_OF_ROOM):
            self._drop(url, event, "too many are waiting")
            return
        if queue is None:
            queue = self._queues[room, url] = deque()
            task = asyncio.get_running_loop().create_task(self._work(room, url, queue), name=f"webhooks {room}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append(event)

    async def _work(self, room: RoomSid, url: str, queue: _Queue) -> None:
        try:
            while queue:
                await self._deliver(url, queue[0])
                queue.popleft()
        finally:
            self._queues.pop((room, url), None)

    async def _deliver(self, url: str, event: webhook.WebhookEvent) -> None:
        backoff_s = self._first_backoff_s
        for attempt in range(1, MAX_TRIES + 1):
            # Taken, so that no two events report the same loss.
            missed, self._missed[url] = self._missed[url], 0
            problem, may_pass = await self._post(url, webhook_body(event, missed=missed))
            if not problem:
                self.sent += 1
                return
            self._missed[url] += missed
            fields = {"event": event.event, "url": url, "attempt": attempt, "problem": problem}
            logger.warning("webhook not delivered", extra=fields)
            if not may_pass:
                break
            if attempt < MAX_TRIES:
                await asyncio.sleep(backoff_s)
                backoff_s *= 2
        self._drop(url, event, "not delivered")

    def _drop(self, url: str, event: webhook.WebhookEvent, why: str) -> None:
        self.dropped += 1
        self._missed[url] += 1
        if self.dropped & (self.dropped - 1) == 0:
            # At 1, 2, 4, 8, …: a receiver that is down for hours must not fill the log either.
            logger.error(
                "webhook dropped", extra={"event": event.event, "url": url, "why": why, "in_all": self.dropped}
            )

    async def _post(self, url: str, body: str) -> tuple[str, bool]:
        """What went wrong, or nothing; and whether it may pass."""
        headers = webhook_headers(body, keys=self._keys, api_key=self._api_key, now=self._clock())
        try:
            response = await self._client.post(url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__, True
        if response.is_success:
            return "", True
        status = response.status_code
        return f"status {status}", status >= 500 or status in _PASSING
