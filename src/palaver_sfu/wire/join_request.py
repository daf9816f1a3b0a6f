"""The `join_request` parameter of a v1 join: base64url of a wrapped, perhaps gzipped JoinRequest."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.session.publishing import MAX_PUBLICATIONS
from palaver_sfu.session.requests import AddTrack, Offer, SyncState
from palaver_sfu.wire.requests import ParseOffer, read_offer, read_sync_state
from palaver_sfu.wire.tracks import read_add_track

# As the reference: a join is a few kilobytes, and a gzip bomb must not be more.
MAX_JOIN_REQUEST_BYTES = 1024 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_SDK_NAMES = {number: name.lower() for name, number in models.ClientInfo.SDK.items()}


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """How a client wants to join. `metadata` and `attributes` count only with the grant to set one's own."""

    sdk: str
    client_version: str
    protocol: int
    client_protocol: int
    capabilities: tuple[int, ...]
    is_auto_subscribing: bool
    is_auto_subscribing_data: bool
    is_adaptive: bool
    sends_red: bool
    metadata: str
    attributes: Mapping[str, str]
    add_tracks: tuple[AddTrack, ...]
    offer: Offer | None
    is_resuming: bool
    participant_sid: ParticipantSid
    sync: SyncState | None
    browser: str = ""
    may_pause: bool = True  # pictures that there is no room for; who says nothing lets the server decide
    is_dual: bool = False  # two connections: one to send, one to receive

    @property
    def needs_opening(self) -> bool:
        """To programs on Pion a track is there when its first packet is, to all others when its section is."""
        return self.sdk == "go"


def read_join_request(parameter: str, *, parse_offer: ParseOffer) -> JoinRequest:
    """Raises: WireError."""
    inner = _unwrap(_decode_base64(parameter))
    try:
        message = rtc.JoinRequest.FromString(inner)
    except DecodeError as error:
        raise WireError("cannot parse join request") from error
    if len(message.add_track_requests) > MAX_PUBLICATIONS:
        raise WireError("too many tracks in join request")
    has_settings = message.HasField("connection_settings")
    client, settings = message.client_info, message.connection_settings
    has_offer = message.HasField("publisher_offer") and bool(message.publisher_offer.sdp)
    return JoinRequest(
        sdk=_SDK_NAMES.get(client.sdk, "unknown"),
        client_version=client.version,
        protocol=client.protocol,
        client_protocol=client.client_protocol,
        capabilities=tuple(client.capabilities),
        is_auto_subscribing=message.connection_settings.auto_subscribe if has_settings else True,
        is_auto_subscribing_data=message.connection_settings.auto_subscribe_data_track,
        is_adaptive=message.connection_settings.adaptive_stream,
        sends_red=sends_red(client.browser),
        metadata=message.metadata,
        attributes=dict(message.participant_attributes),
        add_tracks=tuple(read_add_track(add) for add in message.add_track_requests),
        offer=read_offer(message.publisher_offer, parse_offer) if has_offer else None,
        is_resuming=message.reconnect,
        participant_sid=ParticipantSid(message.participant_sid),
        sync=read_sync_state(message.sync_state) if message.HasField("sync_state") else None,
        browser=client.browser,
        may_pause=not settings.HasField("subscriber_allow_pause") or settings.subscriber_allow_pause,
    )


def sends_red(browser: str) -> bool:
    """Of Safari the reference, which has met more of them than we have, takes no RED."""
    return browser.lower() != "safari"


def _decode_base64(parameter: str) -> bytes:
    # Some clients pad, some do not, some use the plain alphabet; a "+" may have become a space on its way.
    text = parameter.strip().replace(" ", "+").replace("+", "-").replace("/", "_").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError("cannot base64 decode join request") from error


def _unwrap(data: bytes) -> bytes:
    try:
        wrapped = rtc.WrappedJoinRequest.FromString(data)
    except DecodeError as error:
        raise WireError("cannot unmarshal wrapped join request") from error
    if wrapped.compression == rtc.WrappedJoinRequest.NONE:
        inner: bytes = wrapped.join_request
    elif wrapped.compression == rtc.WrappedJoinRequest.GZIP:
        inner = _gunzip(wrapped.join_request)
    else:
        raise WireError("unknown compression of join request")
    if len(inner) > MAX_JOIN_REQUEST_BYTES:
        raise WireError("join request too large")
    return inner


def _gunzip(data: bytes) -> bytes:
    unzip = zlib.decompressobj(_GZIP_WINDOW)
    try:
        inner = unzip.decompress(data, MAX_JOIN_REQUEST_BYTES + 1)
    except zlib.error as error:
        raise WireError("cannot decompress join request") from error
    if not unzip.eof and len(inner) <= MAX_JOIN_REQUEST_BYTES:
        raise WireError("join request is cut off")
    return inner
