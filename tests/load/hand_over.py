"""The process that holds the room dies in the middle of a lesson: who was with it comes back through the other one,
who was with the other one stays, and whatever was acknowledged is there.
"""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence

from tests.load.browsers import Browsers
from tests.load.lesson import Lesson, hands, inside_are, see_who_is_in_the_light
from tests.load.school import Twins
from tests.load.writers import Writer

HAND_OVER_S = 3.0
SEED = 20261129
# What of a person is the same wherever the room is held.
KEPT = ("participant_id", "identity", "name", "role", "joined_at", "is_acting", "hand_at")


async def hand_over(lesson: Lesson, twins: Twins, browsers: Browsers | None) -> str:
    """kill -9 of the holder while everybody writes; and the process comes back in the end."""
    victim = twins.process_of(lesson.alice)
    meeting_id, holder = twins.holder()
    ours = [pupil for pupil in lesson.everybody if twins.process_of(pupil) is victim]
    others = [pupil for pupil in lesson.everybody if pupil not in ours]
    assert len(ours) > 5, "nobody to come back"
    assert len(others) > 5, "nobody to stay"
    before, queue = lesson.alice.replica.told(), hands(lesson.alice)
    assert len(queue) > 5
    pictures = None if browsers is None else await browsers.do(lambda: connections(lesson))

    writers = [Writer(pupil, random.Random(SEED + number)) for number, pupil in enumerate(lesson.everybody)]
    writing = [asyncio.create_task(writer.run()) for writer in writers]
    await acknowledged_again(writers, writing)
    resyncs = {pupil.name: pupil.resyncs for pupil in others}
    await asyncio.to_thread(victim.kill)
    begun_s = time.monotonic()
    await asyncio.gather(*(pupil.until(lambda pupil=pupil: pupil.resyncs > resyncs[pupil.name]) for pupil in others))
    taken_s = time.monotonic() - begun_s
    await acknowledged_again(writers, writing)
    writing_s = time.monotonic() - begun_s
    await inside_are(lesson)
    all_inside_s = time.monotonic() - begun_s
    for writer in writers:
        writer.is_done = True
    await asyncio.gather(*writing)

    assert taken_s <= HAND_OVER_S, taken_s
    assert {pupil.resyncs - resyncs[pupil.name] for pupil in others} == {1}, "told anew once, on the same connection"
    assert twins.holder()[1] != holder, "it was not the holder that died"
    await same_room(lesson, before, queue)
    promised = await nothing_lost(lesson, writers)
    if browsers is not None:
        await browsers.do(lambda: see_who_is_in_the_light(lesson))
        assert await browsers.do(lambda: connections(lesson)) == pictures, "sound and picture are no part of it"
    [run] = await asyncio.to_thread(twins.cluster.history, meeting_id)
    assert run["open"], "one run, gone on with"
    await asyncio.to_thread(victim.start)
    return (
        f"its process killed, another held the room after {taken_s:.1f} s; {len(ours)} of {len(lesson.everybody)} "
        f"dialled again, all wrote after {writing_s:.1f} s and were inside after {all_inside_s:.1f} s; {promised} "
        "messages acknowledged meanwhile, 0 lost, 0 doubled"
    )


async def acknowledged_again(writers: Sequence[Writer], writing: Iterable["asyncio.Task[None]"]) -> None:
    """Until each has written something more."""
    counts = [len(writer.acknowledged) for writer in writers]
    while any(len(writer.acknowledged) <= count for writer, count in zip(writers, counts, strict=True)):
        for task in writing:
            assert not task.done(), task.exception()
        await asyncio.sleep(0.02)


async def same_room(lesson: Lesson, before: dict[str, object], queue: list[str]) -> None:
    """The roster, the hands, the room's own state; and who was banned still is, at either process."""
    await lesson.settled()
    for pupil in lesson.everybody:
        now = pupil.replica.told()
        assert now["room"] == before["room"]
        assert kept(now["participants"]) == kept(before["participants"])
        assert hands(pupil) == queue
    assert lesson.banned is not None
    for _ in range(2):
        assert (await lesson.banned.dial(tab_id="once more"))["code"] == "banned"
        await lesson.banned.ended()


def kept(participants: object) -> dict[str, dict[str, object]]:
    assert isinstance(participants, dict)
    return {pid: {key: who[key] for key in KEPT} for pid, who in participants.items()}


async def nothing_lost(lesson: Lesson, writers: Sequence[Writer]) -> int:
    """Everything that was acknowledged is in the chat once; how many that were."""
    places, texts, has_more = [0], [], True
    while has_more:
        page = await lesson.alice.do("chat_page", after_seq=places[-1], limit=50)
        places += [message["seq"] for message in page["messages"]]
        texts += [message["text"] for message in page["messages"]]
        has_more = page["has_more"]
    assert places == sorted(set(places))
    promised = [text for writer in writers for text in writer.acknowledged]
    mine = [text for text in texts if " says " in text]
    assert len(mine) == len(set(mine)), "doubled"
    assert set(promised) <= set(mine), "lost"
    return len(promised)


def connections(lesson: Lesson) -> list[int]:
    """How many connections for media each page has opened so far."""
    return [person.page.evaluate("() => window.__connections.length") for person in lesson.in_browsers]
