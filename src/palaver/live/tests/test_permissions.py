"""LIVE-040: the matrix of role, command and state is generated, and every cell is played."""

from dataclasses import replace
from itertools import product

import pytest

from palaver.config.live_handlers import REGISTRY, build_registry
from palaver.live import wire
from palaver.live.commands import CommandSpec
from palaver.live.domain import effects as fx
from palaver.live.domain.machine import feed, give_command
from palaver.live.domain.people import ParticipantId, Role, SocketId
from palaver.live.domain.permissions import (
    EVERYONE,
    HOSTS,
    MODERATORS,
    ROOM_PERMISSIONS,
    Phase,
    is_allowed,
    permission_rows,
)
from palaver.live.domain.room import Moment, RoomState, Seat
from palaver.live.domain.room_commands import EndForAll, Leave, RemoveParticipant, RenameSelf, RequestMediaTicket
from palaver.live.tests.cast import RULES, join, moment, room_with

SAMPLES = {
    "rename_self": RenameSelf("Zoe"),
    "leave": Leave(),
    "end_for_all": EndForAll(),
    "remove_participant": RemoveParticipant(ParticipantId("p2")),
    "media_ticket": RequestMediaTicket(),
}
# What the table must say, written a second time by hand: a slip in the table is a slip in who may end a meeting.
EXPECTED = {
    "rename_self": EVERYONE,
    "leave": EVERYONE,
    "media_ticket": EVERYONE,
    "remove_participant": MODERATORS,
    "end_for_all": HOSTS,
}


@pytest.mark.parametrize(
    ("kind", "role", "phase"), list(product((spec.kind for spec in REGISTRY.specs()), Role, Phase))
)
def test_each_cell_of_the_table_is_what_the_room_does(kind: str, role: Role, phase: Phase) -> None:
    state = feed(room_with("alice", "bob"), join("dave", 3, role=role), moment()).state
    state = replace(state, phase=phase)
    step = give_command(state, socket_id=SocketId(3), kind=kind, command=SAMPLES[kind], now=moment(), rules=RULES)
    may = phase is Phase.OPEN and role in EXPECTED[kind]
    assert (step.answer != fx.Refused("not_allowed")) == may
    if not may:
        assert step.state == state
        assert step.effects == ()


@pytest.mark.parametrize("kind", [spec.kind for spec in REGISTRY.specs()])
def test_a_socket_without_a_seat_may_do_nothing(kind: str) -> None:
    """Somebody who was taken over, removed, or never came in."""
    state = room_with("alice", "bob")
    step = give_command(state, socket_id=SocketId(9), kind=kind, command=SAMPLES[kind], now=moment(), rules=RULES)
    assert (step.answer, step.state, step.effects) == (fx.Refused("not_allowed"), state, ())


def test_every_row_of_the_table_belongs_to_a_command_and_the_other_way_round() -> None:
    assert set(REGISTRY.permissions()) == {spec.kind for spec in REGISTRY.specs()} == set(EXPECTED)


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


def test_the_documented_table_has_a_row_for_each_command_and_state() -> None:
    rows = permission_rows(REGISTRY.permissions())
    assert len(rows) == 1 + len(EXPECTED) * len(Phase)
    assert ("`end_for_all`", "open", "yes", "yes", "-", "-", "-", "-") in rows
