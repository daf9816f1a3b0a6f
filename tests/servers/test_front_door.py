import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.servers.front_door import FrontDoor


@asynccontextmanager
async def naming(name: str) -> AsyncIterator[asyncio.Server]:
    """A server that says its name and who asks."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{name} {writer.get_extra_info('peername')[0]}".encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server


async def ask(door: FrontDoor, address: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, local_addr=(address, 0))
    answer = (await reader.read()).decode()
    writer.close()
    return answer


async def test_a_door_leads_to_each_in_turn_and_past_one_that_is_gone() -> None:
    async with naming("first") as first, naming("second") as second:
        with FrontDoor([server.sockets[0].getsockname()[1] for server in (first, second)]) as door:
            assert [await ask(door, "127.0.3.1") for _ in range(4)] == ["first 127.0.3.1", "second 127.0.3.1"] * 2
            first.close()
            await first.wait_closed()
            assert {await ask(door, "127.0.3.2") for _ in range(4)} == {"second 127.0.3.2"}
