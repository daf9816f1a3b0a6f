"""How clients with two connections say how they want to join: in the address, one parameter a wish."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

from livekit.protocol import models

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.wire.join_request import MAX_JOIN_REQUEST_BYTES, JoinRequest, sends_red

MAX_CAPABILITIES = 64


def read_join_query(query: Mapping[str, str]) -> JoinRequest:
    """Unknown parameters are those of other versions and mean nothing.

    Raises:
        WireError: the attributes cannot be read.
    """
    return JoinRequest(
        sdk=query.get("sdk", "unknown"),
        client_version=query.get("version", ""),
        protocol=_number(query.get("protocol", "")),
        client_protocol=_number(query.get("client_protocol", "")),
        capabilities=_capabilities(query.get("capabilities", "")),
        is_auto_subscribing=_is_on(query.get("auto_subscribe", "1")),
        is_auto_subscribing_data=_is_on(query.get("auto_subscribe_data_track", "")),
        is_adaptive=_is_on(query.get("adaptive_stream", "")),
        sends_red=sends_red(query.get("browser", "")),
        metadata=query.get("metadata", ""),
        attributes=_attributes(query.get("attributes", "")),
        add_tracks=(),
        offer=None,
        is_resuming=_is_on(query.get("reconnect", "")),
        participant_sid=ParticipantSid(query.get("sid", "")),
        sync=None,
        browser=query.get("browser", ""),
        may_pause=_is_on(query.get("subscriber_allow_pause") or "1"),
        is_dual=True,
    )


def _is_on(text: str) -> bool:
    return text.lower() in {"1", "true"}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _capabilities(text: str) -> tuple[int, ...]:
    numbers = dict(models.ClientInfo.Capability.items())
    names = text.split(",")[:MAX_CAPABILITIES]
    return tuple(numbers[name.strip()] for name in names if name.strip() in numbers)


def _attributes(text: str) -> Mapping[str, str]:
    if not text:
        return {}
    if len(text) > MAX_JOIN_REQUEST_BYTES:
        raise WireError("attributes too large")
    padded = text.rstrip("=")
    try:
        decoded = base64.b64decode(padded + "=" * (-len(padded) % 4), altchars=b"-_", validate=True)
        attributes = json.loads(decoded)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise WireError("cannot decode attributes") from error
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise WireError("attributes are not a map of texts")
    return attributes
