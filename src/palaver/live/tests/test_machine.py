"""The room machine, turn by turn."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from palaver.live.domain import coming, effects as fx
from palaver.live.domain.machine import feed
from palaver.live.domain.moderation_commands import RemoveParticipant
from palaver.live.domain.people import Identity, Presence, Role, SocketId
from palaver.live.domain.permissions import Phase
from palaver.live.domain.replica import Audience, DropParticipant, DropReason, PutParticipant, PutRoom
from palaver.live.domain.room import Connected, RoomState, next_deadline_s
from palaver.live.domain.room_commands import EndForAll, Leave, RenameSelf, RequestMediaTicket
from palaver.live.domain.together_commands import RaiseHand
from palaver.live.tests.cast import command, facts, join, moment, room_with


def names(state: RoomState) -> list[str]:
    return [seat.participant.name for seat in state.seats.values()]


def lose(state: RoomState, socket_id: int, *, is_clean: bool = False, at: float = 0.0) -> RoomState:
    return feed(state, fx.SocketGone(SocketId(socket_id), is_clean=is_clean), moment(at)).state


def test_a_newcomer_is_seated_shown_and_recorded() -> None:
    step = feed(RoomState(facts=facts()), join("bob", 1), moment(3))
    assert step.answer == fx.Seated(step.state.seats["p1"].participant.participant_id)  # type: ignore[index]
    [put] = step.changes
    assert isinstance(put, PutParticipant)
    assert (put.participant.name, put.participant.role, put.participant.is_signed_in) == ("Bob", Role.GUEST, False)
    assert put.participant.joined_at == moment(3).at
    record, kept = step.effects
    assert isinstance(record, fx.RecordJoined)
    assert kept == fx.KeepState()
    assert step.state.versions[Audience.MODERATORS] == 1


def test_a_picture_is_shown_from_the_hello_on_and_follows_the_next_one() -> None:
    picture, other = "/avatars/a-96.webp", "/avatars/b-96.webp"
    step = feed(room_with("alice"), join("carol", 2, avatar_url=picture), moment())
    assert [change.participant.avatar_url for change in step.changes if isinstance(change, PutParticipant)] == [picture]
    step = feed(step.state, join("carol", 3, take_over=True, avatar_url=other), moment(1))
    assert [change.participant.avatar_url for change in step.changes if isinstance(change, PutParticipant)] == [other]
    assert step.state.seats["p1"].participant.avatar_url is None  # type: ignore[index]


def test_nobody_is_host_until_the_owner_comes() -> None:
    """LIVE-014."""
    state = room_with("bob", "carol")
    assert Role.OWNER not in {seat.participant.role for seat in state.seats.values()}
    state = feed(state, join("alice", 3), moment()).state
    assert [seat.participant.role for seat in state.seats.values()] == [Role.GUEST, Role.MEMBER, Role.OWNER]


def test_a_reload_is_not_seen_by_anybody() -> None:
    """LIVE-021, LIVE-023: the same identity within two seconds of a goodbye changes nothing."""
    before = room_with("alice", "bob")
    state = lose(before, 2, is_clean=True, at=10)
    step = feed(state, fx.TimePassed(), moment(11.9))
    assert (step.changes, step.effects) == ((), ())
    step = feed(step.state, join("bob", 3), moment(11.9))
    assert (step.changes, step.effects) == ((), ())
    assert step.answer == fx.Seated(before.seats["p2"].participant.participant_id)  # type: ignore[index]
    assert step.state.versions[Audience.MODERATORS] == before.versions[Audience.MODERATORS]


def test_a_closed_page_is_gone_after_two_seconds() -> None:
    """LIVE-021."""
    state = lose(room_with("alice", "bob"), 2, is_clean=True, at=10)
    assert next_deadline_s(state) == moment(12).steady_s
    step = feed(state, fx.TimePassed(), moment(12))
    assert step.changes == (DropParticipant(state.seats["p2"].participant.participant_id, DropReason.LEFT),)  # type: ignore[index]
    assert fx.RemoveFromEngine(Identity("id-bob")) in step.effects


def test_a_socket_that_is_cut_for_five_seconds_is_noticed_by_nobody() -> None:
    """LIVE-022, LIVE-023."""
    state = lose(room_with("alice", "bob"), 2, at=10)
    step = feed(state, fx.TimePassed(), moment(15))
    assert step.changes == ()
    step = feed(step.state, join("bob", 3, resume="p2"), moment(15))
    assert step.changes == ()
    assert step.effects == ()


def test_a_longer_loss_is_shown_then_ends_the_stay() -> None:
    """LIVE-022."""
    state = lose(room_with("alice", "bob"), 2, at=10)
    assert next_deadline_s(state) == moment(18).steady_s
    shown = feed(state, fx.TimePassed(), moment(18))
    [put] = shown.changes
    assert isinstance(put, PutParticipant)
    assert put.participant.presence is Presence.RECONNECTING
    assert next_deadline_s(shown.state) == moment(30).steady_s
    assert feed(shown.state, fx.TimePassed(), moment(29.9)).changes == ()
    gone = feed(shown.state, fx.TimePassed(), moment(30))
    [drop] = gone.changes
    assert isinstance(drop, DropParticipant)
    assert drop.reason is DropReason.CONNECTION_LOST


def test_a_return_after_being_shown_as_lost_is_shown_too() -> None:
    """LIVE-023."""
    state = feed(lose(room_with("alice", "bob"), 2, at=10), fx.TimePassed(), moment(19)).state
    step = feed(state, join("bob", 3), moment(20))
    [put] = step.changes
    assert isinstance(put, PutParticipant)
    assert (put.participant.presence, put.participant.participant_id) == (Presence.CONNECTED, "p2")


def test_a_second_tab_is_told_that_the_person_is_here() -> None:
    """LIVE-024."""
    state = room_with("alice", "bob")
    step = feed(state, join("bob", 3), moment())
    assert step.answer == fx.Refused("already_here")
    assert step.state == state


def test_a_second_tab_that_takes_over_sends_the_older_away() -> None:
    """LIVE-025."""
    state = room_with("alice", "bob")
    step = feed(state, join("bob", 3, take_over=True), moment())
    assert step.effects == (fx.CloseSocket(SocketId(2), fx.Farewell.TAKEN_OVER),)
    assert step.changes == ()
    assert step.state.seats["p2"].link == Connected(SocketId(3))  # type: ignore[index]
    # The older tab's connection ends now, and must not take the seat along.
    assert lose(step.state, 2, is_clean=True) == step.state


@pytest.mark.parametrize("sign", [{"tab_id": "tab-2"}, {"resume": "p2"}])
def test_the_same_page_takes_its_seat_back_unasked(sign: dict[str, str]) -> None:
    """LIVE-026: its old connection may be dead without anybody knowing yet."""
    step = feed(room_with("alice", "bob"), join("bob", 3, **sign), moment())  # type: ignore[arg-type]
    assert isinstance(step.answer, fx.Seated)


def test_a_hello_that_its_page_gave_up_takes_the_seat_from_no_newer_one() -> None:
    """LIVE-026: on a busy server the answer comes after the page has dialled again."""
    state = room_with("alice")
    state = feed(state, join("bob", 3, tab_id="bobs"), moment()).state
    for late in (join("bob", 2, tab_id="bobs"), join("bob", 2, tab_id="bobs", take_over=True)):
        step = feed(state, late, moment())
        assert step == fx.Step(state, answer=fx.Refused("already_here"))
    # Another tab that was opened earlier may be the one that is wanted now.
    assert isinstance(feed(state, join("bob", 2, take_over=True), moment()).answer, fx.Seated)
    # Nobody is in the way of a hello that only took long.
    assert isinstance(feed(lose(state, 3), join("bob", 2, tab_id="bobs"), moment()).answer, fx.Seated)


def test_somebody_elses_participant_id_is_no_way_to_their_seat() -> None:
    """LIVE-026: ids are public in the room; a seat goes by identity."""
    state = room_with("alice", "bob")
    step = feed(state, join("dave", 3, resume="p2", take_over=True), moment())
    assert step.answer == fx.Seated(step.state.seats["p3"].participant.participant_id)  # type: ignore[index]
    assert step.state.seats["p2"] == state.seats["p2"]  # type: ignore[index]


def test_leave_drops_at_once() -> None:
    """LIVE-020."""
    step = command(room_with("alice", "bob"), 2, "leave", Leave())
    assert names(step.state) == ["Alice"]
    assert step.effects[0] == fx.CloseSocket(SocketId(2), fx.Farewell.LEFT)
    assert step.answer == fx.Done()


def test_rename_is_cleaned_and_an_invisible_name_changes_nothing() -> None:
    """LIVE-030, LIVE-041."""
    state = room_with("alice", "bob")
    step = command(state, 2, "rename_self", RenameSelf("  Bob\u202e \n the\tBuilder "))
    assert names(step.state) == ["Alice", "Bob the Builder"]
    assert isinstance(step.effects[0], fx.RecordRenamed)
    assert command(state, 2, "rename_self", RenameSelf("\u200b\u202e  ")).state == state


def test_a_removed_guest_is_told_by_whom_and_cannot_return() -> None:
    """LIVE-042, LIVE-015, LIVE-051."""
    state = room_with("alice", "bob")
    step = command(state, 1, "remove_participant", RemoveParticipant(state.seats["p2"].participant.participant_id))  # type: ignore[index]
    assert step.effects[0] == fx.CloseSocket(SocketId(2), fx.Farewell.REMOVED, "Alice")
    assert fx.RemoveFromEngine(Identity("id-bob")) in step.effects
    assert feed(step.state, join("bob", 3), moment()).answer == fx.Refused("removed")


def test_a_host_can_neither_remove_a_stranger_nor_themselves() -> None:
    """LIVE-042."""
    state = room_with("alice", "bob")
    for target, code in (("p9", "participant_not_found"), ("p1", "cannot_remove_self")):
        step = command(state, 1, "remove_participant", RemoveParticipant(target))  # type: ignore[arg-type]
        assert (step.answer, step.state) == (fx.Refused(code), state)


def test_somebody_lost_can_be_removed_as_well() -> None:
    """LIVE-042: there is no socket to close, but media may still flow."""
    state = lose(room_with("alice", "bob"), 2)
    step = command(state, 1, "remove_participant", RemoveParticipant(state.seats["p2"].participant.participant_id))  # type: ignore[index]
    assert not any(isinstance(effect, fx.CloseSocket) for effect in step.effects)
    assert fx.RemoveFromEngine(Identity("id-bob")) in step.effects


def test_end_for_all_closes_everybody_and_the_room() -> None:
    """LIVE-043."""
    state = room_with("alice", "bob", "carol")
    step = command(state, 1, "end_for_all", EndForAll())
    closed = [effect for effect in step.effects if isinstance(effect, fx.CloseSocket)]
    assert [(c.socket_id, c.farewell, c.by) for c in closed] == [
        (number, fx.Farewell.ENDED_BY_HOST, "Alice") for number in (1, 2, 3)
    ]
    assert fx.DeleteEngineRoom() in step.effects
    assert step.effects[-1] == fx.RecordEnded(moment().at, by_user_id=1)
    assert (step.state.phase, dict(step.state.seats)) == (Phase.ENDED, {})


def test_an_ended_room_takes_nobody_in_and_no_commands() -> None:
    """LIVE-043."""
    ended = command(room_with("alice"), 1, "end_for_all", EndForAll()).state
    assert feed(ended, join("bob", 2), moment()).answer == fx.Refused("ended_by_host")
    assert command(ended, 1, "rename_self", RenameSelf("Al")).answer == fx.Refused("not_allowed")


def test_the_meeting_session_ends_with_the_last_who_leaves_but_waits_for_the_lost() -> None:
    """LIVE-071."""
    left = command(room_with("bob"), 1, "leave", Leave())
    assert left.effects[-1] == fx.RecordEnded(moment().at, by_user_id=None)
    lost = feed(lose(room_with("bob"), 1, at=0), fx.TimePassed(), moment(20))
    assert dict(lost.state.seats) == {}
    assert not any(isinstance(effect, fx.RecordEnded) for effect in lost.effects)


def test_a_media_ticket_is_due_only_to_somebody_inside() -> None:
    """LIVE-044, LIVE-050."""
    state = room_with("alice", "bob")
    assert command(state, 2, "media_ticket", RequestMediaTicket()).answer == fx.MediaTicketDue()
    assert command(state, 7, "media_ticket", RequestMediaTicket()).answer == fx.Refused("not_allowed")


def test_a_full_room_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """LIVE-016: but somebody who has a seat gets it back."""
    monkeypatch.setattr(coming, "MAX_SEATS", 2)
    state = room_with("alice", "bob")
    assert feed(state, join("carol", 3), moment()).answer == fx.Refused("room_full", {"limit": 2})
    assert isinstance(feed(state, join("bob", 3, take_over=True), moment()).answer, fx.Seated)


def test_guests_of_one_network_never_take_every_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    """LIVE-016: people with an account, from elsewhere, or with a seat are not held up by them."""
    monkeypatch.setattr(coming, "MAX_GUESTS_OF_NETWORK", 1)
    state = feed(room_with("alice"), join("bob", 2, network="198.51.100.7"), moment()).state
    refused = feed(state, join("dave", 3, network="198.51.100.7"), moment())
    assert refused.answer == fx.Refused("room_full", {"limit": 1})
    assert isinstance(feed(state, join("carol", 3, network="198.51.100.7"), moment()).answer, fx.Seated)
    assert isinstance(feed(state, join("dave", 3, network="203.0.113.9"), moment()).answer, fx.Seated)
    back = join("bob", 3, network="198.51.100.7", take_over=True)
    assert isinstance(feed(state, back, moment()).answer, fx.Seated)


def test_a_new_title_and_a_deleted_meeting_reach_the_room() -> None:
    """LIVE-072."""
    state = room_with("alice")
    step = feed(state, fx.TitleChanged("Retro"), moment())
    assert step.changes == (PutRoom(replace(state.facts, title="Retro")),)
    gone = feed(step.state, fx.MeetingDeleted(), moment())
    assert gone.effects[0] == fx.CloseSocket(SocketId(1), fx.Farewell.MEETING_DELETED)
    assert gone.state.phase is Phase.ENDED


def test_a_returning_person_has_the_role_and_name_of_now() -> None:
    state = lose(room_with("alice", "carol"), 2)
    step = feed(state, join("carol", 3, role=Role.HOST, name="Caro"), moment(1))
    [put] = step.changes
    assert isinstance(put, PutParticipant)
    assert (put.participant.role, put.participant.name) == (Role.HOST, "Caro")
    assert step.effects == (fx.RecordRenamed(put.participant.participant_id, "Caro"),)


def test_a_corrected_wall_clock_neither_drops_nor_keeps_anybody() -> None:
    """Deadlines run on the steady clock."""
    state = lose(room_with("alice", "bob"), 2, at=10)
    jumped = replace(moment(12), at=moment(99_999).at)
    assert feed(state, fx.TimePassed(), jumped).state == state


def test_a_wall_clock_that_is_set_back_changes_no_order() -> None:
    """LIVE-019, LIVE-109: who came first and whose hand went up first, also where a page counts milliseconds."""
    state = room_with("alice", "bob", "carol")
    for number, socket in enumerate((3, 1, 2)):
        state = command(state, socket, "raise_hand", RaiseHand(), at=100.0 - 3_600.0 * number).state
    raised = {seat.participant.hand_at: seat.participant.name for seat in state.seats.values()}
    assert [raised[at] for at in sorted(at for at in raised if at)] == ["Carol", "Alice", "Bob"]
    late = feed(state, join("dave", 4), replace(moment(200), at=moment(0).at - timedelta(days=1))).state
    came = sorted(late.seats.values(), key=lambda seat: seat.participant.joined_at)
    assert came[-1].participant.name == "Dave"
    gaps = [b.participant.joined_at - a.participant.joined_at for a, b in pairwise(came)]
    assert min(gaps) >= timedelta(milliseconds=1)
