"""What a cut of the signalling must not cost: no word lost, none said twice, nothing that was muted heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from livekit import rtc as client
from livekit.protocol import rtc

from tests.conformance.tap import TappedPerson, tapped
from tests.interop.test_livekit_python import remote
from tests.servers.sfu import SfuAddress
from tests.servers.wire_cutter import WireCutter

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

WORDS = 120


@pytest.fixture
async def people() -> AsyncIterator[tuple[TappedPerson, TappedPerson]]:
    """Without a tap: it would hide from the client that its line is cut."""
    alice, bob = TappedPerson("alice"), TappedPerson("bob")
    yield alice, bob
    await bob.close()
    await alice.close()


@pytest.mark.proof
@pytest.mark.parametrize("is_dual", [False, True], ids=["single", "dual"])
async def test_words_said_while_the_line_is_cut_arrive_once_and_in_order(
    server: SfuAddress, room: str, people: tuple[TappedPerson, TappedPerson], is_dual: bool
) -> None:
    if is_dual and server.name == "livekit":
        pytest.skip("the reference now and then lets clients with two connections begin anew instead")
    (alice, bob), back = people, set[str]()
    with WireCutter(urlsplit(server.url).port or 0) as wire:
        for person in people:
            person.room.on("reconnected", noting(person.identity, back))
            await person.come_in(replace(server, url=wire.url), room, is_dual=is_dual)
        await alice.until(lambda: remote(alice, "bob"))
        talking = asyncio.create_task(talk(alice.room))
        await bob.until(lambda: len(bob.data) > 10)
        assert wire.cut("/rtc") == 2
        # At once: a client whose first try is refused begins anew.
        wire.mend()
        await bob.until(lambda: back == {"alice", "bob"})
        await talking
        await bob.until(lambda: len(bob.data) >= WORDS)
        assert [packet.data for packet in bob.data] == [str(number).encode() for number in range(WORDS)]


def noting(identity: str, names: set[str]) -> Callable[[], None]:
    def note() -> None:
        names.add(identity)

    return note


async def talk(room: client.Room) -> None:
    for number in range(WORDS):
        await room.local_participant.publish_data(str(number).encode(), reliable=True)
        await asyncio.sleep(0.03)


async def test_a_track_that_the_client_did_not_mention_is_kept_and_a_lost_one_begins_anew(
    server: SfuAddress, room: str
) -> None:
    async with tapped(server, "alice") as (alice, at_alice):
        await alice.come_in(at_alice, room)
        await alice.sound()
        await alice.say(sync_state=rtc.SyncState())
        await alice.say(ping_req=rtc.Ping(timestamp=5))
        await alice.told("pong_resp", lambda pong: pong.last_ping_timestamp == 5)
        lost = rtc.TrackPublishedResponse(cid="cam")
        lost.track.sid = "TR_lost"
        await alice.say(sync_state=rtc.SyncState(publish_tracks=[lost]))
        leave = await alice.told("leave")
        assert (leave.action, leave.reason) == (rtc.LeaveRequest.RECONNECT, client.DisconnectReason.STATE_MISMATCH)
