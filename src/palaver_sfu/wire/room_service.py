"""The RoomService: who may call a method, and what it means in the language of the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from google.protobuf.message import Message
from livekit.protocol import models, room as pb

from palaver_sfu.errors import ApiCode, ApiError, WireError
from palaver_sfu.room import limits
from palaver_sfu.room.values import (
    DisconnectReason,
    Identity,
    ParticipantInfo,
    ParticipantSid,
    PlayoutDelay,
    RoomInfo,
    RoomName,
    RoomWish,
    TrackInfo,
    TrackSid,
)
from palaver_sfu.session.inputs import (
    ApiInput,
    ChangeParticipant,
    ChangeRoomMetadata,
    ChangeSubscriptions,
    EndRoom,
    MuteTrackByServer,
    RemoveParticipant,
)
from palaver_sfu.wire.data import from_server
from palaver_sfu.wire.infos import participant_message, read_permission, room_message, track_message
from palaver_sfu.wire.rpc import RpcRequest, read_rpc_request
from palaver_sfu.wire.tags import read_voices
from palaver_sfu.wire.tokens import Claims, VideoGrant
from palaver_sfu.wire.twirp import Call

NONCE_BYTES = 16


class Rooms(Protocol):
    """The running rooms, as the RoomService needs them."""

    def create(self, name: RoomName, wish: RoomWish) -> RoomInfo:
        """Raises: ApiError."""

    def infos(self) -> Sequence[RoomInfo]: ...

    def participants(self, name: RoomName) -> Sequence[ParticipantInfo]: ...

    def tracks(self, name: RoomName, identity: Identity) -> Sequence[TrackInfo]: ...

    def revoke(self, name: RoomName, identity: Identity, *, before: float) -> None:
        """Tokens made before that time let `identity` into the room no more."""

    def command(self, name: RoomName, event: ApiInput) -> None:
        """Raises: ApiError."""

    async def perform_rpc(self, name: RoomName, request: RpcRequest) -> str:
        """The answer of the participant who is asked. Raises: ApiError."""


def check_grant(method: str, claims: Claims | None) -> VideoGrant:
    """The grant by which `method` may be called at all. Needs no body, so that strangers' bodies are never read.

    Raises:
        ApiError: there is none.
    """
    grant = claims.video if claims is not None else None
    match method:
        case "CreateRoom" | "DeleteRoom":
            is_allowed = grant is not None and grant.may_create
        case "ListRooms":
            is_allowed = grant is not None and grant.may_list
        case _:
            is_allowed = grant is not None and grant.may_administrate
    if grant is None or not is_allowed:
        raise _denied()
    return grant


async def serve(call: Call, grant: VideoGrant, rooms: Rooms) -> Message:
    """Carry out `call` for the holder of `grant`, which `check_grant` gave.

    Raises:
        ApiError: the grant is for another room, or the call cannot be done.
    """
    is_about_one_room = call.method not in {"CreateRoom", "DeleteRoom", "ListRooms"}
    if is_about_one_room and grant.room != getattr(call.request, "room", ""):
        raise _denied()
    match call.request:
        case pb.PerformRpcRequest() as request:
            return await _perform_rpc(request, rooms)
        case pb.ForwardParticipantRequest() | pb.MoveParticipantRequest() as request:
            if grant.destination != request.destination_room:
                raise _denied()
            raise _move_refusal(request, rooms)
        case request:
            return _METHODS[call.method](request, rooms)


def _denied() -> ApiError:
    # The reference's code for a missing grant: clients and dashboards know it.
    return ApiError(ApiCode.UNAUTHENTICATED, "permissions denied")


def _create_room(request: pb.CreateRoomRequest, rooms: Rooms) -> models.Room:
    if not request.name:
        raise ApiError(ApiCode.INVALID_ARGUMENT, "room name cannot be empty")
    if not limits.fits(request.name, limits.MAX_ROOM_NAME_BYTES):
        problem = f"room name length exceeds limits: max length {limits.MAX_ROOM_NAME_BYTES}"
        raise ApiError(ApiCode.INVALID_ARGUMENT, problem)
    check_metadata(request.metadata)
    for agent in request.agents:
        check_metadata(agent.metadata)
        check_attributes(agent.attributes)
    if request.HasField("egress") and request.egress.ListFields():
        # Who asks for a recording must not believe that there is one.
        raise ApiError(ApiCode.UNIMPLEMENTED, "egress is not part of this server")
    try:
        voices = read_voices(request.tags)
    except WireError as error:
        raise ApiError(ApiCode.INVALID_ARGUMENT, str(error)) from error
    wish = RoomWish(
        empty_timeout_s=request.empty_timeout,
        departure_timeout_s=request.departure_timeout,
        max_participants=request.max_participants,
        metadata=request.metadata,
        syncs_streams=request.sync_streams,
        voices=voices,
        playout_delay=PlayoutDelay.of(request.min_playout_delay, request.max_playout_delay),
        preset=request.room_preset,
    )
    return room_message(rooms.create(RoomName(request.name), wish))


def _list_rooms(request: pb.ListRoomsRequest, rooms: Rooms) -> pb.ListRoomsResponse:
    names = set(request.names)
    infos = [info for info in rooms.infos() if not names or info.name in names]
    return pb.ListRoomsResponse(rooms=[room_message(info) for info in infos])


def _delete_room(request: pb.DeleteRoomRequest, rooms: Rooms) -> pb.DeleteRoomResponse:
    rooms.command(RoomName(request.room), EndRoom(reason=DisconnectReason.ROOM_DELETED))
    return pb.DeleteRoomResponse()


def _list_participants(request: pb.ListParticipantsRequest, rooms: Rooms) -> pb.ListParticipantsResponse:
    infos = rooms.participants(RoomName(request.room))
    return pb.ListParticipantsResponse(participants=[participant_message(info) for info in infos])


def _get_participant(request: pb.RoomParticipantIdentity, rooms: Rooms) -> models.ParticipantInfo:
    return _participant(rooms, request.room, request.identity)


def _remove_participant(request: pb.RoomParticipantIdentity, rooms: Rooms) -> pb.RemoveParticipantResponse:
    if request.revoke_token_ts:
        rooms.revoke(RoomName(request.room), Identity(request.identity), before=request.revoke_token_ts)
    _participant(rooms, request.room, request.identity)
    rooms.command(RoomName(request.room), RemoveParticipant(identity=Identity(request.identity)))
    return pb.RemoveParticipantResponse()


def _mute_published_track(request: pb.MuteRoomTrackRequest, rooms: Rooms) -> pb.MuteRoomTrackResponse:
    name, identity, sid = RoomName(request.room), Identity(request.identity), TrackSid(request.track_sid)
    rooms.command(name, MuteTrackByServer(identity=identity, track=sid, is_muted=request.muted))
    track = next((track for track in rooms.tracks(name, identity) if track.sid == sid), None)
    if track is None:
        raise ApiError(ApiCode.NOT_FOUND, "track is not found")
    return pb.MuteRoomTrackResponse(track=track_message(track))


def _update_participant(request: pb.UpdateParticipantRequest, rooms: Rooms) -> models.ParticipantInfo:
    if not limits.fits(request.name, limits.MAX_NAME_BYTES):
        raise _too_long("name length exceeds limits", limits.MAX_NAME_BYTES)
    check_metadata(request.metadata)
    check_attributes(request.attributes)
    change = ChangeParticipant(
        identity=Identity(request.identity),
        name=request.name,
        metadata=request.metadata,
        attributes=dict(request.attributes),
        permission=read_permission(request.permission) if request.HasField("permission") else None,
    )
    rooms.command(RoomName(request.room), change)
    return _participant(rooms, request.room, request.identity)


def _update_subscriptions(request: pb.UpdateSubscriptionsRequest, rooms: Rooms) -> pb.UpdateSubscriptionsResponse:
    tracks = list(request.track_sids)
    for participant in request.participant_tracks:
        tracks.extend(participant.track_sids)
    change = ChangeSubscriptions(
        identity=Identity(request.identity),
        tracks=tuple(TrackSid(sid) for sid in dict.fromkeys(tracks)),
        is_subscribed=request.subscribe,
    )
    rooms.command(RoomName(request.room), change)
    return pb.UpdateSubscriptionsResponse()


def _send_data(request: pb.SendDataRequest, rooms: Rooms) -> pb.SendDataResponse:
    if request.nonce and len(request.nonce) != NONCE_BYTES:
        problem = f"nonce should be {NONCE_BYTES}-bytes or not present, got: {len(request.nonce)} bytes"
        raise ApiError(ApiCode.INVALID_ARGUMENT, problem)
    if len(request.data) > limits.MAX_DATA_BYTES:
        raise ApiError(ApiCode.INVALID_ARGUMENT, "data size exceeds limits")
    data = from_server(
        request.data,
        is_reliable=request.kind == models.DataPacket.RELIABLE,
        topic=request.topic if request.HasField("topic") else None,
        nonce=request.nonce,
        to_identities=frozenset(Identity(name) for name in request.destination_identities),
        to_sids=frozenset(ParticipantSid(sid) for sid in request.destination_sids),
    )
    rooms.command(RoomName(request.room), data)
    return pb.SendDataResponse()


def _update_room_metadata(request: pb.UpdateRoomMetadataRequest, rooms: Rooms) -> models.Room:
    check_metadata(request.metadata)
    name = RoomName(request.room)
    rooms.command(name, ChangeRoomMetadata(metadata=request.metadata))
    return room_message(next(info for info in rooms.infos() if info.name == name))


async def _perform_rpc(request: pb.PerformRpcRequest, rooms: Rooms) -> pb.PerformRpcResponse:
    payload = await rooms.perform_rpc(RoomName(request.room), read_rpc_request(request))
    return pb.PerformRpcResponse(payload=payload)


def _move_refusal(request: pb.ForwardParticipantRequest | pb.MoveParticipantRequest, rooms: Rooms) -> ApiError:
    if request.room == request.destination_room:
        problem = "destination room cannot be the same as source room"
        return ApiError(ApiCode.INVALID_ARGUMENT, problem, meta={"argument": problem})
    _participant(rooms, request.room, request.identity)
    return ApiError(ApiCode.UNIMPLEMENTED, "participants cannot be moved between rooms by this server")


def check_metadata(metadata: str) -> None:
    """Raises: ApiError."""
    if not limits.fits(metadata, limits.MAX_METADATA_BYTES):
        raise _too_long("metadata size exceeds limits", limits.MAX_METADATA_BYTES)


def check_attributes(attributes: Mapping[str, str]) -> None:
    """Raises: ApiError."""
    if limits.attributes_bytes(attributes) > limits.MAX_ATTRIBUTES_BYTES:
        raise _too_long("attribute size exceeds limits", limits.MAX_ATTRIBUTES_BYTES)


def _too_long(problem: str, limit: int) -> ApiError:
    return ApiError(ApiCode.INVALID_ARGUMENT, f"{problem} {limit}", meta={"argument": problem})


def _participant(rooms: Rooms, name: str, identity: str) -> models.ParticipantInfo:
    for info in rooms.participants(RoomName(name)):
        if info.identity == identity:
            return participant_message(info)
    raise ApiError(ApiCode.NOT_FOUND, "participant does not exist")


_METHODS: dict[str, Callable[..., Message]] = {
    "CreateRoom": _create_room,
    "ListRooms": _list_rooms,
    "DeleteRoom": _delete_room,
    "ListParticipants": _list_participants,
    "GetParticipant": _get_participant,
    "RemoveParticipant": _remove_participant,
    "MutePublishedTrack": _mute_published_track,
    "UpdateParticipant": _update_participant,
    "UpdateSubscriptions": _update_subscriptions,
    "SendData": _send_data,
    "UpdateRoomMetadata": _update_room_metadata,
}
