"""Remote calls of participants by the server API, in the packets that clients answer each other's with."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from livekit.protocol import models, room as pb

from palaver_sfu.errors import ApiCode, ApiError
from palaver_sfu.room.values import Identity
from palaver_sfu.session.inputs import DataFromServer

MAX_PAYLOAD_BYTES = 15 * 1024
MAX_METHOD_BYTES = 64
ACKNOWLEDGE_S = 2.0  # clients acknowledge before they begin: one way there and back
DEFAULT_RESPONSE_S = 10.0
MAX_RESPONSE_S = 300.0  # as long as a caller's connection may wait behind the proxies of this world
PACKET_VERSION = 1

APPLICATION_ERROR = 1500
ACK_TIMEOUT = 1501
RESPONSE_TIMEOUT = 1502
RECIPIENT_LEFT = 1503
RESPONSE_TOO_LARGE = 1504
REQUEST_TOO_LARGE = 1402

# Code of the protocol → (how the server API says it, its usual words).
_ERRORS: dict[int, tuple[ApiCode, str]] = {
    1400: (ApiCode.INVALID_ARGUMENT, "Method not supported at destination"),
    1401: (ApiCode.NOT_FOUND, "Recipient not found"),
    REQUEST_TOO_LARGE: (ApiCode.INVALID_ARGUMENT, "Request payload too large"),
    1403: (ApiCode.UNIMPLEMENTED, "RPC not supported by server"),
    1404: (ApiCode.UNIMPLEMENTED, "Unsupported RPC version"),
    APPLICATION_ERROR: (ApiCode.INTERNAL, "Application error in method handler"),
    ACK_TIMEOUT: (ApiCode.CANCELED, "Connection timeout"),
    RESPONSE_TIMEOUT: (ApiCode.CANCELED, "Response timeout"),
    RECIPIENT_LEFT: (ApiCode.UNAVAILABLE, "Recipient disconnected"),
    RESPONSE_TOO_LARGE: (ApiCode.INTERNAL, "Response payload too large"),
    1505: (ApiCode.INTERNAL, "Failed to send"),
}
_MAX_TEXT_BYTES = 256  # of an error's words; clients cut theirs there too


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """What a participant is asked."""

    identity: Identity
    method: str
    payload: str
    response_s: float


@dataclass(frozen=True, slots=True)
class RpcAcknowledged:
    call: str


@dataclass(frozen=True, slots=True)
class RpcAnswered:
    call: str
    payload: str = ""
    error: ApiError | None = None


def read_rpc_request(request: pb.PerformRpcRequest) -> RpcRequest:
    """Raises: ApiError."""
    if not request.destination_identity:
        raise ApiError(ApiCode.INVALID_ARGUMENT, "destination identity is required")
    if len(request.method.encode()) > MAX_METHOD_BYTES:
        raise ApiError(ApiCode.INVALID_ARGUMENT, f"method length exceeds limits: max length {MAX_METHOD_BYTES}")
    if len(request.payload.encode()) > MAX_PAYLOAD_BYTES:
        raise rpc_error(REQUEST_TOO_LARGE)
    return RpcRequest(
        identity=Identity(request.destination_identity),
        method=request.method,
        payload=request.payload,
        response_s=min(request.response_timeout_ms / 1000 or DEFAULT_RESPONSE_S, MAX_RESPONSE_S),
    )


def rpc_packet(request: RpcRequest, *, call: str) -> DataFromServer:
    """The call as a packet. Its sender is the call itself: the answer is addressed to that."""
    rpc = models.RpcRequest(
        id=call,
        method=request.method,
        payload=request.payload,
        response_timeout_ms=int(request.response_s * 1000),
        version=PACKET_VERSION,
    )
    packet = models.DataPacket(kind=models.DataPacket.RELIABLE, participant_identity=call, rpc_request=rpc)
    return DataFromServer(
        payload=packet.SerializeToString(), is_reliable=True, to_identities=frozenset({request.identity})
    )


def read_rpc_reply(payload: bytes) -> RpcAcknowledged | RpcAnswered | None:
    """What a packet says about a call, if it does."""
    try:
        packet = models.DataPacket.FromString(payload)
    except DecodeError:
        return None
    if packet.HasField("rpc_ack"):
        return RpcAcknowledged(call=packet.rpc_ack.request_id)
    if not packet.HasField("rpc_response"):
        return None
    answer = packet.rpc_response
    if answer.HasField("error"):
        error = rpc_error(answer.error.code, words=answer.error.message, data=answer.error.data)
        return RpcAnswered(call=answer.request_id, error=error)
    text = _inflate(answer.compressed_payload) if answer.compressed_payload else answer.payload
    if text is None or len(text.encode()) > MAX_PAYLOAD_BYTES:
        return RpcAnswered(call=answer.request_id, error=rpc_error(RESPONSE_TOO_LARGE))
    return RpcAnswered(call=answer.request_id, payload=text)


def rpc_error(code: int, *, words: str = "", data: str = "") -> ApiError:
    """An error of a call as the reference words it."""
    api, usual = _ERRORS.get(code, (ApiCode.INTERNAL, ""))
    text = f"RpcError {code}: {_cut(words) or usual}"
    if data:
        text += f": {_cut(data, MAX_PAYLOAD_BYTES)}"
    return ApiError(api, text)


def _cut(text: str, limit: int = _MAX_TEXT_BYTES) -> str:
    return text.encode()[:limit].decode(errors="ignore")


def _inflate(packed: bytes) -> str | None:
    unzip = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        text = unzip.decompress(packed, MAX_PAYLOAD_BYTES + 1)
        return text.decode() if unzip.eof else None
    except (zlib.error, UnicodeDecodeError):
        return None
