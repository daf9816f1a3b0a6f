"""A client with media whose signalling is read and added to: `livekit` from PyPI behind a proxy for one WebSocket.

The client does what clients do; what it would never say by itself is put into its mouth.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from livekit import rtc as client
from livekit.protocol import rtc
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from tests.conformance.client import TIMEOUT_S, token
from tests.interop.test_livekit_python import Person
from tests.servers.sfu import SfuAddress


class TappedPerson(Person):
    """Somebody with a Python client, and every word that was said to it."""

    def __init__(self, identity: str) -> None:
        super().__init__(identity)
        self.heard: list[rtc.SignalResponse] = []
        self.said: list[rtc.SignalRequest] = []
        self.reword: Callable[[rtc.SignalRequest], None] | None = None
        self._news = asyncio.Condition()
        self._line: ClientConnection | None = None

    async def say(self, **message: Any) -> None:
        """Put a request into the client's mouth."""
        assert self._line is not None
        await self._line.send(rtc.SignalRequest(**message).SerializeToString())

    async def told(self, name: str, is_meant: Callable[[Any], bool] = lambda _: True, *, since: int = 0) -> Any:
        """The first message called `name` that `is_meant`, whenever it came after the first `since` ones."""
        async with asyncio.timeout(TIMEOUT_S), self._news:
            while True:
                for response in self.heard[since:]:
                    if response.WhichOneof("message") == name and is_meant(getattr(response, name)):
                        return getattr(response, name)
                await self._news.wait()

    async def come_in(self, server: SfuAddress, room: str, *, is_dual: bool = False, **grants: Any) -> str:
        """Connect to the tapped `server`; returns the participant's sid."""
        options = client.RoomOptions(single_peer_connection=not is_dual)
        async with asyncio.timeout(TIMEOUT_S):
            await self.room.connect(server.ws_url, token(server, self.identity, room, **grants), options)
        return self.room.local_participant.sid

    async def relay(self, upstream: ClientConnection, downstream: ServerConnection) -> None:
        self._line = upstream
        listening = asyncio.create_task(self._relay_up(upstream, downstream))
        with contextlib.suppress(ConnectionError):
            async for frame in upstream:
                assert isinstance(frame, bytes)
                async with self._news:
                    self.heard.append(rtc.SignalResponse.FromString(frame))
                    self._news.notify_all()
                await downstream.send(frame)
        listening.cancel()

    async def _relay_up(self, upstream: ClientConnection, downstream: ServerConnection) -> None:
        async for frame in downstream:
            assert isinstance(frame, bytes)
            request = rtc.SignalRequest.FromString(frame)
            if self.reword is not None:
                self.reword(request)
            self.said.append(request)
            await upstream.send(request.SerializeToString())
        await upstream.close()


@contextlib.asynccontextmanager
async def tapped(server: SfuAddress, identity: str) -> AsyncIterator[tuple[TappedPerson, SfuAddress]]:
    """Somebody and the address by which `server` is reached through the tap."""
    person = TappedPerson(identity)

    async def handle(downstream: ServerConnection) -> None:
        assert downstream.request is not None
        bearer = {"Authorization": downstream.request.headers.get("Authorization", "")}
        address = server.ws_url + downstream.request.path
        async with connect(address, additional_headers=bearer, proxy=None, max_size=None) as upstream:
            await person.relay(upstream, downstream)

    async with serve(handle, "127.0.0.1", 0, max_size=None) as proxy:
        port = next(iter(proxy.sockets)).getsockname()[1]
        try:
            yield person, replace(server, url=f"http://127.0.0.1:{port}")
        finally:
            await person.close()
