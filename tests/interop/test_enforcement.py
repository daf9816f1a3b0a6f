"""What the server API forbids, measured in what arrives: against clients that do not listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from livekit import api, rtc

from tests.interop.test_livekit_python import Person, remote
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

# A picture arrives every 67 ms and a sound every 10 ms; whatever is still on its way has arrived by then.
ON_ITS_WAY_S = 0.5
# Long enough to see dozens of pictures that must not be there.
WATCHED_S = 2.0


@pytest.fixture
async def people() -> AsyncIterator[tuple[Person, Person]]:
    alice, bob = Person("alice"), Person("bob")
    yield alice, bob
    await bob.close()
    await alice.close()


@pytest.fixture
async def server(sfu: SfuAddress) -> AsyncIterator[api.LiveKitAPI]:
    async with api.LiveKitAPI(sfu.url, sfu.api_key, sfu.api_secret) as client:
        yield client


async def meet(sfu: SfuAddress, people: tuple[Person, Person]) -> tuple[str, rtc.LocalTrackPublication]:
    """Bob sees and hears alice; answers the room and her camera."""
    alice, bob = people
    room = f"room-{uuid4()}"
    await alice.connect(sfu, room)
    await bob.connect(sfu, room)
    camera = await alice.show()
    await alice.sound()
    await bob.until(lambda: len(bob.frames) > 5 and bob.energy > 0.1)
    return room, camera


async def assert_no_picture(bob: Person) -> None:
    """Half a second after the order nothing arrives any more, and nothing comes later either."""
    await asyncio.sleep(ON_ITS_WAY_S)
    seen = len(bob.frames)
    await asyncio.sleep(WATCHED_S)
    assert len(bob.frames) == seen


async def test_a_track_muted_by_the_server_is_silent(
    sfu: SfuAddress, people: tuple[Person, Person], server: api.LiveKitAPI
) -> None:
    _, bob = people
    room, camera = await meet(sfu, people)
    mute = api.MuteRoomTrackRequest(room=room, identity="alice", track_sid=camera.sid, muted=True)
    muted = await server.room.mute_published_track(mute)
    assert muted.track.muted
    await assert_no_picture(bob)
    energy = bob.energy
    await bob.until(lambda: bob.energy > energy + 0.1)
    with pytest.raises(api.TwirpError):
        await server.room.mute_published_track(
            api.MuteRoomTrackRequest(room=room, identity="alice", track_sid=camera.sid, muted=False)
        )


async def test_a_source_that_is_withdrawn_stops_and_the_others_go_on(
    sfu: SfuAddress, people: tuple[Person, Person], server: api.LiveKitAPI
) -> None:
    alice, bob = people
    room, camera = await meet(sfu, people)
    only_sound = api.ParticipantPermission(
        can_subscribe=True, can_publish=True, can_publish_data=True, can_publish_sources=[api.TrackSource.MICROPHONE]
    )
    change = api.UpdateParticipantRequest(room=room, identity="alice", permission=only_sound)
    await server.room.update_participant(change)
    await assert_no_picture(bob)
    seen = remote(bob, "alice")
    assert seen is not None
    assert camera.sid not in seen.track_publications
    energy = bob.energy
    await bob.until(lambda: bob.energy > energy + 0.1)
    await alice.until(lambda: list(alice.room.local_participant.permissions.can_publish_sources))


async def test_nothing_arrives_of_whom_may_publish_no_more(
    sfu: SfuAddress, people: tuple[Person, Person], server: api.LiveKitAPI
) -> None:
    _, bob = people
    room, _ = await meet(sfu, people)
    listener = api.ParticipantPermission(can_subscribe=True, can_publish=False)
    await server.room.update_participant(api.UpdateParticipantRequest(room=room, identity="alice", permission=listener))
    await assert_no_picture(bob)
    energy = bob.energy
    await asyncio.sleep(WATCHED_S)
    assert bob.energy - energy < 0.01
