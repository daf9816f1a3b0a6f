"""Rooms, participants and tracks as the protocol shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from livekit.protocol import models

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import (
    ParticipantInfo,
    ParticipantKind,
    Permission,
    RoomInfo,
    RoomOptions,
    TrackInfo,
    TrackKind,
    TrackSource,
    VideoLayer,
    VideoQuality,
)
from palaver_sfu.wire.data_tracks import data_track_message

_SOURCES = {int(source): source for source in TrackSource}
_KINDS = {int(kind): kind for kind in TrackKind}


def codecs(options: RoomOptions) -> list[models.Codec]:
    return [models.Codec(mime=mime) for mime in options.enabled_codecs]


def room_message(room: RoomInfo) -> models.Room:
    return models.Room(
        sid=room.sid,
        name=room.name,
        empty_timeout=room.options.empty_timeout_s,
        departure_timeout=room.options.departure_timeout_s,
        max_participants=room.options.max_participants,
        creation_time=int(room.created_at),
        creation_time_ms=int(room.created_at * 1000),
        enabled_codecs=codecs(room.options),
        metadata=room.metadata,
        num_participants=room.num_participants,
        num_publishers=room.num_publishers,
        active_recording=room.is_recorded,
    )


def participant_message(info: ParticipantInfo) -> models.ParticipantInfo:
    message = models.ParticipantInfo(
        sid=info.sid,
        identity=info.identity,
        name=info.name,
        state=cast("models.ParticipantInfo.State", int(info.state)),
        metadata=info.metadata,
        attributes=dict(info.attributes),
        joined_at=int(info.joined_at),
        joined_at_ms=int(info.joined_at * 1000),
        version=info.version,
        permission=permission_message(info.permission),
        is_publisher=info.is_publisher,
        kind=cast("models.ParticipantInfo.Kind", int(info.kind)),
        disconnect_reason=cast("models.DisconnectReason", int(info.disconnect_reason)),
        client_protocol=info.client_protocol,
    )
    message.kind_details.extend(cast("tuple[models.ParticipantInfo.KindDetail, ...]", info.kind_details))
    message.tracks.extend(track_message(track) for track in info.tracks)
    message.data_tracks.extend(data_track_message(track) for track in info.data_tracks)
    message.capabilities.extend(cast("tuple[models.ClientInfo.Capability, ...]", info.capabilities))
    return message


def track_message(info: TrackInfo) -> models.TrackInfo:
    message = models.TrackInfo.FromString(info.details)
    message.sid = info.sid
    message.type = cast("models.TrackType", int(info.kind))
    message.source = cast("models.TrackSource", int(info.source))
    message.muted = info.is_muted
    message.mid = info.mid
    if info.mime_type:
        message.mime_type = info.mime_type
        for codec in message.codecs[:1]:
            codec.mime_type = info.mime_type
            codec.mid = info.mid
    return message


def permission_message(permission: Permission) -> models.ParticipantPermission:
    return models.ParticipantPermission(
        can_subscribe=permission.can_subscribe,
        can_publish=permission.can_publish,
        can_publish_data=permission.can_publish_data,
        can_publish_sources=[cast("models.TrackSource", int(s)) for s in sorted(permission.publish_sources)],
        hidden=permission.is_hidden,
        recorder=permission.is_recorder,
        can_update_metadata=permission.can_update_metadata,
        agent=permission.is_agent,
        can_subscribe_metrics=permission.can_subscribe_metrics,
        can_manage_agent_session=permission.can_manage_agent_session,
    )


def read_permission(message: models.ParticipantPermission) -> Permission:
    return Permission(
        can_publish=message.can_publish,
        can_subscribe=message.can_subscribe,
        can_publish_data=message.can_publish_data,
        publish_sources=frozenset(read_source(source) for source in message.can_publish_sources),
        can_update_metadata=message.can_update_metadata,
        is_hidden=message.hidden,
        is_recorder=message.recorder,
        is_agent=message.agent,
        can_subscribe_metrics=message.can_subscribe_metrics,
        can_manage_agent_session=message.can_manage_agent_session,
    )


def read_source(number: int) -> TrackSource:
    """A source of the future is nothing that a rule here can allow by name: it counts as unknown."""
    return _SOURCES.get(number, TrackSource.UNKNOWN)


def read_kind(number: int) -> TrackKind:
    if number not in _KINDS:
        raise WireError("unknown kind of track")
    return _KINDS[number]


def read_participant_kind(name: str) -> ParticipantKind:
    try:
        return ParticipantKind[name.upper()]
    except KeyError:
        return ParticipantKind.STANDARD


def read_layers(layers: Iterable[models.VideoLayer]) -> tuple[VideoLayer, ...]:
    return tuple(
        VideoLayer(quality=VideoQuality(layer.quality), width=layer.width, height=layer.height)
        for layer in layers
        if int(layer.quality) in {0, 1, 2}
    )
