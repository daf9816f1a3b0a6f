"""A slow page, query or upload never delays a join or a ping.

Not a race against a clock: the pages hang until the test lets them go, and the joins, commands and pings have to be
done before it does. A room that shared a thread with the pages would never get there.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from palaver.accounts.models import User
from palaver.config import pages
from palaver.config.asgi import Planes
from palaver.config.live_handlers import REGISTRY
from palaver.engines.memory import MemoryEngine
from palaver.live.lifecycle import LivePart
from palaver.live.routing import application as live_sockets
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting
from tests.load import slow_pages

SLOW_PAGES = 60  # more than the threads of all pools together
SLOW_UPLOADS = 10
JOINS = 20
# None of these judges anything: they only end a test of a room that is stuck behind the pages.
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def meeting(transactional_db: None) -> Meeting:
    alice = User.objects.create_user("alice@example.org", first_name="Alice", last_name="Moreau")
    return create_meeting(actor=alice, title="Stand-up", now=datetime.now(tz=UTC))


@pytest_asyncio.fixture
async def address(settings: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Pages and rooms of one process, wired as in `palaver serve`."""
    settings.ROOT_URLCONF = "tests.load.slow_pages"
    # The uploads have to last as long as the test, however slow the machine is.
    monkeypatch.setattr(pages, "_BODY_TIMEOUT_S", None)
    slow_pages.let_go.clear()

    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError(f"nobody asks for {scope['path']}")

    planes = Planes(
        pages=pages.Pages(),
        static=nothing,
        health=nothing,
        sfu=nothing,
        live=live_sockets,
        files=nothing,
        parts=(LivePart(engine=MemoryEngine(), registry=REGISTRY),),
    )
    config = uvicorn.Config(planes, ws="wsproto", log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server._serve([listener]))  # `serve` would take the signals of the test process
        while not server.started:
            assert not task.done(), task.exception()
            await asyncio.sleep(0)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        slow_pages.let_go.set()
        server.should_exit = True
        await task


async def join(address: str, slug: str, name: str) -> tuple[ClientConnection, dict[str, Any]]:
    # Without a bound on what is not read yet: the library would stop reading, and then not see the goodbye either.
    socket = await connect(
        f"ws://{address}/ws/meetings/{slug}",
        origin=f"http://{address}",  # type: ignore[arg-type]
        max_queue=None,
    )
    await socket.send(json.dumps({"type": "hello", "request_id": "h", "protocol": 1, "tab_id": name, "name": name}))
    welcome = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
    assert welcome["type"] == "welcome", welcome
    return socket, welcome


async def command(socket: ClientConnection, name: str) -> None:
    request = {"type": "command", "request_id": name, "command": {"kind": "rename_self", "name": name}}
    await socket.send(json.dumps(request))
    while json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S)).get("request_id") != name:
        pass


async def trickle() -> AsyncIterator[bytes]:
    """An upload that does not get done either."""
    yield b"x" * 1000
    while not slow_pages.let_go.is_set():
        await asyncio.sleep(0.05)
    yield b"x"


async def test_joins_commands_and_pings_go_on_while_every_page_hangs(address: str, meeting: Meeting) -> None:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"http://{address}", limits=limits, timeout=None) as browser:
        async with asyncio.TaskGroup() as tasks:
            loads = [tasks.create_task(browser.get("/slow-page")) for _ in range(SLOW_PAGES)]
            uploads = [tasks.create_task(browser.post("/slow-page", content=trickle())) for _ in range(SLOW_UPLOADS)]
            # As many pages hang as there are threads for them; the rest of the seventy wait behind.
            for _ in range(20):
                assert await asyncio.to_thread(slow_pages.hanging.acquire, timeout=PATIENCE_S)
            sockets = []
            for number in range(JOINS):
                socket, welcome = await join(address, meeting.slug, f"Guest {number}")
                assert len(welcome["snapshot"]["participants"]) == number + 1
                sockets.append(socket)
            for number, socket in enumerate(sockets):
                await command(socket, f"Renamed {number}")
                pong = await socket.ping()
                await asyncio.wait_for(pong, PATIENCE_S)

            assert not any(page.done() for page in (*loads, *uploads)), "a page got done: this proved nothing"
            slow_pages.let_go.set()
        assert {page.result().status_code for page in (*loads, *uploads)} == {200}
        for socket in sockets:
            await socket.close()


async def test_joins_into_a_running_room_go_on_while_a_page_holds_the_database(address: str, meeting: Meeting) -> None:
    """The page is within a transaction that holds SQLite's one write lock; the history is written when it ends."""
    first, _ = await join(address, meeting.slug, "Guest 0")
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=None) as browser, asyncio.TaskGroup() as tasks:
        page = tasks.create_task(browser.get("/slow-query"))
        assert await asyncio.to_thread(slow_pages.hanging.acquire, timeout=PATIENCE_S)
        sockets = [first]
        for number in range(1, 3):
            socket, _ = await join(address, meeting.slug, f"Guest {number}")
            await command(socket, f"Renamed {number}")
            sockets.append(socket)
        assert not page.done(), "the page got done: this proved nothing"
        slow_pages.let_go.set()
    for socket in sockets:
        await socket.close()


async def test_the_test_can_fail(address: str, meeting: Meeting) -> None:
    """A page of the same process really does wait behind the hanging ones: the load is a load."""
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=None) as browser:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SLOW_PAGES):
                tasks.create_task(browser.get("/slow-page"))
            for _ in range(20):
                assert await asyncio.to_thread(slow_pages.hanging.acquire, timeout=PATIENCE_S)
            preview = tasks.create_task(browser.get(f"/api/meetings/{meeting.slug}/preview"))
            socket, _ = await join(address, meeting.slug, "Bob")
            assert not preview.done()
            slow_pages.let_go.set()
            await socket.close()
        assert preview.result().status_code == 200
