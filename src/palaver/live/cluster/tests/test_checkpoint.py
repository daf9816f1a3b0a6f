"""A room that is kept field by field and restored elsewhere is the same room, with everybody's socket lost."""

from dataclasses import replace

from hypothesis import given, strategies as st

from palaver.live.cluster import checkpoint
from palaver.live.cluster.exchange import Fields
from palaver.live.domain import effects as fx
from palaver.live.domain.machine import feed
from palaver.live.domain.moderation_commands import RemoveParticipant
from palaver.live.domain.people import ParticipantId, SocketId
from palaver.live.domain.room import Connected, Lost, RoomState
from palaver.live.domain.room_commands import Leave, RenameSelf
from palaver.live.domain.seats import CLEAN_GRACE_S, LOST_GRACE_S
from palaver.live.tests.cast import PEOPLE, command, facts, join, moment

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from(list(PEOPLE)), st.integers(1, 8)),
        st.tuples(st.just("gone"), st.booleans(), st.integers(1, 8)),
        st.tuples(st.just("rename"), st.text(max_size=8), st.integers(1, 8)),
        st.tuples(st.just("remove"), st.integers(1, 8), st.integers(1, 8)),
        st.tuples(st.just("leave"), st.just(0), st.integers(1, 8)),
        st.tuples(st.just("time"), st.floats(0, 30), st.just(0)),
    ),
    max_size=30,
)


def states(steps: list[tuple[str, object, int]]) -> list[RoomState]:
    """The states of a room to which all that happens."""
    state, now_s, seen = RoomState(facts=facts()), 0.0, [RoomState(facts=facts())]
    for what, detail, socket_id in steps:
        match what, detail:
            case "join", str(who):
                step = feed(state, join(who, socket_id, take_over=True), moment(now_s))
            case "gone", bool(is_clean):
                step = feed(state, fx.SocketGone(SocketId(socket_id), is_clean=is_clean), moment(now_s))
            case "rename", str(name):
                step = command(state, socket_id, "rename_self", RenameSelf(name), at=now_s)
            case "remove", int(other):
                step = command(
                    state, socket_id, "remove_participant", RemoveParticipant(ParticipantId(f"p{other}")), at=now_s
                )
            case "leave", _:
                step = command(state, socket_id, "leave", Leave(), at=now_s)
            case _, float(passed_s):
                now_s += passed_s
                step = feed(state, fx.TimePassed(), moment(now_s))
            case _:
                raise AssertionError(what)
        state = step.state
        seen.append(state)
    return seen


def apply(kept: dict[str, str], fields: Fields) -> None:
    for name, text in fields.items():
        if text is None:
            kept.pop(name, None)
        else:
            kept[name] = text


@given(_STEPS)
def test_a_room_kept_change_by_change_is_the_room_kept_whole(steps: list[tuple[str, object, int]]) -> None:
    first, *others = states(steps)
    kept: dict[str, str] = {}
    apply(kept, checkpoint.whole(first, moment(), keeper="me"))
    before = first
    for after in others:
        apply(kept, checkpoint.changed(before, after, moment()))
        before = after
    assert kept == dict(checkpoint.whole(before, moment(), keeper="me"))
    restored = checkpoint.restored(kept, moment())
    assert restored is not None
    assert restored.versions.keys() == before.versions.keys()
    assert restored.barred == before.barred
    assert restored.phase == before.phase
    assert {pid: seat.participant for pid, seat in restored.seats.items()} == {
        pid: seat.participant for pid, seat in before.seats.items()
    }
    assert not any(isinstance(seat.link, Connected) for seat in restored.seats.values())


def test_deadlines_go_on_where_the_other_machine_had_them() -> None:
    state = feed(RoomState(facts=facts()), join("bob", 1), moment()).state
    state = feed(state, fx.SocketGone(SocketId(1), is_clean=True), moment()).state
    kept = {name: text for name, text in checkpoint.whole(state, moment(), keeper="me").items() if text is not None}
    # Half of the grace later, on a machine whose steady clock says something else.
    now = replace(moment(CLEAN_GRACE_S / 2), steady_s=5.0)
    restored = checkpoint.restored(kept, now)
    assert restored is not None
    [seat] = restored.seats.values()
    assert isinstance(seat.link, Lost)
    assert seat.link.drop_at_s == 5.0 + CLEAN_GRACE_S / 2


def test_who_was_connected_has_the_usual_time_to_be_back() -> None:
    state = feed(RoomState(facts=facts()), join("bob", 1), moment()).state
    kept = {name: text for name, text in checkpoint.whole(state, moment(), keeper="me").items() if text is not None}
    restored = checkpoint.restored(kept, replace(moment(60), steady_s=5.0))
    assert restored is not None
    [seat] = restored.seats.values()
    assert isinstance(seat.link, Lost)
    assert seat.link.drop_at_s == 5.0 + LOST_GRACE_S


def test_what_another_release_kept_counts_as_nothing() -> None:
    assert checkpoint.restored({}, moment()) is None
    assert checkpoint.restored({"room": '{"state": 7}'}, moment()) is None
