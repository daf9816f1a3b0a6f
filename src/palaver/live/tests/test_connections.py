"""What each person is told of how they are received: their own side only, and only news."""

import json
from dataclasses import replace
from typing import Any

from palaver.engines.receptions import LineTrouble, Reception, Sound, StreamCause, StreamTrouble
from palaver.live.domain.people import Role
from palaver.live.sockets import Socket
from palaver.live.tests.stage import MEETING, World, drain, pid

ROOM = str(MEETING)


def reception(who: str, **more: Any) -> Reception:
    """Somebody who sends no sound over a good line."""
    fine = Reception(
        identity=f"id-{who}",
        way="udp",
        line=None,
        rtt_ms=23.0,
        loss_up=0.0,
        loss_down=0.0,
        sound=Sound.NONE,
        heard_by=0,
        unheard_by=(),
    )
    return replace(fine, **more)


async def told(world: World, socket: Socket, *people: Reception) -> list[dict[str, Any]]:
    """The news of connections that `socket` gets when the engine knows this of `people`."""
    world.engine.known_receptions = {ROOM: people}
    await world.hub.tell_connections()
    return await heard(socket)


async def heard(socket: Socket) -> list[dict[str, Any]]:
    """The news that wait for `socket`, whose writer is started anew each time."""
    messages = [json.loads(text) for text in await drain(socket) if text.startswith("{")]
    # What comes from now on waits in the queue, and does not go to the writer that has just ended.
    socket._is_idle = False
    return [one["event"] for one in messages if one["type"] == "event"]


async def test_a_speaker_learns_how_many_hear_and_who_does_not(world: World) -> None:
    """LIVE-053: also those who are in the room and have no media yet."""
    _, alice, _ = await world.enter("alice", role=Role.OWNER)
    _, _, bob = await world.enter("bob")
    _, _, carol = await world.enter("carol")
    speaker = reception("alice", sound=Sound.ARRIVING, heard_by=1, unheard_by=("id-bob",))
    [news] = await told(world, alice, speaker, reception("bob"), reception("bot"))
    assert news["kind"] == "connection"
    assert news["sound"] == {
        "state": "arriving",
        "heard_by": 1,
        "others": 3,
        "unheard_by": [pid(bob), pid(carol)],
    }


async def test_nothing_is_said_again_and_noise_is_no_news(world: World) -> None:
    """LIVE-053."""
    _, alice, _ = await world.enter("alice", role=Role.OWNER)
    [first] = await told(world, alice, reception("alice", rtt_ms=23.0, loss_up=0.011))
    assert first["line"] == {"way": "udp", "trouble": None, "rtt_ms": 20, "lost_up": 1, "lost_down": 0}
    assert await told(world, alice, reception("alice", rtt_ms=18.0, loss_up=0.013)) == []
    [second] = await told(world, alice, reception("alice", rtt_ms=612.0, line=LineTrouble.DELAY))
    assert (second["line"]["rtt_ms"], second["line"]["trouble"]) == (600, "delay")


async def test_a_page_that_comes_back_is_told_anew(world: World) -> None:
    """LIVE-053: a new connection knows nothing of what the old one was told."""
    room, alice, _ = await world.enter("alice", role=Role.OWNER)
    assert len(await told(world, alice, reception("alice"))) == 1
    world.hub.socket_gone(room, alice, is_clean=True)
    _, again, _ = await world.enter("alice", role=Role.OWNER)
    assert len(await told(world, again, reception("alice"))) == 1


async def test_what_reaches_somebody_badly_is_told_with_its_cause(world: World) -> None:
    """LIVE-053: also of somebody whom only the engine knows; never of what cannot be named."""
    _, _, seated = await world.enter("alice", role=Role.OWNER)
    _, bob, _ = await world.enter("bob")

    def trouble(publisher: str, cause: StreamCause, *, source: str = "camera", loss: float = 0.0) -> StreamTrouble:
        return StreamTrouble(publisher=publisher, source=source, cause=cause, is_sent=True, loss=loss)

    troubles = (
        trouble("id-alice", StreamCause.BANDWIDTH),
        trouble("id-alice", StreamCause.WHOLE, source="microphone", loss=0.123),
        trouble("bot", StreamCause.CPU, source="screen_share"),
        trouble("bot", StreamCause.WAITING, source="unknown"),
    )
    [news] = await told(world, bob, reception("bob", troubles=troubles), reception("alice"), reception("bot"))
    assert [(one["participant_id"], one["source"], one["cause"], one["lost"]) for one in news["troubles"]] == [
        (pid(seated), "camera", "bandwidth", 0),
        (pid(seated), "microphone", "loss", 10),
        ("bot", "screen_share", "cpu", 0),
    ]


async def test_only_moderators_see_the_weak_lines_of_others(world: World) -> None:
    """LIVE-054."""
    _, alice, _ = await world.enter("alice", role=Role.OWNER)
    _, bob, _ = await world.enter("bob")
    _, _, carol = await world.enter("carol")
    people = (reception("alice"), reception("bob"), reception("carol", line=LineTrouble.LOSS, loss_up=0.3))
    [to_bob] = await told(world, bob, *people)
    [to_alice] = await told(world, alice, *people)
    assert to_alice["weak"] == [{"participant_id": pid(carol), "trouble": "loss"}]
    assert to_bob["weak"] == []
    assert pid(carol) not in json.dumps(to_bob)


async def test_who_has_no_media_is_heard_by_nobody(world: World) -> None:
    """LIVE-053: the engine knows the others, and not this one."""
    _, alice, _ = await world.enter("alice", role=Role.OWNER)
    await world.enter("bob")
    [news] = await told(world, alice, reception("bob"))
    assert news["sound"] == {"state": "none", "heard_by": 0, "others": 1, "unheard_by": []}
    assert news["line"] is None


async def test_an_engine_that_does_not_know_brings_no_news(world: World) -> None:
    """LIVE-053: neither does one that is away, which is asked again later."""
    _, alice, _ = await world.enter("alice", role=Role.OWNER)
    world.engine.known_receptions = None
    assert await world.hub.tell_connections() > 1
    world.engine.is_down = True
    assert await world.hub.tell_connections() > 1
    assert await heard(alice) == []


async def test_who_waits_at_the_door_is_told_nothing(world: World) -> None:
    """LIVE-064."""
    room, alice, _ = await world.enter("alice", role=Role.OWNER)
    at_the_door = world.hub.new_socket()
    room.sockets[at_the_door.id] = at_the_door
    await told(world, alice, reception("alice"))
    assert await heard(at_the_door) == []
