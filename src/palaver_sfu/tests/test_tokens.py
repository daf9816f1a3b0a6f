"""Access tokens: what is believed, what is refused."""

import hashlib
import hmac
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.utils import base64url_encode
from livekit import api

from palaver_sfu.room.values import (
    DEFAULT_PERMISSION,
    Identity,
    KindDetail,
    ParticipantKind,
    RoomName,
    RoomWish,
    TrackSource,
)
from palaver_sfu.session.messages import RefreshToken
from palaver_sfu.tests.rehearsal import permission
from palaver_sfu.wire.tokens import Keys, TokenError

SECRET, OTHER_SECRET = "s" * 32, "o" * 32
KEYS = Keys(secrets={"first": SECRET, "second": OTHER_SECRET})


def token(*, key: str = "first", secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": key,
        "sub": "alice",
        "exp": int(time.time()) + 86_400,
        "video": {"roomJoin": True, "room": "standup"},
        **changes,
    }
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, secret, algorithm=algorithm)


def test_a_token_of_livekits_own_library_is_read_whole() -> None:
    grants = api.VideoGrants(
        room_join=True, room="standup", can_publish=True, can_publish_sources=["camera"], can_update_own_metadata=True
    )
    text = (
        api.AccessToken("second", OTHER_SECRET)
        .with_identity("alice")
        .with_name("Alice")
        .with_metadata("m")
        .with_attributes({"a": "b"})
        .with_kind("agent")
        .with_grants(grants)
        .to_jwt()
    )
    claims = KEYS.read(text)
    assert (claims.api_key, claims.identity, claims.name, claims.metadata) == ("second", "alice", "Alice", "m")
    assert claims.attributes == {"a": "b"}
    assert claims.kind is ParticipantKind.AGENT
    assert claims.video is not None
    assert claims.video.permission.publish_sources == {TrackSource.CAMERA}
    assert claims.video.permission.can_update_metadata


def test_absent_grants_have_the_references_defaults() -> None:
    video = KEYS.read(token()).video
    assert video is not None
    assert video.permission == DEFAULT_PERMISSION
    limited = KEYS.read(token(video={"roomJoin": True, "canPublish": False})).video
    assert limited is not None
    assert not limited.permission.can_publish
    assert not limited.permission.can_publish_data
    assert limited.permission.can_subscribe


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "third"},
        {"secret": OTHER_SECRET},
        {"exp": int(time.time()) - 10_000},
        {"exp": None},
        {"nbf": int(time.time()) + 10_000},
        {"algorithm": "HS512"},
        {"video": {"roomJoin": True, "canPublish": 0}},
        {"video": {"roomJoin": 1}},
        {"video": {"roomJoin": True, "canPublishSources": "camera"}},
        {"video": "everything"},
        {"sub": None, "jti": 7},
        {"attributes": {"a": 1}},
        {"exp": [1]},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"exp": True},
        {"nbf": [1]},
        {"nbf": float("inf")},
        {"name": "half a pair \ud800"},
        {"sub": "\udfff"},
        {"metadata": "\ud800"},
        {"attributes": {"\ud800": ""}},
        {"video": {"roomJoin": True, "room": "\ud800"}},
    ],
)
def test_what_proves_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        KEYS.read(token(**changes))


def test_unsigned_and_otherwise_signed_tokens_are_refused() -> None:
    claims = {"iss": "first", "sub": "alice", "exp": int(time.time()) + 100, "video": {"roomJoin": True}}
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for forged in (
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, private, algorithm="RS256"),
        token()[:-4] + "AAAA",
        token().rsplit(".", 1)[0] + ".",
        "eyJ.not.jwt",
        "",
        "a" * 10_000,
        "ü.ü.ü",
    ):
        with pytest.raises(TokenError) as refusal:
            KEYS.read(forged)
        assert not forged or forged not in str(refusal.value)


def signed(header: str, payload: str) -> str:
    """A token with exactly these texts."""
    parts = b".".join(base64url_encode(text.encode()) for text in (header, payload))
    mac = hmac.new(SECRET.encode(), parts, hashlib.sha256).digest()
    return (parts + b"." + base64url_encode(mac)).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"sub":"alice"', '"sub":"alice","sub":"bob"'),
        ('"sub":"alice"', '"sub":"alice","\\u0073ub":"alice"'),
        ('"roomJoin":true', '"roomJoin":false,"roomJoin":true'),
        ('"room":"standup"', '"room":"standup","room":"board"'),
        ('"iss":"first"', '"iss":"second","iss":"first"'),
        ('"alg":"HS256"', '"alg":"none","alg":"HS256"'),
    ],
)
def test_a_token_in_which_a_name_stands_twice_is_refused(before: str, after: str) -> None:
    header = '{"alg":"HS256","typ":"JWT"}'
    payload = '{"iss":"first","sub":"alice","exp":4000000000,"video":{"roomJoin":true,"room":"standup"}}'
    assert KEYS.read(signed(header, payload)).identity == "alice"
    assert before in header + payload
    with pytest.raises(TokenError, match="twice"):
        KEYS.read(signed(header.replace(before, after), payload.replace(before, after)))


def test_a_minute_of_clock_skew_is_forgiven() -> None:
    assert KEYS.read(token(exp=int(time.time()) - 50, nbf=int(time.time()) + 50)).identity == "alice"


def test_identity_may_stand_in_the_old_place() -> None:
    assert KEYS.read(token(sub=None, jti="alice")).identity == "alice"


def test_a_refreshed_token_gives_the_rights_of_now_for_as_long_as_the_old_one_at_least() -> None:
    rights = permission(can_publish=False, is_hidden=True, publish_sources=frozenset({TrackSource.MICROPHONE}))
    message = RefreshToken(
        identity=Identity("alice"),
        room=RoomName("standup"),
        name="Alice",
        metadata="m",
        attributes={"a": "b"},
        permission=rights,
        kind=ParticipantKind.STANDARD,
        kind_details=(KindDetail.FORWARDED,),
    )
    now = time.time()
    for expires_at, expected in ((now + 5, now + 600), (now + 3600, now + 3600)):
        claims = KEYS.read(KEYS.mint_refresh(message, api_key="second", expires_at=expires_at, now=now))
        assert claims.expires_at == pytest.approx(expected, abs=1)
        assert claims.video is not None
        assert (claims.video.permission, claims.kind_details) == (rights, (KindDetail.FORWARDED,))
        assert (claims.api_key, claims.video.room, claims.attributes) == ("second", "standup", {"a": "b"})


def test_room_configuration_in_a_token_is_read() -> None:
    config = {"maxParticipants": 3, "departure_timeout": 5, "metadata": "m", "syncStreams": True}
    wish = KEYS.read(token(roomConfig=config, roomPreset="webinar")).room_wish
    assert wish == RoomWish(
        max_participants=3, departure_timeout_s=5, metadata="m", syncs_streams=True, preset="webinar"
    )
    for odd in ("no", {"maxParticipants": -1, "emptyTimeout": True, "syncStreams": "yes"}):
        assert KEYS.read(token(roomConfig=odd)).room_wish == RoomWish()
