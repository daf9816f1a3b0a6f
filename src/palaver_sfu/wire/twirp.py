"""Twirp: which method is called, bodies in protobuf or JSON, errors in Twirp's own form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import DecodeError, Message
from livekit.protocol import agent_dispatch, egress, ingress, room, sip

from palaver_sfu.errors import ApiCode, ApiError

PREFIX = "/twirp/"
ROOM_SERVICE = "livekit.RoomService"
EGRESS, INGRESS, SIP, AGENTS = "livekit.Egress", "livekit.Ingress", "livekit.SIP", "livekit.AgentDispatchService"

# Every method of the protocol by its service; whether it does anything here is another question.
SERVICES: dict[str, frozenset[str]] = {
    service.full_name: frozenset(method.name for method in service.methods)
    for module in (agent_dispatch, egress, ingress, room, sip)
    for service in module.DESCRIPTOR.services_by_name.values()
}

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
    "ForwardParticipant": room.ForwardParticipantRequest,
    "MoveParticipant": room.MoveParticipantRequest,
    "PerformRpc": room.PerformRpcRequest,
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


@dataclass(frozen=True, slots=True)
class Route:
    """A method that exists in the protocol."""

    service: str
    method: str


def is_service(path: str) -> bool:
    """Whether `path` belongs to a service of the protocol; nobody answers elsewhere."""
    return path.removeprefix(PREFIX).partition("/")[0] in SERVICES


def route(path: str, http_method: str, content_type: str) -> tuple[Route, Encoding]:
    """What `path` names, and how its body is written.

    Raises:
        ApiError: there is no such thing.
    """

    def refused(problem: str) -> ApiError:
        return ApiError(ApiCode.BAD_ROUTE, problem, meta={"twirp_invalid_route": f"{http_method} {path}"})

    if http_method != "POST":
        raise refused(f'unsupported method "{http_method}" (only POST is allowed)')
    service, _, method = path.removeprefix(PREFIX).partition("/")
    if method not in SERVICES.get(service, ()):
        raise refused(f'no handler for path "{path}"')
    mime = content_type.partition(";")[0].strip().lower()
    try:
        encoding = Encoding(mime)
    except ValueError:
        raise refused(f'unexpected Content-Type: "{mime}"') from None
    return Route(service=service, method=method), encoding


def read_call(method: str, encoding: Encoding, body: bytes) -> Call:
    """Raises: ApiError."""
    request = REQUESTS[method]()
    try:
        if encoding is Encoding.JSON:
            if not body.lstrip().startswith(b"{"):
                raise ParseError("not an object")  # the parser takes an empty list for an empty message
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
    answer: dict[str, object] = {"code": error.code.code, "msg": error.message}
    if error.meta:
        answer["meta"] = error.meta
    return json.dumps(answer).encode()
