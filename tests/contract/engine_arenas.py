"""The engines that the contract is held against, with clients that really join and an ear for the reports."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from livekit import rtc
from typing_extensions import override

from palaver.engines.livekit import LiveKitEngine
from palaver.engines.memory import MemoryConnection, MemoryEngine
from palaver.engines.port import MediaEngine
from palaver_sfu.app import create_app
from palaver_sfu.config import SfuSettings
from tests.servers import livekit

Report = tuple[bytes, str | None]
KEY, SECRET = "contract", "a-secret-of-at-least-thirty-two-characters"


class Client(ABC):
    """Somebody in the engine."""

    closed: asyncio.Event
    """Set when the engine put them out."""

    @abstractmethod
    async def leave(self) -> None:
        """Go."""


class Arena(ABC):
    """An engine under test. `reports` are the webhooks as they come in."""

    engine: MediaEngine
    api_secret = SECRET
    reports: "asyncio.Queue[Report]"

    @abstractmethod
    async def join(self, token: str) -> Client:
        """Come in by a ticket. Raises PermissionError when it does not let anybody in."""

    async def report_of(self, event: str, identity: str) -> Report:
        """The next report of that event about that person."""
        while True:
            body, authorization = await asyncio.wait_for(self.reports.get(), 30)
            if f'"{event}"'.encode() in body and identity.encode() in body:
                return body, authorization


# --- memory ---------------------------------------------------------------------------------------


class MemoryClient(Client):
    """A connection of the memory engine."""

    def __init__(self, arena: "MemoryArena", connection: MemoryConnection) -> None:
        self._arena = arena
        self._connection = connection
        self.closed = connection.closed

    @override
    async def leave(self) -> None:
        self._arena.engine.disconnect(self._connection)
        self._arena.reports.put_nowait(self._arena.engine.signed_report("participant_left", self._connection))


class MemoryArena(Arena):
    """The fake."""

    engine: MemoryEngine

    def __init__(self) -> None:
        self.engine = MemoryEngine(api_key=KEY, api_secret=SECRET)
        self.reports = asyncio.Queue()

    @override
    async def join(self, token: str) -> Client:
        connection = self.engine.connect(token)
        self.reports.put_nowait(self.engine.signed_report("participant_joined", connection))
        return MemoryClient(self, connection)


# --- LiveKit's protocol ---------------------------------------------------------------------------


class RtcClient(Client):
    """The official Python client."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self.closed = asyncio.Event()
        room.on("disconnected", lambda _reason: self.closed.set())

    @override
    async def leave(self) -> None:
        await self._room.disconnect()


class LiveKitArena(Arena):
    """A server that clients reach by `url`, and our adapter to it."""

    def __init__(self, engine: LiveKitEngine, url: str, reports: "asyncio.Queue[Report]") -> None:
        self.engine = engine
        self.reports = reports
        self._url = url
        self._clients: list[RtcClient] = []

    @override
    async def join(self, token: str) -> Client:
        room = rtc.Room()
        client = RtcClient(room)
        try:
            await room.connect(self._url, token, rtc.RoomOptions(connect_timeout=30))
        except rtc.ConnectError as refusal:
            raise PermissionError(str(refusal)) from refusal
        self._clients.append(client)
        return client

    async def close(self) -> None:
        """Everybody goes."""
        for client in self._clients:
            await client.leave()
        await self.engine.close()


def ear(reports: "asyncio.Queue[Report]") -> Callable[..., Any]:
    """An ASGI application that takes webhooks in."""

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, is_more = b"", True
        while is_more:
            part = await receive()
            body += part.get("body", b"")
            is_more = part.get("more_body", False)
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization")
        reports.put_nowait((body, None if authorization is None else authorization.decode()))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return listen


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    """Serve an ASGI application on a port that the kernel picks, in this very loop."""
    config = uvicorn.Config(app, ws="wsproto", lifespan="on", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server._serve([listener]))  # `serve` would take the signals of the test process
        while not server.started:
            assert not task.done(), task.exception()
            await asyncio.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def memory_arena(folder: Path) -> AsyncIterator[Arena]:
    """The fake."""
    del folder
    yield MemoryArena()


@asynccontextmanager
async def embedded_arena(folder: Path) -> AsyncIterator[Arena]:
    """The embedded SFU, called and reporting within the process as in `palaver serve`."""
    del folder
    reports: asyncio.Queue[Report] = asyncio.Queue()
    sfu = create_app(
        SfuSettings(
            keys={KEY: SECRET}, media_port=0, webhook_urls=("http://localhost/engine/webhook",), webhook_api_key=KEY
        ),
        webhook_transport=httpx.ASGITransport(app=ear(reports)),
    )
    async with serving(sfu) as port:
        engine = LiveKitEngine(
            url="http://sfu.internal", api_key=KEY, api_secret=SECRET, transport=httpx.ASGITransport(app=sfu)
        )
        arena = LiveKitArena(engine, f"ws://127.0.0.1:{port}", reports)
        try:
            yield arena
        finally:
            await arena.close()


@asynccontextmanager
async def livekit_arena(folder: Path) -> AsyncIterator[Arena]:
    """The reference server over the network. Raises RuntimeError where it cannot be built."""
    reports: asyncio.Queue[Report] = asyncio.Queue()
    async with serving(ear(reports)) as port:
        running = livekit.livekit_server(folder, webhook_url=f"http://127.0.0.1:{port}/engine/webhook")
        address = await asyncio.to_thread(running.__enter__)
        engine = LiveKitEngine(url=address.url, api_key=address.api_key, api_secret=address.api_secret)
        arena = LiveKitArena(engine, address.ws_url, reports)
        arena.api_secret = address.api_secret
        try:
            yield arena
        finally:
            await arena.close()
            await asyncio.to_thread(running.__exit__, None, None, None)
