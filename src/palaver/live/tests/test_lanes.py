"""Lanes: order, trying again, and waiting for all that was submitted."""

import asyncio

from palaver.live.lanes import Lane
from palaver.live.tests.stage import hold_until


async def test_a_flush_waits_also_for_the_job_that_is_being_done() -> None:
    """LIVE-051: a removal on its way to the engine has left the queue, and is not carried out yet."""
    lane, may_end = Lane("test"), asyncio.Event()
    running = asyncio.create_task(lane.run())
    lane.submit(hold_until(may_end))
    await asyncio.sleep(0)
    flushing = asyncio.create_task(lane.flush(timeout_s=5))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not flushing.done()
    may_end.set()
    assert await flushing
    lane.finish()
    await running
    assert await lane.flush(timeout_s=5)


async def test_a_flush_of_a_lane_that_finishes_waits_for_its_last_job() -> None:
    lane, may_end = Lane("test"), asyncio.Event()
    running = asyncio.create_task(lane.run())
    lane.submit(hold_until(may_end))
    lane.finish()
    flushing = asyncio.create_task(lane.flush(timeout_s=5))
    await asyncio.sleep(0)
    may_end.set()
    assert await flushing
    await running


async def test_a_flush_gives_up_when_it_takes_too_long() -> None:
    lane = Lane("test")
    running = asyncio.create_task(lane.run())
    lane.submit(hold_until(asyncio.Event()))
    await asyncio.sleep(0)
    assert not await lane.flush(timeout_s=0.01)
    running.cancel()
