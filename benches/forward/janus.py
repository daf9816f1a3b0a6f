"""Participants of a room of Janus' VideoRoom whose media is the generator's.

Each has up to two connections, as its clients do: on one it offers what it sends, on the other Janus offers what it
receives. Publishers come first, as nobody can ask for what is not there.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from contextlib import AsyncExitStack
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from benches.forward.generator import Generator
from benches.forward.participants import JOINS_AT_ONCE, UP_TIMEOUT_S, Role, as_sent, without_estimation
from tests.servers.janus import media_address
from tests.servers.sfu import SfuAddress

PLUGIN = "janus.plugin.videoroom"
MOST_PUBLISHERS = 1_000
KEEPALIVE_S = 20.0

Message = dict[str, Any]


class JanusError(Exception):
    """Janus refused."""


class Session:
    """One connection of the JSON API, with many handles on it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._session: int | None = None

    async def begin(self) -> None:
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]

    async def attach(self) -> int:
        handle: int = (await self._ask({"janus": "attach", "plugin": PLUGIN}))["data"]["id"]
        return handle

    async def message(self, handle: int, body: Message, jsep: Message | None = None) -> Message:
        """Answers the event, or the answer, that the message ends in."""
        request: Message = {"janus": "message", "handle_id": handle, "body": body}
        answer = await self._ask(request if jsep is None else request | {"jsep": jsep})
        data: Message = answer["plugindata"]["data"]
        if "error" in data:
            raise JanusError(data["error"])
        return answer

    async def keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S)
            await self._ask({"janus": "keepalive"})

    async def listen(self) -> None:
        async for text in self._socket:
            said: Message = json.loads(text)
            key = said.get("transaction", "")
            if said["janus"] == "webrtcup":
                key = _up(said["sender"])
            elif said["janus"] == "ack" and not key.startswith("keepalive"):
                # What was asked for comes later.
                continue
            waiting = self._waiting.pop(key, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(said)

    def up(self, handle: int) -> asyncio.Future[Message]:
        """Done when Janus itself takes the media of a handle for connected."""
        return self._waiting.setdefault(_up(handle), asyncio.get_running_loop().create_future())

    async def _ask(self, request: Message) -> Message:
        transaction = f"{request['janus']}-{next(self._numbers)}"
        waiting = self._waiting[transaction] = asyncio.get_running_loop().create_future()
        whole = request | {"transaction": transaction}
        if self._session is not None:
            whole["session_id"] = self._session
        await self._socket.send(json.dumps(whole))
        async with asyncio.timeout(UP_TIMEOUT_S):
            answer: Message = await waiting
        if answer["janus"] == "error":
            raise JanusError(answer["error"])
        return answer


def _up(handle: int) -> str:
    return f"up-{handle}"


class JanusRoom:
    """Participants come by `admit`, and all go at the end of the block."""

    def __init__(self, server: SfuAddress, generator: Generator, name: str) -> None:
        self._server = server
        self._generator = generator
        self._name = name
        self._stack = AsyncExitStack()
        self._numbers = itertools.count()
        self._feeds: list[int] = []
        # For each role the number and the handle of what receives, and the section of each feed.
        self._views: dict[int, tuple[int, int, dict[int, str]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._gate = asyncio.Semaphore(JOINS_AT_ONCE)

    async def __aenter__(self) -> Self:
        dialing = connect(self._server.ws_url, subprotocols=["janus-protocol"], proxy=None, max_size=None)  # type: ignore[list-item]
        self._session = Session(await self._stack.enter_async_context(dialing))
        self._tasks.append(asyncio.create_task(self._session.listen()))
        await self._session.begin()
        self._tasks.append(asyncio.create_task(self._session.keep_alive()))
        self._room = abs(hash(self._name)) % 1_000_000_000 + 1
        body = {"request": "create", "room": self._room, "publishers": MOST_PUBLISHERS, "bitrate": 0}
        await self._session.message(await self._session.attach(), body | {"notify_joining": False})
        self._generator.tell("share", media_address())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._generator.tell("close")
        body = {"request": "destroy", "room": self._room}
        await self._session.message(await self._session.attach(), body)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # The session and all of its handles end with the connection.
        await self._stack.aclose()

    async def prepare(self, role: Role) -> None:
        """Somebody must be there to be subscribed to."""
        if role.publishes == "none":
            await self.admit([Role(role.kind, 0, role.kind)])

    async def admit(self, roles: list[Role]) -> None:
        """All of them are up when this is done."""
        publishing = [self._publish(role) if role.publishes != "none" else _nothing() for role in roles]
        feeds = await asyncio.gather(*publishing)
        self._feeds += [feed for feed in feeds if feed is not None]
        both = enumerate(zip(roles, feeds, strict=True))
        await asyncio.gather(*(self._receive(place, role, own) for place, (role, own) in both))

    async def want(self, viewer: int, publisher: int, layer: int) -> None:
        """Somebody asks for somebody's picture in a size, both by their places; for rooms where everybody publishes."""
        number, handle, sections = self._views[viewer]
        feed = self._feeds[publisher]
        wanted = {"mid": sections[feed], "substream": layer, "temporal": 2}
        self._generator.tell("wish", number, feed - 1, layer, time.time_ns() // 1_000)
        await self._session.message(handle, {"request": "configure", "streams": [wanted]})

    async def _publish(self, role: Role) -> int:
        async with self._gate:
            number, handle = next(self._numbers), await self._session.attach()
            is_up = asyncio.gather(self._generator.up(number), self._session.up(handle))
            offer = await self._generator.offer("open", number, role.publishes, 0, role.kind)
            body = {"request": "joinandconfigure", "ptype": "publisher", "room": self._room, "id": number + 1}
            jsep = {"type": "offer", "sdp": as_sent(role, offer)}
            answer = await self._session.message(handle, body, jsep)
            self._generator.answer(number, answer["jsep"]["sdp"])
            await asyncio.wait_for(is_up, UP_TIMEOUT_S)
            return number + 1

    async def _receive(self, place: int, role: Role, own: int | None) -> None:
        wanted = [{"feed": feed} for feed in self._feeds if feed != own][: role.sections]
        if not wanted:
            return
        async with self._gate:
            number, handle = next(self._numbers), await self._session.attach()
            body = {"request": "join", "ptype": "subscriber", "room": self._room, "streams": wanted}
            attached = await self._session.message(handle, body)
            offer, streams = attached["jsep"]["sdp"], attached["plugindata"]["data"]["streams"]
            self._views[place] = (
                number,
                handle,
                {
                    stream["feed_id"]: stream["mid"]
                    for stream in streams
                    if stream["type"] == role.kind and "feed_id" in stream
                },
            )
            is_up = self._generator.up(number)
            answer = await self._generator.accept(number, offer if role.has_feedback else without_estimation(offer))
            jsep = {"type": "answer", "sdp": answer}
            await self._session.message(handle, {"request": "start", "room": self._room}, jsep)
            await asyncio.wait_for(is_up, UP_TIMEOUT_S)


async def _nothing() -> None:
    return None
