"""What a token allows and asks for, as applications that sign them rely on it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx
import jwt
import pytest
from livekit.protocol import models

from tests.conformance.client import dial, dual_path, join_parameter
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90), pytest.mark.filterwarnings("ignore:The HMAC key")]


def signed(server: SfuAddress, room: str, *, grant: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token as any library could have made it; what is None is left out."""
    whole = {
        "iss": server.api_key,
        "sub": "alice",
        "exp": int(time.time()) + 600,
        "video": {"roomJoin": True, "room": room, **(grant or {})},
        **claims,
    }
    return jwt.encode({name: value for name, value in whole.items() if value is not None}, server.api_secret)


async def validate(server: SfuAddress, bearer: str, path: str = "/rtc/validate") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.get(server.url + path, headers={"Authorization": f"Bearer {bearer}"})


async def test_names_have_their_length(server: SfuAddress, room: str) -> None:
    for bearer, words in (
        (signed(server, room, sub="x" * 257), "participant identity length exceeds limits: max length 256"),
        (signed(server, "x" * 257), "room name length exceeds limits: max length 256"),
    ):
        answer = await validate(server, bearer)
        assert (answer.status_code, answer.text) == (400, words)
    for bearer in (signed(server, room, sub=None), signed(server, "")):
        assert (await validate(server, bearer)).status_code == 400
    assert (await validate(server, signed(server, room, sub=None, jti="alice"))).status_code == 200


async def test_what_a_token_says_of_its_holder_is_seen_by_others(server: SfuAddress, room: str) -> None:
    bearer = signed(server, room, kind="agent", kindDetails=["cloud_agent", "FORWARDED", "of_the_future"])
    async with dial(server, dual_path(), bearer) as alice:
        me = (await alice.until("join")).participant
        assert me.kind == models.ParticipantInfo.AGENT
        assert list(me.kind_details) == [models.ParticipantInfo.CLOUD_AGENT, models.ParticipantInfo.FORWARDED]
    for wrong in ("forwarded", [1]):
        assert (await validate(server, signed(server, room, kindDetails=wrong))).status_code == 401


async def test_times_count_with_a_minute_of_leeway(server: SfuAddress, room: str) -> None:
    now = int(time.time())
    cases: list[tuple[dict[str, Any], int]] = [
        ({"exp": now - 30}, 200),
        ({"exp": now - 120}, 401),
        ({"nbf": now + 30}, 200),
        ({"nbf": now + 120}, 401),
    ]
    for claims, status in cases:
        assert (claims, (await validate(server, signed(server, room, **claims))).status_code) == (claims, status)


async def test_flags_that_are_no_booleans_are_no_grants(server: SfuAddress, room: str) -> None:
    grants: list[dict[str, Any]] = [{"roomJoin": "true"}, {"canPublish": 0}, {"canPublishSources": "camera"}]
    for grant in grants:
        assert (grant, (await validate(server, signed(server, room, grant=grant))).status_code) == (grant, 401)


async def test_who_brings_metadata_needs_the_right_to(server: SfuAddress, room: str) -> None:
    attributes = base64.urlsafe_b64encode(json.dumps({"seat": "3", "team": ""}).encode()).decode()
    for path in (
        f"/rtc/validate?attributes={attributes}",
        f"/rtc/v1/validate?join_request={join_parameter(metadata='m')}",
    ):
        assert (await validate(server, signed(server, room), path)).status_code == 401
        allowed = signed(server, room, grant={"canUpdateOwnMetadata": True})
        assert (await validate(server, allowed, path)).status_code == 200
    bearer = signed(server, room, grant={"canUpdateOwnMetadata": True}, attributes={"team": "red"})
    async with dial(server, dual_path(attributes=attributes), bearer) as alice:
        own = (await alice.until("join")).participant
        assert dict(own.attributes) == {"seat": "3", "team": "red"}, "what the token says is not deleted"


async def test_every_grant_is_told_as_a_permission(server: SfuAddress, room: str) -> None:
    grant = {
        "canPublishSources": ["camera", "screen_share"],
        "canUpdateOwnMetadata": True,
        "canSubscribeMetrics": True,
        "hidden": True,
        "recorder": True,
        "agent": True,
        "canSubscribe": False,
    }
    bearer = signed(server, room, grant=grant, kind="agent", name="Alice", metadata="m")
    async with dial(server, dual_path(), bearer) as alice:
        join = await alice.until("join")
        own, permission = join.participant, join.participant.permission
        assert (own.name, own.metadata, own.kind) == ("Alice", "m", models.ParticipantInfo.AGENT)
        assert list(permission.can_publish_sources) == [models.CAMERA, models.SCREEN_SHARE]
        assert (permission.hidden, permission.recorder, permission.agent) == (True, True, True)
        assert (permission.can_update_metadata, permission.can_subscribe_metrics) == (True, True)
        assert (permission.can_publish, permission.can_subscribe, permission.can_publish_data) == (True, False, True)
        assert not join.subscriber_primary


async def test_a_refreshed_token_says_what_the_first_one_did(server: SfuAddress, room: str) -> None:
    grant = {"canPublish": False, "canUpdateOwnMetadata": True}
    bearer = signed(server, room, grant=grant, metadata="m", attributes={"a": "b"}, exp=int(time.time()) + 60)
    async with dial(server, dual_path(), bearer) as alice:
        await alice.until("join")
        claims = jwt.decode(await alice.until("refresh_token"), server.api_secret, algorithms=["HS256"])
        assert claims["exp"] > time.time() + 300
        video = claims["video"]
        assert (claims["sub"], claims["metadata"], claims["attributes"]) == ("alice", "m", {"a": "b"})
        assert (video["roomJoin"], video["room"], video["canPublish"]) == (True, room, False)
        assert video["canUpdateOwnMetadata"]
