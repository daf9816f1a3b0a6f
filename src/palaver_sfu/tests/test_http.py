"""The SFU over real sockets: joining and refusing."""

import base64
import json
import secrets
import socket
import time
from typing import Any

import jwt
import pytest
import websockets
from livekit.protocol import models, rtc

from palaver_sfu.http import signal
from palaver_sfu.room.values import RoomName, RoomOptions
from palaver_sfu.server import listen
from palaver_sfu.session.inputs import ChangeRoomMetadata
from palaver_sfu.tests.serving import (
    CAMERA_SECTION,
    KEY,
    OFFER,
    SECRET,
    RawClient,
    Served,
    join_parameter,
    serving,
    token,
)
from palaver_sfu.wire.requests import MAX_SIGNAL_BYTES

# --- HTTP -----------------------------------------------------------------------------------------


def test_no_message_waits_for_the_acknowledgement_of_the_one_before() -> None:
    with listen("127.0.0.1", 0) as listener:
        listener.settimeout(10)
        with socket.create_connection(listener.getsockname(), timeout=10), listener.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_base_address_answers_with_cors(sfu: Served, method: str) -> None:
    response = await sfu.http(method, "/")
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.text == ("OK" if method == "GET" else "")


async def test_a_preflight_allows_any_header(sfu: Served) -> None:
    response = await sfu.http(
        "OPTIONS", "/twirp/livekit.RoomService/ListRooms", headers={"Access-Control-Request-Headers": "x-colour"}
    )
    assert response.status_code == 204
    assert response.headers["access-control-allow-headers"] == "x-colour"
    assert response.headers["access-control-max-age"] == "86400"


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1", "/other", "/rtc/v2/validate", "/rtc/v2"])
async def test_what_does_not_exist_is_a_plain_404(sfu: Served, path: str) -> None:
    response = await sfu.http("GET", f"{path}?access_token={token()}")
    assert response.status_code == 404
    assert "requested room does not exist" not in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/rtc/v1/validate",
        "//rtc/v1/validate",
        "/below/a/prefix/rtc/v1/validate",
        "/rtc/validate",
        "//rtc/validate",
        "/below/a/prefix/rtc/validate",
    ],
)
@pytest.mark.parametrize("is_in_header", [True, False])
async def test_validate_says_success(sfu: Served, path: str, is_in_header: bool) -> None:
    query = {"join_request": join_parameter(), "colour": "blue"}
    if not is_in_header:
        query["access_token"] = token()
    response = await sfu.http("GET", path, params=query, bearer=token() if is_in_header else None)
    assert (response.status_code, response.text) == (200, "success")
    assert response.headers["access-control-allow-origin"] == "*"
    assert sfu.app.switchboard.infos() == []


def forged(**claims: Any) -> str:
    whole = {"iss": KEY, "sub": "alice", "exp": int(time.time()) + 86_400, "video": {"roomJoin": True, "room": "r"}}
    return jwt.encode({k: v for k, v in {**whole, **claims}.items() if v is not None}, SECRET, algorithm="HS256")


REFUSALS = [
    (None, join_parameter(), 401),
    ("nonsense", join_parameter(), 401),
    (forged(exp=1), join_parameter(), 401),
    (forged(exp=None), join_parameter(), 401),
    (forged(iss="other"), join_parameter(), 401),
    (forged(video={"roomJoin": False, "room": "r"}), join_parameter(), 401),
    (forged(video={"roomJoin": 1, "room": "r"}), join_parameter(), 401),
    (forged(video=None), join_parameter(), 401),
    (
        jwt.encode({"iss": KEY, "sub": "a", "exp": 2**33, "video": {"roomJoin": True}}, "", "none"),
        join_parameter(),
        401,
    ),
    (forged(sub=""), join_parameter(), 400),
    (forged(sub="x" * 300), join_parameter(), 400),
    (forged(video={"roomJoin": True}), join_parameter(), 400),
    (forged(video={"roomJoin": True, "room": "r" * 300}), join_parameter(), 400),
    (forged(name="x" * 300), join_parameter(), 400),
    (forged(), "", 400),
    (forged(), "%25%25", 400),
    (forged(), "AAAA", 400),
]


async def test_a_bad_join_is_an_http_status_before_the_upgrade(sfu: Served) -> None:
    for text, parameter, status in REFUSALS:
        await refused(sfu, text, parameter, status)
    assert sfu.media.peers == {}


async def refused(sfu: Served, text: str | None, parameter: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {text}"} if text is not None else {}
    query = f"?join_request={parameter}" if parameter else ""
    response = await sfu.http("GET", f"/rtc/v1/validate{query}", headers=headers)
    assert response.status_code == status
    assert text is None or text not in response.text
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with websockets.connect(f"{sfu.ws_url}/rtc/v1{query}", additional_headers=headers, proxy=None):
            pass
    assert refusal.value.response.status_code == status
    assert refusal.value.response.body.decode() == response.text


async def test_another_scheme_than_bearer_is_refused(sfu: Served) -> None:
    response = await sfu.http("GET", "/rtc/v1/validate", headers={"Authorization": f"Basic {token()}"})
    assert response.status_code == 401


@pytest.mark.parametrize("path", ["/rtc/v2", "/", "/rtc/v1/validate"])
async def test_an_upgrade_elsewhere_is_a_404(sfu: Served, path: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with websockets.connect(f"{sfu.ws_url}{path}?access_token={token()}", proxy=None):
            pass
    assert refusal.value.response.status_code == 404


async def test_rooms_that_nobody_made_do_not_exist_when_joining_makes_none() -> None:
    async with serving(creates_rooms_on_join=False) as sfu:
        query = {"join_request": join_parameter(), "access_token": token()}
        response = await sfu.http("GET", "/rtc/v1/validate", params=query)
        assert response.status_code == 404
        assert "requested room does not exist" in response.text
        await sfu.twirp("CreateRoom", {"name": "standup"}, room_create=True)
        assert (await sfu.http("GET", "/rtc/v1/validate", params=query)).status_code == 200


def states(client: RawClient) -> list[int]:
    """The states of itself that a client was told, in order."""
    told = (p for response in client.heard for p in response.update.participants)
    return [participant.state for participant in told if participant.sid == client.sid]


# --- joining --------------------------------------------------------------------------------------


async def test_a_join_answers_the_offer_it_brought(sfu: Served) -> None:
    async with sfu.join() as alice:
        assert alice.sid.startswith("PA_")
        refreshed = await alice.next()
        assert jwt.decode(refreshed.refresh_token, options={"verify_signature": False})["sub"] == "alice"
        answer = await alice.until("answer")
        assert (answer.type, answer.id) == ("answer", 1)
        while alice.heard[-1].update.participants[:1] == [] or states(alice)[-1] != models.ParticipantInfo.ACTIVE:
            await alice.next()
        assert states(alice) == [models.ParticipantInfo.JOINED, models.ParticipantInfo.ACTIVE]


@pytest.mark.parametrize("filler", [3_000, 16_000, 60_000])
async def test_a_join_with_a_long_request_line_connects(sfu: Served, filler: int) -> None:
    bearer = token(can_update_own_metadata=True)
    url = f"{sfu.ws_url}/rtc/v1?access_token={bearer}&join_request={join_parameter(filler=filler)}"
    async with websockets.connect(url, proxy=None) as socket:
        frame = await socket.recv()
        assert isinstance(frame, bytes)
        assert rtc.SignalResponse.FromString(frame).HasField("join")


async def test_two_people_publish_and_receive(sfu: Served) -> None:
    async with sfu.join("alice") as alice, sfu.join("bob") as bob:
        track = await alice.publish_camera()
        sfu.media.start_tracks(alice.sid, "video/vp8")
        await bob.until("media_sections_requirement")
        await bob.send(offer=rtc.SessionDescription(type="offer", sdp=OFFER, id=2))
        answer = await bob.until("answer")
        while not answer.mid_to_track_id:
            answer = await bob.until("answer")
        assert dict(answer.mid_to_track_id) == {"1": track.sid}
        assert f"a=msid:{alice.sid}|{track.sid} {track.sid}" in answer.sdp
        assert (await alice.until("track_subscribed")).track_sid == track.sid
        await bob.send(track_setting=rtc.UpdateTrackSettings(track_sids=[track.sid], disabled=True))
        await bob.send(ping_req=rtc.Ping(timestamp=1))
        await bob.until("pong_resp")
        applied = sfu.media.peers[bob.sid].subscribed[track.sid]  # type: ignore[index]
        assert applied is not None
        assert applied[0] is False


async def test_data_reaches_the_other_with_its_true_sender(sfu: Served) -> None:
    async with sfu.join("alice") as alice, sfu.join("bob") as bob:
        await alice.until("answer")
        await bob.until("answer")
        forged_packet = models.DataPacket(participant_identity="bob", user=models.UserPacket(payload=b"hi"))
        sfu.media.receive_data(alice.sid, "_reliable", forged_packet.SerializeToString())
        await bob.send(ping_req=rtc.Ping(timestamp=1))
        await bob.until("pong_resp")
        packets = [models.DataPacket.FromString(payload) for _, payload in sfu.media.peers[bob.sid].received]
        assert [(p.participant_identity, p.user.payload) for p in packets] == [("alice", b"hi")]


async def test_text_frames_are_answered_in_text_and_binary_ones_in_binary(sfu: Served) -> None:
    async with sfu.join() as alice:
        await alice.until("answer")
        await alice.socket.send(json.dumps({"pingReq": {"timestamp": "5"}}))
        while isinstance(frame := await alice.socket.recv(), bytes):
            pass
        assert json.loads(frame)["pongResp"]["lastPingTimestamp"] == "5"
        await alice.send(ping_req=rtc.Ping(timestamp=6))
        while not isinstance(frame := await alice.socket.recv(), bytes):
            pass
        assert rtc.SignalResponse.FromString(frame).pong_resp.last_ping_timestamp == 6


async def test_unreadable_frames_cost_only_their_sender(sfu: Served) -> None:
    async with sfu.join("alice") as alice, sfu.join("bob") as bob:
        await bob.socket.send(b"\xff\xff\xff\xff")
        assert await bob.closed() == signal.UNREADABLE
        await alice.send(ping_req=rtc.Ping(timestamp=1))
        assert (await alice.until("pong_resp")).last_ping_timestamp == 1


async def test_oversize_frames_close_the_connection(sfu: Served) -> None:
    async with sfu.join() as alice:
        await alice.socket.send(bytes(MAX_SIGNAL_BYTES + 1))
        assert await alice.closed() == 1009


async def test_nobody_is_kept_a_compressor_for(sfu: Served) -> None:
    """Browsers offer to compress; what is said to them is short."""
    async with sfu.join() as alice:
        assert alice.socket.request is not None
        assert alice.socket.response is not None
        assert "permessage-deflate" in alice.socket.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in alice.socket.response.headers


async def test_unknown_messages_are_ignored(sfu: Served) -> None:
    async with sfu.join() as alice:
        await alice.socket.send(b"\x9a\x3e\x03abc")  # field 995, which nobody has defined
        await alice.send(ping_req=rtc.Ping(timestamp=3))
        assert (await alice.until("pong_resp")).last_ping_timestamp == 3


async def test_a_client_that_does_not_read_is_cut_and_costs_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "MAX_WAITING_FRAMES", 20)
    async with serving() as sfu, sfu.join("alice") as alice, sfu.join("bob") as bob:
        await bob.until("answer")
        bob.socket.transport.pause_reading()
        for _ in range(200):
            noise = secrets.token_hex(200_000)  # compression must not make it small
            sfu.app.switchboard.command(RoomName("standup"), ChangeRoomMetadata(metadata=noise))
            await alice.until("room_update")
            if sfu.app.switchboard.open_links == 1:
                break
        assert sfu.app.switchboard.open_links == 1
        bob.socket.transport.abort()


@pytest.mark.parametrize("stranger", ["sid", "identity", "room"])
async def test_a_resume_of_nobody_here_is_answered_with_a_call_to_rejoin(sfu: Served, stranger: str) -> None:
    async with sfu.join("alice") as alice:
        sid = "PA_nobody" if stranger == "sid" else alice.sid
        identity = "bob" if stranger == "identity" else "alice"
        room = "elsewhere" if stranger == "room" else "standup"
        async with sfu.resume(sid, identity, room=room) as bob:
            leave = await bob.until("leave")
            assert (leave.reason, leave.action) == (models.STATE_MISMATCH, rtc.LeaveRequest.RECONNECT)
            assert bob.heard == [rtc.SignalResponse(leave=leave)]
            assert await bob.closed() == 1000
        await alice.send(ping_req=rtc.Ping(timestamp=3))
        assert await alice.until("pong_resp")


async def test_a_lost_socket_is_resumed_with_the_same_media_and_sid(sfu: Served) -> None:
    async with sfu.join("bob") as bob:
        async with sfu.join("alice") as alice:
            track = await alice.publish_camera()
            sfu.media.start_tracks(alice.sid, "video/vp8")
            alice.socket.transport.abort()
        state = rtc.SyncState(publish_tracks=[rtc.TrackPublishedResponse(cid="cam", track=track)])
        async with sfu.resume(alice.sid, "alice", sync_state=state) as again:
            first = await again.next()
            assert first.reconnect.server_info.version
            update = await again.until("update")
            assert {p.identity for p in update.participants} == {"alice", "bob"}
            await again.send(offer=rtc.SessionDescription(type="offer", sdp=OFFER + CAMERA_SECTION, id=3))
            assert (await again.until("answer")).id == 3
            await bob.send(ping_req=rtc.Ping(timestamp=1))
            await bob.until("pong_resp")
            told = [p for r in bob.heard if r.HasField("update") for p in r.update.participants]
            assert models.ParticipantInfo.DISCONNECTED not in {p.state for p in told}
            assert list(sfu.media.peers) == [bob.sid, alice.sid]


async def test_the_older_of_two_sockets_of_one_participant_ends_and_takes_nothing_with_it(sfu: Served) -> None:
    async with sfu.join("alice") as old, sfu.resume(old.sid, "alice") as new:
        assert (await new.next()).HasField("reconnect")
        assert await old.closed() == 1000
        await new.send(ping_req=rtc.Ping(timestamp=7))
        assert (await new.until("pong_resp")).last_ping_timestamp == 7
        assert sfu.app.switchboard.open_links == 1


DUAL = "&protocol=9&auto_subscribe=1&sdk=go&capabilities=CAP_PACKET_TRAILER,CAP_UNKNOWN&client_protocol=1&colour=blue"
ANSWER = (
    "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:data\r\n"
)


async def test_a_client_with_two_connections_is_offered_to(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        track = await alice.publish_camera()
        sfu.media.start_tracks(alice.sid, "video/vp8")
        await alice.until("update")
        async with sfu.dial("bob", f"/rtc?{DUAL}") as bob:
            join = await bob.until("join")
            assert (join.subscriber_primary, join.participant.client_protocol) == (True, 1)
            assert list(join.participant.capabilities) == [models.ClientInfo.CAP_PACKET_TRAILER]
            offer = await bob.until("offer")
            assert (offer.type, list(offer.mid_to_track_id.values())) == ("offer", [track.sid])
            answer = ANSWER.format(mid=next(iter(offer.mid_to_track_id)))
            await bob.send(answer=rtc.SessionDescription(type="answer", sdp=answer, id=offer.id))
            while models.ParticipantInfo.ACTIVE not in {
                p.state for p in (await bob.until("update")).participants if p.identity == "bob"
            }:
                pass
            await bob.send(offer=rtc.SessionDescription(type="offer", sdp=OFFER, id=4))
            assert (await bob.until("answer")).id == 4
            bob.socket.transport.abort()
        sid = join.participant.sid
        async with sfu.dial("bob", f"/rtc?{DUAL}&reconnect=1&sid={sid}&reconnect_reason=1") as bob:
            assert (await bob.next()).HasField("reconnect")
            assert (await bob.until("offer")).id == offer.id + 1
        async with sfu.resume(sid, "bob") as bob:
            assert (await bob.until("leave")).reason == models.STATE_MISMATCH


async def test_attributes_in_the_address_count_with_the_right_to_them(sfu: Served) -> None:
    packed = base64.urlsafe_b64encode(b'{"hand":"up"}').decode().rstrip("=")
    async with sfu.dial("bob", f"/rtc?{DUAL}&attributes={packed}", can_update_own_metadata=True) as bob:
        assert dict((await bob.until("join")).participant.attributes) == {"hand": "up"}
    response = await sfu.http("GET", f"/rtc/validate?access_token={token()}&attributes={packed}")
    assert (response.status_code, response.text) == (401, "no permissions to access the room")
    for broken in ("%25%25", "e30x", base64.urlsafe_b64encode(b"[1]").decode()):
        response = await sfu.http("GET", f"/rtc/validate?access_token={token()}&attributes={broken}")
        assert response.status_code == 400


async def test_a_join_request_at_the_old_address_means_one_connection(sfu: Served) -> None:
    async with sfu.join("alice", path="/rtc") as alice:
        assert (await alice.until("answer")).id == 1


async def test_a_resume_with_a_bad_token_is_refused(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        parameter = join_parameter(rtc.JoinRequest(reconnect=True, participant_sid=alice.sid))
        await refused(sfu, forged(exp=1), parameter, 401)


async def test_who_comes_twice_stays_once(sfu: Served) -> None:
    async with sfu.join("alice") as old, sfu.join("alice") as new:
        leave = await old.until("leave")
        assert (leave.reason, leave.action) == (models.DUPLICATE_IDENTITY, rtc.LeaveRequest.DISCONNECT)
        assert await old.closed() == 1000
        assert list(sfu.media.peers) == [new.sid]


async def test_a_leave_closes_the_socket_and_the_media(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        await alice.send(leave=rtc.LeaveRequest())
        assert await alice.closed() == 1000
        assert sfu.media.peers == {}


async def test_a_full_room_is_said_before_the_upgrade() -> None:
    async with serving(room_options=RoomOptions(max_participants=1)) as sfu, sfu.join("alice"):
        with pytest.raises(websockets.InvalidStatus) as refusal:
            async with sfu.join("bob"):
                pass
        assert refusal.value.response.status_code == 403


async def test_a_shutdown_tells_clients_to_come_back() -> None:
    async with serving() as sfu, sfu.join("alice") as alice:
        await sfu.app.shutdown("test")
        leave = await alice.until("leave")
        assert (leave.reason, leave.action) == (models.SERVER_SHUTDOWN, rtc.LeaveRequest.RECONNECT)
        assert await alice.closed() == 1000
