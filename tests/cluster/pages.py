"""Pages of a room as programs: they keep a replica, answer heartbeats, and dial another process when theirs is gone."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.servers.palaver import PalaverServer

PATIENCE_S = 30.0


class Page:
    """One person's page. Reads by itself; what it was told is in `state`, `closing` and `answers`."""

    def __init__(self, server: PalaverServer, slug: str, name: str | None, *, cookie: str | None = None) -> None:
        self.server = server
        self.welcome: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.snapshots = 0
        self.closing: str | None = None
        self.close_code: int | None = None
        self._slug = slug
        self._name = name
        self._cookie = cookie
        self._requests = 0
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    # --- coming and going ----------------------------------------------------------------------

    async def come(self, server: PalaverServer | None = None, **hello: Any) -> dict[str, Any]:
        """Dial and say hello; the answer. Coming again is as the same person."""
        self.server = server or self.server
        self.closing = self.close_code = None
        address = f"ws://127.0.0.1:{self.server.port}/ws/meetings/{self._slug}"
        headers = {"Cookie": f"sessionid={self._cookie}"} if self._cookie else {}
        self._socket = await connect(address, origin=self.server.url, additional_headers=headers)  # type: ignore[arg-type]
        if ticket := self.welcome.get("guest_ticket"):
            hello = {"guest_ticket": ticket, **hello}
        name = None if self.welcome else self._name
        answer = await self._greet({"tab_id": f"tab-{id(self)}", "name": name, **hello})
        if answer["type"] == "welcome":
            self.welcome, self.state = answer, answer["snapshot"]
        if answer["type"] in {"welcome", "waiting"}:
            self._reader = asyncio.create_task(self._read())
        return answer

    async def _greet(self, hello: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        await self._socket.send(json.dumps({"type": "hello", "request_id": "h", "protocol": 1, **hello}))
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE_S))
            if message.get("request_id") == "h":
                return message

    async def go(self) -> None:
        """Hang up."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.wait({self._reader})

    # --- asking --------------------------------------------------------------------------------

    async def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The ack or the error. Raises ConnectionError when there will be none."""
        return await asyncio.wait_for(await self.ask(kind, **fields), PATIENCE_S)

    async def ask(self, kind: str, **fields: Any) -> "asyncio.Future[dict[str, Any]]":
        """The answer that will come."""
        assert self._socket is not None
        self._requests += 1
        request_id = f"r{self._requests}"
        answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
        message = {"type": "command", "request_id": request_id, "command": {"kind": kind, **fields}}
        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed as closed:
            raise ConnectionError from closed
        return answer

    # --- what it knows -------------------------------------------------------------------------

    @property
    def me(self) -> str:
        participant_id: str = self.welcome["you"]["participant_id"]
        return participant_id

    def names(self) -> list[str]:
        return sorted(who["name"] for who in self.state.get("participants", {}).values())

    def door(self) -> dict[str, str]:
        """Who is at the door, connected, with what they said; as hosts see it."""
        return {who["name"]: who["note"] for who in self.state["waiting"].values() if who["is_connected"]}

    async def until(self, is_so: Callable[["Page"], bool], *, within_s: float = PATIENCE_S) -> None:
        """Until something is so. Raises AssertionError with what the page knows when it takes too long."""
        try:
            async with asyncio.timeout(within_s):
                while not is_so(self):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self._name}: {self.names()}, {self.close_code}, {self.closing}") from None

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for text in self._socket:
                await self._take(json.loads(text))
                self._changed.set()
        except ConnectionClosed:
            pass
        self.close_code = self._socket.close_code
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the connection is gone"))
                answer.exception()
        self._answers.clear()
        self._changed.set()

    async def _take(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        match message:
            case {"type": "welcome", "snapshot": snapshot}:
                self.welcome, self.state = message, snapshot
            case {"type": "heartbeat", "version": version}:
                await self._socket.send('{"type":"pong"}')
                assert not self.state or version <= self.state["version"], "a delta was lost without a word"
            case {"type": "snapshot", "snapshot": snapshot}:
                self.state = snapshot
                self.snapshots += 1
            case {"type": "delta", "base": base, "version": version, "changes": changes}:
                assert base == self.state["version"], "a delta is missing"
                people, waiting = dict(self.state["participants"]), dict(self.state["waiting"])
                for change in changes:
                    match change:
                        case {"op": "put_participant", "participant": who}:
                            people[who["participant_id"]] = who
                        case {"op": "drop_participant", "participant_id": gone}:
                            del people[gone]
                        case {"op": "put_waiting", "person": who}:
                            waiting[who["participant_id"]] = who
                        case {"op": "drop_waiting", "participant_id": gone}:
                            del waiting[gone]
                self.state = {**self.state, "version": version, "participants": people, "waiting": waiting}
            case {"type": "closing", "reason": reason}:
                self.closing = reason
            case {"type": "ack" | "error", "request_id": str(request_id)} if request_id in self._answers:
                answer = self._answers.pop(request_id)
                if not answer.done():
                    answer.set_result(message)


@asynccontextmanager
async def pages(*coming: Awaitable[Page]) -> AsyncIterator[list[Page]]:
    """All of them, one after the other; they hang up at the end."""
    there: list[Page] = []
    try:
        for page in coming:
            there.append(await page)
        yield there
    finally:
        await asyncio.gather(*(page.go() for page in there))


async def at(server: PalaverServer, slug: str, name: str | None, *, cookie: str | None = None) -> Page:
    """Somebody who came in; who is told to try again does, as pages do."""
    deadline_s = time.monotonic() + PATIENCE_S
    page = Page(server, slug, name, cookie=cookie)
    while (answer := await page.come())["type"] != "welcome":
        await page.go()
        if not answer.get("retryable") or time.monotonic() > deadline_s:
            raise AssertionError(answer)
        page = Page(server, slug, name, cookie=cookie)
    return page
