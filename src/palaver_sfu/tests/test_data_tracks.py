"""Data tracks: publishing, handles, frames, and who gets none."""

from __future__ import annotations

from typing import Any

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.room.limits import MAX_DATA_BYTES
from palaver_sfu.room.values import Identity, TrackSid
from palaver_sfu.session.data_tracks import DATA_TRACK, MAX_DATA_TRACKS
from palaver_sfu.session.effects import SendData
from palaver_sfu.session.inputs import ChangeParticipant, DataFrameReceived, Resume, SignalLost
from palaver_sfu.session.messages import (
    DataTrackHandles,
    DataTrackPublished,
    DataTrackUnpublished,
    Leave,
    ParticipantsChanged,
    RequestAnswered,
    RequestFailure,
)
from palaver_sfu.session.requests import (
    LeaveRequested,
    PublishDataTrack,
    SetSubscriptionPermission,
    SyncState,
    UnpublishDataTrack,
    UpdateDataSubscription,
)
from palaver_sfu.tests.rehearsal import Stage, permission
from palaver_sfu.wire.data_tracks import MAX_ENCODING_BYTES
from palaver_sfu.wire.requests import read_request
from palaver_sfu.wire.responses import Encoder

FRAME = bytes([0b00011000, 0]) + (7).to_bytes(2, "big") + bytes(8) + b"payload"


def publish(stage: Stage, name: str = "alice", *, handle: int = 7, track: str = "lidar") -> TrackSid:
    stage.request(name, PublishDataTrack(handle=handle, name=track))
    return stage.told(name, DataTrackPublished)[-1].track.sid


def subscribe(stage: Stage, name: str, track: TrackSid, *, is_wanted: bool = True) -> None:
    stage.request(name, UpdateDataSubscription(updates=((track, is_wanted),)))


def handles(stage: Stage, name: str) -> dict[int, TrackSid]:
    told = stage.told(name, DataTrackHandles)
    return {handle: track for handle, (_, _, track) in told[-1].handles.items()} if told else {}


def frames(stage: Stage, name: str = "alice", payload: bytes = FRAME) -> list[tuple[str, int]]:
    """Who gets a frame of `name`, and under which handle."""
    stage.forget()
    stage.step(DataFrameReceived(peer=stage.session(name).sid, payload=payload))
    sent = stage.done(SendData)
    assert all(effect.label == DATA_TRACK and effect.payload[4:] == payload[4:] for effect in sent)
    return [(peer, int.from_bytes(effect.payload[2:4], "big")) for effect in sent for peer in effect.peers]


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for name in ("alice", "bob", "carol"):
        stage.join(name)
    return stage


def test_a_frame_goes_to_its_subscribers_under_the_handles_that_they_know(stage: Stage) -> None:
    publish(stage, "carol", handle=1, track="other")
    other = stage.told("carol", DataTrackPublished)[-1].track.sid
    subscribe(stage, "bob", other)
    lidar = publish(stage)
    info = stage.told("bob", ParticipantsChanged)[-1].participants[0]
    assert ([track.name for track in info.data_tracks], info.is_publisher) == (["lidar"], True)
    assert frames(stage) == []
    subscribe(stage, "bob", lidar)
    assert handles(stage, "bob") == {1: other, 2: lidar}
    assert frames(stage) == [(stage.session("bob").sid, 2)]
    subscribe(stage, "bob", lidar, is_wanted=False)
    assert handles(stage, "bob") == {1: other}
    assert frames(stage) == []


def test_who_subscribes_to_everything_does_so_sooner_and_later(stage: Stage) -> None:
    first = publish(stage)
    stage.join("dave", is_auto_subscribing_data=True)
    assert handles(stage, "dave") == {1: first}
    second = publish(stage, handle=8, track="radar")
    assert handles(stage, "dave") == {1: first, 2: second}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"handle": 0}, RequestFailure.INVALID_HANDLE),
        ({"handle": 65_536}, RequestFailure.INVALID_HANDLE),
        ({"name": ""}, RequestFailure.INVALID_NAME),
        ({"name": "ä" * 129}, RequestFailure.INVALID_NAME),
        ({"is_well_encoded": False}, RequestFailure.INVALID_REQUEST),
        ({"handle": 7}, RequestFailure.DUPLICATE_HANDLE),
        ({"name": "lidar"}, RequestFailure.DUPLICATE_NAME),
    ],
)
def test_what_cannot_be_published_is_answered_with_its_reason(
    stage: Stage, fields: dict[str, Any], reason: RequestFailure
) -> None:
    publish(stage)
    stage.request("alice", PublishDataTrack(**{"handle": 9, "name": "new", "request": b"x", **fields}))
    answer = stage.told("alice", RequestAnswered)[-1]
    assert (answer.reason, answer.about, answer.request) == (reason, "publish_data_track", b"x")
    assert len(stage.told("alice", DataTrackPublished)) == 1


def test_there_is_an_end_to_data_tracks(stage: Stage) -> None:
    for number in range(MAX_DATA_TRACKS + 1):
        stage.request("alice", PublishDataTrack(handle=number + 1, name=str(number)))
    assert stage.told("alice", RequestAnswered)[-1].reason is RequestFailure.LIMIT_EXCEEDED


def test_an_ended_track_is_gone_for_everybody_and_its_handle_free(stage: Stage) -> None:
    lidar = publish(stage)
    subscribe(stage, "bob", lidar)
    stage.request("alice", UnpublishDataTrack(handle=7))
    assert [ended.track.sid for ended in stage.told("alice", DataTrackUnpublished)] == [lidar]
    assert handles(stage, "bob") == {}
    assert stage.told("bob", ParticipantsChanged)[-1].participants[0].data_tracks == ()
    assert frames(stage) == []
    stage.request("alice", UnpublishDataTrack(handle=7))
    assert stage.told("alice", RequestAnswered)[-1].reason is RequestFailure.NOT_FOUND
    assert publish(stage) != lidar


def test_without_the_right_to_publish_data_there_is_no_track(stage: Stage) -> None:
    subscribe(stage, "bob", publish(stage))
    stage.step(ChangeParticipant(identity=Identity("alice"), permission=permission(can_publish_data=False)))
    assert (len(stage.told("alice", DataTrackUnpublished)), handles(stage, "bob")) == (1, {})
    stage.request("alice", PublishDataTrack(handle=7, name="again"))
    assert stage.told("alice", RequestAnswered)[-1].reason is RequestFailure.NOT_ALLOWED


def test_nobody_receives_what_is_not_for_it(stage: Stage) -> None:
    lidar = publish(stage)
    subscribe(stage, "bob", lidar)
    subscribe(stage, "alice", lidar)
    assert len(frames(stage)) == 1
    stage.request("alice", SetSubscriptionPermission(all_participants=False, permissions=()))
    assert frames(stage) == []
    stage.request("alice", SetSubscriptionPermission(all_participants=True, permissions=()))
    assert len(frames(stage)) == 1
    stage.step(ChangeParticipant(identity=Identity("bob"), permission=permission(can_subscribe=False)))
    assert frames(stage) == []


def test_who_leaves_takes_its_tracks_along(stage: Stage) -> None:
    subscribe(stage, "bob", publish(stage))
    stage.request("alice", LeaveRequested())
    assert handles(stage, "bob") == {}
    assert stage.room.data_tracks == {}


@pytest.mark.parametrize(
    "payload", [b"", FRAME[:11], FRAME[:2] + b"\x00\x63" + FRAME[4:], FRAME + bytes(MAX_DATA_BYTES)]
)
def test_packets_that_are_none_go_nowhere(stage: Stage, payload: bytes) -> None:
    subscribe(stage, "bob", publish(stage))
    assert frames(stage, payload=payload) == []


def test_a_client_that_comes_back_learns_the_handles_it_missed_and_keeps_its_tracks(stage: Stage) -> None:
    mine = publish(stage, "bob", track="mine")
    bob = stage.session("bob").sid
    subscribe(stage, "bob", publish(stage))
    stage.step(SignalLost(sid=bob))
    radar = publish(stage, handle=8, track="radar")
    stage.forget()
    subscription = UpdateDataSubscription(updates=((radar, True),))
    stage.step(Resume(sid=bob, sync=SyncState(published=(), published_data=(mine,), data_subscription=subscription)))
    assert set(handles(stage, "bob").values()) >= {radar}
    assert stage.told("bob", Leave) == []
    stage.step(Resume(sid=bob, sync=SyncState(published=(), published_data=(TrackSid("DTR_lost"),))))
    assert len(stage.told("", Leave, sid=bob)) == 1


def test_the_wire_carries_what_only_clients_care_about() -> None:
    stage = Stage()
    stage.join("alice")
    asked = rtc.PublishDataTrackRequest(pub_handle=3, name="lidar", encryption=models.Encryption.GCM)
    asked.frame_encoding.custom = "points"
    frame = rtc.SignalRequest(publish_data_track_request=asked).SerializeToString()
    stage.request("alice", read_request(frame, parse_offer=lambda _: None))
    published = stage.told("alice", DataTrackPublished)[-1]
    sent = rtc.SignalResponse.FromString(
        Encoder(node_id="ND").encode(published, mint=lambda _: "", reader=stage.session("alice").sid).binary
    )
    info = sent.publish_data_track_response.info
    assert (info.pub_handle, info.name, info.sid[:4]) == (3, "lidar", "DTR_")
    assert (info.encryption, info.frame_encoding.custom) == (models.Encryption.GCM, "points")


@pytest.mark.parametrize(("name", "is_good"), [("", False), ("x" * MAX_ENCODING_BYTES, True), ("x" * 257, False)])
def test_a_format_of_ones_own_has_a_name(name: str, is_good: bool) -> None:
    asked = rtc.PublishDataTrackRequest(pub_handle=3, name="lidar")
    asked.schema.encoding.custom = name
    frame = rtc.SignalRequest(publish_data_track_request=asked).SerializeToString()
    request = read_request(frame, parse_offer=lambda _: None)
    assert isinstance(request, PublishDataTrack)
    assert request.is_well_encoded is is_good
