"""Whatever a caller with every right sends to the server API is answered in Twirp's form, and breaks nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from livekit.protocol import rtc

from palaver_sfu import calling
from palaver_sfu.errors import ApiError
from palaver_sfu.room.values import RoomName
from palaver_sfu.tests.serving import Served, serving
from palaver_sfu.wire import room_service, twirp
from palaver_sfu.wire.tokens import VideoGrant
from palaver_sfu.wire.twirp import REQUESTS, Encoding

GRANT = VideoGrant(
    may_create=True, may_list=True, may_administrate=True, room=RoomName("standup"), destination=RoomName("other")
)
METHODS = st.sampled_from(sorted(REQUESTS))
# Names that mean something, numbers at the edges of their types, and anything at all.
SCALARS = st.one_of(
    st.sampled_from(["standup", "other", "alice", "nobody", "", "aGk=", "CAMERA", "LOSSY", True, False, None]),
    st.sampled_from([0, 1, -1, 16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, -(2**63), 1.5]),
    st.text(max_size=8),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, Encoding, bytes]:
    method = draw(METHODS)
    if draw(st.booleans()):
        return method, Encoding.PROTOBUF, draw(st.binary(max_size=60))
    fields = [field.name for field in REQUESTS[method].DESCRIPTOR.fields]
    message: dict[str, Any] = draw(st.dictionaries(st.sampled_from(fields), VALUES, max_size=len(fields)))
    if draw(st.booleans()):
        message["room"] = "standup"
    return method, Encoding.JSON, json.dumps(message).encode()


async def answer(sfu: Served, method: str, encoding: Encoding, body: bytes) -> bytes:
    try:
        call = twirp.read_call(method, encoding, body)
        return twirp.write_response(await room_service.serve(call, GRANT, sfu.app.switchboard), encoding)
    except ApiError as error:
        return twirp.write_error(error)


async def test_no_call_breaks_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "ACKNOWLEDGE_S", 0.0)
    async with serving() as sfu:
        loop = asyncio.get_running_loop()

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
        @given(bodies())
        def fuzz(call: tuple[str, Encoding, bytes]) -> None:
            future = asyncio.run_coroutine_threadsafe(answer(sfu, *call), loop)
            assert isinstance(future.result(timeout=10), bytes)

        async with sfu.join("alice"):
            await asyncio.to_thread(fuzz)
        async with sfu.join("bob", room="after") as bob:
            await bob.send(ping_req=rtc.Ping(timestamp=1))
            await bob.until("pong_resp")
