"""The door: who waits, what they see, and how they come in."""

from dataclasses import replace
from typing import Any

import pytest

from palaver.live.domain import effects as fx, lobby
from palaver.live.domain.lobby import DENIED_FOR_S, UNANSWERED_AFTER_S, Admit, AdmitAll, Deny, DenyAll, Knock
from palaver.live.domain.machine import feed
from palaver.live.domain.moderation_commands import RemoveParticipant, SetLock
from palaver.live.domain.people import Identity, ParticipantId, Role, SocketId
from palaver.live.domain.replica import Audience, DropWaiting, PutParticipant, PutWaiting, WaitingEnd, WaitingStatus
from palaver.live.domain.room import RoomState, next_deadline_s, snapshot_for
from palaver.live.domain.room_commands import Leave, RequestMediaTicket
from palaver.live.tests.cast import command, facts, join, moment, room_with
from palaver.meetings.policy import AuditAction, WaitingRoom

P2 = ParticipantId("p2")


def with_door(waiting_room: WaitingRoom, *people: str) -> RoomState:
    state = room_with(*people)
    return replace(state, facts=replace(state.facts, waiting_room=waiting_room))


def bob_waits(**more: Any) -> RoomState:
    """Alice is inside on socket 1, bob at the door on socket 2."""
    return feed(with_door(WaitingRoom.GUESTS, "alice"), join("bob", 2, **more), moment()).state


def audits(step: fx.Step) -> list[AuditAction]:
    return [effect.action for effect in step.effects if isinstance(effect, fx.RecordAudit)]


@pytest.mark.parametrize(
    ("waiting_room", "waiting"),
    [
        (WaitingRoom.NOBODY, set()),
        (WaitingRoom.GUESTS, {"bob"}),
        (WaitingRoom.EVERYONE, {"bob", "carol"}),
    ],
)
def test_who_waits_is_what_the_waiting_room_says(waiting_room: WaitingRoom, waiting: set[str]) -> None:
    """LIVE-090: moderators never wait."""
    state = RoomState(facts=replace(facts(), waiting_room=waiting_room))
    for number, who in enumerate(("bob", "carol", "alice"), start=1):
        state = feed(state, join(who, number), moment()).state
    assert {waiter.person.identity for waiter in state.waiting.values()} == {Identity(f"id-{who}") for who in waiting}


def test_an_early_guest_waits_also_when_nobody_is_there() -> None:
    """LIVE-090: coming early is no way around the door."""
    state = RoomState(facts=replace(facts(), waiting_room=WaitingRoom.GUESTS))
    step = feed(state, join("bob", 1), moment())
    assert step.answer == fx.Waits(ParticipantId("p1"))
    assert not step.state.seats
    assert not any(isinstance(effect, fx.RecordJoined) for effect in step.effects)


def test_trusted_people_pass_and_invited_meetings_hold_guests_back() -> None:
    """LIVE-090."""
    state = with_door(WaitingRoom.EVERYONE, "alice")
    assert isinstance(feed(state, join("carol", 2, is_trusted=True), moment()).answer, fx.Seated)
    state = with_door(WaitingRoom.NOBODY, "alice")
    assert isinstance(feed(state, join("bob", 2, always_waits=True), moment()).answer, fx.Waits)


def test_only_moderators_are_told_who_is_at_the_door() -> None:
    """LIVE-091, LIVE-064."""
    step = feed(with_door(WaitingRoom.GUESTS, "alice", "carol"), join("bob", 3), moment())
    [put] = step.changes
    assert isinstance(put, PutWaiting)
    assert put.person.name == "Bob"
    moderators, others = (snapshot_for(step.state, a) for a in (Audience.MODERATORS, Audience.PARTICIPANTS))
    assert moderators is not None
    assert others is not None
    assert set(moderators.waiting) == {"p3"}
    assert not others.waiting
    assert step.state.versions[Audience.PARTICIPANTS] == 2, "not even their version moves"
    assert snapshot_for(step.state, Audience.WAITING) is None


@pytest.mark.parametrize("given", [RequestMediaTicket(), Admit(P2), AdmitAll()])
def test_somebody_at_the_door_can_do_nothing_but_knock_and_go(given: object) -> None:
    """LIVE-092."""
    kind = {RequestMediaTicket: "media_ticket", Admit: "admit", AdmitAll: "admit_all"}[type(given)]
    state = bob_waits()
    step = command(state, 2, kind, given)
    assert (step.answer, step.state) == (fx.Refused("not_allowed"), state)


def test_a_place_at_the_door_is_kept_over_retries() -> None:
    """LIVE-093: the same place, the same time of asking, whatever tab."""
    state = bob_waits()
    again = feed(state, join("bob", 3), moment(5))
    assert again.answer == fx.Waits(P2)
    assert again.effects == (fx.CloseSocket(SocketId(2), fx.Farewell.TAKEN_OVER),)
    assert again.state.waiting[P2].person.since == moment().at
    assert again.changes == ()


def test_a_hello_that_its_page_gave_up_takes_no_place_at_the_door() -> None:
    """LIVE-026, LIVE-093: the place stays with the newer connection of the page."""
    state = bob_waits(tab_id="bobs")
    socket = next(iter(state.waiting.values())).link.socket_id  # type: ignore[union-attr]
    step = feed(state, join("bob", socket - 1, tab_id="bobs"), moment())
    assert step == fx.Step(state, answer=fx.Refused("already_here"))


def test_who_goes_away_from_the_door_is_taken_off_the_list() -> None:
    """LIVE-093."""
    state = feed(bob_waits(), fx.SocketGone(SocketId(2), is_clean=False), moment(1)).state
    assert not state.waiting[P2].person.is_connected
    while state.waiting:
        due_s = next_deadline_s(state)
        assert due_s is not None
        step = feed(state, fx.TimePassed(), replace(moment(), steady_s=due_s))
        state = step.state
    assert step.changes == (DropWaiting(P2, WaitingEnd.LEFT),)
    left = command(bob_waits(), 2, "leave", Leave())
    assert left.effects == (fx.CloseSocket(SocketId(2), fx.Farewell.LEFT),)
    assert not left.state.waiting


def test_nobody_answers_and_asking_again_starts_anew() -> None:
    """LIVE-094."""
    step = feed(bob_waits(), fx.TimePassed(), moment(UNANSWERED_AFTER_S))
    person = step.state.waiting[P2].person
    assert person.status is WaitingStatus.UNANSWERED
    assert step.effects == (fx.TellWaiting(SocketId(2), person),)
    asked = command(step.state, 2, "knock", Knock("It is me, \u202e Bob \n from 4b"), at=70)
    person = asked.state.waiting[P2].person
    assert (person.status, person.note, person.asked_at) == (
        WaitingStatus.ASKED,
        "It is me, Bob from 4b",
        moment(70).at,
    )
    assert next_deadline_s(asked.state) == moment(70 + UNANSWERED_AFTER_S).steady_s


def test_an_admitted_person_is_inside_with_their_own_role() -> None:
    """LIVE-095."""
    step = command(bob_waits(), 1, "admit", Admit(P2))
    assert [type(change) for change in step.changes] == [DropWaiting, PutParticipant]
    assert step.state.seats[P2].participant.role is Role.GUEST
    assert fx.LetIn(SocketId(2), P2) in step.effects
    assert audits(step) == [AuditAction.ADMIT]
    assert any(isinstance(effect, fx.RecordJoined) for effect in step.effects)


def test_who_waited_comes_in_with_their_picture() -> None:
    state = feed(with_door(WaitingRoom.EVERYONE, "alice"), join("carol", 2, avatar_url="/avatars/a-96.webp"), moment())
    step = command(state.state, 1, "admit", Admit(P2))
    assert step.state.seats[P2].participant.avatar_url == "/avatars/a-96.webp"


def test_who_was_admitted_while_away_walks_straight_in() -> None:
    """LIVE-095."""
    away = feed(bob_waits(), fx.SocketGone(SocketId(2), is_clean=False), moment()).state
    step = command(away, 1, "admit_all", AdmitAll())
    assert not step.state.seats.keys() & {P2}
    back = feed(step.state, join("bob", 5), moment(1))
    assert isinstance(back.answer, fx.Seated)


def test_who_was_admitted_comes_back_without_waiting_until_they_leave_themselves() -> None:
    """LIVE-095: a cut is no reason to wait again; a goodbye is."""
    inside = command(bob_waits(), 1, "admit", Admit(P2)).state
    lost = feed(feed(inside, fx.SocketGone(SocketId(2), is_clean=False), moment()).state, fx.TimePassed(), moment(30))
    assert isinstance(feed(lost.state, join("bob", 4), moment(31)).answer, fx.Seated)
    loaded_anew = command(inside, 2, "leave", Leave(is_for_good=False)).state
    assert isinstance(feed(loaded_anew, join("bob", 4), moment(31)).answer, fx.Seated)
    left = command(inside, 2, "leave", Leave()).state
    assert isinstance(feed(left, join("bob", 4), moment(31)).answer, fx.Waits)


def test_a_denied_person_is_told_and_may_ask_again_after_a_while() -> None:
    """LIVE-096."""
    step = command(bob_waits(), 1, "deny", Deny(P2))
    assert fx.CloseSocket(SocketId(2), fx.Farewell.DENIED) in step.effects
    assert step.changes == (DropWaiting(P2, WaitingEnd.DENIED),)
    assert audits(step) == [AuditAction.DENY]
    assert feed(step.state, join("bob", 3), moment(1)).answer == fx.Refused("denied")
    assert isinstance(feed(step.state, join("bob", 3), moment(DENIED_FOR_S)).answer, fx.Waits)


def test_all_at_once() -> None:
    """LIVE-095, LIVE-096."""
    state = feed(bob_waits(), join("dave", 3), moment()).state
    assert len(command(state, 1, "admit_all", AdmitAll()).state.seats) == 3
    denied = command(state, 1, "deny_all", DenyAll())
    assert not denied.state.waiting
    assert audits(denied) == [AuditAction.DENY] * 2


def test_naming_somebody_who_is_not_at_the_door_changes_nothing() -> None:
    state = bob_waits()
    for kind, given in (("admit", Admit(ParticipantId("p1"))), ("deny", Deny(ParticipantId("p9")))):
        step = command(state, 1, kind, given)
        assert (step.answer, step.state) == (fx.Refused("participant_not_found"), state)


def test_a_locked_room_stops_everyone_but_the_hosts_and_those_who_were_here() -> None:
    """LIVE-097."""
    locked = command(room_with("alice", "bob"), 1, "set_lock", SetLock(True)).state
    assert feed(locked, join("carol", 3), moment()).answer == fx.Refused("meeting_locked")
    assert feed(locked, join("dave", 3, is_trusted=True), moment()).answer == fx.Refused("meeting_locked")
    assert isinstance(feed(locked, join("carol", 3, role=Role.HOST), moment()).answer, fx.Seated)
    cut = feed(feed(locked, fx.SocketGone(SocketId(2), is_clean=False), moment()).state, fx.TimePassed(), moment(30))
    assert isinstance(feed(cut.state, join("bob", 4), moment(40)).answer, fx.Seated)


def test_a_guest_from_where_a_guest_was_removed_is_looked_at_first() -> None:
    """LIVE-015: deleting the ticket makes a new guest, but not an unseen one."""
    state = feed(room_with("alice"), join("bob", 2, network="198.51.100.7"), moment()).state
    state = command(state, 1, "remove_participant", RemoveParticipant(P2)).state
    assert isinstance(feed(state, join("dave", 3, network="198.51.100.7"), moment()).answer, fx.Waits)
    assert isinstance(feed(state, join("dave", 3, network="203.0.113.9"), moment()).answer, fx.Seated)
    assert isinstance(feed(state, join("carol", 3, network="198.51.100.7"), moment()).answer, fx.Seated)


def test_guests_of_one_network_never_fill_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """LIVE-016."""
    monkeypatch.setattr(lobby, "MAX_WAITING_OF_NETWORK", 1)
    state = bob_waits(network="198.51.100.7")
    refused = feed(state, join("dave", 3, network="198.51.100.7"), moment())
    assert refused.answer == fx.Refused("room_full", {"limit": 1})
    assert isinstance(feed(state, join("dave", 3, network="203.0.113.9"), moment()).answer, fx.Waits)
    assert isinstance(feed(state, join("bob", 3, network="198.51.100.7"), moment()).answer, fx.Waits)


def test_the_door_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lobby, "MAX_WAITING", 1)
    assert feed(bob_waits(), join("dave", 3), moment()).answer == fx.Refused("room_full", {"limit": 1})
