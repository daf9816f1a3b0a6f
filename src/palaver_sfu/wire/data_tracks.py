"""Data tracks as the protocol shows them."""

from __future__ import annotations

from collections.abc import Mapping

from livekit.protocol import models, rtc

from palaver_sfu.room.values import DataTrackInfo, Identity, ParticipantSid, TrackSid
from palaver_sfu.session.requests import PublishDataTrack, UnpublishDataTrack, UpdateDataSubscription

# A name for a format of one's own, as long as the reference allows.
MAX_ENCODING_BYTES = 256

Handles = Mapping[int, tuple[Identity, ParticipantSid, TrackSid]]


def read_publish(message: rtc.PublishDataTrackRequest) -> PublishDataTrack:
    details = models.DataTrackInfo(encryption=message.encryption)
    if message.HasField("frame_encoding"):
        details.frame_encoding.CopyFrom(message.frame_encoding)
    if message.HasField("schema"):
        details.schema.CopyFrom(message.schema)
    return PublishDataTrack(
        handle=message.pub_handle,
        name=message.name,
        is_well_encoded=_is_named(message.frame_encoding) and _is_named(message.schema.encoding),
        details=details.SerializeToString(),
        request=message.SerializeToString(),
    )


def read_unpublish(message: rtc.UnpublishDataTrackRequest) -> UnpublishDataTrack:
    return UnpublishDataTrack(handle=message.pub_handle, request=message.SerializeToString())


def read_subscription(message: rtc.UpdateDataSubscription) -> UpdateDataSubscription:
    return UpdateDataSubscription(
        updates=tuple((TrackSid(update.track_sid), update.subscribe) for update in message.updates)
    )


def data_track_message(info: DataTrackInfo) -> models.DataTrackInfo:
    message = models.DataTrackInfo.FromString(info.details)
    message.sid, message.name, message.pub_handle = info.sid, info.name, info.handle
    return message


def handles_message(handles: Handles) -> rtc.DataTrackSubscriberHandles:
    return rtc.DataTrackSubscriberHandles(
        sub_handles={
            handle: rtc.DataTrackSubscriberHandles.PublishedDataTrack(
                publisher_identity=identity, publisher_sid=publisher, track_sid=track
            )
            for handle, (identity, publisher, track) in handles.items()
        }
    )


def _is_named(encoding: models.DataTrackFrameEncoding | models.DataTrackSchemaEncoding) -> bool:
    """A format that is none of the known ones has a name."""
    return encoding.WhichOneof("value") != "custom" or 0 < len(encoding.custom.encode()) <= MAX_ENCODING_BYTES
