"""Data tracks: frames of a publisher's own making, to those who subscribed.

No frame is kept or repeated. A publisher names its track by a handle in each packet; every receiver gets the packet
under the handle that it was told.
"""

from __future__ import annotations

from palaver_sfu.room.limits import MAX_DATA_BYTES
from palaver_sfu.room.values import DataTrackInfo, TrackSid
from palaver_sfu.session import permitting
from palaver_sfu.session.effects import SendData
from palaver_sfu.session.inputs import DataFrameReceived
from palaver_sfu.session.messages import (
    DataTrackHandles,
    DataTrackPublished,
    DataTrackUnpublished,
    RequestAnswered,
    RequestFailure,
)
from palaver_sfu.session.requests import PublishDataTrack, UnpublishDataTrack, UpdateDataSubscription
from palaver_sfu.session.state import RoomState, Session, Turn

DATA_TRACK = "_data_track"
MAX_DATA_TRACKS = 32
MAX_HANDLE = 65_535
MAX_NAME_BYTES = 256
HEADER_BYTES = 12


def publish(room: RoomState, session: Session, request: PublishDataTrack, nonce: str, turn: Turn) -> None:
    problem = _problem(session, request)
    if problem is not None:
        reason, message = problem
        answer = RequestAnswered(reason=reason, message=message, about="publish_data_track", request=request.request)
        turn.send(session, answer)
        return
    info = DataTrackInfo(
        sid=TrackSid(f"DTR_{nonce}"), handle=request.handle, name=request.name, details=request.details
    )
    session.data_tracks[info.handle] = info
    room.data_tracks[info.sid] = (session.sid, info.handle)
    turn.send(session, DataTrackPublished(track=info))
    turn.changed(session)
    turn.room_changed()
    # One track at a time: in a room of many, to look at everything for everybody would take too long.
    for other in room.sessions.values():
        if _is_wanted(room, other, info.sid):
            _take(other, info.sid)
            tell(room, other, turn)


def unpublish(room: RoomState, session: Session, request: UnpublishDataTrack, turn: Turn) -> None:
    info = session.data_tracks.get(request.handle)
    if info is None:
        answer = RequestAnswered(reason=RequestFailure.NOT_FOUND, about="unpublish_data_track", request=request.request)
        turn.send(session, answer)
        return
    _end(room, session, info, turn)


def revoke(room: RoomState, session: Session, turn: Turn) -> None:
    """End those of somebody who may not publish data any more."""
    if not session.permission.can_publish_data:
        for info in list(session.data_tracks.values()):
            _end(room, session, info, turn)


def forget(room: RoomState, gone: Session, turn: Turn) -> None:
    """Somebody has left the room, and the data tracks with it."""
    for info in gone.data_tracks.values():
        del room.data_tracks[info.sid]
    tracks = [info.sid for info in gone.data_tracks.values()]
    gone.data_tracks.clear()
    _withdraw(room, tracks, turn)


def update_subscription(room: RoomState, session: Session, request: UpdateDataSubscription, turn: Turn) -> None:
    for track, is_wanted in request.updates:
        if track in room.data_tracks:
            session.data_wishes[track] = is_wanted
    reconcile(room, session, turn)


def reconcile(room: RoomState, session: Session, turn: Turn) -> None:
    """Give a handle to each track that `session` shall receive, and tell of them when they have changed."""
    wanted = [track for track in room.data_tracks if _is_wanted(room, session, track)]
    if session.data_handles.keys() == set(wanted):
        return
    for track in [track for track in session.data_handles if track not in wanted]:
        del session.data_handles[track]
    for track in wanted:
        if track not in session.data_handles:
            _take(session, track)
    tell(room, session, turn)


def tell(room: RoomState, session: Session, turn: Turn) -> None:
    handles = {}
    for track, handle in session.data_handles.items():
        publisher = room.sessions[room.data_tracks[track][0]]
        handles[handle] = (publisher.identity, publisher.sid, track)
    turn.send(session, DataTrackHandles(handles=handles))


def received(room: RoomState, session: Session, event: DataFrameReceived, turn: Turn) -> None:
    if not HEADER_BYTES <= len(event.payload) <= MAX_DATA_BYTES:
        return
    info = session.data_tracks.get(int.from_bytes(event.payload[2:4], "big"))
    if info is None:
        return
    for other in room.sessions.values():
        handle = other.data_handles.get(info.sid)
        if handle is not None:
            payload = event.payload[:2] + handle.to_bytes(2, "big") + event.payload[4:]
            turn.do(SendData(peers=(other.receiver,), label=DATA_TRACK, payload=payload))


def _problem(session: Session, request: PublishDataTrack) -> tuple[RequestFailure, str] | None:
    names = {info.name for info in session.data_tracks.values()}
    checks = (
        (session.permission.can_publish_data, RequestFailure.NOT_ALLOWED, "no permission to publish data"),
        (0 < request.handle <= MAX_HANDLE, RequestFailure.INVALID_HANDLE, "handle must be from 1 to 65535"),
        (
            0 < len(request.name.encode()) <= MAX_NAME_BYTES,
            RequestFailure.INVALID_NAME,
            "name must have 1 to 256 bytes",
        ),
        (request.is_well_encoded, RequestFailure.INVALID_REQUEST, "format has no name, or a too long one"),
        (request.handle not in session.data_tracks, RequestFailure.DUPLICATE_HANDLE, "handle is in use"),
        (request.name not in names, RequestFailure.DUPLICATE_NAME, "name is in use"),
        (len(session.data_tracks) < MAX_DATA_TRACKS, RequestFailure.LIMIT_EXCEEDED, "too many data tracks"),
    )
    return next(((reason, message) for is_well, reason, message in checks if not is_well), None)


def _is_wanted(room: RoomState, session: Session, track: TrackSid) -> bool:
    return (
        session.permission.can_subscribe
        and session.data_wishes.get(track, session.is_auto_subscribing_data)
        and permitting.is_open_to(room.sessions[room.data_tracks[track][0]], track, session)
    )


def _take(session: Session, track: TrackSid) -> None:
    """A handle is not given again soon: packets of the track before may be on their way."""
    session.last_data_handle = session.last_data_handle % MAX_HANDLE + 1
    session.data_handles[track] = session.last_data_handle


def _withdraw(room: RoomState, tracks: list[TrackSid], turn: Turn) -> None:
    for session in room.sessions.values():
        for track in tracks:
            session.data_wishes.pop(track, None)
        if [track for track in tracks if session.data_handles.pop(track, None) is not None]:
            tell(room, session, turn)


def _end(room: RoomState, session: Session, info: DataTrackInfo, turn: Turn) -> None:
    del session.data_tracks[info.handle]
    del room.data_tracks[info.sid]
    turn.send(session, DataTrackUnpublished(track=info))
    turn.changed(session)
    turn.room_changed()
    _withdraw(room, [info.sid], turn)
