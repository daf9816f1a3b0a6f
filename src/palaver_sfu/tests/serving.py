"""A whole SFU on a real port, with media in memory, and a client that speaks raw protocol to it."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from livekit import api
from livekit.protocol import models, rtc
from websockets.asyncio.client import ClientConnection, connect

from palaver_sfu.adapters.memory import MemoryMedia
from palaver_sfu.app import SfuApp, create_app
from palaver_sfu.config import SfuSettings
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.server import listen, uvicorn_config

KEY, SECRET = "key", "secret-of-at-least-thirty-two-bytes"
TIMEOUT_S = 10.0
OFFER = "\r\n".join(
    [
        "v=0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=recvonly",
        "a=rtpmap:111 opus/48000/2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:1",
        "a=recvonly",
        "a=rtpmap:96 VP8/90000",
        "",
    ]
)
CAMERA_SECTION = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=sendonly\r\na=msid:- cam\r\na=rtpmap:96 VP8/90000\r\n"


def token(identity: str = "alice", room: str = "standup", **grants: Any) -> str:
    return (
        api.AccessToken(KEY, SECRET)
        .with_identity(identity)
        .with_name(identity.capitalize())
        .with_grants(api.VideoGrants(**{"room_join": True, "room": room, **grants}))
        .to_jwt()
    )


def join_parameter(join: rtc.JoinRequest | None = None, *, filler: int = 0) -> str:
    """A `join_request`; `filler` bytes of attributes make it long."""
    if join is None:
        join = rtc.JoinRequest(
            client_info=models.ClientInfo(sdk=models.ClientInfo.JS, version="2.23.0", protocol=17),
            connection_settings=rtc.ConnectionSettings(auto_subscribe=True),
            publisher_offer=rtc.SessionDescription(type="offer", sdp=OFFER, id=1),
        )
    if filler:
        join.participant_attributes["filler"] = "x" * filler
        wrapped = rtc.WrappedJoinRequest(join_request=join.SerializeToString())
    else:
        packed = gzip.compress(join.SerializeToString())
        wrapped = rtc.WrappedJoinRequest(compression=rtc.WrappedJoinRequest.GZIP, join_request=packed)
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


class RawClient:
    """One signalling connection; answers nothing by itself."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[rtc.SignalResponse] = []
        self.sid = ParticipantSid("")

    async def next(self) -> rtc.SignalResponse:
        async with asyncio.timeout(TIMEOUT_S):
            frame = await self.socket.recv()
        assert isinstance(frame, bytes)
        response = rtc.SignalResponse.FromString(frame)
        self.heard.append(response)
        return response

    async def until(self, name: str) -> Any:
        """The next message called `name`."""
        while (response := await self.next()).WhichOneof("message") != name:
            pass
        return getattr(response, name)

    async def send(self, **message: Any) -> None:
        await self.socket.send(rtc.SignalRequest(**message).SerializeToString())

    async def publish_camera(self) -> models.TrackInfo:
        """AddTrack and the offer that carries it, up to the answer."""
        await self.send(add_track=rtc.AddTrackRequest(cid="cam", type=models.VIDEO, source=models.CAMERA))
        published = await self.until("track_published")
        await self.send(offer=rtc.SessionDescription(type="offer", sdp=OFFER + CAMERA_SECTION, id=2))
        await self.until("answer")
        track: models.TrackInfo = published.track
        return track

    async def closed(self) -> int | None:
        async with asyncio.timeout(TIMEOUT_S):
            await self.socket.wait_closed()
        return self.socket.close_code


@dataclass
class Served:
    app: SfuApp
    media: MemoryMedia
    port: int

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def join(
        self, identity: str = "alice", *, path: str = "/rtc/v1", join: rtc.JoinRequest | None = None, **grants: Any
    ) -> AsyncIterator[RawClient]:
        """A client that has read its Join."""
        query = f"access_token={token(identity, **grants)}&join_request={join_parameter(join)}"
        async with connect(f"{self.ws_url}{path}?{query}", proxy=None) as socket:
            client = RawClient(socket)
            client.sid = ParticipantSid((await client.until("join")).participant.sid)
            yield client

    @asynccontextmanager
    async def resume(
        self, sid: str, identity: str, *, room: str = "standup", **fields: Any
    ) -> AsyncIterator[RawClient]:
        """A new connection of somebody who was here; nothing of it is read yet."""
        resume = rtc.JoinRequest(reconnect=True, participant_sid=sid, **fields)
        query = f"access_token={token(identity, room)}&join_request={join_parameter(resume)}"
        async with connect(f"{self.ws_url}/rtc/v1?{query}", proxy=None) as socket:
            client = RawClient(socket)
            client.sid = ParticipantSid(sid)
            yield client

    @asynccontextmanager
    async def dial(self, identity: str, address: str, **grants: Any) -> AsyncIterator[RawClient]:
        """A connection to any address that ends in a query; nothing of it is read yet."""
        url = f"{self.ws_url}{address}&access_token={token(identity, **grants)}"
        async with connect(url, proxy=None) as socket:
            yield RawClient(socket)

    async def twirp(self, method: str, body: dict[str, Any], **grants: Any) -> httpx.Response:
        """A server API call in JSON."""
        text = api.AccessToken(KEY, SECRET).with_grants(api.VideoGrants(**grants)).to_jwt()
        return await self.http("POST", f"/twirp/livekit.RoomService/{method}", json=body, bearer=text)

    async def http(self, method: str, path: str, *, bearer: str | None = None, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S, verify=False) as client:
            return await client.request(method, self.http_url + path, headers=headers, **more)


@asynccontextmanager
async def serving(
    *, media: MemoryMedia | None = None, webhook_transport: httpx.AsyncBaseTransport | None = None, **fields: Any
) -> AsyncIterator[Served]:
    """Run an SFU until the end of the block; `fields` are settings."""
    media = MemoryMedia() if media is None else media
    settings = SfuSettings(keys={KEY: SECRET}, **fields)
    app = create_app(settings, media=media, webhook_transport=webhook_transport)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn_config(app))
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    with closing(listener):
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listener]))
            while not server.started:
                await asyncio.sleep(0.01)
            try:
                yield Served(app=app, media=media, port=listener.getsockname()[1])
            finally:
                await app.shutdown("test is over")
                server.should_exit = True


def _no_signals() -> Any:
    return nullcontext()
