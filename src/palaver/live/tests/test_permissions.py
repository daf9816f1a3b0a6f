"""LIVE-040: the matrix of role, command and state is generated, and every cell is played."""

from dataclasses import replace
from itertools import product

import pytest

from palaver.config.live_handlers import REGISTRY, build_registry
from palaver.live import wire
from palaver.live.commands import CommandSpec
from palaver.live.domain import (
    effects as fx,
    lobby,
    moderation_commands as moderation,
    presenting_commands as presenting,
    room_commands as room,
    together_commands as together,
)
from palaver.live.domain.machine import feed, give_command
from palaver.live.domain.people import ParticipantId, Reaction, Role, SocketId, Standing
from palaver.live.domain.permissions import (
    HOSTS,
    ROOM_PERMISSIONS,
    Phase,
    is_allowed,
    permission_rows,
)
from palaver.live.domain.room import Moment, RoomState, Seat, Waiter
from palaver.live.domain.sources import Source
from palaver.live.tests.cast import RULES, join, moment, person_at_the_door, room_with
from palaver.meetings.policy import Rights, WaitingRoom

P2 = ParticipantId("p2")
SAMPLES: dict[str, object] = {
    "rename_self": room.RenameSelf("Zoe"),
    "leave": room.Leave(),
    "end_for_all": room.EndForAll(),
    "media_ticket": room.RequestMediaTicket(),
    "knock": lobby.Knock("It is me"),
    "admit": lobby.Admit(ParticipantId("p4")),
    "admit_all": lobby.AdmitAll(),
    "deny": lobby.Deny(ParticipantId("p4")),
    "deny_all": lobby.DenyAll(),
    "set_lock": moderation.SetLock(True),
    "set_waiting_room": moderation.SetWaitingRoom(WaitingRoom.GUESTS),
    "remove_participant": moderation.RemoveParticipant(P2),
    "ban_participant": moderation.BanParticipant(P2, "", None),
    "set_role": moderation.SetRole(P2, Role.VIEWER),
    "rename_participant": moderation.RenameParticipant(P2, "Zoe"),
    "mute_participant": moderation.MuteParticipant(P2, Source.MICROPHONE),
    "mute_all": moderation.MuteAll(may_unmute=True),
    "ask_to_unmute": moderation.AskToUnmute(P2),
    "set_rights": moderation.SetRights(Rights(camera=False)),
    "set_suspended": moderation.SetSuspended(True),
    "set_spotlight": moderation.SetSpotlight((P2,)),
    "set_one_presenter": presenting.SetOnePresenter(True),
    "share_take": presenting.ShareTake(),
    "share_release": presenting.ShareRelease(),
    "share_ask": presenting.ShareAsk(True),
    "share_hand_over": presenting.ShareHandOver(P2),
    "share_revoke": presenting.ShareRevoke(),
    "raise_hand": together.RaiseHand(),
    "lower_hand": together.LowerHand(),
    "lower_hand_of": together.LowerHandOf(P2),
    "lower_all_hands": together.LowerAllHands(),
    "react": together.React(Reaction.CLAP),
    "set_standing": together.SetStanding(Standing.AWAY),
}
ALL = frozenset({"owner", "host", "co_host", "member", "guest", "viewer"})
MODS = frozenset({"owner", "host", "co_host"})
TOP = frozenset({"owner", "host"})
NONE: frozenset[str] = frozenset()
# What the table must say, written a second time by hand: a slip in the table is a slip in who may end a meeting.
# Who may while the room is open, while everything is suspended, and at the door.
EXPECTED: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]] = {
    "rename_self": (ALL, MODS, NONE),
    "leave": (ALL, ALL, ALL),
    "media_ticket": (ALL, ALL, NONE),
    "end_for_all": (TOP, TOP, NONE),
    "knock": (NONE, NONE, ALL),
    **dict.fromkeys(("admit", "admit_all", "deny", "deny_all", "set_lock", "set_waiting_room"), (MODS, MODS, NONE)),
    **dict.fromkeys(("remove_participant", "rename_participant", "mute_participant"), (MODS, MODS, NONE)),
    **dict.fromkeys(("mute_all", "ask_to_unmute", "set_rights", "set_suspended", "set_spotlight"), (MODS, MODS, NONE)),
    **dict.fromkeys(("set_one_presenter", "share_revoke", "lower_hand_of", "lower_all_hands"), (MODS, MODS, NONE)),
    **dict.fromkeys(("ban_participant", "set_role"), (TOP, TOP, NONE)),
    **dict.fromkeys(("share_take", "share_ask", "share_hand_over"), (ALL - {"viewer"}, MODS, NONE)),
    "share_release": (ALL - {"viewer"}, ALL - {"viewer"}, NONE),
    **dict.fromkeys(("raise_hand", "react"), (ALL, MODS, NONE)),
    **dict.fromkeys(("lower_hand", "set_standing"), (ALL, ALL, NONE)),
}


def expected(kind: str, role: Role, phase: Phase) -> bool:
    open_to, suspended_to, waiting_to = EXPECTED[kind]
    by_phase = {Phase.OPEN: open_to, Phase.SUSPENDED: suspended_to, Phase.WAITING: waiting_to, Phase.ENDED: NONE}
    return role.value in by_phase[phase]


@pytest.mark.parametrize(
    ("kind", "role", "phase"), list(product((spec.kind for spec in REGISTRY.room_specs()), Role, Phase))
)
def test_each_cell_of_the_table_is_what_the_room_does(kind: str, role: Role, phase: Phase) -> None:
    is_waiting = phase is Phase.WAITING
    state = feed(room_with("alice", "bob"), join("dave", 3, role=role), moment()).state
    if is_waiting:
        [seat] = [seat for seat in state.seats.values() if seat.participant.participant_id == "p3"]
        waiter = Waiter(person_at_the_door("p3"), None, role, "t", None, seat.link, None)
        state = replace(
            state,
            seats={pid: other for pid, other in state.seats.items() if pid != "p3"},
            waiting={waiter.person.participant_id: waiter},
        )
    else:
        state = replace(state, phase=phase)
    step = give_command(state, socket_id=SocketId(3), kind=kind, command=SAMPLES[kind], now=moment(), rules=RULES)
    may = expected(kind, role, phase)
    # Whoever is let through may still be told that this person stands above them, or is not there.
    is_refused = step.answer == fx.Refused("not_allowed") and not (may and kind == "share_hand_over")
    assert is_refused != may
    if not may:
        assert step.state == state
        assert step.effects == ()


@pytest.mark.parametrize("kind", [spec.kind for spec in REGISTRY.room_specs()])
def test_a_socket_without_a_seat_may_do_nothing(kind: str) -> None:
    """Somebody who was taken over, removed, or never came in."""
    state = room_with("alice", "bob")
    step = give_command(state, socket_id=SocketId(9), kind=kind, command=SAMPLES[kind], now=moment(), rules=RULES)
    assert (step.answer, step.state, step.effects) == (fx.Refused("not_allowed"), state, ())


def test_every_row_of_the_table_belongs_to_a_command_and_the_other_way_round() -> None:
    assert set(REGISTRY.permissions()) == {spec.kind for spec in REGISTRY.specs()}
    assert {spec.kind for spec in REGISTRY.room_specs()} == set(EXPECTED) == set(SAMPLES)


def test_an_unknown_command_is_denied_by_default() -> None:
    assert not any(
        is_allowed(ROOM_PERMISSIONS, kind="set_fire", role=role, phase=phase) for role, phase in product(Role, Phase)
    )


class Wave(wire.Wire):
    """A command of a feature."""

    kind: str = "wave"


def wave(state: RoomState, actor: Seat, command: object, now: Moment) -> fx.Step:
    del actor, command, now
    return fx.Step(state)


def test_a_feature_adds_a_command_by_the_same_door() -> None:
    registry = build_registry()
    spec = CommandSpec("wave", Wave, lambda w: w, wave)
    registry.register(spec, permissions={"wave": {Phase.OPEN: HOSTS}})
    state = room_with("alice", "bob")
    answers = [
        give_command(
            state, socket_id=SocketId(n), kind="wave", command=Wave(), now=moment(), rules=registry.rules()
        ).answer
        for n in (1, 2)
    ]
    assert answers == [fx.Done(), fx.Refused("not_allowed")]


def test_a_command_without_a_row_or_with_a_taken_kind_is_not_registered() -> None:
    registry = build_registry()
    spec = CommandSpec("wave", Wave, lambda w: w, wave)
    with pytest.raises(ValueError, match="no row"):
        registry.register(spec, permissions={})
    with pytest.raises(ValueError, match="another kind"):
        registry.register(replace(spec, kind="nod"), permissions={"nod": {}})
    registry.register(spec, permissions={"wave": {}})
    with pytest.raises(ValueError, match="twice"):
        registry.register(spec, permissions={"wave": {}})


def test_the_documented_table_has_a_row_for_each_command_and_state_that_allows_it() -> None:
    rows = permission_rows(REGISTRY.permissions(), REGISTRY.rights())
    assert {row[0].strip("`") for row in rows[1:]} == {spec.kind for spec in REGISTRY.specs()}
    assert ("`end_for_all`", "open", "yes", "yes", "-", "-", "-", "-", "") in rows
    assert ("`react`", "open", "yes", "yes", "yes", "yes", "yes", "yes", "`reactions`") in rows
