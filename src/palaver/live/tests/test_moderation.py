"""Keeping order: roles, quiet, switches, putting out, and the room that is handed over."""

import json
from dataclasses import replace

import pytest

from palaver.live.domain import effects as fx
from palaver.live.domain.kept import keep, restore
from palaver.live.domain.machine import feed
from palaver.live.domain.moderation_commands import (
    AskToUnmute,
    BanParticipant,
    MuteAll,
    MuteParticipant,
    RemoveParticipant,
    RenameParticipant,
    SetRights,
    SetRole,
    SetSpotlight,
    SetSuspended,
)
from palaver.live.domain.people import Identity, ParticipantId, Reaction, Role, SocketId
from palaver.live.domain.permissions import Phase
from palaver.live.domain.presenting_commands import (
    SetOnePresenter,
    ShareAsk,
    ShareHandOver,
    ShareRelease,
    ShareRevoke,
    ShareTake,
)
from palaver.live.domain.replica import DropParticipant, PutParticipant
from palaver.live.domain.room import RoomState
from palaver.live.domain.room_commands import EndForAll, Leave, RenameSelf
from palaver.live.domain.sources import Source, sources_of
from palaver.live.domain.together_commands import LowerAllHands, LowerHand, LowerHandOf, RaiseHand, React
from palaver.live.tests.cast import command, facts, join, moment, room_with
from palaver.meetings.policy import AuditAction, Policy, Rights

P1, P2, P3 = (ParticipantId(f"p{number}") for number in (1, 2, 3))
EVERYTHING = frozenset(Source)


def audits(step: fx.Step) -> list[AuditAction]:
    return [effect.action for effect in step.effects if isinstance(effect, fx.RecordAudit)]


def sources(step: fx.Step) -> dict[str, frozenset[Source]]:
    return {effect.identity: effect.sources for effect in step.effects if isinstance(effect, fx.SetSources)}


def told(step: fx.Step, to: ParticipantId) -> list[fx.Notice]:
    return [effect.notice for effect in step.effects if isinstance(effect, fx.Notify) and effect.to == to]


def hosted(*others: str) -> RoomState:
    """Alice on socket 1 owns the meeting, carol on 2 is a host, the others follow."""
    state = feed(room_with("alice"), join("carol", 2, role=Role.HOST), moment()).state
    for number, who in enumerate(others, start=3):
        state = feed(state, join(who, number), moment()).state
    return state


# --- roles ---------------------------------------------------------------------------------------


def test_a_promotion_holds_at_once_in_room_and_engine_and_for_the_run() -> None:
    """LIVE-100."""
    state = room_with("alice", "carol")
    step = command(state, 1, "set_role", SetRole(P2, Role.VIEWER))
    assert step.state.seats[P2].participant.role is Role.VIEWER
    assert sources(step) == {"id-carol": frozenset()}
    assert audits(step) == [AuditAction.CHANGE_ROLE]
    left = command(step.state, 2, "leave", Leave()).state
    assert feed(left, join("carol", 3), moment()).state.seats[P3].participant.role is Role.VIEWER


@pytest.mark.parametrize(
    ("actor", "target", "role", "code"),
    [
        (2, P1, Role.MEMBER, "outranked"),  # nobody unmakes the owner
        (2, P3, Role.OWNER, "outranked"),  # nobody makes one
        (1, P3, Role.CO_HOST, "sign_in_required"),  # a guest is whoever has the tab
        (1, ParticipantId("p9"), Role.HOST, "participant_not_found"),
        (3, P2, Role.MEMBER, "not_allowed"),
    ],
)
def test_roles_have_limits(actor: int, target: ParticipantId, role: Role, code: str) -> None:
    """LIVE-100."""
    state = hosted("bob")
    step = command(state, actor, "set_role", SetRole(target, role))
    assert (step.answer, step.state) == (fx.Refused(code), state)


def test_the_owner_is_owner_again_however_they_were_called() -> None:
    """LIVE-100: a grant never stands above the meeting's own list."""
    state = replace(room_with("carol"), grants={Identity("id-alice"): Role.VIEWER})
    assert feed(state, join("alice", 2), moment()).state.seats[P2].participant.role is Role.OWNER


def test_what_the_list_says_now_counts_in_a_running_room() -> None:
    """LIVE-101."""
    step = feed(room_with("alice", "carol"), fx.MembershipChanged(2, Role.CO_HOST), moment())
    assert step.state.seats[P2].participant.role is Role.CO_HOST
    assert feed(step.state, fx.MembershipChanged(1, Role.VIEWER), moment()).state.seats[P1].own_role is Role.OWNER


# --- handing over --------------------------------------------------------------------------------


def test_the_room_is_handed_over_and_given_back() -> None:
    """LIVE-019: to the signed-in member who came first; guests never."""
    state = room_with("bob", "carol", "alice")
    gone = command(state, 3, "leave", Leave())
    carol = gone.state.seats[P2].participant
    assert (carol.role, carol.is_acting) == (Role.HOST, True)
    assert audits(gone) == [AuditAction.HAND_OVER]
    back = feed(gone.state, join("alice", 4), moment())
    carol = back.state.seats[P2].participant
    assert (carol.role, carol.is_acting) == (Role.MEMBER, False)
    assert audits(back) == [AuditAction.GIVE_BACK]


def test_a_co_host_goes_before_members_and_nobody_acts_among_guests() -> None:
    """LIVE-019."""
    state = feed(room_with("carol", "alice"), join("dave", 3, role=Role.CO_HOST, user_id=9), moment()).state
    gone = command(state, 2, "leave", Leave()).state
    assert [seat.participant.name for seat in gone.seats.values() if seat.participant.is_acting] == ["Dave"]
    alone = command(room_with("bob", "alice"), 2, "leave", Leave()).state
    assert not any(seat.participant.is_acting for seat in alone.seats.values())


def test_who_only_acts_as_host_decides_nothing_beyond_this_run() -> None:
    """LIVE-019."""
    state = command(room_with("carol", "alice", "bob"), 2, "leave", Leave()).state
    assert command(state, 1, "ban_participant", BanParticipant(P3, "", None)).answer == fx.Refused("not_allowed")
    assert command(state, 1, "set_role", SetRole(P1, Role.HOST)).answer == fx.Refused("outranked")
    assert audits(command(state, 1, "remove_participant", RemoveParticipant(P3))) == [AuditAction.REMOVE]


# --- quiet ---------------------------------------------------------------------------------------


def test_muting_one_stops_the_source_in_the_engine_and_tells_whom_it_concerns() -> None:
    """LIVE-102."""
    step = command(room_with("alice", "bob"), 1, "mute_participant", MuteParticipant(P2, Source.MICROPHONE))
    assert fx.MuteInEngine(Identity("id-bob"), Source.MICROPHONE) in step.effects
    assert told(step, P2) == [fx.StoppedBy(Source.MICROPHONE, "Alice", may_resume=True)]
    assert audits(step) == [AuditAction.MUTE]
    assert step.changes == ()


def test_muting_all_spares_moderators_and_can_take_the_right_to_unmute() -> None:
    """LIVE-102."""
    step = command(hosted("bob", "dave"), 1, "mute_all", MuteAll(may_unmute=False))
    muted = {effect.identity for effect in step.effects if isinstance(effect, fx.MuteInEngine)}
    assert muted == {"id-bob", "id-dave"}
    assert sources(step) == dict.fromkeys(("id-bob", "id-dave"), EVERYTHING - {Source.MICROPHONE})
    assert not step.state.facts.rights.microphone
    again = command(step.state, 1, "mute_all", MuteAll(may_unmute=True))
    assert again.state.facts.rights.microphone


def test_nobody_is_unmuted_by_others_they_are_asked() -> None:
    """LIVE-102."""
    step = command(room_with("alice", "bob"), 1, "ask_to_unmute", AskToUnmute(P2))
    assert told(step, P2) == [fx.AskedToUnmute("Alice")]
    assert not sources(step)


def test_a_co_host_cannot_put_out_a_host_but_may_mute_no_host_either() -> None:
    """LIVE-103."""
    state = feed(hosted(), join("dave", 3, role=Role.CO_HOST, user_id=9), moment()).state
    for kind, given in (
        ("remove_participant", RemoveParticipant(P2)),
        ("mute_participant", MuteParticipant(P2, Source.CAMERA)),
        ("rename_participant", RenameParticipant(P1, "X")),
    ):
        assert command(state, 3, kind, given).answer == fx.Refused("outranked")


def test_a_switch_that_is_off_stops_members_and_spares_moderators() -> None:
    """LIVE-104."""
    step = command(hosted("bob"), 1, "set_rights", SetRights(Rights(camera=False, rename=False)))
    assert sources(step) == {"id-bob": EVERYTHING - {Source.CAMERA}}
    assert command(step.state, 3, "rename_self", RenameSelf("B")).answer == fx.Refused("switched_off")
    assert command(step.state, 2, "rename_self", RenameSelf("C")).answer == fx.Done()
    [entry] = [effect for effect in step.effects if isinstance(effect, fx.RecordAudit)]
    assert entry.detail == {"camera": False, "rename": False}


def test_suspending_stops_everything_in_one_press_and_resuming_gives_it_back() -> None:
    """LIVE-105."""
    state = hosted("bob")
    step = command(state, 1, "set_suspended", SetSuspended(True))
    assert sources(step) == {"id-bob": frozenset()}
    assert step.state.phase is Phase.SUSPENDED
    assert command(step.state, 3, "raise_hand", RaiseHand()).answer == fx.Refused("not_allowed")
    assert feed(step.state, join("dave", 4), moment()).answer == fx.Refused("meeting_locked")
    resumed = command(step.state, 1, "set_suspended", SetSuspended(False))
    assert sources(resumed) == {"id-bob": EVERYTHING}
    assert resumed.state.facts == state.facts


def test_a_policy_changed_on_a_page_holds_in_the_room() -> None:
    """LIVE-101."""
    step = feed(room_with("alice", "bob"), fx.PolicyChanged(Policy(rights=Rights(microphone=False))), moment())
    assert sources(step) == {"id-bob": EVERYTHING - {Source.MICROPHONE}}


# --- putting out ---------------------------------------------------------------------------------


def test_a_banned_person_is_out_of_all_runs_and_told_so() -> None:
    """LIVE-106."""
    state = feed(room_with("alice"), join("bob", 2, network="198.51.100.7"), moment()).state
    step = command(state, 1, "ban_participant", BanParticipant(P2, " rude\n", 7))
    assert fx.CloseSocket(SocketId(2), fx.Farewell.BANNED, "Alice") in step.effects
    [record] = [effect for effect in step.effects if isinstance(effect, fx.RecordBan)]
    assert (record.network, record.reason, record.days) == ("198.51.100.7", "rude", 7)
    assert fx.RemoveFromEngine(Identity("id-bob")) in step.effects
    assert feed(step.state, join("bob", 3), moment()).answer == fx.Refused("removed")


def test_somebody_banned_on_a_page_is_out_of_the_running_room() -> None:
    """LIVE-106."""
    step = feed(room_with("alice", "carol"), fx.BannedElsewhere(Identity("id-else"), 2), moment())
    [drop] = [change for change in step.changes if isinstance(change, DropParticipant)]
    assert drop.participant_id == P2
    assert fx.CloseSocket(SocketId(2), fx.Farewell.BANNED) in step.effects


def test_the_owner_is_never_put_out() -> None:
    """LIVE-103."""
    state = hosted()
    assert command(state, 2, "remove_participant", RemoveParticipant(P1)).answer == fx.Refused("outranked")
    assert feed(state, fx.BannedElsewhere(Identity("id-alice"), 1), moment()).state.seats.keys() == state.seats.keys()


def test_the_end_is_written_into_the_log() -> None:
    assert audits(command(room_with("alice"), 1, "end_for_all", EndForAll())) == [AuditAction.END]


# --- presenting and the big place ----------------------------------------------------------------


def presenting() -> RoomState:
    state = command(hosted("bob", "dave"), 1, "set_one_presenter", SetOnePresenter(True)).state
    return command(state, 3, "share_take", ShareTake()).state


def test_one_presents_at_a_time_and_the_engine_holds_it() -> None:
    """LIVE-107."""
    state = presenting()
    assert state.facts.presenter_id == P3
    screens = {pid: Source.SCREEN_SHARE in sources_of(state, seat) for pid, seat in state.seats.items()}
    assert screens == {"p1": False, "p2": False, "p3": True, "p4": False}
    assert command(state, 4, "share_take", ShareTake()).answer == fx.Refused("presenter_taken")
    taken = command(state, 1, "share_take", ShareTake())
    assert taken.state.facts.presenter_id == P1
    assert audits(taken) == [AuditAction.REVOKE_PRESENTER]
    assert sources(taken)["id-bob"] == EVERYTHING - {Source.SCREEN_SHARE, Source.SCREEN_SHARE_AUDIO}


def test_presenting_is_asked_for_handed_over_and_given_up() -> None:
    """LIVE-107."""
    asked = command(presenting(), 4, "share_ask", ShareAsk(True)).state
    assert asked.seats[ParticipantId("p4")].participant.asks_to_share_at == moment().at
    given = command(asked, 3, "share_hand_over", ShareHandOver(ParticipantId("p4"))).state
    assert given.facts.presenter_id == "p4"
    assert given.seats[ParticipantId("p4")].participant.asks_to_share_at is None
    assert command(given, 3, "share_hand_over", ShareHandOver(P3)).answer == fx.Refused("not_allowed")
    assert command(given, 4, "share_release", ShareRelease()).state.facts.presenter_id is None
    revoked = command(given, 1, "share_revoke", ShareRevoke())
    assert revoked.state.facts.presenter_id is None
    assert audits(revoked) == [AuditAction.REVOKE_PRESENTER]


def test_whoever_presents_and_goes_presents_no_more() -> None:
    """LIVE-107."""
    assert command(presenting(), 3, "leave", Leave()).state.facts.presenter_id is None


def test_the_spotlight_is_for_at_most_two_who_are_here() -> None:
    """LIVE-108."""
    state = hosted("bob")
    step = command(state, 1, "set_spotlight", SetSpotlight((P3, P3)))
    assert step.state.facts.spotlight == (P3,)
    assert command(step.state, 3, "leave", Leave()).state.facts.spotlight == ()
    assert command(state, 1, "set_spotlight", SetSpotlight((P1, P2, P3))).answer == fx.Refused("too_many", {"limit": 2})
    gone = SetSpotlight((ParticipantId("p9"),))
    assert command(state, 1, "set_spotlight", gone).answer == fx.Refused("participant_not_found")


# --- being together ------------------------------------------------------------------------------


def test_hands_keep_their_order_and_raising_twice_changes_nothing() -> None:
    """LIVE-109."""
    up = command(room_with("alice", "bob"), 2, "raise_hand", RaiseHand(), at=1)
    [put] = up.changes
    assert isinstance(put, PutParticipant)
    assert put.participant.hand_at == moment(1).at
    assert command(up.state, 2, "raise_hand", RaiseHand(), at=9).state == up.state
    assert command(up.state, 2, "lower_hand", LowerHand()).state.seats[P2].participant.hand_at is None


def test_a_moderator_lowers_hands_and_the_person_is_told() -> None:
    """LIVE-109."""
    up = command(room_with("alice", "bob"), 2, "raise_hand", RaiseHand()).state
    step = command(up, 1, "lower_hand_of", LowerHandOf(P2))
    assert told(step, P2) == [fx.HandLoweredBy("Alice")]
    assert audits(step) == [AuditAction.LOWER_HAND]
    all_down = command(up, 1, "lower_all_hands", LowerAllHands())
    assert audits(all_down) == [AuditAction.LOWER_ALL_HANDS]
    assert all_down.state.seats[P2].participant.hand_at is None


def test_reactions_are_told_to_all_kept_nowhere_and_not_too_many() -> None:
    """LIVE-110."""
    step = command(room_with("alice", "bob"), 2, "react", React(Reaction.CLAP))
    assert step.effects == (fx.Notify(None, fx.Reacted(P2, Reaction.CLAP)),)
    assert step.changes == ()
    assert command(step.state, 2, "react", React(Reaction.CLAP), at=0.4).answer == fx.Refused("too_fast")
    assert command(step.state, 2, "react", React(Reaction.CLAP), at=0.5).answer == fx.Done()


# --- what outlives the process -------------------------------------------------------------------


def test_a_room_goes_on_after_a_restart_with_its_rules_and_places() -> None:
    """LIVE-111."""
    state = command(presenting(), 1, "set_rights", SetRights(Rights(chat=False))).state
    state = command(state, 1, "set_role", SetRole(P2, Role.VIEWER)).state
    again = restore(RoomState(facts=facts()), json.loads(json.dumps(keep(state))))
    assert again.facts == state.facts
    back = feed(again, join("bob", 77), moment(5))
    assert back.answer == fx.Seated(P3), "the same place as before"
    assert back.state.seats[P3].participant.joined_at == state.seats[P3].participant.joined_at
    carol = feed(back.state, join("carol", 78, role=Role.HOST), moment(5)).state.seats[P2]
    assert carol.participant.role is Role.VIEWER


@pytest.mark.parametrize("kept", [None, {}, {"v": 2}, {"v": 1}, {"v": 1, "locked": True, "grants": []}])
def test_what_cannot_be_read_is_left_out(kept: dict[str, object] | None) -> None:
    """LIVE-111: an older or newer server wrote it."""
    fresh = RoomState(facts=facts())
    assert restore(fresh, kept) == fresh
