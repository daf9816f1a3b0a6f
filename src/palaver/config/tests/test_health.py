import httpx
import pytest
from django.db import DatabaseError

from palaver.config import health
from palaver.config.health import Health


def client_of(*, is_serving: bool) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Health(is_serving=lambda: is_serving))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_a_process_that_answers_is_live_whatever_else() -> None:
    answer = await client_of(is_serving=False).get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)
async def test_a_process_that_serves_and_has_its_database_is_ready() -> None:
    answer = await client_of(is_serving=True).get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.django_db(transaction=True)
async def test_a_process_that_starts_or_stops_is_not_ready() -> None:
    answer = await client_of(is_serving=False).get("/health/ready")
    assert (answer.status_code, answer.json()["serving"]) == (503, False)


async def test_without_its_database_it_is_not_ready_and_says_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> None:
            raise DatabaseError("could not connect to db.internal as ada")

        def close(self) -> None:
            pass

    monkeypatch.setattr(health, "connection", Away())
    answer = await client_of(is_serving=True).get("/health/ready")
    assert (answer.status_code, answer.json()["database"]) == (503, False)
    assert "db.internal" not in answer.text


async def test_other_addresses_are_unknown() -> None:
    assert (await client_of(is_serving=True).get("/health/")).status_code == 404
