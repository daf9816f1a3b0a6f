"""A live room service that runs for as long as a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from palaver.config.live_handlers import REGISTRY
from palaver.engines.port import MediaEngine
from palaver.live.lifecycle import LivePart


@asynccontextmanager
async def live_room(engine: MediaEngine) -> AsyncIterator[LivePart]:
    """Start, and stop if the test has not."""
    part = LivePart(engine=engine, registry=REGISTRY)
    await part.startup()
    try:
        yield part
    finally:
        await part.shutdown("the test is over")
