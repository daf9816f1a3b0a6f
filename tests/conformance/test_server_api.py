"""The server API, as any program that drives a LiveKit server relies on it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from livekit import api, rtc
from livekit.protocol import models, rtc as pb
from websockets.exceptions import InvalidStatus

from tests.conformance.client import dial, dual_path, token
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]

CREATE: dict[str, Any] = {"room_create": True}
LIST: dict[str, Any] = {"room_list": True}


async def call(
    server: SfuAddress, method: str, body: dict[str, Any], *, service: str = "RoomService", **grants: Any
) -> httpx.Response:
    """A call in JSON by somebody with `grants`; `sip` is a grant of its own."""
    bearer = api.AccessToken(server.api_key, server.api_secret)
    sip = grants.pop("sip", None)
    bearer = bearer.with_grants(api.VideoGrants(**grants))
    if sip is not None:
        bearer = bearer.with_sip_grants(sip)
    headers = {"Authorization": f"Bearer {bearer.to_jwt()}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.post(f"{server.url}/twirp/livekit.{service}/{method}", json=body, headers=headers)


async def test_a_room_is_made_once_and_keeps_its_options(server: SfuAddress, room: str) -> None:
    wish = {"name": room, "emptyTimeout": 60, "departure_timeout": 30, "maxParticipants": 7, "metadata": "m"}
    made = (await call(server, "CreateRoom", wish, **CREATE)).json()
    again = (await call(server, "CreateRoom", {"name": room, "metadata": "other", "emptyTimeout": 9}, **CREATE)).json()
    for answer in (made, again):
        assert (answer["sid"], answer["metadata"], answer["num_participants"]) == (made["sid"], "m", 0)
        assert (answer["empty_timeout"], answer["departure_timeout"], answer["max_participants"]) == (60, 30, 7)
        assert int(answer["creation_time_ms"]) // 1000 == int(answer["creation_time"])
        assert answer["sid"].startswith("RM_")
    listed = (await call(server, "ListRooms", {"names": [room, "nobody"]}, **LIST)).json()["rooms"]
    assert [entry["sid"] for entry in listed] == [made["sid"]]
    assert (await call(server, "DeleteRoom", {"room": room}, **CREATE)).json() == {}
    assert (await call(server, "ListRooms", {"names": [room]}, **LIST)).json()["rooms"] == []


ERRORS: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    ("CreateRoom", {"name": "a"}, LIST, 401, "unauthenticated"),
    ("CreateRoom", {"name": "x" * 257}, CREATE, 400, "invalid_argument"),
    ("CreateRoom", {"name": "a", "metadata": "x" * (512 * 1024 + 1)}, CREATE, 400, "invalid_argument"),
    ("CreateRoom", {"name": 3}, CREATE, 400, "malformed"),
    ("ListRooms", {}, CREATE, 401, "unauthenticated"),
    ("DeleteRoom", {"room": "nobody-is-here"}, CREATE, 404, "not_found"),
    ("ListParticipants", {"room": "other"}, {}, 401, "unauthenticated"),
    ("GetParticipant", {"identity": "nobody"}, {}, 404, "not_found"),
    ("RemoveParticipant", {"identity": "nobody"}, {}, 404, "not_found"),
    ("UpdateParticipant", {"identity": "nobody"}, {}, 404, "not_found"),
    ("UpdateParticipant", {"identity": "alice", "name": "x" * 257}, {}, 400, "invalid_argument"),
    ("UpdateParticipant", {"identity": "alice", "metadata": "x" * (512 * 1024 + 1)}, {}, 400, "invalid_argument"),
    ("UpdateParticipant", {"identity": "alice", "attributes": {"a": "x" * 65_536}}, {}, 400, "invalid_argument"),
    ("MutePublishedTrack", {"identity": "alice", "trackSid": "TR_x", "muted": False}, {}, 412, "failed_precondition"),
    ("SendData", {"data": "aGk=", "nonce": "aGk="}, {}, 400, "invalid_argument"),
    ("UpdateRoomMetadata", {"metadata": "x" * (512 * 1024 + 1)}, {}, 400, "invalid_argument"),
    ("MoveParticipant", {"identity": "alice", "destinationRoom": "d"}, {}, 401, "unauthenticated"),
    ("ForwardParticipant", {"identity": "alice", "destinationRoom": "d"}, {}, 401, "unauthenticated"),
    ("PerformRpc", {"method": "m"}, {}, 400, "invalid_argument"),
    ("PerformRpc", {"destinationIdentity": "alice", "payload": "x" * 20_000}, {}, 400, "invalid_argument"),
    ("Dance", {}, {}, 404, "bad_route"),
]


async def test_what_cannot_be_done_has_its_code(server: SfuAddress, room: str) -> None:
    """An empty grant stands for the administrator of the room."""
    admin = {"room_admin": True, "room": room}
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        for method, body, grants, status, code in ERRORS:
            answer = await call(server, method, {"room": room, **body}, **(grants or admin))
            assert (method, answer.status_code, answer.json()["code"]) == (method, status, code)
            assert answer.json()["msg"]


async def test_a_move_into_the_same_room_names_its_argument(server: SfuAddress, room: str) -> None:
    grants: dict[str, Any] = {"room_admin": True, "room": room, "destination_room": room}
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        body = {"room": room, "identity": "alice", "destinationRoom": room}
        answer = (await call(server, "MoveParticipant", body, **grants)).json()
        assert (answer["code"], answer["meta"]["argument"]) == (
            "invalid_argument",
            "destination room cannot be the same as source room",
        )


async def test_other_services_ask_for_their_own_grants(server: SfuAddress) -> None:
    for service, method in (
        ("Egress", "ListEgress"),
        ("Ingress", "ListIngress"),
        ("SIP", "ListSIPInboundTrunk"),
        ("AgentDispatchService", "ListDispatch"),
    ):
        refused = await call(server, method, {}, service=service, **LIST)
        assert (service, refused.status_code, refused.json()["code"]) == (service, 401, "unauthenticated")
        missing = await call(server, "Dance", {}, service=service, **LIST)
        assert missing.json()["meta"]["twirp_invalid_route"] == f"POST /twirp/livekit.{service}/Dance"
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("Egress", "ListEgress", {"room_record": True}),
        ("Ingress", "ListIngress", {"ingress_admin": True}),
        ("SIP", "ListSIPInboundTrunk", {"sip": api.SIPGrants(admin=True)}),
    ]
    for service, method, grants in cases:
        # Neither has these services: the reference calls it an error of its own, we say what it is.
        assert (await call(server, method, {}, service=service, **grants)).status_code in {500, 501}
    assert (await call(server, "Dance", {}, service="Nothing")).status_code == 404


async def test_pages_of_other_origins_may_call(server: SfuAddress, room: str) -> None:
    address = f"{server.url}/twirp/livekit.RoomService/ListRooms"
    asks = {
        "Origin": "https://elsewhere.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        preflight = await client.options(address, headers=asks)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "https://elsewhere.test"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        answer = await client.post(address, json={}, headers={"Origin": "https://elsewhere.test"})
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == "https://elsewhere.test"


async def test_a_participant_is_called_and_answers(server: SfuAddress, room: str) -> None:
    alice = rtc.Room()
    await alice.connect(server.ws_url, token(server, "alice", room))
    try:

        async def greet(data: rtc.RpcInvocationData) -> str:
            return f"{data.payload}, back"

        async def refuse(data: rtc.RpcInvocationData) -> str:
            raise rtc.RpcError(404, "no such thing", "which")

        alice.local_participant.register_rpc_method("greet", greet)
        alice.local_participant.register_rpc_method("refuse", refuse)
        admin: dict[str, Any] = {"room_admin": True, "room": room}

        async def ask(method: str) -> httpx.Response:
            body = {"room": room, "destinationIdentity": "alice", "method": method, "payload": "hello"}
            return await call(server, "PerformRpc", body, **admin)

        async with asyncio.timeout(20):
            # Connected is not yet "has its data channels".
            while (answer := await ask("greet")).status_code != 200:
                await asyncio.sleep(0.1)
        assert answer.json() == {"payload": "hello, back"}
        unknown = await ask("dance")
        assert (unknown.status_code, unknown.json()["code"]) == (400, "invalid_argument")
        assert "RpcError 1400" in unknown.json()["msg"]
        refused = await ask("refuse")
        assert (refused.status_code, refused.json()["code"]) == (500, "internal")
        assert "RpcError 404: no such thing: which" in refused.json()["msg"]
    finally:
        await alice.disconnect()


async def test_a_full_room_takes_those_who_only_serve_it(server: SfuAddress, room: str) -> None:
    await call(server, "CreateRoom", {"name": room, "maxParticipants": 1}, **CREATE)
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        assert (await alice.until("join")).room.max_participants == 1
        with pytest.raises(InvalidStatus):
            async with dial(server, dual_path(), token(server, "bob", room)):
                pass
        async with dial(server, dual_path(), token(server, "film", room, recorder=True, hidden=True)) as film:
            assert (await film.until("join")).participant.permission.recorder


async def test_everybody_is_told_while_a_recorder_is_there(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        assert not (await alice.until("join")).room.active_recording
        async with dial(server, dual_path(), token(server, "film", room, recorder=True, hidden=True)) as film:
            await film.until("join")
            while not (await alice.until("room_update")).room.active_recording:
                pass
            await film.send(leave=pb.LeaveRequest(reason=models.CLIENT_INITIATED))
        while (await alice.until("room_update")).room.active_recording:
            pass


async def test_a_token_says_how_the_room_is_made(server: SfuAddress, room: str) -> None:
    config = api.RoomConfiguration(max_participants=9, metadata="m", empty_timeout=40, departure_timeout=30)
    bearer = api.AccessToken(server.api_key, server.api_secret).with_identity("alice").with_room_config(config)
    bearer = bearer.with_grants(api.VideoGrants(room_join=True, room=room))
    async with dial(server, dual_path(), bearer.to_jwt()) as alice:
        made = (await alice.until("join")).room
        assert (made.max_participants, made.metadata, made.empty_timeout, made.departure_timeout) == (9, "m", 40, 30)


async def test_new_metadata_of_a_room_is_told_to_everybody(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        body = {"room": room, "metadata": "on air"}
        answer = (await call(server, "UpdateRoomMetadata", body, room_admin=True, room=room)).json()
        assert (answer["name"], answer["metadata"]) == (room, "on air")
        while (await alice.until("room_update")).room.metadata != "on air":
            pass


async def test_a_room_that_everybody_left_ends_as_it_was_told_to(server: SfuAddress, room: str) -> None:
    wish = {"name": room, "emptyTimeout": 1, "departureTimeout": 1}
    await call(server, "CreateRoom", wish, **CREATE)
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.send(leave=pb.LeaveRequest(reason=models.CLIENT_INITIATED))
    async with asyncio.timeout(60):
        while (await call(server, "ListRooms", {"names": [room]}, **LIST)).json()["rooms"]:
            await asyncio.sleep(0.2)


async def test_an_unknown_preset_makes_no_room(server: SfuAddress, room: str) -> None:
    answer = await call(server, "CreateRoom", {"name": room, "roomPreset": "nobody-knows"}, **CREATE)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert (await call(server, "ListRooms", {"names": [room]}, **LIST)).json()["rooms"] == []
