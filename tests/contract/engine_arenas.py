"""The engines that the contract is held against, with clients that really join and an ear for the reports."""

import asyncio
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from livekit import rtc
from livekit.rtc.participant import PublishTrackError
from typing_extensions import override

from palaver.engines.livekit import LiveKitEngine
from palaver.engines.memory import MemoryConnection, MemoryEngine
from palaver.engines.port import MediaEngine
from palaver_sfu.app import create_app
from palaver_sfu.config import SfuSettings
from tests.interop.test_livekit_python import Person
from tests.servers import livekit

Report = tuple[bytes, str | None]
# A picture comes every 67 ms and a sound every 10 ms: after this long nothing more is on its way.
_QUIET_S = 1.5
# A hundredth of one frame of the tone, and of one picture; comfort noise is far below it.
_HEARD = 0.0005
_REFUSED_WITHIN_S = 5.0
KEY, SECRET = "contract", "a-secret-of-at-least-thirty-two-characters"


class Client(ABC):
    """Somebody in the engine."""

    closed: asyncio.Event
    """Set when the engine put them out."""

    @abstractmethod
    async def leave(self) -> None:
        """Go."""

    @abstractmethod
    async def publish(self, source: str) -> bool:
        """Begin to send `microphone` or `camera`; whether the engine took it."""

    @abstractmethod
    async def resume(self, source: str) -> None:
        """Go on with a source that was muted."""

    @abstractmethod
    async def receives(self, source: str) -> None:
        """Wait until something of that source arrives here. Only one person in the room sends."""

    @abstractmethod
    async def last_arrival_s(self, source: str) -> float:
        """Wait until nothing of that source arrives any more; when the last of it did, by `time.monotonic`."""


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

    @override
    async def publish(self, source: str) -> bool:
        return self._connection.publish(source)

    @override
    async def resume(self, source: str) -> None:
        assert self._connection.publish(source)

    @override
    async def receives(self, source: str) -> None:
        assert self._is_sent(source)

    @override
    async def last_arrival_s(self, source: str) -> float:
        assert not self._is_sent(source)
        return time.monotonic()

    def _is_sent(self, source: str) -> bool:
        others = self._arena.engine._rooms[self._connection.room].values()
        return any(source in other.published for other in others if other is not self._connection)


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

    def __init__(self) -> None:
        self._person = Person("a client of the contract")
        self.room = self._person.room
        self.closed = asyncio.Event()
        self._sent: dict[str, rtc.LocalTrackPublication] = {}
        self.room.on("disconnected", lambda _reason: self.closed.set())

    @override
    async def leave(self) -> None:
        await self._person.close()

    @override
    async def publish(self, source: str) -> bool:
        begin = {"microphone": self._person.sound, "camera": self._person.show}[source]
        try:
            async with asyncio.timeout(_REFUSED_WITHIN_S):
                self._sent[source] = await begin()
        except (PublishTrackError, TimeoutError):
            # Either server may also leave the question without an answer.
            return False
        return True

    @override
    async def resume(self, source: str) -> None:
        track = self._sent[source].track
        assert isinstance(track, rtc.LocalAudioTrack | rtc.LocalVideoTrack)
        track.unmute()

    @override
    async def receives(self, source: str) -> None:
        before = self._arrived(source)
        await self._person.until(lambda: self._arrived(source) > before + _HEARD)

    @override
    async def last_arrival_s(self, source: str) -> float:
        arrived, last_s = self._arrived(source), time.monotonic()
        deadline_s = last_s + 30
        while time.monotonic() - last_s < _QUIET_S:
            await asyncio.sleep(0.01)
            now = self._arrived(source)
            if now > arrived + _HEARD:
                arrived, last_s = now, time.monotonic()
            assert last_s < deadline_s, f"{source} goes on"
        return last_s

    def _arrived(self, source: str) -> float:
        return self._person.energy if source == "microphone" else len(self._person.frames)


class LiveKitArena(Arena):
    """A server that clients reach by `url`, and our adapter to it."""

    def __init__(self, engine: LiveKitEngine, url: str, reports: "asyncio.Queue[Report]") -> None:
        self.engine = engine
        self.reports = reports
        self._url = url
        self._clients: list[RtcClient] = []

    @override
    async def join(self, token: str) -> Client:
        client = RtcClient()
        try:
            await client.room.connect(self._url, token, rtc.RoomOptions(connect_timeout=30))
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
