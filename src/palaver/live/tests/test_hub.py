"""The hub with a clock of the tests: deadlines, slow readers, silence, strays, and what is owed to the history."""

import asyncio
import json

import pytest

from palaver.kernel.errors import PalaverError
from palaver.live.domain import effects as fx
from palaver.live.domain.moderation_commands import RemoveParticipant, SetRole
from palaver.live.domain.people import ParticipantId, Role
from palaver.live.domain.room_commands import EndForAll, Leave, RenameSelf
from palaver.live.hub import MAX_SILENCE_S
from palaver.live.sockets import MAX_QUEUED_BYTES, MAX_QUEUED_MESSAGES, MAX_STUCK_S
from palaver.live.tests.cast import run_id
from palaver.live.tests.stage import (
    MEETING,
    Wire,
    World,
    drain,
    give,
    given,
    hold_until,
    pid,
)

# --- deadlines ------------------------------------------------------------------------------------


async def test_the_timer_drops_who_does_not_come_back(world: World) -> None:
    """LIVE-022, LIVE-071: lost, shown, dropped; the run stays open for a return."""
    room, socket, answer = await world.enter("bob")
    world.hub.socket_gone(room, socket, is_clean=False)
    world.time.advance(19.9)
    assert pid(answer) in room.state.seats
    world.time.advance(0.2)
    assert not room.state.seats
    assert world.hub.rooms == {}
    assert await world.written() == ["run-1 bob joined", "run-1 id-bob left"]
    await world.enter("bob")
    assert world.history.runs == 1


async def test_the_last_goodbye_ends_the_run_and_a_newcomer_begins_another(world: World) -> None:
    """LIVE-071: even when the newcomer comes while the end is still being written."""
    room, socket, _ = await world.enter("bob")
    world.history.may_end.clear()
    give(room, socket, "leave", Leave())
    coming_back = asyncio.create_task(world.enter("bob"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not coming_back.done(), "the newcomer was put into the run that is about to end"
    world.history.may_end.set()
    room, _, _ = await coming_back
    assert room.state.facts.session_id == run_id(2)
    assert (await world.written())[:3] == ["run-1 bob joined", "run-1 id-bob left", "run-1 ended"]


async def test_who_was_removed_stays_out_of_the_run_even_when_the_room_empties(world: World) -> None:
    """LIVE-015."""
    room, alice, _ = await world.enter("alice", role=Role.OWNER)
    _, _, bob = await world.enter("bob")
    give(room, alice, "remove_participant", RemoveParticipant(pid(bob)))  # type: ignore[arg-type]
    world.hub.socket_gone(room, alice, is_clean=False)
    world.time.advance(21)
    assert world.hub.rooms == {}
    _, _, answer = await world.enter("bob")
    assert answer == fx.Refused("removed")
    assert world.hub.rooms == {}, "a room that nobody came into stays open"


async def test_who_was_removed_stays_out_of_the_run_after_a_restart(world: World) -> None:
    """LIVE-015."""
    room, alice, _ = await world.enter("alice", role=Role.OWNER)
    _, _, bob = await world.enter("bob")
    give(room, alice, "remove_participant", RemoveParticipant(pid(bob)))  # type: ignore[arg-type]
    assert "run-1 id-bob removed" in await world.written()
    world.hub.socket_gone(room, alice, is_clean=False)
    world.time.advance(21)
    assert world.hub.rooms == {}
    world.hub._barred.clear()
    world.hub._gone.clear()
    _, _, answer = await world.enter("bob")
    assert answer == fx.Refused("removed")


async def test_two_who_come_first_at_once_meet_in_one_room(world: World) -> None:
    (room, *_), (other, *_) = await asyncio.gather(world.enter("bob"), world.enter("carol"))
    assert room is other
    assert world.history.runs == 1
    assert world.hub._opening == {}


async def test_a_meeting_deleted_meanwhile_is_not_found(world: World) -> None:
    world.history.is_deleted = True
    with pytest.raises(PalaverError) as caught:
        await world.enter("bob")
    assert caught.value.spec.code == "meeting_not_found"


async def test_a_stopping_hub_lets_nobody_in(world: World) -> None:
    """LIVE-070."""
    _, socket, _ = await world.enter("bob")
    await world.hub.stop()
    assert (await drain(socket))[-1] == "close 1012"
    world.hub.rooms.clear()
    with pytest.raises(PalaverError) as caught:
        await world.enter("carol")
    assert caught.value.spec.code == "server_restart"
    assert world.history.lines[-1] == "run-1 goes on", "the last known time is written"


# --- the history ----------------------------------------------------------------------------------


async def test_the_history_is_written_in_order_also_when_the_database_was_away(world: World) -> None:
    world.history.failures_left = 2
    room, socket, _ = await world.enter("bob")
    give(room, socket, "rename_self", RenameSelf("Bobby"))
    give(room, socket, "leave", Leave())
    assert await world.written() == [
        "run-1 bob joined",
        "run-1 id-bob is Bobby",
        "run-1 id-bob left",
        "run-1 ended",
    ]


async def test_a_room_gives_signs_of_life(world: World) -> None:
    await world.enter("bob")
    await world.hub.touch()
    assert (await world.written())[-1] == "run-1 goes on"


# --- slow and silent sockets ----------------------------------------------------------------------


async def test_a_full_queue_cuts_the_socket_and_delays_nobody(world: World) -> None:
    """LIVE-063."""
    room, slow, _ = await world.enter("slow")
    _, quick, _ = await world.enter("quick")
    async with Wire(slow) as blocked, Wire(quick) as network:
        blocked.block()
        await network.has_sent(1)
        for number in range(MAX_QUEUED_MESSAGES + 2):
            assert not slow.is_cut
            give(room, quick, "rename_self", RenameSelf(f"Q{number}"))
        # Each was on the network before the next was given: nobody waited for the slow one.
        assert len(network.sent) == 1 + MAX_QUEUED_MESSAGES + 2
    assert slow.is_cut
    assert not quick.is_cut


async def test_frames_keep_their_order_when_the_network_hesitates(world: World) -> None:
    """LIVE-060: a frame that begins on the spot and waits is not overtaken by those after it."""
    room, bob, _ = await world.enter("bob")
    async with Wire(bob) as network:
        await network.has_sent(1)
        for number in range(60):
            if number % 7 == 2:
                network.block()
            if number % 7 == 5:
                network.unblock()
                await asyncio.sleep(0)
            give(room, bob, "rename_self", RenameSelf(f"B{number}"))
        network.unblock()
        await network.has_sent(61)
        names = [json.loads(text)["changes"][0]["participant"]["name"] for text in network.sent[1:]]
        assert names == [f"B{number}" for number in range(60)]
        assert bob.stuck_since_s is None


async def test_a_connection_that_is_gone_ends_its_own_writer_only(world: World) -> None:
    """LIVE-007: sending to it fails in the middle of a broadcast."""
    room, gone, _ = await world.enter("gone")
    _, bob, _ = await world.enter("bob")

    async def fail(event: dict[str, str]) -> None:
        raise ConnectionResetError

    writer = asyncio.create_task(gone.run_writer(fail, lambda: 0.0))
    async with Wire(bob) as network:
        await network.has_sent(1)
        assert give(room, bob, "rename_self", RenameSelf("Bobby")) == fx.Done()
        await network.has_sent(2)
    await asyncio.wait({writer}, timeout=5)
    assert isinstance(writer.exception(), ConnectionResetError)


async def test_queued_bytes_are_bounded_too(world: World) -> None:
    """LIVE-063."""
    _, socket, _ = await world.enter("slow")
    for _ in range(20):
        socket.push("x" * (MAX_QUEUED_BYTES // 16))
    assert socket.is_cut
    assert sum(map(len, socket._queue)) == 0


async def test_a_frame_that_the_network_does_not_take_cuts_the_socket(world: World) -> None:
    """LIVE-063."""
    _, socket, _ = await world.enter("slow")
    async with Wire(socket) as network:
        await network.has_sent(1)
        network.block()
        socket.push("hello?")
        socket.push("anybody?")
        assert socket.stuck_since_s == 7.0
        world.time.advance(7.0 - world.time.clock().steady_s + MAX_STUCK_S)
        await world.hub.watch()
        assert not socket.is_cut
        world.time.advance(0.1)
        await world.hub.watch()
        assert socket.is_cut


async def test_silence_closes_the_socket_and_the_seat_waits(world: World) -> None:
    """LIVE-062, LIVE-022."""
    room, socket, answer = await world.enter("bob")
    world.time.advance(MAX_SILENCE_S + 0.1)
    await world.hub.watch()
    assert (await drain(socket))[-1] == "close 4408"
    assert pid(answer) in room.state.seats


async def test_silence_of_somebody_who_takes_nothing_more_cuts_at_once(world: World) -> None:
    """LIVE-063: a close would wait behind what cannot be sent."""
    _, socket, _ = await world.enter("slow")
    async with Wire(socket) as network:
        await network.has_sent(1)
        network.block()
        socket.push("hello?")
        assert socket.stuck_since_s is not None
        world.time.advance(socket.stuck_since_s + 1.0 - world.time.clock().steady_s)
        socket.heard_at_s = world.time.clock().steady_s - MAX_SILENCE_S
        await world.hub.watch()
        assert not socket.is_cut
        world.time.advance(0.1)
        await world.hub.watch()
        assert socket.is_cut


# --- the engine -----------------------------------------------------------------------------------


async def test_somebody_known_to_be_gone_is_put_out_of_the_engine_at_once(world: World) -> None:
    """LIVE-052."""
    room, socket, answer = await world.enter("bob")
    await world.enter("carol")
    give(room, socket, "leave", Leave())
    await world.written()
    stray = world.in_engine("bob", pid(answer))
    world.hub.engine_joined(str(MEETING), stray.participant)
    await asyncio.wait_for(stray.closed.wait(), 5)


async def test_an_unknown_in_the_engine_has_time_to_come_back(world: World) -> None:
    """LIVE-052: after a restart media may be back before the room socket."""
    await world.enter("carol")
    bob, dave = world.in_engine("bob", "p_before_restart"), world.in_engine("dave", "p_old")
    await world.hub.reconcile()
    world.time.advance(14)
    await world.hub.watch()
    await world.enter("bob")
    world.time.advance(2)
    await world.hub.watch()
    await asyncio.wait_for(dave.closed.wait(), 5)
    assert not bob.closed.is_set()


async def test_a_program_with_the_operators_own_token_is_left_alone(world: World) -> None:
    """LIVE-052."""
    await world.enter("carol")
    robot = world.in_engine("robot", None)
    world.hub.engine_joined(str(MEETING), robot.participant)
    world.time.advance(60)
    await world.hub.watch()
    await world.written()
    assert not robot.closed.is_set()


async def test_a_ticket_of_an_ended_meeting_opens_nothing(world: World) -> None:
    """LIVE-052: there is no room any more, and still the stray is put out."""
    room, alice, answer = await world.enter("alice", role=Role.OWNER)
    give(room, alice, "end_for_all", EndForAll())
    await world.written()
    stray = world.in_engine("alice", pid(answer))
    world.hub.engine_joined(str(MEETING), stray.participant)
    await asyncio.wait_for(stray.closed.wait(), 5)


@pytest.mark.parametrize("way", ["reported", "asked"])
async def test_a_ticket_from_before_a_demotion_gives_no_more_than_the_role(world: World, way: str) -> None:
    """LIVE-100: in the engine too, whoever joins it anew with what they once were handed."""
    room, alice, _ = await world.enter("alice", role=Role.OWNER)
    _, _, carol = await world.enter("carol", role=Role.MEMBER)
    await given(room, alice, "set_role", SetRole(ParticipantId(pid(carol)), Role.VIEWER))
    await world.written()
    connection = world.in_engine("carol", pid(carol))
    assert connection.publish("camera")
    if way == "reported":
        body, signature = world.engine.signed_report("participant_joined", connection)
        event = world.engine.read_webhook(body, authorization=signature)
        assert event.participant is not None
        world.hub.engine_joined(event.room, event.participant)
    else:
        await world.hub.reconcile()
    await world.written()
    assert (connection.sources, connection.published) == (frozenset(), set())


async def test_who_joins_the_engine_with_the_right_sources_is_left_alone(world: World) -> None:
    await world.enter("alice", role=Role.OWNER)
    room, _, bob = await world.enter("bob")
    connection = world.in_engine("bob", pid(bob))
    world.engine.is_down = True  # a call would be tried again, and fail
    world.hub.engine_joined(str(MEETING), connection.participant)
    assert await room.engine_lane.flush(timeout_s=0.05)


async def test_an_engine_that_is_away_keeps_nobody_out(world: World) -> None:
    world.engine.is_down = True
    room, socket, _ = await world.enter("bob")
    await world.hub.reconcile()
    assert give(room, socket, "rename_self", RenameSelf("B")) == fx.Done()


async def test_the_same_person_coming_back_is_not_hit_by_their_own_removal(world: World) -> None:
    """LIVE-051: the removal is carried out before the new ticket is handed out, however slow the engine is."""
    room, socket, first = await world.enter("bob")
    await world.enter("carol")
    connection = world.in_engine("bob", pid(first))
    is_answering = asyncio.Event()
    room.engine_lane.submit(hold_until(is_answering))
    give(room, socket, "leave", Leave())
    coming_back = asyncio.create_task(world.enter("bob"))
    while room.entering == 0:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not coming_back.done()
    assert not connection.closed.is_set()
    is_answering.set()
    await coming_back
    assert connection.closed.is_set()
    assert world.engine.removals == [(str(MEETING), "id-bob")]
