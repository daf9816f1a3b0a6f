"""What a join may look like, and what it is answered with before any media flows."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import pytest
from livekit.protocol import models, rtc

from tests.conformance.client import TIMEOUT_S, WireClient, dial, dual_path, join_parameter, token
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]

MAX_MESSAGE_BYTES = 2 * 1024 * 1024


@pytest.mark.parametrize("size", [3_000, 16_000])
async def test_a_join_request_may_be_long(server: SfuAddress, room: str, size: int) -> None:
    """As it is with an offer in it; what cannot be packed is as long in the address as it is said."""
    seat = secrets.token_urlsafe(size)[:size]
    path = f"/rtc/v1?join_request={join_parameter(participant_attributes={'seat': seat})}"
    assert len(path) > size
    async with dial(server, path, token(server, "alice", room, can_update_own_metadata=True)) as alice:
        assert (await alice.until("join")).participant.attributes["seat"] == seat


async def test_a_message_that_is_too_large_ends_the_connection(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.send(update_metadata=rtc.UpdateParticipantMetadata(metadata="x" * MAX_MESSAGE_BYTES))
        async with asyncio.timeout(TIMEOUT_S):
            await alice.socket.wait_closed()


async def test_somebody_who_comes_twice_is_never_said_to_be_gone(server: SfuAddress, room: str) -> None:
    """The newer one takes the older one's place; a departure in between would close its tile."""
    bearer = token(server, "alice", room)
    async with dial(server, dual_path(), token(server, "bob", room)) as bob:
        await bob.until("join")
        async with dial(server, dual_path(), bearer) as old:
            first = (await old.until("join")).participant.sid
            async with dial(server, dual_path(), bearer) as new:
                second = (await new.until("join")).participant.sid
                assert second != first
                state: dict[str, int] = {}
                while second not in state:
                    state |= {seen.sid: seen.state for seen in (await bob.until("update")).participants}
                assert state.get(first) != models.ParticipantInfo.DISCONNECTED


async def test_who_may_not_receive_is_not_offered_to(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room, can_subscribe=False)) as alice:
        assert not (await alice.until("join")).subscriber_primary
        await alice.send(ping_req=rtc.Ping(timestamp=5))
        while (response := await alice.next()).WhichOneof("message") != "pong_resp":
            assert response.WhichOneof("message") != "offer"


async def test_an_offer_says_where_to_send_and_what_for(server: SfuAddress, room: str) -> None:
    """Candidates follow the offer, as LiveKit's connection test wants, and have all that Rust clients insist on."""
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        offer = await alice.until("offer")
        assert "m=application" in offer.sdp
        assert "a=ice-ufrag:" in offer.sdp
        assert "a=fingerprint:sha-256 " in offer.sdp
        protocols: set[str] = set()
        while protocols != {"udp", "tcp"}:
            trickle = await alice.until("trickle")
            assert trickle.target == rtc.SUBSCRIBER
            said = json.loads(trickle.candidateInit)
            assert said.keys() >= {"candidate", "sdpMid", "sdpMLineIndex"}
            protocols.add(said["candidate"].split()[2].lower())


async def test_candidates_may_come_before_their_offer(server: SfuAddress, room: str) -> None:
    line = "candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"
    candidate = json.dumps({"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0})
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        for target in (rtc.PUBLISHER, rtc.SUBSCRIBER):
            await alice.send(trickle=rtc.TrickleRequest(candidateInit=candidate, target=target))
        await is_still_heard(alice)


async def is_still_heard(client: WireClient) -> None:
    await client.send(ping_req=rtc.Ping(timestamp=5))
    assert (await client.until("pong_resp")).last_ping_timestamp == 5


async def own_info(client: WireClient, sid: str, version: int) -> models.ParticipantInfo:
    """What the next update says of `sid`, which must be news."""
    while True:
        for participant in (await client.until("update")).participants:
            if participant.sid == sid and participant.version > version:
                found: models.ParticipantInfo = participant
                return found


async def test_what_a_client_says_of_itself_is_told_grows_and_can_be_taken_back(server: SfuAddress, room: str) -> None:
    everything = {"metadata": "m", "name": "Alice", "attributes": {"seat": "3", "team": "red"}}
    said: list[tuple[dict[str, Any], dict[str, str]]] = [
        (everything, {"seat": "3", "team": "red"}),
        (everything | {"attributes": {"team": ""}}, {"seat": "3"}),
    ]
    async with dial(server, dual_path(), token(server, "alice", room, can_update_own_metadata=True)) as alice:
        me = (await alice.until("join")).participant
        version = me.version
        for fields, attributes in said:
            await alice.send(update_metadata=rtc.UpdateParticipantMetadata(**fields))
            told = await own_info(alice, me.sid, version)
            while dict(told.attributes) != attributes:
                told = await own_info(alice, me.sid, told.version)
            assert (told.name, told.metadata) == ("Alice", "m")
            version = told.version
        for too_much in (
            {"attributes": {"a": "x" * 65_536}},
            {"metadata": "x" * (512 * 1024 + 1)},
            {"name": "x" * 257},
        ):
            await alice.send(update_metadata=rtc.UpdateParticipantMetadata(request_id=7, **too_much))
            refused = await alice.until("request_response")
            while refused.reason == rtc.RequestResponse.OK:
                refused = await alice.until("request_response")
            assert (refused.request_id, refused.reason) == (7, rtc.RequestResponse.LIMIT_EXCEEDED)


async def test_who_has_no_right_to_says_nothing_of_itself(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.send(update_metadata=rtc.UpdateParticipantMetadata(metadata="m", request_id=7))
        refused = await alice.until("request_response")
        assert (refused.request_id, refused.reason) == (7, rtc.RequestResponse.NOT_ALLOWED)
