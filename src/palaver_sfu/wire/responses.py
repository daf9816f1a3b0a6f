"""Server to client: one `ServerMessage` becomes one WebSocket frame."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import assert_never, cast

from google.protobuf.json_format import MessageToJson
from livekit.protocol import models, rtc

from palaver_sfu.room.quality import score
from palaver_sfu.room.values import DisconnectReason, Mid, ParticipantSid, RoomSid, TrackSid, VideoQuality
from palaver_sfu.session.messages import (
    Answer,
    Candidate,
    DataTrackHandles,
    DataTrackPublished,
    DataTrackUnpublished,
    Joined,
    Leave,
    LeaveAction,
    MediaSections,
    MuteTrack,
    ParticipantsChanged,
    PictureStateChanged,
    Pong,
    PongTimed,
    QualityChanged,
    RefreshToken,
    RequestAnswered,
    Resumed,
    RoomChanged,
    ServerMessage,
    ServerOffer,
    SpeakersChanged,
    SubscriptionFailed,
    SubscriptionPermissionChanged,
    TrackPublished,
    TrackSubscribed,
    TrackUnpublished,
    WatchedQuality,
)
from palaver_sfu.wire.data_tracks import data_track_message, handles_message
from palaver_sfu.wire.ice_servers import IceServers
from palaver_sfu.wire.infos import codecs, participant_message, room_message, track_message

# The level of the reference server whose behaviour the tests compare with; clients switch features by it.
LIVEKIT_LEVEL = "1.13.5"
LIVEKIT_PROTOCOL = 17
PRODUCT = "palaver-sfu"
PING_INTERVAL_S = 5
PING_TIMEOUT_S = 15

Mint = Callable[[RefreshToken], str]


class Frame:
    """One encoded message; made once for all its readers, in each encoding that one of them asks for."""

    def __init__(self, response: rtc.SignalResponse) -> None:
        self._response = response

    @cached_property
    def binary(self) -> bytes:
        return self._response.SerializeToString()

    @cached_property
    def text(self) -> str:
        return MessageToJson(self._response, indent=None)


@dataclass(frozen=True, slots=True)
class Encoder:
    """What every response of one server shares."""

    node_id: str
    ice_servers: IceServers = field(default_factory=lambda: IceServers(clock=lambda: 0.0))
    trailer_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def encode(self, message: ServerMessage, *, mint: Mint, reader: ParticipantSid) -> Frame:
        """`mint` signs the token of a `RefreshToken`, with the key that its reader joined with.

        Only the first message to a `reader` depends on who it is: that of a join or of a resume.
        """
        if isinstance(message, Joined):
            return Frame(rtc.SignalResponse(join=self._join(message)))
        if isinstance(message, Resumed):
            return Frame(rtc.SignalResponse(reconnect=self._reconnect(message, reader)))
        if isinstance(message, RefreshToken):
            return Frame(rtc.SignalResponse(refresh_token=mint(message)))
        return Frame(_encode(message))

    def _join(self, message: Joined) -> rtc.JoinResponse:
        return rtc.JoinResponse(
            room=room_message(message.room),
            participant=participant_message(message.participant),
            other_participants=[participant_message(other) for other in message.others],
            server_version=LIVEKIT_LEVEL,
            ice_servers=self._ice_servers(message.participant.sid),
            subscriber_primary=message.is_subscriber_primary,
            ping_timeout=PING_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            server_info=self._server_info(),
            enabled_publish_codecs=codecs(message.room.options),
            fast_publish=message.participant.permission.can_publish,
            client_configuration=self._configuration(message),
            sif_trailer=self._trailer(message.room.sid),
        )

    def _reconnect(self, message: Resumed, reader: ParticipantSid) -> rtc.ReconnectResponse:
        return rtc.ReconnectResponse(
            ice_servers=self._ice_servers(reader),
            server_info=self._server_info(),
            last_message_seq=message.last_message,
            client_configuration=self._configuration(message),
        )

    @property
    def has_tls_relay(self) -> bool:
        return any(url.startswith("turns:") for server in self.ice_servers.servers for url in server.urls)

    def _trailer(self, room: RoomSid) -> bytes:
        """How frames of the server's own would end in an encrypted call. It makes none; clients expect the word."""
        return hmac.digest(self.trailer_key, room.encode(), "sha256")

    def _configuration(self, message: Joined | Resumed) -> models.ClientConfiguration | None:
        if not (message.is_by_tls and self.has_tls_relay):
            return None
        return models.ClientConfiguration(force_relay=models.ENABLED)

    def _ice_servers(self, participant: ParticipantSid) -> list[rtc.ICEServer]:
        return [
            rtc.ICEServer(urls=server.urls, username=server.username, credential=server.credential)
            for server in self.ice_servers.for_participant(participant)
        ]

    def _server_info(self) -> models.ServerInfo:
        return models.ServerInfo(
            edition=models.ServerInfo.Standard,
            version=LIVEKIT_LEVEL,
            protocol=LIVEKIT_PROTOCOL,
            node_id=self.node_id,
            debug_info=PRODUCT,
        )


def leave_frame(reason: DisconnectReason, action: LeaveAction) -> Frame:
    """For those who have no session: the answer to a resume."""
    return Frame(_encode(Leave(reason=reason, action=action)))


def _encode(message: ServerMessage) -> rtc.SignalResponse:  # noqa: PLR0911, PLR0912  one line per message
    match message:
        case Answer(offer_id=offer_id, sdp=sdp, mid_to_track=mids):
            return rtc.SignalResponse(answer=_description("answer", offer_id, sdp, mids))
        case ServerOffer(offer_id=offer_id, sdp=sdp, mid_to_track=mids):
            return rtc.SignalResponse(offer=_description("offer", offer_id, sdp, mids))
        case Candidate(line=line, mid=mid, is_receiving=is_receiving):
            init = json.dumps({"candidate": line, "sdpMid": mid, "sdpMLineIndex": 0})
            target = rtc.SUBSCRIBER if is_receiving else rtc.PUBLISHER
            return rtc.SignalResponse(trickle=rtc.TrickleRequest(candidateInit=init, target=target))
        case TrackPublished(cid=cid, track=track):
            published = rtc.TrackPublishedResponse(cid=cid, track=track_message(track))
            return rtc.SignalResponse(track_published=published)
        case TrackUnpublished(track=sid):
            return rtc.SignalResponse(track_unpublished=rtc.TrackUnpublishedResponse(track_sid=sid))
        case TrackSubscribed(track=sid):
            return rtc.SignalResponse(track_subscribed=rtc.TrackSubscribed(track_sid=sid))
        case DataTrackPublished(track=data_track):
            opened = rtc.PublishDataTrackResponse(info=data_track_message(data_track))
            return rtc.SignalResponse(publish_data_track_response=opened)
        case DataTrackUnpublished(track=data_track):
            ended = rtc.UnpublishDataTrackResponse(info=data_track_message(data_track))
            return rtc.SignalResponse(unpublish_data_track_response=ended)
        case DataTrackHandles(handles=handles):
            return rtc.SignalResponse(data_track_subscriber_handles=handles_message(handles))
        case WatchedQuality():
            return rtc.SignalResponse(subscribed_quality_update=_watched_quality(message))
        case PictureStateChanged(publisher=publisher, track=sid, is_paused=is_paused):
            state = rtc.StreamStateInfo(
                participant_sid=publisher, track_sid=sid, state=rtc.PAUSED if is_paused else rtc.ACTIVE
            )
            return rtc.SignalResponse(stream_state_update=rtc.StreamStateUpdate(stream_states=[state]))
        case ParticipantsChanged(participants=participants):
            update = rtc.ParticipantUpdate(participants=[participant_message(info) for info in participants])
            return rtc.SignalResponse(update=update)
        case RoomChanged(room=room):
            return rtc.SignalResponse(room_update=rtc.RoomUpdate(room=room_message(room)))
        case SpeakersChanged(speakers=speakers):
            infos = [models.SpeakerInfo(sid=s.sid, level=s.level, active=s.is_active) for s in speakers]
            return rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=infos))
        case QualityChanged(qualities=qualities):
            updates = [
                rtc.ConnectionQualityInfo(
                    participant_sid=sid, quality=cast("models.ConnectionQuality", int(quality)), score=score(quality)
                )
                for sid, quality in qualities
            ]
            return rtc.SignalResponse(connection_quality=rtc.ConnectionQualityUpdate(updates=updates))
        case MuteTrack(track=sid, is_muted=is_muted):
            return rtc.SignalResponse(mute=rtc.MuteTrackRequest(sid=sid, muted=is_muted))
        case MediaSections(audios=audios, videos=videos):
            needed = rtc.MediaSectionsRequirement(num_audios=audios, num_videos=videos)
            return rtc.SignalResponse(media_sections_requirement=needed)
        case RequestAnswered():
            return rtc.SignalResponse(request_response=_request_response(message))
        case SubscriptionFailed(track=sid, is_unknown_track=is_unknown):
            error = models.SE_TRACK_NOTFOUND if is_unknown else models.SE_CODEC_UNSUPPORTED
            return rtc.SignalResponse(subscription_response=rtc.SubscriptionResponse(track_sid=sid, err=error))
        case SubscriptionPermissionChanged(publisher=publisher, track=sid, is_allowed=is_allowed):
            permission = rtc.SubscriptionPermissionUpdate(participant_sid=publisher, track_sid=sid, allowed=is_allowed)
            return rtc.SignalResponse(subscription_permission_update=permission)
        case Leave(reason=reason, action=action):
            leave = rtc.LeaveRequest(
                can_reconnect=action is not LeaveAction.DISCONNECT,
                reason=cast("models.DisconnectReason", int(reason)),
                action=cast("rtc.LeaveRequest.Action", int(action)),
            )
            return rtc.SignalResponse(leave=leave)
        case Pong(at_ms=at_ms):
            return rtc.SignalResponse(pong=at_ms)
        case PongTimed(pinged_at_ms=pinged_at_ms, at_ms=at_ms):
            return rtc.SignalResponse(pong_resp=rtc.Pong(last_ping_timestamp=pinged_at_ms, timestamp=at_ms))
        case Joined() | Resumed() | RefreshToken():
            raise AssertionError("encoded by Encoder.encode")
        case _:
            assert_never(message)


def _description(kind: str, offer_id: int, sdp: str, mids: Mapping[Mid, TrackSid]) -> rtc.SessionDescription:
    mid_to_track = {str(mid): str(track) for mid, track in mids.items()}
    return rtc.SessionDescription(type=kind, sdp=sdp, id=offer_id, mid_to_track_id=mid_to_track)


def _watched_quality(message: WatchedQuality) -> rtc.SubscribedQualityUpdate:
    codecs = [(message.codec, message.highest), *([] if message.backup is None else [message.backup])]
    return rtc.SubscribedQualityUpdate(
        track_sid=message.track,
        subscribed_qualities=_qualities(message.highest),
        subscribed_codecs=[rtc.SubscribedCodec(codec=codec, qualities=_qualities(best)) for codec, best in codecs],
    )


def _qualities(best: VideoQuality) -> list[rtc.SubscribedQuality]:
    """A quality comes with those below it: a browser without layers looks at the lowest one only."""
    highest = -1 if best is VideoQuality.OFF else int(best)
    return [
        rtc.SubscribedQuality(quality=cast("models.VideoQuality", int(quality)), enabled=int(quality) <= highest)
        for quality in (VideoQuality.LOW, VideoQuality.MEDIUM, VideoQuality.HIGH)
    ]


def _request_response(message: RequestAnswered) -> rtc.RequestResponse:
    response = rtc.RequestResponse(
        request_id=message.request_id,
        reason=cast("rtc.RequestResponse.Reason", int(message.reason)),
        message=message.message,
    )
    if message.about:
        getattr(response, message.about).MergeFromString(message.request)
    return response
