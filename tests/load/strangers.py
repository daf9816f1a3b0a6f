"""A WebSocket by hand, for peers that no library would be: they do not read, or they never stop sending."""

import asyncio
import base64
import json
import os
import socket
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.load.classroom import PATIENCE_S
from tests.servers.palaver import PalaverServer

TEXT, PING = 0x1, 0x9
_SMALL_WINDOW = 4_096


def frame(data: bytes, kind: int = TEXT) -> bytes:
    """A frame, masked with zeros."""
    size = struct.pack("B", 0x80 | len(data)) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
    return bytes((0x80 | kind,)) + size + bytes(4) + data


PONG = frame(b'{"type":"pong"}')


class Stranger:
    """One connection to a room, with the smallest window that the kernel gives. It reads nothing but the upgrade."""

    def __init__(self, server: PalaverServer, slug: str) -> None:
        self._server_port = server.port
        self._raw = socket.socket()
        self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW)
        self._raw.settimeout(PATIENCE_S)
        self._raw.connect(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self._raw.sendall(
            f"GET /ws/meetings/{slug} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._raw.recv(1)
        assert b" 101 " in head, head
        self._raw.setblocking(False)

    def say_hello(self, name: str) -> None:
        """Come in, as far as the server is concerned."""
        message = {"type": "hello", "request_id": "hello", "protocol": 1, "tab_id": name, "name": name}
        self._raw.send(frame(json.dumps(message).encode()))

    async def go_on_sending(self, frames: bytes, *, pause_s: float = 0.25) -> None:
        """Send `frames` again and again, or nothing, until the server has thrown the connection away."""
        # An error that came in is told to somebody who sends nothing, too.
        while self._raw.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            try:
                if frames:
                    self._raw.send(frames)
            except BlockingIOError:
                pass
            except OSError:
                return
            await asyncio.sleep(pause_s)

    def unsent_bytes(self) -> int:
        """What the server's kernel holds for this connection: in its queue, or sent and not taken."""
        ends = (self._server_port, self._raw.getsockname()[1])
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            cells = line.split()
            if tuple(int(end.split(":")[1], 16) for end in cells[1:3]) == ends:
                return int(cells[4].split(":")[0], 16)
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()
