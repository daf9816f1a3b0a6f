"""LIVE-060: a snapshot plus the deltas after it is the snapshot of now, for every command and every audience.

A machine of hypothesis plays people who come, go, vanish, return and give every registered command, in any order and
with time passing between; replicas of several ages follow by deltas alone.
"""

import json

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from palaver.config.live_handlers import REGISTRY
from palaver.live.domain import effects as fx, machine
from palaver.live.domain.kept import keep, restore
from palaver.live.domain.people import Identity, Presence, Role, SocketId
from palaver.live.domain.permissions import Phase
from palaver.live.domain.replica import (
    Audience,
    Delta,
    DeltaLog,
    Snapshot,
    apply_delta,
    changes_for,
)
from palaver.live.domain.room import Connected, Lost, Moment, RoomState, next_deadline_s, snapshot_for
from palaver.live.tests.cast import PEOPLE, RULES, facts, join, moment
from palaver.live.tests.wishes import WISHES
from palaver.meetings.policy import Policy, Rights, WaitingRoom

people = st.sampled_from(sorted(PEOPLE))
socket_numbers = st.integers(1, 12)
# On both sides of every deadline of the machine, and on it.
waits_s = st.sampled_from([0.0, 0.1, 1.9, 2.0, 2.1, 7.9, 8.0, 8.1, 11.9, 12.0, 19.9, 20.0, 25.0])

policies = st.builds(
    Policy,
    waiting_room=st.sampled_from(WaitingRoom),
    rights=st.builds(Rights, microphone=st.booleans(), screen_share=st.booleans()),
    one_presenter=st.booleans(),
    voices=st.integers(1, 5),
)


def test_every_registered_command_is_played() -> None:
    assert {spec.kind for spec in REGISTRY.room_specs()} == set(WISHES)


class RoomPlay(RuleBasedStateMachine):
    """Everything that can happen to a room."""

    replicas = Bundle("replicas")

    @initialize()
    def open(self) -> None:
        self.state = RoomState(facts=facts())
        self.logs = {audience: DeltaLog() for audience in Audience}
        self.seconds = 0.0
        self.sockets = 0
        self.followers: dict[Audience, Snapshot | None] = {
            audience: snapshot_for(self.state, audience) for audience in Audience
        }

    def now(self) -> Moment:
        return moment(self.seconds)

    def take(self, step: fx.Step) -> None:
        before, self.state = self.state, step.state
        for audience, replica in self.followers.items():
            told = changes_for(step.changes, audience)
            old, new = before.versions[audience], step.state.versions[audience]
            assert new == old + bool(told), "a version moves exactly when its audience is told something"
            if told:
                assert replica is not None
                delta = Delta(old, new, told)
                self.logs[audience].append(delta)
                self.followers[audience] = apply_delta(replica, delta)

    @rule(
        who=people,
        take_over=st.booleans(),
        name=st.sampled_from([None, "Zoe"]),
        always_waits=st.booleans(),
        avatar_url=st.sampled_from([None, "/avatars/a-96.webp"]),
    )
    def hello(self, who: str, take_over: bool, name: str | None, always_waits: bool, avatar_url: str | None) -> None:
        self.sockets += 1
        hello = join(
            who,
            self.sockets,
            take_over=take_over,
            name=name,
            always_waits=always_waits,
            network=f"net-{who}",
            avatar_url=avatar_url,
        )
        self.take(machine.feed(self.state, hello, self.now()))

    @rule(number=socket_numbers, is_clean=st.booleans())
    def socket_ends(self, number: int, is_clean: bool) -> None:
        self.take(machine.feed(self.state, fx.SocketGone(SocketId(number), is_clean=is_clean), self.now()))

    @rule(wait_s=waits_s)
    def time_passes(self, wait_s: float) -> None:
        self.seconds += wait_s
        self.take(machine.feed(self.state, fx.TimePassed(), self.now()))
        deadline_s = next_deadline_s(self.state)
        assert deadline_s is None or deadline_s > self.now().steady_s, "a due deadline was left standing"

    @rule(number=socket_numbers, kind=st.sampled_from(sorted(WISHES)), data=st.data())
    def command(self, number: int, kind: str, data: st.DataObject) -> None:
        given = data.draw(WISHES[kind])
        step = machine.give_command(
            self.state, socket_id=SocketId(number), kind=kind, command=given, now=self.now(), rules=RULES
        )
        if isinstance(step.answer, fx.Refused):
            assert step.state == self.state, "a refused command changed something"
            assert not step.effects
        self.take(step)

    @rule(policy=policies)
    def change_policy(self, policy: Policy) -> None:
        self.take(machine.feed(self.state, fx.PolicyChanged(policy), self.now()))

    @rule(who=people, role=st.sampled_from([Role.HOST, Role.CO_HOST, Role.MEMBER, Role.VIEWER]))
    def change_the_list(self, who: str, role: Role) -> None:
        user_id = PEOPLE[who][1]
        if user_id is not None:
            self.take(machine.feed(self.state, fx.MembershipChanged(user_id, role), self.now()))

    @rule(who=people)
    def ban_on_a_page(self, who: str) -> None:
        self.take(machine.feed(self.state, fx.BannedElsewhere(Identity(f"id-{who}"), PEOPLE[who][1]), self.now()))

    @rule()
    def restart(self) -> None:
        """The server starts again: what was kept is what the next one begins with."""
        kept = json.loads(json.dumps(keep(self.state)))
        again = restore(RoomState(facts=facts(), barred=self.state.barred), kept)
        assert keep(again) == kept
        assert again.phase in (self.state.phase, Phase.OPEN)

    @rule(title=st.sampled_from(["Stand-up", "Retro"]))
    def rename_meeting(self, title: str) -> None:
        self.take(machine.feed(self.state, fx.TitleChanged(title), self.now()))

    @rule(target=replicas, audience=st.sampled_from([Audience.MODERATORS, Audience.PARTICIPANTS]))
    def page_looks(self, audience: Audience) -> tuple[Audience, Snapshot]:
        snapshot = snapshot_for(self.state, audience)
        assert snapshot is not None
        return audience, snapshot

    @rule(looked=consumes(replicas))
    def page_syncs(self, looked: tuple[Audience, Snapshot]) -> None:
        audience, replica = looked
        current = self.state.versions[audience]
        deltas = self.logs[audience].since(replica.version, current=current)
        if deltas is None:
            assert current - replica.version > 0
            return
        for delta in deltas:
            replica = apply_delta(replica, delta)
        assert replica == snapshot_for(self.state, audience)

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
        at_the_door = [waiter.person.identity for waiter in self.state.waiting.values()]
        assert len(set(at_the_door)) == len(at_the_door), "somebody waits twice"
        assert not set(identities) & set(at_the_door), "somebody inside waits as well"
        sockets = [seat.link.socket_id for seat in seats if isinstance(seat.link, Connected)]
        assert len(set(sockets)) == len(sockets), "a socket speaks for two"
        acting = [seat for seat in seats if seat.participant.is_acting]
        hosts = [seat for seat in seats if seat.own_role in (Role.OWNER, Role.HOST)]
        assert len(acting) <= 1
        assert not (acting and hosts), "the room was not given back"
        assert all(seat.participant.is_signed_in for seat in acting)
        inside = set(self.state.seats)
        assert self.state.phase is Phase.ENDED or set(self.state.facts.spotlight) <= inside, "somebody gone is shown"
        assert self.state.facts.presenter_id in inside | {None} or self.state.phase is Phase.ENDED
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
