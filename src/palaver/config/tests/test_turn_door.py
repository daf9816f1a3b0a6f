"""One port for HTTP and TURN: each connection is what its first byte says."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from palaver.config.asgi_types import Receive, Scope, Send, respond
from palaver.config.turn_door import http_or_turn

ALLOCATE = bytes.fromhex("000300082112a442") + bytes(12) + bytes.fromhex("0019000411000000")
GET = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


class Core:
    """Stands for the media core: takes connections and says everything twice."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.seen: list[tuple[tuple[str, int], tuple[str, int]]] = []
        self.taken: list[socket.socket] = []
        self._is_full = is_full

    def __call__(self, connection: socket.socket, *, local: tuple[str, int], remote: tuple[str, int]) -> None:
        self.seen.append((local, remote))
        if self._is_full:
            raise OSError("too many")
        mine = connection.dup()
        mine.setblocking(True)
        self.taken.append(mine)
        threading.Thread(target=self._echo, args=(mine,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        while data := connection.recv(65_536):
            connection.sendall(data * 2)
        connection.close()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, b"a page")


@asynccontextmanager
async def serving(core: Core) -> AsyncIterator[int]:
    config = Config(app, http=http_or_turn(core), log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: http_or_turn(core)(config=config, server_state=state, app_state={}), "127.0.0.1"
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(port: int, words: bytes, count: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    answer = await reader.readexactly(count)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.timeout(30)
async def test_turn_goes_to_the_core_and_everything_else_stays_http() -> None:
    core = Core()
    async with serving(core) as port:
        assert await ask(port, GET, 15) == b"HTTP/1.1 200 OK"
        assert core.seen == []
        assert await ask(port, ALLOCATE, 56) == ALLOCATE * 2
        assert await ask(port, GET, 15) == b"HTTP/1.1 200 OK"
    ((local, remote),) = core.seen
    assert (local, remote[0]) == (("127.0.0.1", port), "127.0.0.1")


@pytest.mark.timeout(30)
async def test_a_long_conversation_arrives_whole_and_ends_at_both_ends() -> None:
    core = Core()
    words = ALLOCATE * 20_000
    async with serving(core) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(words)
        answer = await reader.readexactly(2 * len(words))
        assert len(answer) == 2 * len(words)
        core.taken[0].shutdown(socket.SHUT_RDWR)
        assert await reader.read() == b"", "the core hung up"
        writer.close()


@pytest.mark.timeout(30)
async def test_a_core_that_takes_no_more_is_a_closed_connection() -> None:
    async with serving(Core(is_full=True)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ALLOCATE)
        assert await reader.read() == b""
        writer.close()
        assert await ask(port, GET, 15) == b"HTTP/1.1 200 OK"
