"""Coming and going."""

from dataclasses import replace

import pytest

from palaver_sfu.errors import AdmissionError, ApiError
from palaver_sfu.room.values import (
    DisconnectReason,
    Identity,
    LinkStats,
    ParticipantSid,
    ParticipantState,
    RoomOptions,
)
from palaver_sfu.session import presence
from palaver_sfu.session.effects import ClosePeer, CloseSignal, OpenPeer, RoomEnded
from palaver_sfu.session.inputs import (
    EndRoom,
    FromClient,
    PeerClosed,
    PeerConnected,
    PeerDisconnected,
    RemoveParticipant,
    SignalLost,
    StatsObserved,
)
from palaver_sfu.session.messages import Joined, Leave, LeaveAction, ParticipantsChanged, RefreshToken, RoomChanged
from palaver_sfu.session.requests import LeaveRequested, Ping, Scenario, Simulate
from palaver_sfu.tests.rehearsal import Stage, permission


def seen(stage: Stage, name: str) -> list[tuple[str, ParticipantState]]:
    return [(p.sid, p.state) for m in stage.told(name, ParticipantsChanged) for p in m.participants]


def test_the_first_message_is_join_and_the_second_a_fresh_token() -> None:
    stage = Stage()
    alice = stage.join("alice", active=False)
    messages = stage.told("alice", object)
    assert isinstance(messages[0], Joined)
    assert isinstance(messages[1], RefreshToken)
    assert messages[0].participant.sid == alice
    assert messages[0].participant.permission.can_publish
    assert stage.done(OpenPeer) == [OpenPeer(room=stage.room.sid, peer=alice)]


def test_a_joiner_learns_who_is_there_and_they_learn_of_it() -> None:
    stage = Stage()
    alice = stage.join("alice")
    camera = stage.publish("alice")
    bob = stage.join("bob")
    joined = stage.told("bob", Joined)[0]
    assert [(p.sid, [t.sid for t in p.tracks]) for p in joined.others] == [(alice, [camera])]
    assert (bob, ParticipantState.JOINED) in seen(stage, "alice")
    assert (bob, ParticipantState.ACTIVE) in seen(stage, "alice")
    assert stage.told("alice", RoomChanged)[-1].room.num_participants == 2


def test_versions_of_a_participant_only_grow() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.publish("bob")
    stage.request("bob", LeaveRequested())
    versions = [p.version for m in stage.told("alice", ParticipantsChanged) for p in m.participants if p.sid == bob]
    assert len(versions) >= 3
    assert versions == sorted(set(versions))


def test_the_webhooks_of_a_visit_come_in_order() -> None:
    stage = Stage()
    stage.join("alice")
    stage.publish("alice")
    stage.request("alice", LeaveRequested())
    stage.wait(21)
    assert stage.facts() == [
        "room_started",
        "participant_joined",
        "track_published",
        "track_unpublished",
        "participant_left",
        "room_finished",
    ]


def test_the_newer_of_two_with_one_identity_stays_and_nobody_sees_a_departure() -> None:
    stage = Stage()
    stage.join("carol")
    old = stage.join("alice")
    stage.forget()
    new = stage.join("alice")
    assert stage.told("alice", Leave, sid=old) == [Leave(DisconnectReason.DUPLICATE_IDENTITY, LeaveAction.DISCONNECT)]
    assert stage.effects.index(CloseSignal(sid=old)) < stage.effects.index(OpenPeer(room=stage.room.sid, peer=new))
    assert ClosePeer(peer=old) in stage.effects
    assert {sid for sid, _ in seen(stage, "carol")} == {new}
    assert stage.told("carol", RoomChanged)[-1].room.num_participants == 2


def test_a_hidden_participant_is_seen_by_itself_only() -> None:
    stage = Stage()
    stage.join("alice")
    ghost = stage.join("ghost", permission=permission(is_hidden=True))
    stage.join("bob")
    assert ghost not in {sid for sid, _ in seen(stage, "alice")}
    assert ghost not in {p.sid for p in stage.told("bob", Joined)[0].others}
    assert (ghost, ParticipantState.ACTIVE) in seen(stage, "ghost")
    assert stage.room.info().num_participants == 2


def test_a_full_room_refuses_all_but_the_one_who_comes_back() -> None:
    stage = Stage(options=RoomOptions(max_participants=1))
    stage.join("alice")
    with pytest.raises(AdmissionError) as refusal:
        presence.admit(stage.room, Identity("bob"), permission())
    assert refusal.value.status == 403
    presence.admit(stage.room, Identity("alice"), permission())
    presence.admit(stage.room, Identity("recorder"), permission(is_recorder=True))


def test_who_never_connects_is_dropped_after_a_minute() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob", active=False)
    for _ in range(6):
        stage.wait(9)
        stage.request("alice", Ping())
        stage.request("bob", Ping())
    assert bob in stage.room.sessions
    stage.wait(6)
    assert bob not in stage.room.sessions
    assert stage.told("", Leave, sid=bob)[-1].reason is DisconnectReason.JOIN_FAILURE
    assert "participant_connection_aborted" in stage.facts()


def test_lost_signalling_keeps_a_participant_for_a_while() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    stage.wait(19)
    stage.request("alice", Ping())
    assert bob in stage.room.sessions
    stage.wait(1)
    assert bob not in stage.room.sessions
    assert seen(stage, "alice")[-1] == (bob, ParticipantState.DISCONNECTED)


@pytest.mark.parametrize("event", [PeerClosed, PeerDisconnected])
def test_a_closed_tab_is_gone_within_seconds(event: type[PeerClosed] | type[PeerDisconnected]) -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    stage.step(PeerClosed(peer=bob, reason="peer_closed") if event is PeerClosed else PeerDisconnected(peer=bob))
    stage.wait(5)
    assert bob not in stage.room.sessions


LIVE = LinkStats(rtt_ms=1.0, loss_in=0.0, loss_out=0.0, bps_in=5_000, bps_out=0)
DEAD = replace(LIVE, bps_in=0)


@pytest.mark.parametrize(("before", "after", "stays"), [(LIVE, DEAD, False), (LIVE, LIVE, True), (DEAD, DEAD, True)])
def test_signalling_and_media_that_stop_together_mean_a_closed_tab(
    before: LinkStats, after: LinkStats, stays: bool
) -> None:
    stage = Stage()
    bob = stage.join("bob")
    for _ in range(10):
        stage.step(StatsObserved(stats=((bob, before),)))
        stage.wait(1)
    stage.step(SignalLost(sid=bob))
    for _ in range(6):
        stage.step(StatsObserved(stats=((bob, after),)))
        stage.wait(1)
    assert (bob in stage.room.sessions) is stays


def idle(stage: Stage, sid: ParticipantSid, idle_s: float) -> None:
    """One second of somebody who sends no media, and whose browser checked its connection `idle_s` ago."""
    stage.step(StatsObserved(stats=((sid, replace(DEAD, idle_s=idle_s)),)))
    stage.wait(1)


def test_an_idle_client_that_is_killed_is_gone_after_ten_seconds() -> None:
    stage = Stage()
    bob = stage.join("bob")
    for second in range(10):
        idle(stage, bob, second % 3)
    stage.step(SignalLost(sid=bob))
    for second in range(9):
        assert bob in stage.room.sessions
        idle(stage, bob, second + 1)
    idle(stage, bob, 10)
    assert bob not in stage.room.sessions


def test_a_client_that_still_checks_its_connection_is_kept_as_long_as_clients_try_to_come_back() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    for second in range(119):
        idle(stage, bob, second % 7)
    assert bob in stage.room.sessions
    idle(stage, bob, 0)
    assert bob not in stage.room.sessions


def test_media_that_comes_back_gives_the_whole_time_to_resume_again() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.step(SignalLost(sid=bob))
    stage.step(PeerDisconnected(peer=bob))
    stage.wait(3)
    stage.step(PeerConnected(peer=bob))
    stage.wait(16)
    assert bob in stage.room.sessions
    stage.wait(1)
    assert bob not in stage.room.sessions


def test_checks_that_fail_alone_cost_nobody_the_place() -> None:
    stage = Stage()
    bob = stage.join("bob")
    for second in range(40):
        idle(stage, bob, second)
        stage.request("bob", Ping())
    assert bob in stage.room.sessions


def test_a_machine_that_vanishes_without_a_word_is_gone_after_twenty_seconds() -> None:
    stage = Stage()
    bob = stage.join("bob")
    for second in range(14):
        idle(stage, bob, second)
    assert CloseSignal(sid=bob) not in stage.effects
    for second in range(14, 19):
        idle(stage, bob, second)
        assert CloseSignal(sid=bob) in stage.effects
        assert bob in stage.room.sessions
    idle(stage, bob, 19)
    assert bob not in stage.room.sessions


def test_a_client_whose_media_failed_is_asked_to_come_back_and_kept_until_then() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(PeerClosed(peer=bob, reason="ice_timeout"))
    leave = stage.told("bob", Leave)
    assert leave == [Leave(DisconnectReason.CONNECTION_TIMEOUT, LeaveAction.RECONNECT)]
    assert stage.effects[-1] == CloseSignal(sid=bob)
    stage.forget()
    stage.join("bob")
    assert ParticipantState.DISCONNECTED not in {state for _, state in seen(stage, "alice")}


def test_closing_media_on_purpose_is_no_failure_when_a_leave_follows() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(PeerClosed(peer=bob, reason="peer_closed"))
    assert stage.told("bob", Leave) == []
    stage.request("bob", LeaveRequested())
    assert bob not in stage.room.sessions


def test_closing_media_on_purpose_and_staying_is_answered_with_a_call_back() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.step(PeerClosed(peer=bob, reason="peer_closed"))
    stage.wait(3)
    assert stage.told("bob", Leave)[-1].action is LeaveAction.RECONNECT


def test_a_silent_client_is_taken_for_lost() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.wait(29)
    assert CloseSignal(sid=bob) not in stage.effects
    stage.wait(1)
    assert CloseSignal(sid=bob) in stage.effects


def test_a_pinging_client_gets_a_fresh_token_every_five_minutes() -> None:
    stage = Stage()
    stage.join("bob")
    for _ in range(12):
        stage.wait(25)
        stage.request("bob", Ping())
    assert len(stage.told("bob", RefreshToken)) == 2


def test_removal_says_why_and_others_see_it() -> None:
    stage = Stage()
    stage.join("alice")
    bob = stage.join("bob")
    stage.step(RemoveParticipant(identity=Identity("bob")))
    assert stage.told("", Leave, sid=bob) == [Leave(DisconnectReason.PARTICIPANT_REMOVED, LeaveAction.DISCONNECT)]
    last = stage.told("alice", ParticipantsChanged)[-1].participants[0]
    assert (last.state, last.disconnect_reason) == (
        ParticipantState.DISCONNECTED,
        DisconnectReason.PARTICIPANT_REMOVED,
    )


def test_removing_somebody_who_is_not_there_is_an_error() -> None:
    stage = Stage()
    with pytest.raises(ApiError, match="not_found"):
        stage.step(RemoveParticipant(identity=Identity("bob")))


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (DisconnectReason.ROOM_DELETED, LeaveAction.DISCONNECT),
        (DisconnectReason.SERVER_SHUTDOWN, LeaveAction.RECONNECT),
    ],
)
def test_the_end_of_a_room_is_told_to_everybody_in_it(reason: DisconnectReason, action: LeaveAction) -> None:
    stage = Stage()
    people = [stage.join("alice"), stage.join("bob")]
    stage.step(EndRoom(reason=reason))
    for sid in people:
        assert stage.told("", Leave, sid=sid) == [Leave(reason, action)]
    assert stage.effects[-1] == RoomEnded(room=stage.room.sid)
    assert stage.facts()[-1] == "room_finished"


def test_an_empty_room_waits_for_its_first_visitor_and_then_for_the_last_to_return() -> None:
    stage = Stage(options=RoomOptions(empty_timeout_s=30, departure_timeout_s=10))
    stage.wait(29)
    assert not stage.room.is_ended
    stage.join("alice")
    stage.request("alice", LeaveRequested())
    stage.wait(9)
    assert not stage.room.is_ended
    stage.wait(1)
    assert stage.room.is_ended


def test_a_room_is_recorded_as_long_as_somebody_records_it() -> None:
    stage = Stage()
    stage.join("bob")
    stage.join("recorder", permission=permission(is_recorder=True, is_hidden=True))
    assert stage.told("bob", RoomChanged)[-1].room.is_recorded
    stage.request("recorder", LeaveRequested())
    assert not stage.told("bob", RoomChanged)[-1].room.is_recorded


def test_a_recorder_alone_does_not_keep_a_room_open() -> None:
    stage = Stage(options=RoomOptions(departure_timeout_s=5))
    recorder = stage.join("recorder", permission=permission(is_recorder=True, is_hidden=True))
    stage.join("alice")
    stage.request("alice", LeaveRequested())
    stage.wait(5)
    assert stage.room.is_ended
    assert stage.told("", Leave, sid=recorder)[0].reason is DisconnectReason.ROOM_CLOSED


def test_news_about_people_who_have_left_is_ignored() -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.request("bob", LeaveRequested())
    stage.forget()
    stage.step(PeerConnected(peer=bob))
    stage.step(PeerClosed(peer=bob, reason="requested"))
    stage.step(FromClient(sid=bob, request=Ping(), nonce="n"))
    assert stage.effects == []


@pytest.mark.parametrize(
    ("scenario", "stays", "action"),
    [
        (Scenario.FULL_RECONNECT, True, LeaveAction.RECONNECT),
        (Scenario.MIGRATION, True, LeaveAction.RECONNECT),
        (Scenario.SERVER_LEAVE, False, LeaveAction.DISCONNECT),
        (Scenario.NODE_FAILURE, False, None),
    ],
)
def test_rehearsed_trouble_ends_the_connection_in_its_own_way(
    scenario: Scenario, stays: bool, action: LeaveAction | None
) -> None:
    stage = Stage()
    bob = stage.join("bob")
    stage.request("bob", Simulate(scenario=scenario))
    assert CloseSignal(sid=bob) in stage.effects
    assert (bob in stage.room.sessions) is stays
    assert [leave.action for leave in stage.told("", Leave, sid=bob)] == ([action] if action is not None else [])
