"""LiveKit tokens: the tickets that let clients in, the tokens that carry our own API calls, and signed reports.

HS256 only, pinned on both sides: a token that names another algorithm, or none, is refused by the library.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from palaver.engines.port import (
    ALL_SOURCES,
    EngineEvent,
    EngineEventKind,
    EngineParticipant,
    MediaTicket,
    TicketHolder,
    WebhookRefusedError,
)

_ALGORITHM: Final = "HS256"
# The protocol has no field for it. Our SFU reads this tag of a new room; others have no use for it.
_VOICES_TAG: Final = "palaver.voices"
# Machines of one installation may disagree about the time by this much (the reference server allows the same).
_LEEWAY_S: Final = 60
# A call of ours is made at once: its token need not outlive it.
_API_TOKEN_LIFETIME: Final = timedelta(seconds=60)
# Reports are small; the largest carry a participant with its tracks.
_MAX_WEBHOOK_BYTES: Final = 1024 * 1024


def sign_ticket(holder: TicketHolder, *, key: str, secret: str, lifetime: timedelta, now: datetime) -> MediaTicket:
    """A ticket to publish and subscribe in one room, under one identity, with nothing administrative in it."""
    expires_at = now + lifetime
    claims: dict[str, object] = {
        "iss": key,
        "sub": holder.identity,
        "name": holder.name,
        "attributes": dict(holder.attributes),
        "nbf": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "video": {"roomJoin": True, "room": holder.room, "canUpdateOwnMetadata": False, **publishing(holder.sources)},
    }
    if holder.voices is not None:
        claims["roomConfig"] = {"tags": {_VOICES_TAG: str(holder.voices)}}
    token = jwt.encode(claims, secret, algorithm=_ALGORITHM)
    return MediaTicket(token=token, expires_at=expires_at.replace(microsecond=0))


def publishing(sources: frozenset[str]) -> dict[str, object]:
    """The grants of somebody who may publish `sources`; everybody who was let in may listen."""
    grants: dict[str, object] = {"canPublish": bool(sources), "canSubscribe": True, "canPublishData": bool(sources)}
    # Without the list every source is allowed, those to come too.
    return grants if sources in (ALL_SOURCES, frozenset()) else {**grants, "canPublishSources": sorted(sources)}


def sign_api_call(video_grants: Mapping[str, object], *, key: str, secret: str) -> str:
    """The bearer token of one call to the engine's API."""
    now = datetime.now(tz=UTC)
    claims = {
        "iss": key,
        "nbf": int(now.timestamp()),
        "exp": int((now + _API_TOKEN_LIFETIME).timestamp()),
        "video": dict(video_grants),
    }
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read_webhook(body: bytes, *, authorization: str | None, key: str, secret: str) -> EngineEvent:
    """Check that the holder of `secret` signed exactly `body`, then read it.

    Raises:
        WebhookRefusedError: anything about it is wrong. The reason is for the log, not for the sender.
    """
    if authorization is None:
        raise WebhookRefusedError("no signature")
    if len(body) > _MAX_WEBHOOK_BYTES:
        raise WebhookRefusedError("too large")
    try:
        claims: dict[str, Any] = jwt.decode(
            authorization.removeprefix("Bearer "),
            secret,
            algorithms=[_ALGORITHM],
            issuer=key,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss"]},
        )
    except jwt.PyJWTError as refusal:
        raise WebhookRefusedError(str(refusal)) from refusal
    expected = base64.b64encode(hashlib.sha256(body).digest()).decode()
    claimed = claims.get("sha256")
    if not isinstance(claimed, str) or not hmac.compare_digest(claimed.encode(), expected.encode()):
        raise WebhookRefusedError("the signature is of another body")
    return _read_event(body)


def _read_event(body: bytes) -> EngineEvent:
    try:
        report: dict[str, Any] = json.loads(body)
        kinds = {kind.value: kind for kind in EngineEventKind}
        who = report.get("participant")
        return EngineEvent(
            event_id=str(report.get("id", "")),
            kind=kinds.get(str(report["event"]), EngineEventKind.OTHER),
            room=str((report.get("room") or {}).get("name", "")),
            participant=None if who is None else read_participant(who),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise WebhookRefusedError("not a report") from problem


def read_participant(info: Mapping[str, Any]) -> EngineParticipant:
    """A ParticipantInfo in protobuf's JSON, in either of its spellings."""
    attributes = {str(key): str(value) for key, value in (info.get("attributes") or {}).items()}
    return EngineParticipant(
        identity=str(info["identity"]),
        name=str(info.get("name", "")),
        attributes=attributes,
        sources=_read_sources(info.get("permission")),
    )


def _read_sources(permission: Mapping[str, Any] | None) -> frozenset[str] | None:
    """What a ParticipantPermission lets somebody publish."""
    if permission is None:
        return None
    if not (permission.get("canPublish") or permission.get("can_publish")):
        return frozenset()
    listed = permission.get("canPublishSources") or permission.get("can_publish_sources")
    return frozenset(str(source).lower() for source in listed) if listed else ALL_SOURCES
