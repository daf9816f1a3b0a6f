"""The live room and the embedded SFU in a real `palaver serve`: tickets, removal, and what a crash leaves behind."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from livekit import rtc
from livekit.rtc.participant import PublishTrackError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.servers.palaver import PalaverServer, migrated

PATIENCE_S = 30.0
REMOVED_WITHIN_S = 0.5

SET_UP = """
import json
from django.test import Client
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.meetings.services import create_meeting
alice = User.objects.create_user("alice@example.org", first_name="Alice", last_name="Moreau")
client = Client()
client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
meeting = create_meeting(actor=alice, title="Stand-up", now=system_clock())
print(json.dumps({"slug": meeting.slug, "cookie": client.cookies["sessionid"].value}))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PalaverServer]:
    with PalaverServer(migrated(tmp_path_factory.mktemp("palaver"))) as running:
        yield running


@pytest.fixture(scope="module")
def door(server: PalaverServer) -> dict[str, str]:
    """The link of alice's meeting, and alice's session."""
    printed = server.manage("shell", "-c", SET_UP)
    found: dict[str, str] = json.loads(printed.strip().splitlines()[-1])
    return found


class Person:
    """Somebody with a room socket and, if they like, media."""

    def __init__(self, socket: ClientConnection, welcome: dict[str, Any]) -> None:
        self.socket = socket
        self.welcome = welcome
        self.media_ended = asyncio.Event()
        self._room = rtc.Room()

    @property
    def you(self) -> dict[str, str]:
        you: dict[str, str] = self.welcome["you"]
        return you

    async def connect_media(self) -> None:
        self._room.on("disconnected", lambda _reason: self.media_ended.set())
        await self._room.connect(self.welcome["media"]["url"], self.welcome["media"]["token"])

    @property
    def may_publish(self) -> bool:
        """What the engine last said of it."""
        return bool(self._room.local_participant.permissions.can_publish)

    async def publish(self) -> None:
        """Begin to send a microphone."""
        track = rtc.LocalAudioTrack.create_audio_track("microphone", rtc.AudioSource(48_000, 1))
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self._room.local_participant.publish_track(track, options)

    async def leave_media(self) -> None:
        await self._room.disconnect()

    async def command(self, kind: str, **fields: str) -> dict[str, Any]:
        await self.socket.send(json.dumps({"type": "command", "request_id": kind, "command": {"kind": kind, **fields}}))
        while (answer := await self.next()).get("request_id") != kind:
            pass
        return answer

    async def farewell(self) -> tuple[dict[str, Any] | None, int | None]:
        """The closing message, if one comes, and the close code."""
        closing = None
        try:
            while True:
                message = await self.next()
                closing = message if message["type"] == "closing" else closing
        except ConnectionClosed as closed:
            return closing, None if closed.rcvd is None else closed.rcvd.code

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE_S))
        return message


@asynccontextmanager
async def person(server: PalaverServer, door: dict[str, str], name: str | None, **hello: Any) -> AsyncIterator[Person]:
    headers = {} if name else {"Cookie": f"sessionid={door['cookie']}"}
    address = f"ws://127.0.0.1:{server.port}/ws/meetings/{door['slug']}"
    async with connect(address, origin=server.url, additional_headers=headers) as socket:  # type: ignore[arg-type]
        message = {"type": "hello", "request_id": "h", "protocol": 1, "tab_id": "t", "name": name, **hello}
        await socket.send(json.dumps(message))
        welcome = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
        assert welcome["type"] == "welcome", welcome
        yield Person(socket, welcome)


async def test_a_removed_guest_loses_media_within_half_a_second(server: PalaverServer, door: dict[str, str]) -> None:
    """LIVE-051. The best of ten: the promise is ours, a busy machine is not."""
    taken_s: list[float] = []
    while len(taken_s) < 10 and min(taken_s, default=math.inf) > REMOVED_WITHIN_S:
        async with person(server, door, None) as alice, person(server, door, "Bob") as bob:
            await alice.connect_media()
            await bob.connect_media()
            begun_s = time.monotonic()
            answer = await alice.command("remove_participant", participant_id=bob.you["participant_id"])
            assert answer["type"] == "ack"
            await asyncio.wait_for(bob.media_ended.wait(), PATIENCE_S)
            taken_s.append(time.monotonic() - begun_s)
            assert (await bob.farewell())[1] == 4411
            assert not alice.media_ended.is_set()
            # A removed guest's ticket, still valid by its date, opens nothing.
            await bob.leave_media()
            stray = Person(bob.socket, bob.welcome)
            with pytest.raises(rtc.ConnectError):
                await stray.connect_media()
            await alice.leave_media()
            # Guests from a removed guest's network wait at the door, in this run.
            await alice.command("end_for_all")
    assert min(taken_s) <= REMOVED_WITHIN_S, taken_s


async def test_a_ticket_from_before_a_demotion_brings_no_rights_back(
    server: PalaverServer, door: dict[str, str]
) -> None:
    """LIVE-100: the engine's report of the return is answered with what holds now."""
    async with person(server, door, None) as alice, person(server, door, "Bob") as bob:
        await bob.connect_media()
        assert bob.may_publish
        await bob.leave_media()
        answer = await alice.command("set_role", participant_id=bob.you["participant_id"], role="viewer")
        assert answer["type"] == "ack", answer
        again = Person(bob.socket, bob.welcome)
        await again.connect_media()
        async with asyncio.timeout(PATIENCE_S):
            while again.may_publish:
                await asyncio.sleep(0.01)
        with pytest.raises((PublishTrackError, TimeoutError)):
            async with asyncio.timeout(5):
                await again.publish()
        await again.leave_media()
        await alice.command("end_for_all")


async def test_a_crash_leaves_the_same_people_roles_and_run(server: PalaverServer, door: dict[str, str]) -> None:
    """LIVE-012, LIVE-070, LIVE-071."""
    async with person(server, door, None) as alice, person(server, door, "Bob") as bob:
        before = [alice.welcome, bob.welcome]
        server.kill()
        for page in (alice, bob):
            assert await page.farewell() == (None, None)
    server.start()
    ticket = before[1]["guest_ticket"]
    async with person(server, door, None) as alice, person(server, door, "Bob", guest_ticket=ticket) as bob:
        for page, was in ((alice, before[0]), (bob, before[1])):
            assert page.you["identity"] == was["you"]["identity"]
            assert page.you["role"] == was["you"]["role"]
            assert page.welcome["snapshot"]["room"] == was["snapshot"]["room"]
        assert len(bob.welcome["snapshot"]["participants"]) == 2
        await alice.command("end_for_all")


async def test_a_stop_tells_the_rooms(server: PalaverServer, door: dict[str, str]) -> None:
    """LIVE-070."""
    async with person(server, door, "Bob") as bob:
        stopped = asyncio.create_task(asyncio.to_thread(server.stop))
        assert await bob.farewell() == ({"type": "closing", "reason": "server_restart", "by": None}, 1012)
        assert await stopped == 0
    server.start()


async def test_no_ticket_reaches_the_log(server: PalaverServer, door: dict[str, str]) -> None:
    """Neither media tickets, also where clients put them into the address, nor guest tickets, nor sessions."""
    async with person(server, door, "Bob") as bob, httpx.AsyncClient(base_url=server.url) as browser:
        media, guest = bob.welcome["media"]["token"], bob.welcome["guest_ticket"]
        await browser.get("/rtc/v1/validate", params={"access_token": media})
        await bob.command("rename_self", name="Bobby")
    for secret in (media, media.rpartition(".")[2], guest, door["cookie"]):
        assert secret not in server.log
