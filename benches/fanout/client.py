"""A room full of sockets in one process, cheap enough not to be what is measured: frames are found, not parsed."""

import asyncio
import base64
import functools
import os
import struct
import time
from collections.abc import Callable
from typing import cast

from typing_extensions import override

# What Chromium offers: a server that takes it up would compress every frame for every client.
_EXTENSIONS = "permessage-deflate; client_max_window_bits"
_PATIENCE_S = 60.0
_PING, _PONG = 0x9, 0xA


class Client(asyncio.Protocol):
    """One WebSocket. `on_frame` gets each text frame that comes in."""

    def __init__(self, host: str, path: str, on_frame: Callable[[bytes], None]) -> None:
        self.on_frame = on_frame
        self.is_gone = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: {_EXTENSIONS}\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        ).encode()
        self._buffer = bytearray()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class, of the same shape
        self._transport.write(self._request)

    @override
    def data_received(self, data: bytes) -> None:
        """Find frames."""
        self._buffer += data
        if not self.opened.done():
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head.decode("latin-1")))
                return
            self._buffer = bytearray(rest)
            self.opened.set_result(None)
        self._find_frames()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever ended it."""
        self.is_gone = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("refused"))

    def _find_frames(self) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= 2:
            length, offset = buffer[start + 1] & 0x7F, start + 2
            if length == 126:
                if len(buffer) < offset + 2:
                    break
                (length,) = struct.unpack_from(">H", buffer, offset)
                offset += 2
            elif length == 127:
                if len(buffer) < offset + 8:
                    break
                (length,) = struct.unpack_from(">Q", buffer, offset)
                offset += 8
            if len(buffer) < offset + length:
                break
            if buffer[start] & 0x40:
                raise ValueError("a compressed frame: the marks in it cannot be found")
            payload = bytes(buffer[offset : offset + length])
            if buffer[start] & 0x0F == _PING:
                self._transport.write(bytes((0x80 | _PONG, 0x80 | length)) + b"\0\0\0\0" + payload)
            elif b'"heartbeat"' in payload:
                self.send('{"type":"pong"}')
            else:
                self.on_frame(payload)
            start = offset + length
        del buffer[:start]

    def send(self, text: str) -> None:
        """Send a text frame, masked with zeros: legal, and free of charge."""
        data = text.encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self._transport.write(b"\x81" + size + b"\0\0\0\0" + data)

    def close(self) -> None:
        """Hang up."""
        self._transport.abort()


def _same(client: Client) -> Client:
    return client


class Crowd:
    """All sockets of one room. They come from two networks in turn: guests of one may not take every seat."""

    def __init__(self, port: int, *, greeting: Callable[[int], str] | None, path: str = "/ws/meetings/bench") -> None:
        self._port = port
        self._path = path
        self._greeting = greeting
        self._marker = b""
        self._arrivals_ns: list[int] = []
        self._expected = 0
        self._all_in = asyncio.Event()
        self.clients: list[Client] = []

    async def gather(self, count: int, *, at_once: int = 1) -> list[float]:
        """Bring `count` sockets into the room, so many at once; the seconds that each waited for its welcome."""
        gate = asyncio.Semaphore(at_once)
        first = len(self.clients)

        async def next_one(number: int) -> float:
            async with gate:
                begun_s = time.monotonic()
                await self._bring(number)
                return time.monotonic() - begun_s

        return await asyncio.gather(*(next_one(number) for number in range(first, first + count)))

    async def _bring(self, number: int) -> None:
        welcomed = asyncio.Event()
        host = f"127.0.0.1:{self._port}"

        def first(frame: bytes) -> None:
            if b'"welcome"' in frame:
                welcomed.set()

        client = Client(host, self._path, first)
        await asyncio.get_running_loop().create_connection(
            functools.partial(_same, client), "127.0.0.1", self._port, local_addr=(f"127.0.3.{number % 2 + 1}", 0)
        )
        await asyncio.wait_for(client.opened, _PATIENCE_S)
        if self._greeting is not None:
            client.send(self._greeting(number))
            await asyncio.wait_for(welcomed.wait(), _PATIENCE_S)
        client.on_frame = self._frame
        self.clients.append(client)

    async def event(self, number: int, text_of: Callable[[str], str]) -> list[int]:
        """One event, sent by the next socket in turn: nanoseconds until each of all sockets had it."""
        mark = f"event-{number}-mark"
        self._marker, self._arrivals_ns, self._expected = mark.encode(), [], len(self.clients)
        self._all_in.clear()
        begun_ns = time.monotonic_ns()
        self.clients[number % len(self.clients)].send(text_of(mark))
        await asyncio.wait_for(self._all_in.wait(), _PATIENCE_S)
        return [at_ns - begun_ns for at_ns in self._arrivals_ns]

    def leave(self) -> None:
        """Everybody hangs up."""
        for client in self.clients:
            client.close()

    def _frame(self, frame: bytes) -> None:
        if self._marker in frame:
            self._arrivals_ns.append(time.monotonic_ns())
            if len(self._arrivals_ns) == self._expected:
                self._all_in.set()
