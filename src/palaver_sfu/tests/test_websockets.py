"""What one connection may cost, whatever its peer does: a real uvicorn, and peers that speak frames by hand."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import Server

from palaver_sfu.http.websockets import MAX_PINGS_PER_S, MAX_UNSENT_BYTES, MAX_WAITING_FRAMES, BoundedWebSocket

PATIENCE_S = 20.0
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
App = Callable[[Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[tuple[Server, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        ws=BoundedWebSocket,
        lifespan="off",
        log_config=None,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, PATIENCE_S)


def frame(kind: int, data: bytes = b"") -> bytes:
    assert len(data) < 126
    return struct.pack("BB", 0x80 | kind, 0x80 | len(data)) + bytes(4) + data


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[socket.socket]:
    """A connection that has been accepted, and whose window is small."""
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.setblocking(False)
        await loop.sock_connect(raw, ("127.0.0.1", port))
        await loop.sock_sendall(
            raw,
            b"GET / HTTP/1.1\r\nHost: palaver\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += await loop.sock_recv(raw, 1)
        assert b" 101 " in answer
        yield raw


async def is_reset(raw: socket.socket) -> None:
    """Until the other side has thrown the connection away."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                raw.send(frame(PONG))
            except BlockingIOError:
                pass
            except OSError:
                return
            await asyncio.sleep(0.02)


async def receive_nothing(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


async def listen(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def test_what_waits_for_a_peer_that_does_not_read_is_bounded_and_thrown_away_with_it() -> None:
    sent = 0
    given_up = asyncio.Event()

    async def talk(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        nonlocal sent
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            try:
                async with asyncio.timeout(1.0):
                    await send({"type": "websocket.send", "text": "x" * 1_000})
            except TimeoutError:
                given_up.set()
                return
            sent += 1_000

    async with serving(talk) as (server, port), peer(port) as raw:
        await asyncio.wait_for(given_up.wait(), PATIENCE_S)
        assert sent < 4 * MAX_UNSENT_BYTES
        await is_reset(raw)
        assert not server.server_state.connections


async def test_pings_are_answered_but_a_flood_of_them_is_not() -> None:
    async with serving(listen) as (server, port):
        async with peer(port) as raw:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(raw, frame(PING, b"hello"))
            assert await asyncio.wait_for(loop.sock_recv(raw, 100), PATIENCE_S) == bytes((0x80 | PONG, 5)) + b"hello"
            await loop.sock_sendall(raw, frame(PING, b"x" * 100) * (MAX_PINGS_PER_S + 10))
            await is_reset(raw)
        assert not server.server_state.connections


@pytest.mark.parametrize("app", [receive_nothing, listen])
async def test_thousands_of_frames_at_once_end_their_connection(app: App) -> None:
    async with serving(app) as (_, port), peer(port) as raw:
        await asyncio.get_running_loop().sock_sendall(raw, frame(TEXT, b"{}") * (MAX_WAITING_FRAMES * 20))
        await is_reset(raw)


async def test_a_page_that_says_much_in_pieces_is_heard_whole_and_in_order() -> None:
    heard: list[str] = []
    done = asyncio.Event()

    async def note(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            heard.append(message["text"])
        done.set()

    said = [f"{number} " + "y" * (number % 97) for number in range(MAX_WAITING_FRAMES // 2)]
    async with serving(note) as (_, port), peer(port) as raw:
        frames = b"".join(frame(TEXT, text.encode()) for text in said)
        await asyncio.get_running_loop().sock_sendall(raw, frames + frame(CLOSE, struct.pack("!H", 1000)))
        await asyncio.wait_for(done.wait(), PATIENCE_S)
    assert heard == said


def test_only_who_has_been_silent_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock()
    monkeypatch.setattr(WSProtocol, "send_keepalive_ping", asked)
    connection = BoundedWebSocket.__new__(BoundedWebSocket)
    connection.ping_interval, connection._heard_at_s = 10.0, 100.0
    connection.loop = Mock(**{"time.return_value": 109.0})
    connection.send_keepalive_ping()
    connection.loop.call_later.assert_called_once_with(3.5, connection.send_keepalive_ping)
    asked.assert_not_called()
    connection.loop = Mock(**{"time.return_value": 112.5})
    connection.send_keepalive_ping()
    connection.loop.call_later.assert_not_called()
    asked.assert_called_once_with()
