"""LIVE-066: in a large room those who come and go are told of together, and nobody's replica is ever wrong for it."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from typing_extensions import override

from palaver.config.live_handlers import REGISTRY
from palaver.engines.memory import MemoryEngine
from palaver.live import members, wire
from palaver.live.domain import effects as fx
from palaver.live.domain.moderation_commands import RemoveParticipant
from palaver.live.domain.people import Identity, ParticipantId, Role, SocketId
from palaver.live.domain.replica import Audience, WaitingPerson
from palaver.live.domain.room import Seat, audience_of, snapshot_for
from palaver.live.domain.room_commands import RenameSelf
from palaver.live.errors import CloseCode
from palaver.live.ports import Ports, Run
from palaver.live.render import SnapshotWriter, snapshot_wire
from palaver.live.room_host import LiveRoom
from palaver.live.sockets import Socket
from palaver.live.tests.cast import facts, join
from palaver.live.tests.stage import ManualTime, MemoryHistory, give, pid
from palaver.live.tests.wishes import WISHES


class Ear(Socket):
    """Somebody's page: strict about where a delta starts."""

    def __init__(self, number: int) -> None:
        super().__init__(SocketId(number), now_s=0.0)
        self.deltas: list[dict[str, Any]] = []
        self.replica: dict[str, Any] = {}

    @override
    def push(self, text: str) -> None:
        if self.close_code is not None:
            return
        message = json.loads(text)
        match message["type"]:
            case "welcome" | "snapshot":
                self.replica = message["snapshot"]
            case "delta":
                self.deltas.append(message)
                assert message["base"] == self.replica["version"], "a delta that does not start where the page is"
                self.replica["version"] = message["version"]
                for change in message["changes"]:
                    self._apply(change)
            case "heartbeat":
                assert message["version"] == self.replica.get("version", 0), "a heartbeat overtook what waits"

    def _apply(self, change: dict[str, Any]) -> None:
        match change["op"]:
            case "put_participant":
                self.replica["participants"][change["participant"]["participant_id"]] = change["participant"]
            case "drop_participant":
                del self.replica["participants"][change["participant_id"]]
            case "put_room":
                self.replica["room"] = change["room"]
            case "put_waiting":
                self.replica["waiting"][change["person"]["participant_id"]] = change["person"]
            case "drop_waiting":
                del self.replica["waiting"][change["participant_id"]]


class Greetings:
    """Everybody gets the whole state."""

    def welcome(self, seat: Seat, room: LiveRoom) -> str:
        return room.snapshot_text(audience_of(seat))

    def waiting(self, person: WaitingPerson) -> str:
        return json.dumps({"type": "waiting", "name": person.name})


class Hall:
    """One room on the clock of the tests."""

    def __init__(self) -> None:
        self.time = ManualTime()
        self.ears: dict[int, Ear] = {}
        ports = Ports(
            registry=REGISTRY,
            engine=MemoryEngine(),
            history=MemoryHistory(),
            clock=self.time.clock,
            call_later=self.time.call_later,
            in_database=lambda _, call: asyncio.to_thread(call),
        )
        self.room = LiveRoom(
            Run(facts()),
            ports=ports,
            barred=frozenset(),
            on_gone=lambda _: None,
            on_over=lambda _: None,
            start_lane=lambda _: None,
        )

    def enter(self, number: int, role: Role = Role.GUEST) -> tuple[Ear, fx.Answer]:
        """Person `number` comes by a connection of the same number."""
        ear = Ear(number)
        hello = replace(
            join("bob", number, role=role, name=f"Person {number}", network=f"net-{number % 7}"),
            identity=Identity(f"id-{number}"),
        )
        answer = self.room.join(ear, hello, greeter=Greetings())
        self.ears[number] = ear
        return ear, answer

    def check(self) -> None:
        """Every page knows the room as it is now."""
        self.time.advance(members.BUNDLE_S)
        for ear in self.ears.values():
            if (seat := self.room.seat_of(ear)) is not None:
                snapshot = snapshot_for(self.room.state, audience_of(seat))
                assert snapshot is not None
                assert ear.replica == snapshot_wire(snapshot).model_dump(mode="json")


def full_hall(count: int = members.MANY + 1) -> Hall:
    """As many inside as a large room begins with."""
    hall = Hall()
    for number in range(1, count + 1):
        hall.enter(number, Role.OWNER if number == 1 else Role.MEMBER)
    hall.time.advance(members.BUNDLE_S)
    for ear in hall.ears.values():
        ear.deltas.clear()
    return hall


def test_many_who_come_and_go_at_once_are_told_in_one_message() -> None:
    hall = full_hall()
    first = hall.ears[2]
    for number in range(100, 110):
        hall.enter(number)
    hall.room.socket_gone(hall.ears[100], is_clean=True)
    assert not first.deltas
    hall.time.advance(members.BUNDLE_S)
    assert len(first.deltas) == 1
    assert len(first.deltas[0]["changes"]) == 10
    # Who came in the middle knows the first five from the welcome.
    assert [len(delta["changes"]) for delta in hall.ears[105].deltas] == [4]
    assert not hall.ears[109].deltas
    hall.check()


def test_in_a_small_room_each_is_told_at_once() -> None:
    hall = Hall()
    hall.enter(1)
    hall.enter(2)
    assert len(hall.ears[1].deltas) == 1


def test_nothing_overtakes_what_waits() -> None:
    hall = full_hall()
    ear = hall.ears[2]
    hall.enter(100)
    give(hall.room, ear, "rename_self", RenameSelf("Zoe"))
    assert [len(delta["changes"]) for delta in ear.deltas] == [1, 1]
    hall.enter(101)
    hall.room.beat()
    assert len(ear.deltas) == 3
    hall.enter(102)
    assert hall.room.texts_since(ear.replica["version"], hall_audience(hall, ear)) is not None
    assert len(ear.deltas) == 4
    hall.check()


def test_who_is_put_out_is_gone_at_once() -> None:
    hall = full_hall()
    _, answer = hall.enter(100)
    hall.time.advance(members.BUNDLE_S)
    give(hall.room, hall.ears[1], "remove_participant", RemoveParticipant(ParticipantId(pid(answer))))
    assert pid(answer) not in hall.ears[2].replica["participants"]
    assert hall.ears[100].close_code is not None


def test_a_room_that_is_over_tells_nothing_more() -> None:
    hall = full_hall()
    hall.enter(100)
    hall.room.say_goodbye("server_restart", CloseCode.SERVER_RESTART)
    assert all(timer.is_cancelled for timer in hall.time.timers)


def test_a_snapshot_that_is_written_in_pieces_is_the_snapshot() -> None:
    hall = full_hall(3)
    writer = SnapshotWriter()
    for name in ("Zoe", 'Z"oe\\', "Åsa"):
        give(hall.room, hall.ears[2], "rename_self", RenameSelf(name))
        for audience in members.INSIDE:
            snapshot = snapshot_for(hall.room.state, audience)
            assert snapshot is not None
            text = writer.text(snapshot, lambda one: wire.SnapshotMessage(request_id="r", snapshot=one))
            whole = wire.SnapshotMessage(request_id="r", snapshot=snapshot_wire(snapshot))
            assert json.loads(text) == whole.model_dump(mode="json")


def hall_audience(hall: Hall, ear: Ear) -> Audience:
    """What somebody sees."""
    seat = hall.room.seat_of(ear)
    assert seat is not None
    return audience_of(seat)


class Storm(RuleBasedStateMachine):
    """People of all roles come, go, vanish, ask for what they missed, and give every command, in a room of many."""

    @initialize()
    def open(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(members, "MANY", 3)
        self.hall = full_hall(5)

    @override
    def teardown(self) -> None:
        self.patch.undo()

    @rule(number=st.integers(1, 40), role=st.sampled_from([Role.OWNER, Role.CO_HOST, Role.MEMBER, Role.GUEST]))
    def come(self, number: int, role: Role) -> None:
        if number not in self.hall.ears and not self.hall.room.is_over:
            self.hall.enter(number, role)

    @rule(number=st.integers(1, 20), is_clean=st.booleans())
    def vanish(self, number: int, is_clean: bool) -> None:
        if (ear := self.hall.ears.pop(number, None)) is not None:
            self.hall.room.socket_gone(ear, is_clean=is_clean)

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.1, 2.1, 20.1]))
    def wait(self, seconds: float) -> None:
        self.hall.time.advance(seconds)

    @rule(number=st.integers(1, 20), kind=st.sampled_from(sorted(set(WISHES) - {"end_for_all"})), data=st.data())
    def command(self, number: int, kind: str, data: st.DataObject) -> None:
        if (ear := self.hall.ears.get(number)) is not None:
            give(self.hall.room, ear, kind, data.draw(WISHES[kind]))

    @rule()
    def beat(self) -> None:
        self.hall.room.beat()

    @rule(number=st.integers(1, 20))
    def sync(self, number: int) -> None:
        ear = self.hall.ears.get(number)
        if ear is None or (seat := self.hall.room.seat_of(ear)) is None:
            return
        texts = self.hall.room.texts_since(ear.replica["version"], audience_of(seat))
        # What waited was told first.
        assert texts is not None
        self.hall.check()

    @rule()
    def check(self) -> None:
        self.hall.check()


TestStorm = Storm.TestCase
