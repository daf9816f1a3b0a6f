"""A media thread that hangs is told of, and gets no new room."""

from __future__ import annotations

import asyncio
import logging

import pytest

from palaver_sfu.adapters.pool import MediaPool
from palaver_sfu.room.values import RoomSid
from palaver_sfu.stalls import StallWatch
from palaver_sfu.tests.serving import Served
from palaver_sfu.tests.test_media_pool import Thread

TIMEOUT_S = 10.0


def test_a_thread_that_hangs_is_said_once_and_gets_no_new_room(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Thread(), Thread(busy=0.5)
    pool = MediaPool([first, second])
    watch = StallWatch(pool.threads)
    first.stalled_s = 0.5
    watch.look()
    assert not watch.is_any, "a turn that takes long is none that hangs"
    first.stalled_s = 3.0
    for _ in range(3):
        watch.look()
    assert watch.is_any
    pool.open_room(room=RoomSid("RM_1"))
    assert pool.thread_of(RoomSid("RM_1")) == 1
    assert "stalled_ms" not in pool.stats()
    first.stalled_s = 0.0
    watch.look()
    assert not watch.is_any
    said = [(record.levelno, record.message) for record in caplog.records if record.name == "palaver_sfu.stalls"]
    assert said == [(logging.ERROR, "media thread does not answer"), (logging.WARNING, "media thread goes on")]


async def test_a_server_with_a_thread_that_hangs_is_not_ready(sfu: Served) -> None:
    async def until(status: int) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while (await sfu.http("GET", "/")).status_code != status:
                await asyncio.sleep(0.02)

    await until(200)
    sfu.media.stalled_s = 3.0
    await until(406)
    (family,) = [f for f in sfu.app.metrics() if f.name == "palaver_sfu_media_thread_stalled_seconds"]
    assert [value for _, _, value in family.samples] == [3.0]
    sfu.media.stalled_s = 0.0
    await until(200)
