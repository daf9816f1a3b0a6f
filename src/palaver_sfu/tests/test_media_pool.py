"""Several media threads: which one a room is given to, that it stays there, and what it hears of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest
from livekit.protocol import models, rtc

from palaver_sfu.adapters.memory import MemoryMedia
from palaver_sfu.adapters.pool import MediaPool
from palaver_sfu.errors import MediaError
from palaver_sfu.ports import LoadChanged, MediaEvent, WorkerLost
from palaver_sfu.room.pinning import Burden, least_loaded
from palaver_sfu.room.values import ParticipantSid, RoomSid, TrackSid
from palaver_sfu.session.inputs import PeerClosed
from palaver_sfu.tests.serving import Served

CAMERA = TrackSid("TR_VC1")
FIGURES = ("packets_in", "packets_out", "worker_panics")


class Thread(MemoryMedia):
    """A media thread without media; `busy` is what it says of itself."""

    def __init__(self, *, busy: float = 0.0) -> None:
        super().__init__(connects=False)
        self.busy = busy

    def figures(self) -> Mapping[str, int]:
        times = {"busy_permille": int(self.busy * 1000), "stalled_ms": int(self.stalled_s * 1000)}
        return {**times, "peers": len(self.peers), **dict.fromkeys(FIGURES, 1)}


def burden(
    busy: float = 0.0, *, peers: int = 0, new: int = 0, rooms: int = 0, empty: int = 0, over: bool = False
) -> Burden:
    return Burden(
        busy=busy, peers=peers, measured_peers=peers - new, rooms=rooms, empty_rooms=empty, is_overloaded=over
    )


@pytest.mark.parametrize(
    ("threads", "chosen"),
    [
        ([burden(), burden()], 0),
        ([burden(rooms=1), burden()], 1),
        ([burden(0.02, peers=9), burden(0.03)], 1),
        ([burden(0.6, peers=2), burden(0.1, peers=90)], 1),
        ([burden(0.1, peers=40, new=40), burden(0.3)], 1),
        ([burden(0.1, rooms=30, empty=30), burden(0.3)], 1),
        ([burden(0.1, over=True), burden(0.9)], 1),
        ([burden(0.9, over=True), burden(0.2, over=True)], 1),
    ],
)
def test_a_new_room_goes_where_least_is_to_do_or_soon_will_be(threads: list[Burden], chosen: int) -> None:
    assert least_loaded(threads) == chosen


def test_a_rush_of_rooms_is_spread_before_any_figure_shows_it() -> None:
    threads = [Thread(busy=0.0), Thread(busy=0.2), Thread(busy=0.0)]
    pool = MediaPool(threads)
    for number in range(60):
        pool.open_room(room=RoomSid(f"RM_{number}"))
    rooms = [thread.rooms for thread in pool.threads()]
    assert sum(rooms) == 60
    assert min(rooms) >= 10
    assert rooms[1] == min(rooms)


def test_a_room_stays_where_it_is_and_all_its_people_meet_there() -> None:
    first, second = Thread(), Thread(busy=0.5)
    pool = MediaPool([first, second])
    room, other = RoomSid("RM_1"), RoomSid("RM_2")
    pool.open_room(room=room)
    pool.open_peer(room=room, peer=ParticipantSid("PA_alice"))
    first.busy, second.busy = 0.9, 0.1
    pool.open_room(room=other)
    pool.open_peer(room=room, peer=ParticipantSid("PA_bob"))
    pool.open_peer(room=other, peer=ParticipantSid("PA_carol"))
    pool.set_track_muted(room=other, track=CAMERA, is_muted=True)
    assert (pool.thread_of(room), pool.thread_of(other)) == (0, 1)
    assert (set(first.peers), set(second.peers)) == ({"PA_alice", "PA_bob"}, {"PA_carol"})
    assert (first.muted, second.muted) == (set(), {CAMERA})
    # Its end is not theirs: whoever is left is closed where he is.
    pool.close_room(room=room)
    pool.close_peer(peer=ParticipantSid("PA_bob"))
    assert set(first.peers) == {"PA_alice"}
    assert [(thread.rooms, thread.peers) for thread in pool.threads()] == [(0, 1), (1, 1)]
    with pytest.raises(MediaError, match="not open"):
        pool.open_peer(room=room, peer=ParticipantSid("PA_dave"))


async def test_only_rooms_of_a_busy_thread_hear_of_it_and_new_ones_go_elsewhere() -> None:
    threads = [Thread(), Thread()]
    pool = MediaPool(threads)
    seen: list[MediaEvent] = []
    pool.start(seen.extend)
    for name in ("RM_1", "RM_2"):
        pool.open_room(room=RoomSid(name))
    threads[0].emit(LoadChanged(load="full"))
    await asyncio.sleep(0)
    assert seen == [LoadChanged(load="full", rooms=(RoomSid("RM_1"),))]
    assert not any(pool.open_room(room=RoomSid(f"RM_new{number}")) for number in range(3))
    assert [thread.rooms for thread in pool.threads()] == [1, 4]
    threads[1].emit(LoadChanged(load="smaller_pictures"))
    await asyncio.sleep(0)
    assert pool.open_room(room=RoomSid("RM_late")), "there is no other thread: it is told at once"
    assert pool.thread_of(RoomSid("RM_late")) == 0


def test_figures_are_summed_up_and_told_of_each() -> None:
    pool = MediaPool([Thread(busy=0.25), Thread(busy=0.5)])
    assert json.loads(pool.stats()) == {"peers": 0, **dict.fromkeys(FIGURES, 2)}
    assert [thread.busy for thread in pool.threads()] == [0.25, 0.5]


def test_the_end_is_the_end_of_all() -> None:
    threads = [Thread(), Thread()]
    pool = MediaPool(threads)
    pool.open_room(room=RoomSid("RM_1"))
    pool.close()
    for thread in threads:
        with pytest.raises(MediaError):
            thread.open_peer(room=RoomSid("RM_1"), peer=ParticipantSid("PA_alice"))


async def test_whose_media_thread_failed_is_asked_back_and_nobody_else(
    sfu: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with sfu.join("alice", room="lost") as alice, sfu.join("bob", room="found") as bob:
        lost = sfu.media.peers[alice.sid].room
        sfu.media.emit(WorkerLost(reason="told to fail", rooms=(lost, RoomSid("RM_ended"))))
        leave = await alice.until("leave")
        assert leave.action == rtc.LeaveRequest.RECONNECT
        assert leave.reason == models.DisconnectReason.MEDIA_FAILURE
        sfu.media.emit(PeerClosed(peer=ParticipantSid(bob.sid), reason="peer_closed"))
        await bob.send(ping_req=rtc.Ping(timestamp=7))
        await bob.until("pong_resp")
        assert bob.sid in sfu.media.peers
    failures = [record for record in caplog.records if "failed and began again" in record.message]
    assert len(failures) == 1
    assert failures[0].__dict__["rooms"] == ["lost"]


async def test_a_room_that_opens_on_a_busy_thread_is_told_before_its_first_wish(sfu: Served) -> None:
    sfu.media.is_overloaded = True
    async with sfu.join("alice") as alice:
        await alice.send(add_track=rtc.AddTrackRequest(cid="camera", type=models.TrackType.VIDEO))
        refusal = await alice.until("request_response")
        assert refusal.reason == rtc.RequestResponse.LIMIT_EXCEEDED
        sfu.media.emit(LoadChanged(load="light", rooms=(sfu.media.peers[alice.sid].room,)))
        await alice.publish_camera()
