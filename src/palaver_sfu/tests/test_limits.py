"""Every limit of the server, refused with a reason that the one who meets it can read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from livekit.protocol import models, rtc
from websockets.exceptions import InvalidStatus

from palaver_sfu import calling
from palaver_sfu.errors import AdmissionError
from palaver_sfu.http import app as http_app, gate as gates, patience
from palaver_sfu.http.gate import Gate, address_of
from palaver_sfu.room.limits import Limits
from palaver_sfu.room.values import RoomOptions
from palaver_sfu.server import listen
from palaver_sfu.tests.serving import Served, serving

CREATE = {"room_create": True}


@asynccontextmanager
async def refused(sfu: Served, identity: str, **grants: Any) -> AsyncIterator[tuple[int, str]]:
    """The status and the words with which a join is refused."""
    with pytest.raises(InvalidStatus) as refusal:
        async with sfu.join(identity, **grants):
            pass
    response = refusal.value.response
    yield response.status_code, bytes(response.body or b"").decode()


async def test_connections_of_one_address_are_limited_until_one_ends() -> None:
    async with serving(limits=Limits(connections_per_address=2)) as sfu, sfu.join("alice"), sfu.join("bob") as bob:
        async with refused(sfu, "carol") as answer:
            assert answer == (429, "too many connections from this address")
        await bob.send(leave=rtc.LeaveRequest())
        await bob.closed()
        async with sfu.join("carol"):
            pass


async def test_joins_of_one_address_have_a_pace() -> None:
    async with (
        serving(limits=Limits(joins_per_second=0.001, join_burst=2)) as sfu,
        sfu.join("alice"),
        sfu.join("bob"),
        refused(sfu, "carol") as (status, words),
    ):
        assert status == 429
        assert "too many joins" in words


async def test_rooms_of_a_server_are_limited() -> None:
    async with serving(limits=Limits(rooms=1)) as sfu:
        assert (await sfu.twirp("CreateRoom", {"name": "a"}, **CREATE)).status_code == 200
        assert (await sfu.twirp("CreateRoom", {"name": "a"}, **CREATE)).status_code == 200
        answer = await sfu.twirp("CreateRoom", {"name": "b"}, **CREATE)
        assert (answer.status_code, answer.json()["code"]) == (429, "resource_exhausted")
        async with refused(sfu, "alice", room="b") as (status, words):
            assert (status, words) == (429, "server has exceeded its max rooms")


async def test_participants_of_a_server_are_limited() -> None:
    async with (
        serving(limits=Limits(participants=1)) as sfu,
        sfu.join("alice"),
        refused(sfu, "bob", room="other") as answer,
    ):
        assert answer == (503, "server has exceeded its max participants")


async def test_participants_of_a_room_are_limited() -> None:
    async with (
        serving(room_options=RoomOptions(max_participants=1)) as sfu,
        sfu.join("alice"),
        refused(sfu, "bob") as answer,
    ):
        assert answer == (403, "room has exceeded its max participants")


async def test_tracks_of_a_participant_are_limited() -> None:
    async with serving(room_options=RoomOptions(max_tracks=1)) as sfu, sfu.join("alice") as alice:
        await alice.publish_camera()
        add = rtc.AddTrackRequest(cid="mic", type=models.AUDIO, source=models.MICROPHONE)
        await alice.send(add_track=add)
        answer = await alice.until("request_response")
        assert (answer.reason, answer.message) == (rtc.RequestResponse.LIMIT_EXCEEDED, "too many tracks")
        assert answer.add_track.cid == "mic"


async def test_bodies_of_the_server_api_are_limited(sfu: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_app, "MAX_API_BODY_BYTES", 1_000)
    answer = await sfu.twirp("CreateRoom", {"name": "a", "metadata": "m" * 1_000}, **CREATE)
    assert (answer.status_code, answer.json()["code"]) == (429, "resource_exhausted")
    assert answer.json()["msg"] == "the request is too large"


async def test_data_of_the_server_api_is_limited(sfu: Served) -> None:
    async with sfu.join("alice"):
        body = {"room": "standup", "data": "A" * 88_000}
        answer = await sfu.twirp("SendData", body, room_admin=True, room="standup")
        assert (answer.status_code, answer.json()["msg"]) == (400, "data size exceeds limits")


@pytest.fixture
async def lines(sfu: Served) -> AsyncIterator[Lines]:
    opened = Lines(sfu.port)
    yield opened
    await opened.close()


class Lines:
    """TCP connections to a server that say what a test wants, and nothing else."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def dial(self, first: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(writer)
        writer.write(first)
        await writer.drain()
        return reader, writer

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def is_cut(reader: asyncio.StreamReader) -> bool:
    """Whether the server ended the connection, without a word."""
    async with asyncio.timeout(10):
        try:
            return await reader.read() == b""
        except ConnectionError:
            return True


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "], ids=["nothing", "half a head"])
async def test_who_does_not_say_what_it_wants_is_cut(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.05)
    reader, _ = await lines.dial(first)
    assert await is_cut(reader)


async def test_handshakes_in_flight_are_limited_and_the_oldest_goes(
    sfu: Served, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MAX_SILENT", 3)
    silent = [await lines.dial(b"") for _ in range(4)]
    assert await is_cut(silent[0][0])
    answered, _ = await lines.dial(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await answered.readline()).startswith(b"HTTP/1.1 200")
    async with sfu.join("alice"):
        pass
    assert not silent[-1][0].at_eof()


async def test_a_second_request_of_a_connection_must_come_in_time_too(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await lines.dial(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\nOK")
    monkeypatch.setattr(patience, "HEAD_S", 0.05)
    writer.write(b"GET / HT")
    assert await is_cut(reader)


async def test_a_call_that_takes_long_is_not_cut(sfu: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.05)
    monkeypatch.setattr(calling, "ACKNOWLEDGE_S", 0.5)
    async with sfu.join("alice"):
        body = {"room": "standup", "destinationIdentity": "alice", "method": "m"}
        answer = await sfu.twirp("PerformRpc", body, room_admin=True, room="standup")
        assert answer.json()["msg"] == "RpcError 1501: Connection timeout"


def test_a_gate_counts_an_ipv6_network_and_a_mapped_address_as_one() -> None:
    addresses = {
        "2001:db8:1:2::1": "2001:db8:1:2::/64",
        "2001:db8:1:2:ffff::9": "2001:db8:1:2::/64",
        "::ffff:203.0.113.7": "203.0.113.7",
        "203.0.113.7": "203.0.113.7",
        "unix": "unix",
    }
    for given, counted in addresses.items():
        assert address_of({"client": (given, 1)}) == counted
    assert address_of({"client": None}) == ""


def test_a_gate_opens_again_with_time_and_forgets_the_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MAX_ADDRESSES", 2)
    now = 0.0
    gate = Gate(Limits(joins_per_second=1.0, join_burst=1), lambda: now)
    one = {"client": ("192.0.2.1", 1)}
    gate.enter(one)
    with pytest.raises(AdmissionError):
        gate.enter(one)
    now = 1.5
    gate.enter(one)
    for last in range(2, 6):
        gate.enter({"client": (f"192.0.2.{last}", 1)})
    gate.enter(one)


def test_no_limit_means_none() -> None:
    gate = Gate(Limits(joins_per_second=0, connections_per_address=0), lambda: 0.0)
    for _ in range(5_000):
        gate.enter({"client": ("192.0.2.1", 1)})


@pytest.mark.parametrize("protocol", [patience.PatientHttp, patience.PatientFastHttp])
async def test_both_parsers_wait_for_heads_and_not_for_the_rest_of_what_was_answered(
    protocol: type[asyncio.Protocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    server = uvicorn.Server(uvicorn.Config(app, http=protocol, lifespan="off", log_config=None))
    listener = listen("127.0.0.1", 0)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    lines = Lines(listener.getsockname()[1])
    try:
        monkeypatch.setattr(patience, "HEAD_S", 0.2)
        upload, more = await lines.dial(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
        assert (await upload.readline()).startswith(b"HTTP/1.1 413")
        silent, _ = await lines.dial(b"GET / HT")
        assert await is_cut(silent)
        more.write(b"more")
        await more.drain()
        silent, _ = await lines.dial(b"")
        assert await is_cut(silent)
    finally:
        await lines.close()
        server.should_exit = True
        await running
