"""A story with everything secret in it, told with logs at their most talkative: nothing of it stands in them."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from livekit import api, rtc
from websockets.asyncio.client import connect

from tests.servers.palaver import PalaverServer
from tests.servers.sfu import palaver_sfu

PATIENCE_S = 20.0
PASSWORD, OTHER_PASSWORD, WRONG_PASSWORD = "three quiet herons", "four loud geese 44", "five wrong crows 55"
GUEST_KEY = "key-of-this-guests-own-99"
SMTP = "smtp+plain://postmaster:six-mail-mice-66@127.0.0.1:1"  # nobody listens there


class Browser:
    """Signs forms as a browser does, and remembers everything secret that it was given."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.secrets: set[str] = set()

    async def get(self, path: str) -> httpx.Response:
        answer = await self.http.get(path)
        self.secrets.update(re.findall(r'csrfmiddlewaretoken" value="([^"]+)"', answer.text))
        self.secrets.update(value for value in self.http.cookies.values() if len(value) > 20)
        return answer

    async def post(self, page: str, path: str | None = None, **form: str) -> httpx.Response:
        shown = await self.get(page)
        token = re.findall(r'csrfmiddlewaretoken" value="([^"]+)"', shown.text)[0]
        answer = await self.http.post(path or page, data={"csrfmiddlewaretoken": token, **form})
        self.secrets.update(value for value in self.http.cookies.values() if len(value) > 20)
        return answer


async def visit(server: PalaverServer, slug: str, name: str | None, cookie: str | None, ticket: str | None) -> Any:
    """Come into a meeting with media; the welcome."""
    headers = {} if cookie is None else {"Cookie": f"sessionid={cookie}"}
    address = f"ws://127.0.0.1:{server.port}/ws/meetings/{slug}"
    async with connect(address, origin=server.url, additional_headers=headers) as socket:  # type: ignore[arg-type]
        hello = {"type": "hello", "request_id": "h", "protocol": 1, "tab_id": "t", "name": name, "guest_key": GUEST_KEY}
        await socket.send(json.dumps(hello | ({} if ticket is None else {"guest_ticket": ticket})))
        welcome = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
        assert welcome["type"] == "welcome", welcome
        room = rtc.Room()
        await room.connect(welcome["media"]["url"], welcome["media"]["token"])
        await room.disconnect()
        await socket.send(
            json.dumps({"type": "command", "request_id": "x", "command": {"kind": "leave", "password": 1}})
        )
        await socket.send(json.dumps({"type": "command", "request_id": "l", "command": {"kind": "leave"}}))
        await socket.wait_closed()
        return welcome


async def tell(server: PalaverServer) -> set[str]:
    """Every secret of the story."""
    setup_path = server.setup_link().removeprefix(server.url).replace(f"http://localhost:{server.port}", "")
    async with httpx.AsyncClient(base_url=server.url, follow_redirects=True, timeout=PATIENCE_S) as http:
        browser = Browser(http)
        names = {"first_name": "Ada", "last_name": "Moreau", "email": "ada@example.org"}
        made = await browser.post(setup_path, **names, password1=PASSWORD, password2=PASSWORD)
        assert made.status_code == 200, made.text
        await browser.post("/", "/accounts/logout/")
        await browser.post("/accounts/login/", login="ada@example.org", password=WRONG_PASSWORD)
        await browser.post("/accounts/login/", login="ada@example.org", password=PASSWORD)
        change = {"oldpassword": PASSWORD, "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD}
        assert (await browser.post("/accounts/password/change/", **change)).status_code == 200
        page = await browser.post("/", "/meetings/new")
        slug = re.findall(r"/m/([a-z]+-[a-z]+-[a-z]+-[0-9a-z]{12})", page.text)[0]
        await browser.get(f"/m/{slug}")
        await browser.get(f"/api/meetings/{slug}/preview")
        cookie = http.cookies["sessionid"]
        host = await visit(server, slug, None, cookie, None)
        guest = await visit(server, slug, "Bob", None, None)
        again = await visit(server, slug, "Bob", None, guest["guest_ticket"])
        tickets = [welcome["media"]["token"] for welcome in (host, guest, again)]
        for ticket in (*tickets, tickets[0] + "x"):
            await http.get("/rtc/v1/validate", params={"access_token": ticket})
            await http.get("/rtc/v1/validate", headers={"Authorization": f"Bearer {ticket}"})
        key, secret = server.sfu_keys()
        grant = api.VideoGrants(room_list=True, room_admin=True, room="r")
        operator = api.AccessToken(key, secret).with_grants(grant).to_jwt()
        await http.post(
            "/twirp/livekit.RoomService/ListRooms", json={}, headers={"Authorization": f"Bearer {operator}"}
        )
        await http.post("/engine/webhook", content=b"{}", headers={"Authorization": operator})
        # The mail server is away: the error is logged, the link that could not be sent is not.
        await browser.post("/accounts/password/reset/", email="ada@example.org")
        await http.get("/invitation/made-up-invitation-77/")
        await http.get("/accounts/password/reset/key/1-made-up-reset-key-88/")
        secrets = json.loads((server.data_dir / "secrets.json").read_text())
        return {
            *browser.secrets, *tickets, *(ticket.rpartition(".")[2] for ticket in (*tickets, operator)), operator,
            guest["guest_ticket"], again["guest_ticket"], cookie, slug, secret, secrets["django_key"],
            PASSWORD, OTHER_PASSWORD, WRONG_PASSWORD, PASSWORD.replace(" ", "+"), "six-mail-mice-66",
            "made-up-invitation-77", "made-up-reset-key-88", GUEST_KEY,
        }  # fmt: skip


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_a_whole_story_leaves_no_secret_in_the_log(tmp_path: Path, log_format: str) -> None:
    options = ("--log-level", "debug", "--log-format", log_format)
    with PalaverServer(tmp_path / "data", options=options, environment={"PALAVER_SMTP_URL": SMTP}) as server:
        setup_token = server.setup_link().rstrip("/").rpartition("/")[2]
        secrets = await tell(server)
        assert await asyncio.to_thread(server.stop) == 0
        log = server.log
    assert "A mail could not be sent" in log, "errors are told with their tracebacks"
    assert "/rtc/v1" in log
    assert "/meetings/new" in log, "so is every page"
    assert log.count(setup_token) == 1, "it stands in the greeting only"
    assert len(secrets) > 20
    assert not [line for line in log.splitlines() for secret in secrets if secret in line]
    assert not re.search(r"reset/key/[^\[]", log)


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_the_media_server_alone_leaves_no_secret_in_its_log(tmp_path: Path, log_format: str) -> None:
    with palaver_sfu(tmp_path, "--log-format", log_format) as sfu:
        grant = api.VideoGrants(room_join=True, room="stand-up")
        token = api.AccessToken(sfu.api_key, sfu.api_secret).with_identity("bob").with_grants(grant).to_jwt()
        room = rtc.Room()
        await room.connect(sfu.ws_url, token)
        await room.disconnect()
        async with httpx.AsyncClient(base_url=sfu.url) as http:
            for ticket in (token, token + "x"):
                await http.get("/rtc/v1/validate", params={"access_token": ticket})
                await http.get(f"/rtc/v1?access_token={ticket}&join_request=H4sIAAAAAAAA")
                await http.post("/twirp/livekit.RoomService/ListRooms", json={}, headers={"Authorization": ticket})
    log = (tmp_path / "sfu.log").read_text()
    assert log
    head, body, signature = token.split(".")
    assert not [part for part in (token, body, signature, f"{head}.", "H4sIAAAA") if part in log]
