"""What goes wrong under a running room, and what it may cost: kills, and a database that is locked.

Each test prints its figures; `make proof` copies them into docs/proof.md.
"""

import asyncio
import contextlib
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.load.classroom import Pupil, open_meeting
from tests.load.writers import Writer
from tests.servers.palaver import PalaverServer

SEED = 20260302
WRITERS = 50
CONVERGED_WITHIN_S = 10.0
# Of the room itself, on a machine that is busy with other things: an answer from memory takes a millisecond.
ANSWERED_WITHIN_S = 2.0


@asynccontextmanager
async def guests(server: PalaverServer, count: int) -> AsyncIterator[list[Pupil]]:
    """So many guests inside one meeting, each from an address of their own."""
    slug = open_meeting(server)
    people = [Pupil(server, slug, f"Guest{number}", f"127.0.2.{number + 1}") for number in range(count)]
    try:
        for pupil in people:
            assert (await pupil.dial())["type"] == "welcome"
        yield people
    finally:
        for pupil in people:
            await pupil.hang_up()


def database(server: PalaverServer) -> Path:
    [path] = server.data_dir.glob("*.sqlite3")
    return path


def stored(server: PalaverServer) -> list[tuple[int, str]]:
    """Place and text of every message, from the file itself; the file is sound."""
    with contextlib.closing(sqlite3.connect(database(server))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT seq, text FROM chat_message ORDER BY seq").fetchall()


# --- killed while fifty write ---------------------------------------------------------------------


async def kill_while_people_write(server: PalaverServer, people: list[Pupil], kills: int) -> str:
    dice = random.Random(SEED)
    writers = [Writer(pupil, random.Random(dice.random())) for pupil in people]
    identities = {writer.pupil.name: writer.pupil.identity for writer in writers}
    writing = [asyncio.create_task(writer.run()) for writer in writers]
    back_s: list[float] = []
    for _ in range(kills):
        before = len(writers[0].acknowledged)
        await asyncio.sleep(dice.uniform(0.1, 2.0))
        server.kill()
        await asyncio.to_thread(server.start)
        begun_s, counts = time.monotonic(), [len(writer.acknowledged) for writer in writers]
        while any(len(writer.acknowledged) <= count for writer, count in zip(writers, counts, strict=True)):
            for task in writing:
                assert not task.done(), task.exception()
            await asyncio.sleep(0.05)
        back_s.append(time.monotonic() - begun_s)
        assert len(writers[0].acknowledged) > before
    for writer in writers:
        writer.is_done = True
    await asyncio.gather(*writing)

    rows = stored(server)
    texts = [text for _, text in rows]
    promised = [text for writer in writers for text in writer.acknowledged]
    assert len(texts) == len(set(texts)), "doubled"
    assert set(promised) <= set(texts), "lost"
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1)), "a gap in the order"
    assert {writer.pupil.name: writer.pupil.identity for writer in writers} == identities
    for writer in writers[:5]:
        told, now = await writer.pupil.fresh()
        assert told == now
        assert len(now["participants"]) == WRITERS
    return f"{kills} kills, {len(promised)} acknowledged, 0 lost, 0 doubled; all write again {max(back_s):.1f} s after"


@pytest.mark.timeout(300)
async def test_what_fifty_people_were_promised_outlives_kills(server: PalaverServer) -> None:
    """CHAT-012, CHAT-013, LIVE-111."""
    async with guests(server, WRITERS) as people:
        print("\nfigure: " + await kill_while_people_write(server, people, 2))


@pytest.mark.proof
@pytest.mark.timeout(1_800)
async def test_what_fifty_people_were_promised_outlives_many_kills(server: PalaverServer) -> None:
    async with guests(server, WRITERS) as people:
        print("\nfigure: " + await kill_while_people_write(server, people, 40))


# --- the database is away -------------------------------------------------------------------------


async def lock_the_database(server: PalaverServer, people: list[Pupil], seconds: float) -> str:
    bob, dave = people[:2]
    await bob.do("chat_send", client_id="before-it", text="before")
    answers: dict[str, asyncio.Task[dict[str, Any]]] = {}
    slowest_s = 0.0
    with contextlib.closing(sqlite3.connect(database(server), isolation_level=None)) as intruder:
        intruder.execute("BEGIN EXCLUSIVE")
        begun_s = time.monotonic()
        number = 0
        while time.monotonic() - begun_s < seconds:
            pupil = people[number % len(people)]
            text = f"while it is locked {number}"
            answers[text] = asyncio.create_task(pupil.command("chat_send", client_id=f"locked-{number:06}", text=text))
            # What needs no database goes on as if nothing were: it is answered, and the others hear of it.
            asked_s = time.monotonic()
            kind = "raise_hand" if number % 2 == 0 else "lower_hand"
            await bob.do(kind)
            is_up = kind == "raise_hand"
            await dave.until(
                lambda is_up=is_up: bool(dave.replica.participants[bob.participant_id]["hand_at"]) == is_up
            )
            slowest_s = max(slowest_s, time.monotonic() - asked_s)
            number += 1
            await asyncio.sleep(0.3)
        intruder.execute("ROLLBACK")
    freed_s = time.monotonic()
    done = dict(zip(answers, await asyncio.gather(*answers.values()), strict=True))
    await bob.do("chat_send", client_id="after-it", text="after")
    converged_s = time.monotonic() - freed_s
    assert slowest_s <= ANSWERED_WITHIN_S, slowest_s
    assert converged_s <= CONVERGED_WITHIN_S, converged_s
    refused = {text for text, answer in done.items() if answer["type"] == "error"}
    assert {answer["code"] for answer in done.values() if answer["type"] == "error"} <= {"unavailable"}
    texts = [text for _, text in stored(server)]
    assert sorted(texts) == sorted({"before", "after", *done} - refused)
    for pupil in people:
        assert pupil.close_code is None, "a running call was cut"
        before, now = await pupil.fresh()
        assert before == now
    return (
        f"locked for {seconds:.0f} s: slowest command of the room {slowest_s * 1e3:.0f} ms, "
        f"{len(done) - len(refused)} messages kept, {len(refused)} refused, converged {converged_s:.1f} s after"
    )


@pytest.mark.timeout(180)
async def test_a_locked_database_stops_no_call_and_loses_nothing(server: PalaverServer) -> None:
    async with guests(server, 10) as people:
        print("\nfigure: " + await lock_the_database(server, people, 3))


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_a_database_that_is_locked_for_ten_seconds_stops_no_call(server: PalaverServer) -> None:
    async with guests(server, 10) as people:
        print("\nfigure: " + await lock_the_database(server, people, 10))
