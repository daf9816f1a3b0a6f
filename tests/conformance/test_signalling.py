"""Joining, speaking and coming back, as any LiveKit client relies on it."""

from __future__ import annotations

import base64
import gzip
import json

import httpx
import pytest
from livekit import api
from livekit.protocol import models, rtc

from tests.conformance.client import dial, dual_path, join_parameter, token
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]


async def get(server: SfuAddress, path: str, bearer: str | None = None, method: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.request(method, server.url + path, headers={**headers, "Origin": "https://elsewhere.test"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_root_is_healthy_for_every_origin(server: SfuAddress, method: str) -> None:
    response = await get(server, "/", method=method)
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == "https://elsewhere.test"
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("path", ["/rtc/validate", "//rtc/validate"])
async def test_a_good_token_is_valid_in_header_and_address(server: SfuAddress, room: str, path: str) -> None:
    good = token(server, "alice", room)
    for response in (await get(server, path, good), await get(server, f"{path}?access_token={good}")):
        assert (response.status_code, response.text) == (200, "success")


async def test_bad_tokens_are_refused(server: SfuAddress, room: str) -> None:
    claims = api.VideoGrants(room_join=True, room=room)
    forged = api.AccessToken(server.api_key, "x" * 40).with_identity("alice").with_grants(claims)
    for bad in (None, "nonsense", forged.to_jwt(), token(server, "alice", room, room_join=False, room_list=True)):
        assert (await get(server, "/rtc/validate", bad)).status_code == 401


async def test_one_connection_needs_a_readable_join_request(server: SfuAddress, room: str) -> None:
    good = token(server, "alice", room)
    assert (await get(server, f"/rtc/v1/validate?join_request={join_parameter()}", good)).status_code == 200
    assert (await get(server, "/rtc/v1/validate", good)).status_code == 400
    assert (await get(server, "/rtc/v1/validate?join_request=%25%25", good)).status_code == 400


async def test_without_an_upgrade_there_is_nothing_at_the_signal_address(server: SfuAddress, room: str) -> None:
    assert (await get(server, "/rtc", token(server, "alice", room))).status_code == 404


async def test_the_first_frame_tells_all_that_a_client_needs(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        join = (await alice.next()).join
        assert (join.room.name, join.room.sid[:3], join.participant.sid[:3]) == (room, "RM_", "PA_")
        assert (join.ping_interval, join.ping_timeout) == (5, 15)
        assert join.server_info.version
        assert join.participant.permission.can_publish
        assert join.subscriber_primary
        offer = await alice.until("offer")
        assert offer.type == "offer"
        assert offer.id > 0
        assert "m=application" in offer.sdp


async def test_with_one_connection_the_client_is_primary_and_not_offered_to(server: SfuAddress, room: str) -> None:
    path = f"/rtc/v1?join_request={join_parameter()}"
    async with dial(server, path, token(server, "alice", room)) as alice:
        assert not (await alice.next()).join.subscriber_primary
        await alice.send(ping_req=rtc.Ping(timestamp=5))
        while (response := await alice.next()).WhichOneof("message") != "pong_resp":
            assert response.WhichOneof("message") != "offer"


async def test_answers_come_in_the_encoding_that_was_last_heard(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.socket.send(json.dumps({"pingReq": {"timestamp": "7"}}))
        while isinstance(frame := await alice.next_frame(), bytes) or "pongResp" not in frame:
            pass
        await alice.send(ping_req=rtc.Ping(timestamp=8))
        while isinstance(frame := await alice.next_frame(), str):
            pass


async def test_the_newer_of_two_with_one_identity_stays(server: SfuAddress, room: str) -> None:
    alice = token(server, "alice", room)
    async with dial(server, dual_path(), alice) as old:
        await old.until("join")
        async with dial(server, dual_path(), alice) as new:
            await new.until("join")
            assert (await old.until("leave")).reason == models.DUPLICATE_IDENTITY


async def test_a_track_gets_its_id_or_a_refusal(server: SfuAddress, room: str) -> None:
    add = rtc.AddTrackRequest(cid="cam", type=models.VIDEO, source=models.CAMERA, width=640, height=360)
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.send(add_track=add)
        published = await alice.until("track_published")
        assert (published.cid, published.track.sid[:2]) == ("cam", "TR")
    async with dial(server, dual_path(), token(server, "bob", room, can_publish=False)) as bob:
        await bob.until("join")
        await bob.send(add_track=add)
        assert (await bob.until("request_response")).reason == rtc.RequestResponse.NOT_ALLOWED


async def test_a_resume_of_nobody_means_to_begin_anew(server: SfuAddress, room: str) -> None:
    path = dual_path(reconnect="1", sid="PA_nobody")
    async with dial(server, path, token(server, "alice", room)) as alice:
        leave = (await alice.next()).leave
        assert (leave.reason, leave.action) == (models.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)


async def test_a_second_connection_resumes_the_first_and_tells_what_is(server: SfuAddress, room: str) -> None:
    """The client knows before the server that its connection is no use: the old one is open all the while."""
    alice_token = token(server, "alice", room)
    async with dial(server, dual_path(), alice_token) as alice:
        sid = (await alice.until("join")).participant.sid
        await alice.until("offer")
        async with dial(server, dual_path(reconnect="1", sid=sid), alice_token) as back:
            first = await back.next()
            assert first.WhichOneof("message") == "reconnect"
            assert first.reconnect.server_info.version
            update = await back.until("update")
            assert sid in {participant.sid for participant in update.participants}
            assert (await back.until("room_update")).room.name == room


async def test_a_room_says_that_it_is_recorded(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "bob", room)) as bob:
        assert not (await bob.until("join")).room.active_recording
        async with dial(server, dual_path(), token(server, "egress", room, recorder=True, hidden=True)):
            while not (await bob.until("room_update")).room.active_recording:
                pass
    async with dial(server, dual_path(), token(server, "carol", room)) as carol:
        others = (await carol.until("join")).other_participants
        assert "egress" not in {participant.identity for participant in others}


async def test_encrypted_calls_are_told_how_frames_of_the_server_end(server: SfuAddress, room: str) -> None:
    trailers = []
    for name in ("alice", "bob"):
        async with dial(server, dual_path(), token(server, name, room)) as client:
            trailers.append((await client.until("join")).sif_trailer)
    assert len(trailers[0]) >= 16
    assert trailers[0] == trailers[1]


@pytest.mark.parametrize("protocol", [9, 12, 14, 16, 18, 99])
async def test_clients_of_every_age_come_in_and_are_answered(server: SfuAddress, room: str, protocol: int) -> None:
    path = f"//rtc?auto_subscribe=1&sdk=js&protocol={protocol}&publish=&future=1"
    grant = token(server, "alice", room, can_update_own_metadata=True)
    async with dial(server, path, grant) as alice:
        assert (await alice.until("join")).participant.permission.can_update_metadata
        await alice.send(update_metadata=rtc.UpdateParticipantMetadata(name="Al", request_id=3))
        await alice.send(mute=rtc.MuteTrackRequest(sid="TR_nobody"))
        first = await alice.until("request_response")
        # From protocol 15 on, what went well is answered too.
        assert (first.reason == rtc.RequestResponse.OK) == (protocol > 14)
        assert (first.request_id == 3) == (protocol > 14)


async def test_a_compressed_join_request_is_read(server: SfuAddress, room: str) -> None:
    join = rtc.JoinRequest(
        client_info=models.ClientInfo(sdk=models.ClientInfo.JS, protocol=17, client_protocol=2, version="2.23.0"),
        connection_settings=rtc.ConnectionSettings(auto_subscribe=True),
        participant_attributes={"padding": "x" * 16_000},
    )
    packed = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.GZIP, join_request=gzip.compress(join.SerializeToString())
    )
    parameter = base64.urlsafe_b64encode(packed.SerializeToString()).decode()
    for path in ("/rtc/v1", "/rtc"):
        grant = token(server, "alice", room, can_update_own_metadata=True)
        async with dial(server, f"{path}?join_request={parameter}", grant) as alice:
            me = (await alice.until("join")).participant
            assert (me.client_protocol, me.attributes["padding"]) == (2, "x" * 16_000)


async def test_what_nobody_knows_is_passed_over(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.socket.send(b"\xca\x3e\x02hi")
        await alice.send(ping_req=rtc.Ping(timestamp=5))
        assert (await alice.until("pong_resp")).last_ping_timestamp == 5
