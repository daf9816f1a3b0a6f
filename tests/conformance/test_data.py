"""Data between participants, as clients with channels send and receive it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from livekit import api

from tests.interop.test_livekit_python import Person, remote
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]


@pytest.fixture
async def people() -> AsyncIterator[tuple[Person, Person]]:
    alice, bob = Person("alice"), Person("bob")
    yield alice, bob
    await bob.close()
    await alice.close()


async def test_what_a_server_sends_twice_by_one_mark_arrives_once(
    server: SfuAddress, room: str, people: tuple[Person, Person]
) -> None:
    _, bob = people
    await bob.connect(server, room)
    grants = api.VideoGrants(room_admin=True, room=room)
    bearer = api.AccessToken(server.api_key, server.api_secret).with_grants(grants).to_jwt()
    # Not by the client of `livekit-api`, which gives each request a mark of its own.
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {bearer}"}) as client:
        for mark, text in (
            (b"0123456789abcdef", b"once"),
            (b"0123456789abcdef", b"once"),
            (b"fedcba9876543210", b"end"),
        ):
            body = api.SendDataRequest(room=room, data=text, nonce=mark).SerializeToString()
            address, kind = f"{server.url}/twirp/livekit.RoomService/SendData", {"Content-Type": "application/protobuf"}
            (await client.post(address, content=body, headers=kind)).raise_for_status()
    await bob.until(lambda: any(packet.data == b"end" for packet in bob.data))
    assert [packet.data for packet in bob.data] == [b"once", b"end"]


async def test_words_of_somebody_hidden_come_from_nobody(
    server: SfuAddress, room: str, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    await alice.connect(server, room, hidden=True)
    await bob.connect(server, room)
    await alice.until(lambda: remote(alice, "bob"))
    await alice.room.local_participant.publish_data(b"boo", reliable=True)
    await bob.until(lambda: bob.data)
    assert (bob.data[0].data, bob.data[0].participant) == (b"boo", None)
    assert remote(bob, "alice") is None


@pytest.mark.parametrize("is_reliable", [True, False], ids=["reliable", "lossy"])
async def test_the_largest_packet_that_clients_send_arrives_whole(
    server: SfuAddress, room: str, people: tuple[Person, Person], is_reliable: bool
) -> None:
    """With what stands around it, it has 64,000 bytes; clients refuse to send more."""
    alice, bob = people
    await alice.connect(server, room)
    await bob.connect(server, room)
    await alice.until(lambda: remote(alice, "bob"))
    large = bytes(range(250)) * 255
    await alice.room.local_participant.publish_data(large, reliable=is_reliable)
    await bob.until(lambda: bob.data)
    assert bob.data[0].data == large


async def test_words_of_somebody_who_may_not_send_data_reach_nobody(
    server: SfuAddress, room: str, people: tuple[Person, Person]
) -> None:
    alice, bob = people
    carol = Person("carol")
    await alice.connect(server, room, can_publish_data=False)
    await bob.connect(server, room)
    try:
        await carol.connect(server, room)
        await alice.until(lambda: remote(alice, "bob"))
        await carol.until(lambda: remote(carol, "bob"))
        await alice.room.local_participant.publish_data(b"not allowed", reliable=True)
        await carol.room.local_participant.publish_data(b"end", reliable=True)
        await bob.until(lambda: bob.data)
        await alice.room.local_participant.publish_data(b"not allowed either", reliable=True)
        await carol.room.local_participant.publish_data(b"last", reliable=True)
        await bob.until(lambda: bob.data[-1].data == b"last")
        assert [packet.data for packet in bob.data] == [b"end", b"last"]
    finally:
        await carol.close()
