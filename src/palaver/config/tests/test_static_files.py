import gzip
from pathlib import Path

import httpx
import pytest

from palaver.config.static_files import StaticFiles

JS = "assets/site-B1ek2SF7.js"


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / JS).write_text("export {};" * 100)
    (tmp_path / f"{JS}.gz").write_bytes(gzip.compress(b"export {};" * 100))
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    transport = httpx.ASGITransport(app=StaticFiles(tmp_path))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_built_files_are_typed_and_cached_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/static/{JS}")
    assert answer.text == "export {};" * 100
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_files_whose_name_does_not_change_are_asked_for_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/static/favicon.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "immutable" not in answer.headers["cache-control"]
    again = await client.get("/static/favicon.svg", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


async def test_a_part_of_a_file_is_sent_when_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/static/{JS}", headers={"range": "bytes=0-5", "accept-encoding": "identity"})
    assert (answer.status_code, answer.text) == (206, "export")


async def test_the_administration_finds_its_files(client: httpx.AsyncClient) -> None:
    assert (await client.get("/static/admin/css/base.css")).status_code == 200


async def test_head_answers_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/static/favicon.svg")
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/static/.vite/manifest.json",
        "/static/nothing.js",
        "/static/../secrets.json",
        "/static/%2e%2e/secrets.json",
        "/static/assets/..%2f..%2fsecrets.json",
        "/static/",
        "/static//etc/passwd",
    ],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "secrets.json").write_text("{}")
    assert (await client.get(path)).status_code == 404


async def test_files_are_only_read(client: httpx.AsyncClient) -> None:
    assert (await client.post("/static/favicon.svg")).status_code == 404
