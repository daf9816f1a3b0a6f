"""Access tokens: HS256 JWTs with LiveKit's grants, read strictly and signed again for refreshes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt
from jwt.utils import base64url_decode
from jwt.warnings import InsecureKeyLengthWarning

from palaver_sfu.errors import SfuError, WireError
from palaver_sfu.room.values import (
    DEFAULT_PERMISSION,
    Identity,
    KindDetail,
    ParticipantKind,
    Permission,
    PlayoutDelay,
    RoomName,
    RoomWish,
    TrackSource,
)
from palaver_sfu.session.messages import RefreshToken
from palaver_sfu.wire.tags import read_voices

ALGORITHM = "HS256"
LEEWAY_S = 60
REFRESH_TTL_S = 600
WEBHOOK_TTL_S = 300

_UINT32 = 2**32 - 1

_NO_ROOM = RoomName("")
_NO_WISH = RoomWish()
_SOURCES = {source.name.lower(): source for source in TrackSource}


class TokenError(SfuError):
    """The token proves nothing: unsigned, forged, expired, by an unknown key, or with malformed grants."""


@dataclass(frozen=True, slots=True)
class VideoGrant:
    may_join: bool = False
    may_create: bool = False
    may_list: bool = False
    may_administrate: bool = False
    may_record: bool = False
    may_ingest: bool = False
    room: RoomName = _NO_ROOM
    destination: RoomName = _NO_ROOM
    permission: Permission = DEFAULT_PERMISSION


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. `video` is None when it gives no rights in rooms."""

    api_key: str
    expires_at: float
    valid_from: float
    """When it was made; 0 when it does not say."""
    identity: Identity
    video: VideoGrant | None
    name: str = ""
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kind: ParticipantKind = ParticipantKind.STANDARD
    kind_details: tuple[KindDetail, ...] = ()
    room_wish: RoomWish = _NO_WISH
    sha256: str = ""
    may_administrate_sip: bool = False
    may_call_by_sip: bool = False


class Keys:
    """API keys and their secrets: several are valid at once, so that one can follow the other while both are in use."""

    def __init__(self, *, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._secrets)

    def replace(self, secrets: Mapping[str, str]) -> None:
        """From now on these keys are valid, and no others; who is inside stays inside."""
        self._secrets = dict(secrets)

    def read(self, token: str) -> Claims:
        """Raises: TokenError; its text never contains the token."""
        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
            secret = self._secrets.get(issuer) if isinstance(issuer, str) else None
            if not isinstance(issuer, str) or secret is None:
                raise TokenError("invalid API key")
            claims = _decode(token, secret)
            _refuse_twins(token)
            return _read_claims(issuer, claims)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenError(f"invalid token: {_reason(error)}") from error

    def mint_refresh(self, message: RefreshToken, *, api_key: str, expires_at: float, now: float) -> str:
        """A token to come back with: ten minutes, or as long as the one it refreshes."""
        permission = message.permission
        video: dict[str, object] = {
            "roomJoin": True,
            "room": message.room,
            "canPublish": permission.can_publish,
            "canSubscribe": permission.can_subscribe,
            "canPublishData": permission.can_publish_data,
            "canUpdateOwnMetadata": permission.can_update_metadata,
            "hidden": permission.is_hidden,
            "recorder": permission.is_recorder,
            "agent": permission.is_agent,
            "canSubscribeMetrics": permission.can_subscribe_metrics,
            "canManageAgentSession": permission.can_manage_agent_session,
        }
        if permission.publish_sources:
            video["canPublishSources"] = sorted(source.name.lower() for source in permission.publish_sources)
        claims: dict[str, object] = {
            "sub": message.identity,
            "name": message.name,
            "metadata": message.metadata,
            "attributes": dict(message.attributes),
            "kind": message.kind.name.lower(),
            "kindDetails": [detail.name.lower() for detail in message.kind_details],
            "video": video,
        }
        return self._sign(claims, api_key=api_key, now=now, expires_at=max(now + REFRESH_TTL_S, expires_at))

    def sign_webhook(self, sha256: str, *, api_key: str, now: float) -> str:
        return self._sign({"sha256": sha256}, api_key=api_key, now=now, expires_at=now + WEBHOOK_TTL_S)

    def _sign(self, claims: Mapping[str, object], *, api_key: str, now: float, expires_at: float) -> str:
        # A session outlives the key that it came in with: it goes on with one that is still valid.
        issuer = api_key if api_key in self._secrets else next(iter(self._secrets))
        whole = {"iss": issuer, "nbf": int(now), "exp": int(expires_at), **claims}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)
            return jwt.encode(whole, self._secrets[issuer], algorithm=ALGORITHM)


def _decode(token: str, secret: str) -> dict[str, object]:
    # Whether a secret is long enough is decided when settings are read; `--dev` uses a short one knowingly.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        claims: dict[str, object] = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            leeway=LEEWAY_S,
            options={"require": ["exp"], "verify_aud": False, "verify_iat": False},
        )
    return claims


def _refuse_twins(token: str) -> None:
    """Whoever else reads a token in which a name stands twice may have read the other value."""

    def whole(pairs: list[tuple[str, object]]) -> None:
        names = [name for name, _ in pairs]
        if len(names) != len(set(names)):
            raise TokenError("invalid token: a name stands twice")

    for part in token.split(".")[:2]:
        json.loads(base64url_decode(part), object_pairs_hook=whole)


def _read_claims(issuer: str, claims: Mapping[str, object]) -> Claims:
    video = claims.get("video")
    if video is not None and not isinstance(video, dict):
        raise TokenError("invalid token: video grant")
    identity = _text(claims, "sub") or _text(claims, "jti")
    sip = claims.get("sip")
    sip = sip if isinstance(sip, dict) else {}
    return Claims(
        api_key=issuer,
        expires_at=_seconds(claims.get("exp")),
        valid_from=_seconds(claims.get("nbf")),
        identity=Identity(identity),
        video=None if video is None else _read_video(video),
        name=_text(claims, "name"),
        metadata=_text(claims, "metadata"),
        attributes=_texts(claims, "attributes"),
        kind=_participant_kind(_text(claims, "kind")),
        kind_details=_kind_details(claims.get("kindDetails")),
        room_wish=_room_wish(claims.get("roomConfig"), preset=_text(claims, "roomPreset")),
        sha256=_text(claims, "sha256"),
        may_administrate_sip=_flag(sip, "admin"),
        may_call_by_sip=_flag(sip, "call"),
    )


def _read_video(grant: Mapping[str, object]) -> VideoGrant:
    can_publish = _flag(grant, "canPublish", default=True)
    permission = Permission(
        can_publish=can_publish,
        can_subscribe=_flag(grant, "canSubscribe", default=True),
        can_publish_data=_flag(grant, "canPublishData", default=can_publish),
        publish_sources=_sources(grant.get("canPublishSources")),
        can_update_metadata=_flag(grant, "canUpdateOwnMetadata"),
        is_hidden=_flag(grant, "hidden"),
        is_recorder=_flag(grant, "recorder"),
        is_agent=_flag(grant, "agent"),
        can_subscribe_metrics=_flag(grant, "canSubscribeMetrics"),
        can_manage_agent_session=_flag(grant, "canManageAgentSession"),
    )
    return VideoGrant(
        may_join=_flag(grant, "roomJoin"),
        may_create=_flag(grant, "roomCreate"),
        may_list=_flag(grant, "roomList"),
        may_administrate=_flag(grant, "roomAdmin"),
        may_record=_flag(grant, "roomRecord"),
        may_ingest=_flag(grant, "ingressAdmin"),
        room=RoomName(_text(grant, "room")),
        destination=RoomName(_text(grant, "destinationRoom")),
        permission=permission,
    )


def _flag(grant: Mapping[str, object], name: str, *, default: bool = False) -> bool:
    value = grant.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        # The reference refuses a number here too: a 0 that was meant as "no" must not become "default".
        raise TokenError(f"invalid token: {name} is not a boolean")
    return value


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TokenError(f"invalid token: {name} is not a text")
    value.encode()  # JSON can write half a surrogate pair, which is no text that could be sent to anybody
    return value


def _texts(claims: Mapping[str, object], name: str) -> Mapping[str, str]:
    value = claims.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise TokenError(f"invalid token: {name} is not a map of texts")
    "".join((*value, *value.values())).encode()
    return value


def _sources(value: object) -> frozenset[TrackSource]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TokenError("invalid token: canPublishSources is not a list of texts")
    # A source of the future allows nothing by itself, but the list still forbids the others.
    return frozenset(_SOURCES.get(name.lower(), TrackSource.UNKNOWN) for name in value)


def _participant_kind(name: str) -> ParticipantKind:
    kinds = {kind.name.lower(): kind for kind in ParticipantKind}
    return kinds.get(name.lower(), ParticipantKind.STANDARD)


def _kind_details(value: object) -> tuple[KindDetail, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TokenError("invalid token: kindDetails is not a list of texts")
    known = {detail.name.lower(): detail for detail in KindDetail}
    return tuple(dict.fromkeys(known[name.lower()] for name in value if name.lower() in known))


def _room_wish(config: object, *, preset: str) -> RoomWish:
    if not isinstance(config, dict):
        return RoomWish(preset=preset)

    def number(camel: str, snake: str) -> int:
        value = config.get(camel, config.get(snake))
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _UINT32 else 0

    return RoomWish(
        empty_timeout_s=number("emptyTimeout", "empty_timeout"),
        departure_timeout_s=number("departureTimeout", "departure_timeout"),
        max_participants=number("maxParticipants", "max_participants"),
        metadata=_text(config, "metadata"),
        syncs_streams=config.get("syncStreams", config.get("sync_streams")) is True,
        voices=_voices(config),
        playout_delay=PlayoutDelay.of(
            number("minPlayoutDelay", "min_playout_delay"), number("maxPlayoutDelay", "max_playout_delay")
        ),
        preset=preset,
    )


def _voices(config: Mapping[str, object]) -> int:
    try:
        return read_voices(_texts(config, "tags"))
    except WireError as error:
        raise TokenError(f"invalid token: {error}") from error


def _reason(error: Exception) -> str:
    """Which check failed, without any text from the token itself."""
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (jwt.ExpiredSignatureError, "token is expired"),
        (jwt.ImmatureSignatureError, "token is not valid yet"),
        (jwt.InvalidAlgorithmError, "algorithm not allowed"),
        (jwt.InvalidSignatureError, "signature does not match"),
        (jwt.MissingRequiredClaimError, "exp is missing"),
    )
    return next((text for kind, text in reasons if isinstance(error, kind)), "malformed")
