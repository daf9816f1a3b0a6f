"""Why somebody is gone, as the others are told."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import DisconnectReason, ParticipantState
from palaver_sfu.session.messages import Leave, LeaveAction, ParticipantsChanged
from palaver_sfu.session.requests import ClientRequest, LeaveRequested, Scenario, Simulate
from palaver_sfu.tests.rehearsal import Stage
from palaver_sfu.wire.requests import read_request


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        (models.CLIENT_INITIATED, DisconnectReason.CLIENT_INITIATED),
        (models.USER_UNAVAILABLE, DisconnectReason.USER_UNAVAILABLE),
        (models.USER_REJECTED, DisconnectReason.USER_REJECTED),
        (models.AGENT_ERROR, DisconnectReason.AGENT_ERROR),
        # Nobody can claim to have been thrown out.
        (models.PARTICIPANT_REMOVED, DisconnectReason.CLIENT_INITIATED),
        (models.UNKNOWN_REASON, DisconnectReason.CLIENT_INITIATED),
    ],
)
def test_a_client_may_say_why_it_leaves(said: models.DisconnectReason, understood: DisconnectReason) -> None:
    frame = rtc.SignalRequest(leave=rtc.LeaveRequest(reason=said)).SerializeToString()
    assert read_request(frame, parse_offer=lambda _: None) == LeaveRequested(reason=understood)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (LeaveRequested(reason=DisconnectReason.USER_REJECTED), DisconnectReason.USER_REJECTED),
        (Simulate(Scenario.SERVER_LEAVE), DisconnectReason.SERVER_SHUTDOWN),
        (Simulate(Scenario.NODE_FAILURE), DisconnectReason.SERVER_SHUTDOWN),
    ],
)
def test_the_others_learn_why_somebody_is_gone(request_: ClientRequest, reason: DisconnectReason) -> None:
    stage = Stage()
    alice = stage.join("alice")
    stage.join("bob")
    stage.request("alice", request_)
    gone = stage.told("bob", ParticipantsChanged)[-1].participants[0]
    assert (gone.sid, gone.state, gone.disconnect_reason) == (alice, ParticipantState.DISCONNECTED, reason)


def test_a_client_that_claims_more_tracks_than_any_room_has_is_cut() -> None:
    frame = rtc.SignalRequest(sync_state=rtc.SyncState(track_sids_disabled=["TR"] * 5_001)).SerializeToString()
    with pytest.raises(WireError):
        read_request(frame, parse_offer=lambda _: None)


def test_a_rehearsed_migration_brings_the_client_back_from_the_start() -> None:
    stage = Stage()
    alice = stage.join("alice")
    stage.request("alice", Simulate(Scenario.MIGRATION))
    leave = stage.told("alice", Leave, sid=alice)[-1]
    assert (leave.reason, leave.action) == (DisconnectReason.MIGRATION, LeaveAction.RECONNECT)
