"""A client that speaks the wire and nothing else: no media, no reconnecting, nothing that it does by itself."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from livekit import api
from livekit.protocol import models, rtc
from websockets.asyncio.client import ClientConnection, connect

from tests.servers.sfu import SfuAddress

TIMEOUT_S = 20.0


def token(server: SfuAddress, identity: str, room: str, **grants: Any) -> str:
    video = api.VideoGrants(**{"room_join": True, "room": room, **grants})
    return api.AccessToken(server.api_key, server.api_secret).with_identity(identity).with_grants(video).to_jwt()


def join_parameter(**fields: Any) -> str:
    client = models.ClientInfo(sdk=models.ClientInfo.PYTHON, version="1.2.0", protocol=17)
    join = rtc.JoinRequest(
        client_info=client, connection_settings=rtc.ConnectionSettings(auto_subscribe=True), **fields
    )
    wrapped = rtc.WrappedJoinRequest(join_request=join.SerializeToString())
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


class WireClient:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next_frame(self) -> bytes | str:
        async with asyncio.timeout(TIMEOUT_S):
            frame: bytes | str = await self.socket.recv()
        return frame

    async def next(self) -> rtc.SignalResponse:
        frame = await self.next_frame()
        assert isinstance(frame, bytes)
        return rtc.SignalResponse.FromString(frame)

    async def until(self, name: str) -> Any:
        """The next message called `name`; others are passed over."""
        while (response := await self.next()).WhichOneof("message") != name:
            pass
        return getattr(response, name)

    async def send(self, **message: Any) -> None:
        await self.socket.send(rtc.SignalRequest(**message).SerializeToString())


@asynccontextmanager
async def dial(server: SfuAddress, path: str, bearer: str) -> AsyncIterator[WireClient]:
    headers = {"Authorization": f"Bearer {bearer}"}
    async with connect(server.ws_url + path, additional_headers=headers, proxy=None) as socket:
        yield WireClient(socket)


def dual_path(**parameters: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"/rtc?auto_subscribe=1&sdk=python&protocol=17&{query}"
