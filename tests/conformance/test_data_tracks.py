"""Data tracks between programs, and what a server refuses of them."""

from __future__ import annotations

import asyncio

import pytest
from livekit import rtc as client
from livekit.protocol import models, rtc

from tests.conformance.client import dial, dual_path, token
from tests.conformance.tap import TappedPerson, tapped
from tests.interop.test_livekit_python import WAIT_S
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]


@pytest.mark.parametrize("is_dual", [False, True], ids=["single", "dual"])
async def test_frames_reach_a_program_that_subscribes(server: SfuAddress, room: str, is_dual: bool) -> None:
    async with tapped(server, "alice") as (alice, at_alice), tapped(server, "bob") as (bob, at_bob):
        found: asyncio.Queue[client.RemoteDataTrack] = asyncio.Queue()
        bob.room.on("data_track_published", found.put_nowait)
        await alice.come_in(at_alice, room, is_dual=is_dual)
        await bob.come_in(at_bob, room, is_dual=is_dual)
        async with asyncio.timeout(WAIT_S):
            track = await alice.room.local_participant.publish_data_track(name="lidar")
            remote = await found.get()
            assert (remote.info.name, remote.publisher_identity) == ("lidar", "alice")
            pushing = asyncio.create_task(push(track))
            frame = await anext(aiter(remote.subscribe()))
            pushing.cancel()
            assert frame.payload == b"x" * 30_000
            handles = await bob.told("data_track_subscriber_handles", lambda told: told.sub_handles)
            assert [handle.track_sid for handle in handles.sub_handles.values()] == [track.info.sid]
            await track.unpublish()
        await gone(bob, track.info.sid)


async def push(track: client.LocalDataTrack) -> None:
    """A frame of several packets, again and again: nothing is kept for somebody who is not there yet."""
    while True:
        track.try_push(client.DataTrackFrame(payload=b"x" * 30_000))
        await asyncio.sleep(0.05)


async def gone(person: TappedPerson, sid: str) -> None:
    def is_without(update: rtc.ParticipantUpdate) -> bool:
        return any(p.identity == "alice" and not p.data_tracks for p in update.participants)

    since = next(
        index
        for index, response in enumerate(person.heard)
        if any(track.sid == sid for p in response.update.participants for track in p.data_tracks)
    )
    await person.told("update", is_without, since=since)


async def test_what_cannot_be_published_is_answered_with_its_reason(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.send(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=1, name="lidar"))
        assert (await alice.until("publish_data_track_response")).info.sid[:4] == "DTR_"
        for handle, name, reason in (
            (0, "radar", "INVALID_HANDLE"),
            (2, "", "INVALID_NAME"),
            (1, "radar", "DUPLICATE_HANDLE"),
            (2, "lidar", "DUPLICATE_NAME"),
        ):
            await alice.send(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=handle, name=name))
            response = await alice.until("request_response")
            assert rtc.RequestResponse.Reason.Name(response.reason) == reason
        await alice.send(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=5))
        assert (await alice.until("request_response")).reason == rtc.RequestResponse.NOT_FOUND
        await alice.send(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=1))
        assert (await alice.until("unpublish_data_track_response")).info.name == "lidar"
    async with dial(server, dual_path(), token(server, "bob", room, can_publish_data=False)) as bob:
        await bob.until("join")
        await bob.send(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=1, name="lidar"))
        assert (await bob.until("request_response")).reason == rtc.RequestResponse.NOT_ALLOWED


@pytest.mark.parametrize(
    ("request_message", "reason"),
    [
        (
            rtc.SignalRequest(
                store_data_blob_request=rtc.StoreDataBlobRequest(
                    request_id=4, blob=models.DataBlob(key=models.DataBlobKey(generic="k"), contents=b"c")
                )
            ),
            rtc.RequestResponse.NOT_ALLOWED,
        ),
        (
            rtc.SignalRequest(
                get_data_blob_request=rtc.GetDataBlobRequest(
                    request_id=4, participant_identity="alice", key=models.DataBlobKey(generic="k")
                )
            ),
            rtc.RequestResponse.NOT_FOUND,
        ),
    ],
    ids=["store", "get"],
)
async def test_data_that_is_to_be_kept_is_refused(
    server: SfuAddress, room: str, request_message: rtc.SignalRequest, reason: rtc.RequestResponse.Reason
) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.socket.send(request_message.SerializeToString())
        response = await alice.until("request_response")
        assert (response.request_id, response.reason) == (4, reason)
