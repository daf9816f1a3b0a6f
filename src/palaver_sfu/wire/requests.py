"""Client to server: one WebSocket frame becomes one `ClientRequest`."""

from __future__ import annotations

import json
from collections.abc import Callable

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError, Message
from livekit.protocol import rtc

from palaver_sfu.errors import WireError
from palaver_sfu.room.limits import MAX_ATTRIBUTES_BYTES, MAX_METADATA_BYTES
from palaver_sfu.room.values import (
    DisconnectReason,
    Identity,
    ParticipantSid,
    TrackSettings,
    TrackSid,
    VideoQuality,
)
from palaver_sfu.session.messages import RequestFailure
from palaver_sfu.session.requests import (
    ClientAnswer,
    ClientRequest,
    Ignored,
    LeaveRequested,
    MediaWay,
    Offer,
    OfferSection,
    Ping,
    PingTimed,
    Scenario,
    SetMuted,
    SetSubscriptionPermission,
    Simulate,
    SyncState,
    TrackPermission,
    Trickle,
    Unsupported,
    UpdateMetadata,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.wire.data_tracks import read_publish, read_subscription, read_unpublish
from palaver_sfu.wire.tracks import UnknownKindError, read_add_track, read_audio_update, read_video_update

MAX_SIGNAL_BYTES = 2 * 1024 * 1024
# Texts are read a hundred times slower than binary frames, and only people who look at the protocol send them.
MAX_TEXT_BYTES = 64 * 1024
# What is neither an offer nor metadata is a list of tracks at most.
MAX_REQUEST_BYTES = 64 * 1024
_LONG_REQUESTS = {
    "answer": MAX_SIGNAL_BYTES,
    "offer": MAX_SIGNAL_BYTES,  # the media core has its own, tighter limit for SDP
    "sync_state": MAX_SIGNAL_BYTES,
    "update_metadata": MAX_METADATA_BYTES + MAX_ATTRIBUTES_BYTES + MAX_REQUEST_BYTES,
}
# Each rule is asked about each track and each subscriber.
MAX_PERMISSION_RULES = 1_000

# Each is looked at in turn, while everybody waits.
MAX_SYNCED = 5_000

# Reads the sections of an SDP offer; None when the text is not one.
ParseOffer = Callable[[str], tuple[OfferSection, ...] | None]

_QUALITIES = {int(quality): quality for quality in VideoQuality}
# What a client may say of itself when it goes; the other reasons are the server's to give.
_USUAL_REASON = DisconnectReason.CLIENT_INITIATED
_LEAVE_REASONS = {
    int(reason): reason
    for reason in (DisconnectReason.USER_UNAVAILABLE, DisconnectReason.USER_REJECTED, DisconnectReason.AGENT_ERROR)
}
_WAYS = {int(way): way for way in MediaWay}
_SCENARIOS = {
    "speaker_update": Scenario.SPEAKER_UPDATE,
    "node_failure": Scenario.NODE_FAILURE,
    "migration": Scenario.MIGRATION,
    "server_leave": Scenario.SERVER_LEAVE,
    "disconnect_signal_on_resume": Scenario.LOSE_RESUMED_SIGNAL,
    "disconnect_signal_on_resume_no_messages": Scenario.LOSE_RESUMED_SIGNAL_UNHEARD,
    "leave_request_full_reconnect": Scenario.FULL_RECONNECT,
    "switch_candidate_protocol": Scenario.SWITCH_WAY,
    "subscriber_bandwidth": Scenario.LIMIT_LINE,
}


def read_request(frame: bytes | str, *, parse_offer: ParseOffer) -> ClientRequest:
    """Binary frames are protobuf, text frames protojson; what this server does not know is ignored.

    Raises:
        WireError: too large, or not a request at all.
    """
    if len(frame) > (MAX_SIGNAL_BYTES if isinstance(frame, bytes) else MAX_TEXT_BYTES):
        raise WireError("signal message too large")
    try:
        if isinstance(frame, bytes):
            request = rtc.SignalRequest.FromString(frame)
        else:
            request = Parse(frame, rtc.SignalRequest(), ignore_unknown_fields=True)
    except (DecodeError, ParseError, RecursionError, ValueError) as error:
        raise WireError("not a signal request") from error
    if len(frame) > _LONG_REQUESTS.get(request.WhichOneof("message"), MAX_REQUEST_BYTES):
        raise WireError("signal message too large")
    return _read(request, parse_offer)


def read_offer(message: rtc.SessionDescription, parse_offer: ParseOffer) -> Offer:
    return Offer(id=message.id, sdp=message.sdp, sections=parse_offer(message.sdp))


def _read(request: rtc.SignalRequest, parse_offer: ParseOffer) -> ClientRequest:
    name = request.WhichOneof("message")
    if name is None:
        return Ignored(name="unknown")
    if name == "ping":
        return Ping()
    reader = _READERS.get(name)
    if reader is not None:
        return reader(getattr(request, name))
    if name == "offer":
        return read_offer(request.offer, parse_offer)
    if name == "answer":
        answer = request.answer
        return ClientAnswer(id=answer.id, sdp=answer.sdp, sections=parse_offer(answer.sdp))
    return Ignored(name=name)


def _trickle(message: rtc.TrickleRequest) -> ClientRequest:
    try:
        init = json.loads(message.candidateInit)
    except (ValueError, RecursionError):
        return Ignored(name="trickle")
    candidate = init.get("candidate") if isinstance(init, dict) else None
    # The empty text says that there are no more.
    if not isinstance(candidate, str) or not candidate:
        return Ignored(name="trickle")
    return Trickle(candidate=candidate, is_receiving=message.target == rtc.SUBSCRIBER)


def _mute(message: rtc.MuteTrackRequest) -> ClientRequest:
    return SetMuted(track=TrackSid(message.sid), is_muted=message.muted, request=message.SerializeToString())


def read_sync_state(message: rtc.SyncState) -> SyncState:
    """Raises: WireError: more tracks than any room has."""
    lists = (message.publish_tracks, message.track_sids_disabled, message.publish_data_tracks)
    if max(map(len, (*lists, message.subscription.track_sids, message.data_subscription.updates))) > MAX_SYNCED:
        raise WireError("too many tracks in sync state")
    has_subscription = message.HasField("subscription")
    return SyncState(
        published=tuple(TrackSid(published.track.sid) for published in message.publish_tracks),
        subscription=_subscription(message.subscription) if has_subscription else None,
        disabled=tuple(TrackSid(sid) for sid in message.track_sids_disabled),
        published_data=tuple(TrackSid(published.info.sid) for published in message.publish_data_tracks),
        data_subscription=read_subscription(message.data_subscription),
    )


def _subscription(message: rtc.UpdateSubscription) -> UpdateSubscription:
    tracks = list(message.track_sids)
    for participant in message.participant_tracks:
        tracks.extend(participant.track_sids)
    return UpdateSubscription(
        tracks=tuple(TrackSid(sid) for sid in dict.fromkeys(tracks)), is_subscribed=message.subscribe
    )


def _track_setting(message: rtc.UpdateTrackSettings) -> ClientRequest:
    settings = TrackSettings(
        is_disabled=message.disabled,
        quality=_QUALITIES.get(message.quality, VideoQuality.HIGH),
        width=message.width,
        height=message.height,
        max_fps=message.fps,
        priority=message.priority,
    )
    return UpdateTrackSettings(tracks=tuple(TrackSid(sid) for sid in message.track_sids), settings=settings)


def _subscription_permission(message: rtc.SubscriptionPermission) -> ClientRequest:
    if len(message.track_permissions) > MAX_PERMISSION_RULES:
        raise WireError("too many subscription permissions")
    return SetSubscriptionPermission(
        all_participants=message.all_participants,
        permissions=tuple(
            TrackPermission(
                sid=ParticipantSid(rule.participant_sid),
                identity=Identity(rule.participant_identity),
                all_tracks=rule.all_tracks,
                tracks=frozenset(TrackSid(sid) for sid in rule.track_sids),
            )
            for rule in message.track_permissions
        ),
    )


def _update_metadata(message: rtc.UpdateParticipantMetadata) -> ClientRequest:
    return UpdateMetadata(
        request_id=message.request_id,
        name=message.name,
        metadata=message.metadata,
        attributes=dict(message.attributes),
        request=message.SerializeToString(),
    )


def _add_track(message: rtc.AddTrackRequest) -> ClientRequest:
    try:
        return read_add_track(message)
    except UnknownKindError:
        return Unsupported(
            about="add_track", request=message.SerializeToString(), reason=RequestFailure.UNSUPPORTED_TYPE
        )


def _simulate(message: rtc.SimulateScenario) -> ClientRequest:
    name = message.WhichOneof("scenario")
    return Simulate(
        scenario=_SCENARIOS.get(name or "", Scenario.UNSUPPORTED),
        duration_s=message.speaker_update if name == "speaker_update" else 0,
        bps=max(0, message.subscriber_bandwidth),
        way=_WAYS.get(message.switch_candidate_protocol, MediaWay.UDP),
    )


def _refuse(about: str, reason: RequestFailure) -> Callable[[Message], ClientRequest]:
    def read(message: Message) -> ClientRequest:
        return Unsupported(
            about=about,
            request_id=getattr(message, "request_id", 0),
            request=message.SerializeToString(),
            reason=reason,
        )

    return read


_READERS: dict[str, Callable[..., ClientRequest]] = {
    "trickle": _trickle,
    "add_track": _add_track,
    "mute": _mute,
    "subscription": _subscription,
    "track_setting": _track_setting,
    "leave": lambda message: LeaveRequested(reason=_LEAVE_REASONS.get(message.reason, _USUAL_REASON)),
    "subscription_permission": _subscription_permission,
    "simulate": _simulate,
    "sync_state": read_sync_state,
    "update_metadata": _update_metadata,
    "ping_req": lambda message: PingTimed(at_ms=message.timestamp),
    "update_audio_track": read_audio_update,
    "update_video_track": read_video_update,
    "publish_data_track_request": read_publish,
    "unpublish_data_track_request": read_unpublish,
    "update_data_subscription": read_subscription,
    "store_data_blob_request": _refuse("", RequestFailure.NOT_ALLOWED),
    # Nothing is kept, so nothing is there.
    "get_data_blob_request": _refuse("", RequestFailure.NOT_FOUND),
}
