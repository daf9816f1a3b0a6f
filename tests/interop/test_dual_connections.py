"""The mode with two connections, which older clients and other SDKs use, alone and beside the newer one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from livekit import rtc
from typing_extensions import override

from tests.e2e.people import is_colour_of
from tests.interop.js_client import JsClient, see_and_hear, token
from tests.interop.test_livekit_python import FPS, WAIT_S, Person, greys
from tests.servers.sfu import SfuAddress
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

DUAL: dict[str, Any] = {"singlePeerConnection": False}


@pytest.fixture
def room() -> str:
    return f"room-{uuid4()}"


class DualPerson(Person):
    """A Python client that is told to use two connections."""

    @override
    async def connect(self, server: SfuAddress, room: str, **grants: object) -> None:
        options = rtc.RoomOptions(single_peer_connection=False)
        async with asyncio.timeout(WAIT_S):
            await self.room.connect(server.ws_url, token(server, self.identity, room, **grants), options)


@pytest.fixture
async def people() -> AsyncIterator[tuple[Person, Person]]:
    alice, bob = DualPerson("alice"), Person("bob")
    yield alice, bob
    await bob.close()
    await alice.close()


@pytest.mark.parametrize("watcher_options", [DUAL, {}], ids=["both", "mixed"])
def test_two_browsers_see_hear_and_write_each_other(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str, watcher_options: dict[str, Any]
) -> None:
    publisher.connect(sfu, room, **DUAL)
    watcher.connect(sfu, room, **watcher_options)
    see_and_hear(publisher, watcher)
    publisher.call("send", "hello bob")
    watcher.call("untilData", "hello bob")
    watcher.call("send", "hello alice")
    publisher.call("untilData", "hello alice")


def test_the_second_codec_reaches_who_cannot_decode_the_first(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room, **DUAL, dynacast=True)
    watcher.open(sfu)
    watcher.call("decodeOnly", "video/VP8")
    watcher.connect(sfu, room, **DUAL)
    publisher.call("publishCamera", "h264", True, {"codec": "vp8"})
    assert watcher.call("see", "alice")["codec"] == "video/VP8"


def test_tracks_come_and_go_and_a_freed_section_serves_again(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room, **DUAL)
    watcher.connect(sfu, room, **DUAL)
    for _ in range(4):
        publisher.call("publishCamera")
        assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
        publisher.call("unpublishCamera")
        watcher.call("untilUnpublished", "alice", "camera")
    publisher.call("publishCamera")
    publisher.call("publishScreen")
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
    assert watcher.call("see", "alice", "screen_share")["width"] > 0


def test_a_late_joiner_gets_what_is_there_and_chooses_its_size(
    sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str
) -> None:
    publisher.connect(sfu, room, **DUAL)
    publisher.call("publishCamera")
    publisher.call("publishMicrophone")
    watcher.connect(sfu, room, **DUAL)
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
    assert watcher.call("hear", "alice") > 0
    watcher.call("setQuality", "alice", "LOW")
    assert watcher.call("untilWidth", "alice", 160, 360)


@pytest.mark.parametrize("who", ["publisher", "watcher"])
def test_a_cut_signal_is_resumed(sfu: SfuAddress, publisher: JsClient, watcher: JsClient, room: str, who: str) -> None:
    with WireCutter(urlsplit(sfu.url).port or 0) as wire:
        cut = replace(sfu, url=wire.url)
        sid = publisher.connect(cut if who == "publisher" else sfu, room, **DUAL)["sid"]
        watcher.connect(cut if who == "watcher" else sfu, room, **DUAL)
        publisher.call("publishCamera")
        watcher.call("see", "alice")
        client = publisher if who == "publisher" else watcher
        assert wire.cut("/rtc") == 1
        client.call("untilEvent", "SignalReconnecting")
        wire.mend()
        client.call("untilEvent", "Reconnected")
        publisher.call("publishMicrophone")
        assert watcher.call("hear", "alice") > 0
        assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
        assert watcher.call("participants")[0]["sid"] == sid


async def test_programs_of_both_modes_see_and_hear_each_other(
    sfu: SfuAddress, people: tuple[Person, Person], room: str
) -> None:
    alice, bob = people
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    for person in people:
        await person.show()
        await person.sound()
    for person in people:
        await person.until(lambda person=person: len(person.frames) > 2 * FPS and len(greys(person.frames)) > 4)  # type: ignore[misc]
        await person.until(lambda person=person: person.energy > 1.0)  # type: ignore[misc]
    await alice.room.local_participant.publish_data(b"hello bob", reliable=True)
    await bob.until(lambda: bob.data)
    await bob.room.local_participant.publish_data(b"hello alice", reliable=True)
    await alice.until(lambda: alice.data)
