"""Names, metadata, attributes and permission of participants, by themselves or by the server API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from palaver_sfu.errors import ApiCode, ApiError
from palaver_sfu.room import limits
from palaver_sfu.room.values import PROTOCOL_OF_GOOD_ANSWERS, Permission
from palaver_sfu.session import data_tracks, presence, publishing, subscribing
from palaver_sfu.session.inputs import ChangeParticipant, ChangeRoomMetadata
from palaver_sfu.session.messages import RequestAnswered, RequestFailure
from palaver_sfu.session.requests import UpdateMetadata
from palaver_sfu.session.state import RoomState, Session, Turn


def update_own(session: Session, request: UpdateMetadata, turn: Turn) -> None:
    def answer(reason: RequestFailure, message: str = "") -> None:
        answered = RequestAnswered(
            reason=reason,
            message=message,
            request_id=request.request_id,
            about="update_metadata",
            request=request.request,
        )
        turn.send(session, answered)

    if not session.permission.can_update_metadata:
        answer(RequestFailure.NOT_ALLOWED, "does not have permission to update own metadata")
        return
    problem = _too_large(session, request.name, request.metadata, request.attributes)
    if problem:
        answer(RequestFailure.LIMIT_EXCEEDED, problem)
        return
    _describe(session, request.name, request.metadata, request.attributes)
    turn.changed(session)
    if session.protocol >= PROTOCOL_OF_GOOD_ANSWERS:
        answer(RequestFailure.OK)


def change_participant(room: RoomState, session: Session, change: ChangeParticipant, turn: Turn) -> None:
    problem = _too_large(session, change.name, change.metadata, change.attributes)
    if problem:
        raise ApiError(ApiCode.INVALID_ARGUMENT, problem)
    _describe(session, change.name, change.metadata, change.attributes)
    if change.permission is not None and change.permission != session.permission:
        _permit(room, session, change.permission, turn)
    turn.changed(session)
    presence.refresh_token(room, session, turn)


def change_room_metadata(room: RoomState, change: ChangeRoomMetadata, turn: Turn) -> None:
    if not limits.fits(change.metadata, limits.MAX_METADATA_BYTES):
        raise ApiError(ApiCode.INVALID_ARGUMENT, "metadata size exceeds limits")
    room.options = replace(room.options, metadata=change.metadata)
    turn.room_changed()


def _permit(room: RoomState, session: Session, permission: Permission, turn: Turn) -> None:
    """New rights act at once: in the media, in what others see, and in the next token."""
    was_hidden = session.permission.is_hidden
    session.permission = permission
    publishing.revoke_publications(room, session, turn)
    data_tracks.revoke(room, session, turn)
    data_tracks.reconcile(room, session, turn)
    subscribing.drop_unwanted(room, session, turn)
    subscribing.reconcile(room, session, turn)
    if was_hidden != permission.is_hidden:
        presence.visibility_changed(room, session, turn)


def _describe(session: Session, name: str, metadata: str, attributes: Mapping[str, str]) -> None:
    session.name = name or session.name
    session.metadata = metadata or session.metadata
    if attributes:
        merged = {**session.attributes, **attributes}
        session.attributes = {key: value for key, value in merged.items() if value}


def _too_large(session: Session, name: str, metadata: str, attributes: Mapping[str, str]) -> str:
    if not limits.fits(name, limits.MAX_NAME_BYTES):
        return "participant name exceeds limits"
    if not limits.fits(metadata, limits.MAX_METADATA_BYTES):
        return "metadata size exceeds limits"
    if limits.attributes_bytes({**session.attributes, **attributes}) > limits.MAX_ATTRIBUTES_BYTES:
        return "attributes size exceeds limits"
    return ""
