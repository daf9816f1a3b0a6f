"""LIVE-060: a snapshot plus the deltas after it is the snapshot of now, for every command and every audience.

A machine of hypothesis plays people who come, go, vanish, return and give every registered command, in any order and
with time passing between; replicas of several ages follow by deltas alone.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from palaver.config.live_handlers import REGISTRY
from palaver.live.domain import effects as fx, machine
from palaver.live.domain.people import ParticipantId, Presence, SocketId
from palaver.live.domain.permissions import Phase
from palaver.live.domain.replica import (
    Audience,
    Delta,
    DeltaLog,
    Snapshot,
    apply_delta,
    delta_for,
)
from palaver.live.domain.room import Connected, Lost, Moment, RoomState, next_deadline_s, snapshot_for
from palaver.live.domain.room_commands import EndForAll, Leave, RemoveParticipant, RenameSelf, RequestMediaTicket
from palaver.live.tests.cast import PEOPLE, RULES, facts, join, moment

people = st.sampled_from(sorted(PEOPLE))
socket_numbers = st.integers(1, 12)
# On both sides of every deadline of the machine, and on it.
waits_s = st.sampled_from([0.0, 0.1, 1.9, 2.0, 2.1, 7.9, 8.0, 8.1, 11.9, 12.0, 19.9, 20.0, 25.0])

COMMANDS: dict[str, st.SearchStrategy[Any]] = {
    "rename_self": st.builds(RenameSelf, st.sampled_from(["Bob", "B\u202eob", " ", "x" * 200, "Åsa"])),
    "leave": st.builds(Leave),
    "end_for_all": st.builds(EndForAll),
    "remove_participant": st.builds(RemoveParticipant, socket_numbers.map(lambda n: ParticipantId(f"p{n}"))),
    "media_ticket": st.builds(RequestMediaTicket),
}


def test_every_registered_command_is_played() -> None:
    assert {spec.kind for spec in REGISTRY.specs()} == set(COMMANDS)


class RoomPlay(RuleBasedStateMachine):
    """Everything that can happen to a room."""

    replicas = Bundle("replicas")

    @initialize()
    def open(self) -> None:
        self.state = RoomState(facts=facts())
        self.log = DeltaLog()
        self.seconds = 0.0
        self.sockets = 0
        self.followers: dict[Audience, Snapshot | None] = {
            audience: snapshot_for(self.state, audience) for audience in Audience
        }

    def now(self) -> Moment:
        return moment(self.seconds)

    def take(self, step: fx.Step) -> None:
        before, self.state = self.state, step.state
        if not step.changes:
            assert step.state.version == before.version
            return
        assert step.state.version == before.version + 1
        delta = Delta(before.version, step.state.version, step.changes)
        self.log.append(delta)
        for audience, replica in self.followers.items():
            told = delta_for(delta, audience)
            if told is not None:
                assert replica is not None
                self.followers[audience] = apply_delta(replica, told)

    @rule(who=people, take_over=st.booleans(), name=st.sampled_from([None, "Zoe"]))
    def hello(self, who: str, take_over: bool, name: str | None) -> None:
        self.sockets += 1
        self.take(machine.feed(self.state, join(who, self.sockets, take_over=take_over, name=name), self.now()))

    @rule(number=socket_numbers, is_clean=st.booleans())
    def socket_ends(self, number: int, is_clean: bool) -> None:
        self.take(machine.feed(self.state, fx.SocketGone(SocketId(number), is_clean=is_clean), self.now()))

    @rule(wait_s=waits_s)
    def time_passes(self, wait_s: float) -> None:
        self.seconds += wait_s
        self.take(machine.feed(self.state, fx.TimePassed(), self.now()))
        deadline_s = next_deadline_s(self.state)
        assert deadline_s is None or deadline_s > self.now().steady_s, "a due deadline was left standing"

    @rule(number=socket_numbers, kind=st.sampled_from(sorted(COMMANDS)), data=st.data())
    def command(self, number: int, kind: str, data: st.DataObject) -> None:
        given = data.draw(COMMANDS[kind])
        step = machine.give_command(
            self.state, socket_id=SocketId(number), kind=kind, command=given, now=self.now(), rules=RULES
        )
        if isinstance(step.answer, fx.Refused):
            assert step.state == self.state, "a refused command changed something"
            assert not step.effects
        self.take(step)

    @rule(title=st.sampled_from(["Stand-up", "Retro"]))
    def rename_meeting(self, title: str) -> None:
        self.take(machine.feed(self.state, fx.TitleChanged(title), self.now()))

    @rule(target=replicas)
    def page_looks(self) -> Snapshot:
        snapshot = snapshot_for(self.state, Audience.PARTICIPANTS)
        assert snapshot is not None
        return snapshot

    @rule(replica=consumes(replicas))
    def page_syncs(self, replica: Snapshot) -> None:
        deltas = self.log.since(replica.version, current=self.state.version)
        if deltas is None:
            assert self.state.version - replica.version > 0
            return
        for delta in deltas:
            replica = apply_delta(replica, delta)
        assert replica == snapshot_for(self.state, Audience.PARTICIPANTS)

    @invariant()
    def replicas_equal_fresh_snapshots(self) -> None:
        for audience, replica in self.followers.items():
            assert replica == snapshot_for(self.state, audience)

    @invariant()
    def the_room_makes_sense(self) -> None:
        seats = self.state.seats.values()
        identities = [seat.participant.identity for seat in seats]
        assert len(set(identities)) == len(identities), "somebody sits twice"
        assert not set(identities) & set(self.state.barred), "a removed person is inside"
        sockets = [seat.link.socket_id for seat in seats if isinstance(seat.link, Connected)]
        assert len(set(sockets)) == len(sockets), "a socket speaks for two"
        for seat in seats:
            if seat.participant.presence is Presence.RECONNECTING:
                assert isinstance(seat.link, Lost)
        if self.state.phase is Phase.ENDED:
            assert not seats


TestReplicaLaw = RoomPlay.TestCase


def test_the_log_forgets_and_then_only_a_snapshot_helps() -> None:
    """LIVE-061."""
    log = DeltaLog()
    for version in range(400):
        log.append(Delta(version, version + 1, ()))
    assert log.since(399, current=400) == (Delta(399, 400, ()),)
    assert log.since(400, current=400) == ()
    assert len(log.since(144, current=400) or ()) == 256
    assert log.since(143, current=400) is None
    assert log.since(401, current=400) is None, "a version that never was must not look up to date"
