"""Twirp: which method is called, bodies in protobuf or JSON, errors in Twirp's own form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError, Message
from livekit.protocol import room

from palaver_sfu.errors import ApiCode, ApiError

PREFIX = "/twirp/"
ROOM_SERVICE = "livekit.RoomService"
# Services that exist in the protocol but not in this server: their callers deserve a clear answer.
ABSENT_SERVICES = frozenset(
    {
        "livekit.AgentDispatchService",
        "livekit.Connector",
        "livekit.Egress",
        "livekit.Ingress",
        "livekit.SIP",
    }
)
ABSENT_METHODS = frozenset({"ForwardParticipant", "MoveParticipant", "PerformRpc"})

REQUESTS: dict[str, type[Message]] = {
    "CreateRoom": room.CreateRoomRequest,
    "ListRooms": room.ListRoomsRequest,
    "DeleteRoom": room.DeleteRoomRequest,
    "ListParticipants": room.ListParticipantsRequest,
    "GetParticipant": room.RoomParticipantIdentity,
    "RemoveParticipant": room.RoomParticipantIdentity,
    "MutePublishedTrack": room.MuteRoomTrackRequest,
    "UpdateParticipant": room.UpdateParticipantRequest,
    "UpdateSubscriptions": room.UpdateSubscriptionsRequest,
    "SendData": room.SendDataRequest,
    "UpdateRoomMetadata": room.UpdateRoomMetadataRequest,
}


class Encoding(Enum):
    PROTOBUF = "application/protobuf"
    JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a method that exists here."""

    method: str
    request: Message
    encoding: Encoding


def route(path: str, http_method: str) -> str:
    """The RoomService method that `path` (after the prefix) names.

    Raises:
        ApiError: there is none.
    """
    service, _, method = path.removeprefix(PREFIX).strip("/").partition("/")
    if http_method != "POST":
        raise ApiError(ApiCode.BAD_ROUTE, f'unsupported method "{http_method}" (only POST is allowed)')
    is_absent = service in ABSENT_SERVICES or (service == ROOM_SERVICE and method in ABSENT_METHODS)
    if is_absent and method:
        raise ApiError(ApiCode.UNIMPLEMENTED, "not implemented by this server")
    if service != ROOM_SERVICE or method not in REQUESTS:
        raise ApiError(ApiCode.BAD_ROUTE, f'no handler for path "{path}"')
    return method


def read_encoding(content_type: str) -> Encoding:
    """Raises: ApiError."""
    mime = content_type.partition(";")[0].strip().lower()
    try:
        return Encoding(mime)
    except ValueError:
        raise ApiError(ApiCode.BAD_ROUTE, f'unexpected Content-Type: "{mime}"') from None


def read_call(method: str, encoding: Encoding, body: bytes) -> Call:
    """Raises: ApiError."""
    request = REQUESTS[method]()
    try:
        if encoding is Encoding.JSON:
            Parse(body, request, ignore_unknown_fields=True)
        else:
            request.MergeFromString(body)
    except (DecodeError, ParseError, RecursionError, ValueError) as error:
        text = f"the {encoding.name.lower()} request could not be decoded"
        raise ApiError(ApiCode.MALFORMED, text) from error
    return Call(method=method, request=request, encoding=encoding)


def write_response(message: Message, encoding: Encoding) -> bytes:
    """JSON in the reference's dialect: names as in the .proto files, defaults written out."""
    if encoding is Encoding.PROTOBUF:
        return message.SerializeToString()
    text = MessageToJson(
        message, indent=None, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return text.encode()


def write_error(error: ApiError) -> bytes:
    return json.dumps({"code": error.code.code, "msg": error.message}).encode()
