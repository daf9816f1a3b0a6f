"""One address in front of several servers: each connection goes to the next of them that answers.

It stands for the proxy that people see. What runs through it is not read; the server sees the address of who asked, as
with a proxy that it trusts.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

CHUNK_BYTES = 65_536


@dataclass(slots=True)
class FrontDoor:
    """Forwards `port` to `upstream_ports` in turn, all on the loopback interface. Use it as a context manager."""

    upstream_ports: Sequence[int] = ()
    # By the port from which somebody dialled: where they were led.
    led_to: dict[tuple[str, int], int] = field(default_factory=dict)
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _turns: "itertools.count[int]" = field(default_factory=itertools.count)
    _open: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="front door", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        address, port = writer.get_extra_info("peername")
        try:
            there = await self._dial(address, port)
            if there is not None:
                with contextlib.closing(there[1]):
                    await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        except asyncio.CancelledError:
            pass  # the door is closed
        finally:
            self._open.discard(task)
            self.led_to.pop((address, port), None)
            writer.close()

    async def _dial(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next server that takes a connection, or None: as a proxy does, nobody is told of one that is gone."""
        first = next(self._turns)
        for number in range(len(self.upstream_ports)):
            upstream = self.upstream_ports[(first + number) % len(self.upstream_ports)]
            with contextlib.suppress(OSError):
                ends = await asyncio.open_connection("127.0.0.1", upstream, local_addr=(address, 0))
                self.led_to[address, port] = upstream
                return ends
        return None


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until either end closes, then close the other half."""
    with contextlib.suppress(OSError):
        while chunk := await source.read(CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()
