"""The room's machine: `step(room, input, now)` changes the room and says what must be done outside.

Inputs about participants who have just left are ignored: the news crossed on the way. The server API's commands
raise `ApiError` instead, for their caller is waiting.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from palaver_sfu.errors import ApiCode, ApiError
from palaver_sfu.room.values import DisconnectReason, Identity, RoomName, RoomOptions, RoomSid, TrackSid
from palaver_sfu.session import (
    conveying,
    data_tracks,
    describing,
    negotiating,
    observing,
    permitting,
    presence,
    publishing,
    resuming,
    subscribing,
    watching,
    ways,
)
from palaver_sfu.session.backup import as_clients_know_it
from palaver_sfu.session.effects import AddCandidate, CloseSignal, Effect, LimitLine, RoomFact, SetVoices
from palaver_sfu.session.inputs import (
    Answered,
    AnswerTaken,
    ApiInput,
    ChangeParticipant,
    ChangeRoomMetadata,
    ChangeSubscriptions,
    ChangeVoices,
    DataChannelOpened,
    DataFrameReceived,
    DataFromServer,
    DataReceived,
    EndRoom,
    FromClient,
    Input,
    Join,
    LoadObserved,
    MediaInput,
    MuteTrackByServer,
    NegotiationFailed,
    OfferMade,
    PeerClosed,
    PeerConnected,
    PeerDisconnected,
    PictureStateObserved,
    RemoveParticipant,
    Resume,
    SignalLost,
    SpeakersObserved,
    StatsObserved,
    StreamsObserved,
    Tick,
    TrackStarted,
)
from palaver_sfu.session.messages import MuteTrack, Pong, PongTimed, RequestAnswered
from palaver_sfu.session.requests import (
    AddTrack,
    ClientAnswer,
    ClientRequest,
    DescribeTrack,
    Ignored,
    LeaveRequested,
    Offer,
    Ping,
    PingTimed,
    PublishDataTrack,
    Scenario,
    SetMuted,
    SetSubscriptionPermission,
    Simulate,
    SyncState,
    Trickle,
    UnpublishDataTrack,
    Unsupported,
    UpdateDataSubscription,
    UpdateMetadata,
    UpdateSubscription,
    UpdateTrackSettings,
)
from palaver_sfu.session.state import DEFAULT_TIMING, RoomState, Session, Timing, Turn, owner_of


def open_room(
    *,
    sid: RoomSid,
    name: RoomName,
    options: RoomOptions,
    now: float,
    timing: Timing = DEFAULT_TIMING,
    may_unmute_remotely: bool = False,
    has_tls_relay: bool = False,
) -> tuple[RoomState, list[Effect]]:
    room = RoomState(
        sid=sid,
        name=name,
        created_at=now,
        options=options,
        timing=timing,
        may_unmute_remotely=may_unmute_remotely,
        has_tls_relay=has_tls_relay,
        quality_told_at=now,
    )
    turn = Turn(now)
    turn.announce(room, RoomFact.ROOM_STARTED)
    return room, turn.finish(room)


def step(room: RoomState, event: Input, now: float) -> list[Effect]:
    """One transition at Unix time `now` (seconds).

    Raises:
        ApiError: `event` is a command of the server API and cannot be done; the room is unchanged.
    """
    turn = Turn(now)
    match event:
        case Join():
            _join(room, event, turn)
        case FromClient(sid=sid, request=request, nonce=nonce):
            session = room.sessions.get(sid)
            if session is not None and session.is_attached:
                session.heard_at = now
                _request(room, session, request, nonce, turn)
        case SignalLost() | Resume():
            _line_changed(room, event, turn)
        case Tick():
            _tick(room, turn)
        case (
            RemoveParticipant()
            | EndRoom()
            | MuteTrackByServer()
            | ChangeParticipant()
            | ChangeSubscriptions()
            | DataFromServer()
            | ChangeRoomMetadata()
            | ChangeVoices()
        ):
            _command(room, event, turn)
        case SpeakersObserved():
            observing.speakers(room, event, turn)
        case StatsObserved():
            observing.stats(room, event, now)
        case LoadObserved(is_full=is_full):
            room.is_server_full = is_full
        case _:
            session = room.sessions.get(owner_of(event.peer))
            if session is not None:
                _media(room, session, event, turn)
    return turn.finish(room)


def _join(room: RoomState, request: Join, turn: Turn) -> None:
    session = presence.join(room, request, turn)
    permitting.tell_closed(room, session, turn)
    data_tracks.reconcile(room, session, turn)
    for index, add in enumerate(request.add_tracks):
        publishing.add_track(room, session, add, f"{request.nonce}{index}", turn)
    if request.offer is not None:
        negotiating.offered(room, session, request.offer, turn)
    if session.is_subscriber_primary:
        subscribing.begin_round(room, session, turn)


def _line_changed(room: RoomState, event: SignalLost | Resume, turn: Turn) -> None:
    session = room.sessions.get(event.sid)
    if session is None:
        return
    if isinstance(event, Resume):
        resuming.resume(room, session, event, turn)
    else:
        presence.signal_lost(room, session, turn)


def _request(  # noqa: PLR0912  the table of requests: one line each, kept in one place
    room: RoomState, session: Session, request: ClientRequest, nonce: str, turn: Turn
) -> None:
    match request:
        case Offer():
            negotiating.offered(room, session, request, turn)
        case ClientAnswer():
            negotiating.answer_given(session, request, turn)
        case Trickle(candidate=candidate, is_receiving=is_receiving):
            peer = session.receiver if is_receiving else session.sid
            turn.do(AddCandidate(peer=peer, candidate=candidate))
        case AddTrack():
            publishing.add_track(room, session, request, nonce, turn)
        case SetMuted():
            publishing.mute_by_client(room, session, request, turn)
        case UpdateSubscription():
            subscribing.update_subscription(room, session, request, turn)
        case UpdateTrackSettings():
            subscribing.update_settings(room, session, request, turn)
        case SetSubscriptionPermission():
            subscribing.set_subscription_permission(room, session, request, turn)
        case UpdateMetadata():
            describing.update_own(session, request, turn)
        case DescribeTrack():
            publishing.describe_track(session, request, turn)
        case PublishDataTrack():
            data_tracks.publish(room, session, request, nonce, turn)
        case UnpublishDataTrack():
            data_tracks.unpublish(room, session, request, turn)
        case UpdateDataSubscription():
            data_tracks.update_subscription(room, session, request, turn)
        case SyncState():
            resuming.synchronise(room, session, request, turn)
        case LeaveRequested(reason=reason):
            turn.do(CloseSignal(sid=session.sid))
            presence.remove(room, session, reason, turn)
        case Ping():
            turn.send(session, Pong(at_ms=_ms(turn.now)))
        case PingTimed(at_ms=at_ms):
            turn.send(session, PongTimed(pinged_at_ms=at_ms, at_ms=_ms(turn.now)))
        case Simulate():
            _simulate(room, session, request, turn)
        case Unsupported(about=about, request_id=request_id, request=copy, reason=reason):
            refusal = RequestAnswered(
                reason=reason,
                message="not offered by this server",
                request_id=request_id,
                about=about,
                request=copy,
            )
            turn.send(session, refusal)
        case Ignored():
            pass
        case _:
            assert_never(request)


def _simulate(room: RoomState, session: Session, request: Simulate, turn: Turn) -> None:
    match request.scenario:
        case Scenario.SPEAKER_UPDATE:
            observing.simulate_speaker(room, session, request.duration_s, turn)
        case Scenario.NODE_FAILURE:
            # As if the machine had died: no leave, and nobody who could resume.
            turn.do(CloseSignal(sid=session.sid))
            presence.remove(room, session, DisconnectReason.SERVER_SHUTDOWN, turn)
        case Scenario.SERVER_LEAVE:
            presence.dismiss(room, session, DisconnectReason.SERVER_SHUTDOWN, turn)
        case Scenario.LOSE_RESUMED_SIGNAL | Scenario.LOSE_RESUMED_SIGNAL_UNHEARD:
            resuming.rehearse(session, is_unheard=request.scenario is Scenario.LOSE_RESUMED_SIGNAL_UNHEARD, turn=turn)
        case Scenario.FULL_RECONNECT:
            presence.ask_to_rejoin(room, session, DisconnectReason.UNKNOWN_REASON, turn)
        case Scenario.MIGRATION:
            presence.ask_to_rejoin(room, session, DisconnectReason.MIGRATION, turn)
        case Scenario.SWITCH_WAY:
            ways.switch(room, session, request.way, turn)
        case Scenario.LIMIT_LINE:
            if session.receiver in session.open_peers:
                turn.do(LimitLine(peer=session.receiver, bps=request.bps))
        case Scenario.UNSUPPORTED:
            pass
        case _:
            assert_never(request.scenario)


def _media(  # noqa: PLR0912  the table of what the core says: one line each, kept in one place
    room: RoomState, session: Session, event: MediaInput, turn: Turn
) -> None:
    event = as_clients_know_it(event)
    match event:
        case Answered():
            negotiating.answered(room, session, event, turn)
        case NegotiationFailed():
            negotiating.failed(room, session, event, turn)
        case OfferMade():
            negotiating.offer_made(room, session, event, turn)
        case AnswerTaken():
            negotiating.answer_taken(room, session, event, turn)
        case PeerConnected(peer=peer):
            presence.media_connected(room, session, peer, turn)
        case PeerDisconnected(peer=peer):
            presence.media_silent(room, session, peer, turn)
        case PeerClosed(reason=reason):
            presence.media_closed(room, session, reason, turn)
        case TrackStarted(track=track, mime_type=mime_type):
            publishing.track_started(room, session, track, mime_type, turn)
        case PictureStateObserved():
            observing.picture_state(room, session, event, turn)
        case StreamsObserved():
            observing.streams(session, event, turn.now)
        case DataReceived():
            conveying.received(room, session, event, turn)
        case DataFrameReceived():
            data_tracks.received(room, session, event, turn)
        case DataChannelOpened(peer=peer, label=label):
            conveying.channel_opened(session, peer, label, turn)
        case SpeakersObserved() | StatsObserved():
            pass
        case _:
            assert_never(event)


def _command(room: RoomState, event: ApiInput, turn: Turn) -> None:
    match event:
        case RemoveParticipant(identity=identity):
            presence.dismiss(room, _find(room, identity), DisconnectReason.PARTICIPANT_REMOVED, turn)
        case EndRoom(reason=reason):
            presence.end(room, reason, turn)
        case MuteTrackByServer():
            _mute_by_server(room, event, turn)
        case ChangeParticipant(identity=identity):
            describing.change_participant(room, _find(room, identity), event, turn)
        case ChangeSubscriptions(identity=identity, tracks=tracks, is_subscribed=is_subscribed):
            request = UpdateSubscription(tracks=tracks, is_subscribed=is_subscribed)
            subscribing.update_subscription(room, _find(room, identity), request, turn)
        case DataFromServer():
            conveying.from_server(room, event, turn)
        case ChangeRoomMetadata():
            describing.change_room_metadata(room, event, turn)
        case ChangeVoices(voices=voices):
            room.options = replace(room.options, voices=voices)
            turn.do(SetVoices(voices=voices))
        case _:
            assert_never(event)


def _mute_by_server(room: RoomState, event: MuteTrackByServer, turn: Turn) -> None:
    session = _find(room, event.identity)
    if not event.is_muted and not room.may_unmute_remotely:
        raise ApiError(ApiCode.FAILED_PRECONDITION, "remote unmute not enabled")
    publication = session.publications.get(TrackSid(event.track))
    if publication is None:
        raise ApiError(ApiCode.NOT_FOUND, "track is not found")
    publishing.set_muted(room, session, publication, is_muted=event.is_muted, is_held=event.is_muted, turn=turn)
    turn.send(session, MuteTrack(track=publication.info.sid, is_muted=event.is_muted))


def _tick(room: RoomState, turn: Turn) -> None:
    for session in list(room.sessions.values()):
        if presence.check_deadlines(room, session, turn):
            negotiating.check_deadlines(room, session, turn)
            publishing.check_deadlines(room, session, turn)
            subscribing.check_deadlines(room, session, turn)
    observing.check_deadlines(room, turn)
    watching.look_down(room, turn)
    presence.check_room(room, turn)


def _find(room: RoomState, identity: Identity) -> Session:
    session = room.by_identity(identity)
    if session is None:
        raise ApiError(ApiCode.NOT_FOUND, "participant does not exist")
    return session


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
