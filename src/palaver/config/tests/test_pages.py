import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path

from palaver.config import pages
from palaver.config.pages import Pages

_gate = threading.Event()
_inside = threading.Semaphore(0)
_threads: set[str] = set()


def slow(_request: HttpRequest) -> HttpResponse:
    """Stands in its thread until the test opens the gate."""
    _threads.add(threading.current_thread().name)
    _inside.release()
    assert _gate.wait(20)
    return HttpResponse("slow")


def quick(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method} {len(request.body)}")


async def asynchronous(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(threading.current_thread().name)


urlpatterns = [path("slow", slow), path("quick", quick), path("async", asynchronous)]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _plain_middleware(settings: pytest.FixtureRequest) -> None:
    settings.MIDDLEWARE = []  # type: ignore[attr-defined]
    _gate.clear()


@asynccontextmanager
async def browser(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=30) as client:
        yield client


async def until_inside(count: int) -> None:
    async with asyncio.timeout(10):
        for _ in range(count):
            await asyncio.to_thread(_inside.acquire)


async def test_slow_pages_hold_their_own_threads_and_never_the_loop() -> None:
    async with browser(Pages()) as client:
        waiting = [asyncio.create_task(client.get("/slow")) for _ in range(8)]
        await until_inside(8)
        # The loop goes on, and a further page gets a thread of its own.
        async with asyncio.timeout(5):
            assert (await client.get("/quick")).text == "GET 0"
        assert not any(task.done() for task in waiting)
        _gate.set()
        assert [(await task).text for task in waiting] == ["slow"] * 8
    assert len(_threads) >= 8


async def test_only_so_many_pages_run_at_once_and_the_rest_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_PAGES_AT_ONCE", 2)
    async with browser(Pages()) as client:
        first = [asyncio.create_task(client.get("/slow")) for _ in range(2)]
        await until_inside(2)
        third = asyncio.create_task(client.get("/quick"))
        done, _ = await asyncio.wait({third}, timeout=0.2)
        assert not done
        _gate.set()
        assert (await third).text == "GET 0"
        await asyncio.gather(*first)


async def test_beyond_the_queue_the_answer_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_PAGES_WAITING", 1)
    async with browser(Pages()) as client:
        first = asyncio.create_task(client.get("/slow"))
        await until_inside(1)
        refused = await client.get("/quick")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        _gate.set()
        await first
        assert (await client.get("/quick")).status_code == 200


async def test_bodies_that_trickle_in_take_no_place_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_PAGES_WAITING", 1)
    app = Pages()
    is_reading = asyncio.Event()

    async def receive() -> Any:
        is_reading.set()
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        raise AssertionError(f"nothing is to be said: {message}")

    scope = {"type": "http", "method": "POST", "path": "/quick", "headers": [], "query_string": b"", "root_path": ""}
    trickling = asyncio.create_task(app(scope, receive, send))
    await is_reading.wait()
    async with browser(app) as client:
        assert (await client.get("/quick")).status_code == 200
    trickling.cancel()
    await asyncio.gather(trickling, return_exceptions=True)


async def test_bodies_have_a_limit_and_a_refused_one_leaves_nothing_behind() -> None:
    async with browser(Pages()) as client:
        assert (await client.post("/quick", content=b"x" * 200_000)).text == "POST 200000"
        assert (await client.post("/quick", content=b"x" * (pages._MAX_BODY_BYTES + 1))).status_code == 413
        assert (await client.get("/quick")).status_code == 200


async def test_a_body_that_never_ends_is_dropped_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_BODY_TIMEOUT_S", 0.05)
    sent: list[Any] = []

    async def receive() -> Any:
        if not sent:
            return await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/quick", "headers": [], "query_string": b"", "root_path": ""}
    async with asyncio.timeout(5):
        await Pages()(scope, receive, send)
    assert sent == []


async def test_asynchronous_views_run_on_the_loop() -> None:
    async with browser(Pages()) as client:
        assert (await client.get("/async")).text == threading.current_thread().name
