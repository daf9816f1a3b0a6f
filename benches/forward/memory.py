"""What a participant costs in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benches.forward.generator import Generator, generator
from benches.forward.loads import PICTURE_PACKETS, VIDEO_BYTES, VIDEO_INTERVAL_US
from benches.forward.measuring import LONGEST_S, room_of
from benches.forward.participants import Role
from benches.processes import resident_kib
from tests.servers.sfu import SfuAddress

# So many of a kind make their memory visible.
PEOPLE = 40
SUBSCRIBER, PUBLISHER = Role("none", 1, "video"), Role("video", 0, "video")


async def kib_each(server: SfuAddress, made: Generator, role: Role, *, count: int = PEOPLE) -> float:
    async with room_of(server, made, "memory") as room:
        await room.prepare(role)
        before = resident_kib(server.pid)
        await room.admit([role] * count)
        if role.publishes != "none":
            made.tell("send", VIDEO_INTERVAL_US, PICTURE_PACKETS, VIDEO_BYTES)
        await asyncio.sleep(2)
        return (resident_kib(server.pid) - before) / count


async def table(servers: Sequence[SfuAddress]) -> list[str]:
    rows = ["| memory, KiB each | idle subscriber | publisher |", "|---|---|---|"]
    for server in servers:
        try:
            async with asyncio.timeout(LONGEST_S), generator() as made:
                # The first of all pays for what is made once.
                await kib_each(server, made, SUBSCRIBER, count=4)
                idle = await kib_each(server, made, SUBSCRIBER)
                rows.append(f"| {server.name} | {idle:.0f} | {await kib_each(server, made, PUBLISHER):.0f} |")
        except Exception as error:
            rows.append(f"| {server.name} | failed: {type(error).__name__} {error} | |")
    return rows
