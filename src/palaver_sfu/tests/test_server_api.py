"""The server API over real sockets: LiveKit's own client, errors, and who may not call."""

import time
from typing import Any

import jwt
from livekit import api
from livekit.protocol import models

from palaver_sfu.tests.serving import KEY, SECRET, Served, join_parameter, token

ADMIN = {"room_admin": True, "room": "standup"}


async def test_livekits_own_client_drives_the_room_service(sfu: Served) -> None:
    async with api.LiveKitAPI(sfu.http_url, KEY, SECRET) as client, sfu.join("alice", can_publish=True) as alice:
        rooms = client.room
        made = await rooms.create_room(api.CreateRoomRequest(name="other", metadata="m", max_participants=3))
        again = await rooms.create_room(api.CreateRoomRequest(name="other"))
        assert (made.sid, made.metadata, made.max_participants) == (again.sid, "m", 3)
        assert (made.empty_timeout, made.departure_timeout) == (300, 20)
        listed = await rooms.list_rooms(api.ListRoomsRequest(names=["other"]))
        assert [room.name for room in listed.rooms] == ["other"]
        assert {room.name for room in (await rooms.list_rooms(api.ListRoomsRequest())).rooms} == {"other", "standup"}
        track = await alice.publish_camera()
        sfu.media.start_tracks(alice.sid, "video/vp8")
        await alice.until("update")

        people = await rooms.list_participants(api.ListParticipantsRequest(room="standup"))
        assert [p.identity for p in people.participants] == ["alice"]
        who = api.RoomParticipantIdentity(room="standup", identity="alice")
        assert (await rooms.get_participant(who)).sid == alice.sid

        muted = await rooms.mute_published_track(
            api.MuteRoomTrackRequest(room="standup", identity="alice", track_sid=track.sid, muted=True)
        )
        assert muted.track.muted
        assert (await alice.until("mute")).sid == track.sid
        assert sfu.media.muted == {track.sid}

        updated = await rooms.update_participant(
            api.UpdateParticipantRequest(
                room="standup",
                identity="alice",
                name="Alice A.",
                attributes={"seat": "3"},
                permission=models.ParticipantPermission(can_subscribe=True),
            )
        )
        assert (updated.name, dict(updated.attributes), updated.permission.can_publish) == (
            "Alice A.",
            {"seat": "3"},
            False,
        )
        assert (await alice.until("track_unpublished")).track_sid == track.sid

        room = await rooms.update_room_metadata(api.UpdateRoomMetadataRequest(room="standup", metadata="on air"))
        assert room.metadata == "on air"
        await rooms.send_data(api.SendDataRequest(room="standup", data=b"hello", topic="t"))
        packet = models.DataPacket.FromString(sfu.media.peers[alice.sid].received[-1][1])
        assert (packet.user.payload, packet.user.topic, packet.participant_sid) == (b"hello", "t", "")
        await rooms.update_subscriptions(
            api.UpdateSubscriptionsRequest(room="standup", identity="alice", track_sids=["TR_x"], subscribe=False)
        )

        await rooms.remove_participant(who)
        assert (await alice.until("leave")).reason == models.PARTICIPANT_REMOVED
        await rooms.delete_room(api.DeleteRoomRequest(room="other"))
        assert [room.name for room in (await rooms.list_rooms(api.ListRoomsRequest())).rooms] == ["standup"]


async def test_a_removal_can_revoke_the_tokens_made_before_it(sfu: Served) -> None:
    async def validate(identity: str, made_at: float, room: str = "standup") -> tuple[int, str]:
        claims = {"iss": KEY, "sub": identity, "nbf": int(made_at), "exp": int(time.time()) + 600}
        claims["video"] = {"roomJoin": True, "room": room}
        bearer = jwt.encode(claims, SECRET, algorithm="HS256")
        response = await sfu.http("GET", f"/rtc/v1/validate?join_request={join_parameter()}", bearer=bearer)
        return response.status_code, response.text

    now = int(time.time())
    async with sfu.join("alice"), sfu.join("bob") as bob:
        removal = {"room": "standup", "identity": "bob", "revoke_token_ts": now}
        await sfu.twirp("RemoveParticipant", removal, room_admin=True, room="standup")
        assert (await bob.until("leave")).reason == models.PARTICIPANT_REMOVED
        assert await validate("bob", now - 1) == (401, "token is revoked")
        assert await validate("bob", now) == (200, "success")
        assert await validate("alice", now - 1) == (200, "success")
        assert await validate("bob", now - 1, room="other") == (200, "success")
    await sfu.twirp("DeleteRoom", {"room": "standup"}, room_create=True)
    assert (await validate("bob", now - 1))[0] == 401, "a room made anew takes the token that was revoked"


API_ERRORS: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    ("CreateRoom", {"name": "a"}, {}, 401, "unauthenticated"),
    ("CreateRoom", {"name": "a"}, {"room_list": True}, 401, "unauthenticated"),
    ("CreateRoom", {"name": ""}, {"room_create": True}, 400, "invalid_argument"),
    ("CreateRoom", {"name": "a" * 300}, {"room_create": True}, 400, "invalid_argument"),
    ("ListRooms", {}, {}, 401, "unauthenticated"),
    ("DeleteRoom", {"room": "none"}, {"room_create": True}, 404, "not_found"),
    ("ListParticipants", {"room": "other"}, ADMIN, 401, "unauthenticated"),
    ("GetParticipant", {"room": "standup", "identity": "x"}, ADMIN, 404, "not_found"),
    ("RemoveParticipant", {"room": "standup", "identity": "x"}, ADMIN, 404, "not_found"),
    ("UpdateParticipant", {"room": "standup", "identity": "x"}, ADMIN, 404, "not_found"),
    ("MutePublishedTrack", {"room": "standup", "identity": "x", "trackSid": "T"}, ADMIN, 404, "not_found"),
    ("UpdateSubscriptions", {"room": "standup", "identity": "x"}, ADMIN, 404, "not_found"),
    ("SendData", {"room": "standup", "data": "aGk="}, ADMIN, 404, "not_found"),
    ("UpdateRoomMetadata", {"room": "standup", "metadata": "m"}, ADMIN, 404, "not_found"),
    ("CreateRoom", {"name": {"x": 1}}, {"room_create": True}, 400, "malformed"),
    ("CreateRoom", {"name": "a", "egress": {"room": {"roomName": "a"}}}, {"room_create": True}, 501, "unimplemented"),
    ("CreateRoom", {"name": "a", "metadata": "m" * 524_289}, {"room_create": True}, 400, "invalid_argument"),
    ("SendData", {"room": "standup", "data": "aGk=", "nonce": "aGk="}, ADMIN, 400, "invalid_argument"),
    ("MoveParticipant", {"room": "standup"}, {**ADMIN, "destination_room": "x"}, 401, "unauthenticated"),
    ("PerformRpc", {"room": "other", "destinationIdentity": "x"}, ADMIN, 401, "unauthenticated"),
    ("PerformRpc", {"room": "standup"}, ADMIN, 400, "invalid_argument"),
    ("PerformRpc", {"room": "standup", "destinationIdentity": "x"}, ADMIN, 404, "not_found"),
    ("Dance", {}, ADMIN, 404, "bad_route"),
]


async def test_api_errors_are_twirps(sfu: Served) -> None:
    for method, body, grants, status, code in API_ERRORS:
        response = await sfu.twirp(method, body, **grants)
        assert (method, response.status_code, response.json()["code"]) == (method, status, code)
        assert response.json()["msg"]


async def test_the_bodies_of_those_who_may_not_call_are_not_read(sfu: Served) -> None:
    """To read ten megabytes of JSON would keep the loop for seconds: malformed is the answer only to a caller."""
    path, headers = "/twirp/livekit.RoomService/CreateRoom", {"Content-Type": "application/json"}
    body = b"[" * 1_000
    ticket = token()  # good for joining, as every participant has one
    for bearer in (None, "forged", ticket):
        response = await sfu.http("POST", path, content=body, headers=headers, bearer=bearer)
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    creator = api.AccessToken(KEY, SECRET).with_grants(api.VideoGrants(room_create=True)).to_jwt()
    response = await sfu.http("POST", path, content=body, headers=headers, bearer=creator)
    assert (response.status_code, response.json()["code"]) == (400, "malformed")


async def test_other_services_and_ways_of_calling_are_refused_in_twirps_form(sfu: Served) -> None:
    admin = api.AccessToken(KEY, SECRET).with_grants(api.VideoGrants(room_list=True)).to_jwt()
    path = "/twirp/livekit.RoomService/ListRooms"
    cases = [
        (await sfu.http("GET", path, bearer=admin), 404, "bad_route"),
        (await sfu.http("POST", path, content=b"{}", headers={"Content-Type": "text/plain"}), 404, "bad_route"),
        (await sfu.http("POST", path, json={}, bearer="forged"), 401, "unauthenticated"),
        (
            await sfu.http(
                "POST", path, content=b"\xff", headers={"Content-Type": "application/protobuf"}, bearer=admin
            ),
            400,
            "malformed",
        ),
    ]
    for response, status, code in cases:
        assert (response.status_code, response.json()["code"]) == (status, code)


async def test_json_answers_use_the_names_of_the_proto_files_with_defaults(sfu: Served) -> None:
    room = (await sfu.twirp("CreateRoom", {"name": "a", "emptyTimeout": 7}, room_create=True)).json()
    assert room["empty_timeout"] == 7
    assert room["metadata"] == ""
    again = (await sfu.twirp("CreateRoom", {"name": "b", "empty_timeout": 8}, room_create=True)).json()
    assert again["empty_timeout"] == 8


async def test_services_that_are_not_here_say_so_to_those_who_might_call_them(sfu: Served) -> None:
    sip = api.AccessToken(KEY, SECRET).with_sip_grants(api.SIPGrants(admin=True, call=True)).to_jwt()

    def video(**grants: Any) -> str:
        return api.AccessToken(KEY, SECRET).with_grants(api.VideoGrants(**grants)).to_jwt()

    cases = [
        ("Egress/ListEgress", video(room_record=True)),
        ("Ingress/ListIngress", video(ingress_admin=True)),
        ("SIP/ListSIPInboundTrunk", sip),
        ("SIP/CreateSIPParticipant", sip),
        ("AgentDispatchService/ListDispatch", video(room_admin=True, room="standup")),
    ]
    for path, bearer in cases:
        allowed = await sfu.http("POST", f"/twirp/livekit.{path}", json={}, bearer=bearer)
        assert (path, allowed.status_code, allowed.json()["code"]) == (path, 501, "unimplemented")
        refused = await sfu.http("POST", f"/twirp/livekit.{path}", json={}, bearer=video(room_list=True))
        assert (path, refused.status_code, refused.json()["code"]) == (path, 401, "unauthenticated")
        missing = await sfu.http("POST", f"/twirp/livekit.{path.partition('/')[0]}/Dance", json={}, bearer=bearer)
        assert (path, missing.status_code, missing.json()["code"]) == (path, 404, "bad_route")


async def test_nobody_is_moved_and_the_answer_says_why(sfu: Served) -> None:
    async with sfu.join("alice"):
        there = {**ADMIN, "destination_room": "other"}
        for method in ("MoveParticipant", "ForwardParticipant"):
            body = {"room": "standup", "identity": "alice", "destinationRoom": "other"}
            assert (await sfu.twirp(method, body, **there)).json()["code"] == "unimplemented"
            assert (await sfu.twirp(method, {**body, "identity": "x"}, **there)).json()["code"] == "not_found"
            same = await sfu.twirp(
                method, {**body, "destinationRoom": "standup"}, **{**ADMIN, "destination_room": "standup"}
            )
            assert (same.json()["code"], same.json()["meta"]["argument"]) == ("invalid_argument", same.json()["msg"])
