"""`PerformRpc`: the server asks a participant, whose client answers as it answers other clients."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

import httpx
import pytest
from livekit.protocol import models

from palaver_sfu import calling
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.tests.serving import RawClient, Served
from palaver_sfu.wire import rpc

ASK = {"room": "standup", "destinationIdentity": "alice", "method": "greet", "payload": "hello"}


async def ask(sfu: Served, **fields: Any) -> httpx.Response:
    return await sfu.twirp("PerformRpc", {**ASK, **fields}, room_admin=True, room="standup")


async def request_at(sfu: Served, sid: ParticipantSid) -> models.RpcRequest:
    """The request as it arrived at the client."""
    async with asyncio.timeout(10):
        while True:
            packets = [models.DataPacket.FromString(data) for _, data in sfu.media.peers[sid].received]
            for packet in packets:
                if packet.HasField("rpc_request"):
                    assert packet.participant_identity == packet.rpc_request.id
                    return packet.rpc_request
            await asyncio.sleep(0.005)


def reply(sfu: Served, client: RawClient, **value: Any) -> None:
    sfu.media.receive_data(client.sid, "_reliable", models.DataPacket(**value).SerializeToString())


def acknowledge(sfu: Served, client: RawClient, call: str) -> None:
    reply(sfu, client, rpc_ack=models.RpcAck(request_id=call))


def answer(sfu: Served, client: RawClient, call: str, **value: Any) -> None:
    reply(sfu, client, rpc_response=models.RpcResponse(request_id=call, **value))


async def test_a_participant_is_asked_and_its_answer_comes_back(sfu: Served) -> None:
    async with sfu.join("alice") as alice, sfu.join("bob") as bob:
        asking = asyncio.create_task(ask(sfu, responseTimeoutMs=8_000))
        request = await request_at(sfu, alice.sid)
        assert (request.method, request.payload, request.version) == ("greet", "hello", 1)
        assert request.response_timeout_ms == 8_000
        acknowledge(sfu, alice, request.id)
        answer(sfu, bob, request.id, payload="forged")
        answer(sfu, alice, request.id, payload="hi")
        response = await asking
        assert (response.status_code, response.json()) == (200, {"payload": "hi"})
        kinds = {
            models.DataPacket.FromString(data).WhichOneof("value") for _, data in sfu.media.peers[bob.sid].received
        }
        assert kinds == set(), "a call of the server is no business of others"


async def test_an_answer_may_be_packed_or_come_without_an_acknowledgement(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        asking = asyncio.create_task(ask(sfu))
        request = await request_at(sfu, alice.sid)
        pack = zlib.compressobj(wbits=-15)
        answer(sfu, alice, request.id, compressed_payload=pack.compress(b"packed") + pack.flush())
        assert (await asking).json() == {"payload": "packed"}


async def test_an_answer_that_is_too_large_is_an_error(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        asking = asyncio.create_task(ask(sfu))
        request = await request_at(sfu, alice.sid)
        bomb = zlib.compressobj(wbits=-15)
        answer(sfu, alice, request.id, compressed_payload=bomb.compress(bytes(10**7)) + bomb.flush())
        assert (await asking).json()["msg"] == "RpcError 1504: Response payload too large"


async def test_what_the_method_says_went_wrong_is_told(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        asking = asyncio.create_task(ask(sfu))
        request = await request_at(sfu, alice.sid)
        answer(sfu, alice, request.id, error=models.RpcError(code=1400, message="Method not supported at destination"))
        response = await asking
        assert response.status_code == 400
        assert response.json() == {
            "code": "invalid_argument",
            "msg": "RpcError 1400: Method not supported at destination",
        }


async def test_whoever_leaves_answers_no_more(sfu: Served) -> None:
    async with sfu.join("alice") as alice:
        asking = asyncio.create_task(ask(sfu))
        await request_at(sfu, alice.sid)
        await sfu.twirp("RemoveParticipant", {"room": "standup", "identity": "alice"}, room_admin=True, room="standup")
        response = await asking
        assert (response.status_code, response.json()["msg"]) == (503, "RpcError 1503: Recipient disconnected")


async def test_a_silent_client_fails_the_call(sfu: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "ACKNOWLEDGE_S", 0.05)
    async with sfu.join("alice") as alice:
        response = await ask(sfu)
        assert (response.status_code, response.json()["code"]) == (408, "canceled")
        assert response.json()["msg"] == "RpcError 1501: Connection timeout"
        monkeypatch.setattr(calling, "ACKNOWLEDGE_S", 10)
        sfu.media.peers[alice.sid].received.clear()
        asking = asyncio.create_task(ask(sfu, responseTimeoutMs=300))
        acknowledge(sfu, alice, (await request_at(sfu, alice.sid)).id)
        assert (await asking).json()["msg"] == "RpcError 1502: Response timeout"


async def test_calls_that_are_too_large_or_too_many_are_refused(sfu: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sfu.join("alice"):
        large = await ask(sfu, payload="x" * (rpc.MAX_PAYLOAD_BYTES + 1))
        assert (large.status_code, large.json()["msg"]) == (400, "RpcError 1402: Request payload too large")
        assert (await ask(sfu, method="m" * 65)).json()["code"] == "invalid_argument"
        monkeypatch.setattr(calling, "MAX_CALLS", 0)
        assert json.loads((await ask(sfu)).text)["code"] == "resource_exhausted"
