"""A class of thirty in a real `palaver serve`: the whole story of a lesson, by people with room sockets, some with
sound. Before a release it is held with three Chromiums, by two processes of which one dies.

At its end everybody's replica is the room as the server has it.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.load.browsers import Browsers
from tests.load.classroom import Pupil
from tests.load.hand_over import hand_over
from tests.load.lesson import (
    Lesson,
    come,
    everybody_sees,
    heard_by_alice,
    inside_are,
    present,
    quieten,
    raise_hands,
    write,
)
from tests.load.lesson_files import hand_in
from tests.load.school import Twins, twins
from tests.servers.palaver import PalaverServer
from tests.servers.postgresql import binaries
from tests.servers.redis import binary

LARGE_FILES = ("--file-max-size", "1G")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PalaverServer]:
    with PalaverServer(tmp_path / "palaver", options=LARGE_FILES) as running:
        yield running


@pytest.fixture
def two_processes(tmp_path: Path) -> Iterator[Twins]:
    if binaries() is None or binary() is None:
        pytest.skip("PostgreSQL or Redis is not installed (tools/apt_packages.sh test)")
    with twins(tmp_path, *LARGE_FILES) as running:
        yield running


async def ban_somebody(lesson: Lesson) -> None:
    """Out, at once and for good: also with a new identity from the same place, and for what was left behind."""
    troll = lesson.guests.pop()
    lesson.everybody.remove(troll)
    await lesson.alice.do("ban_participant", participant_id=troll.participant_id, reason="Noise")
    await troll.ended()
    assert (troll.closing or {}).get("reason") == "banned"
    assert troll.close_code == 4412
    ticket, lesson.banned = troll.ticket, troll
    # The same page, another tab, and a page that knows nothing any more and gives another name.
    for brought, hello in (
        (ticket, {}),
        (ticket, {"tab_id": "new"}),
        (None, {"tab_id": "n", "name": "Nobody"}),
    ):
        troll.ticket = brought
        assert (await troll.dial(**hello))["code"] == "banned"
        await troll.ended()
        assert troll.close_code == 4412
    troll.ticket = ticket
    async with httpx.AsyncClient(base_url=lesson.server.url) as browser:
        headers = {"X-Palaver-Guest-Ticket": str(troll.welcome["guest_ticket"])}
        assert (await browser.get(f"/api/meetings/{lesson.slug}/chat", headers=headers)).status_code == 404
    await lesson.settled()
    assert troll.participant_id not in lesson.alice.replica.participants


async def lose_the_hosts(lesson: Lesson, browsers: Browsers | None) -> float:
    """The last host vanishes without a word: the co-host acts until they are back, as everybody sees."""
    helper, alice = lesson.helper, lesson.alice
    if browsers is None:
        alice.crash()
        await alice.ended()
    else:
        assert lesson.harriet is not None
        await alice.do("leave")
        await alice.ended()
        lesson.in_browsers.remove(lesson.harriet)
        await browsers.crash(lesson.harriet)
    begun_s = time.monotonic()
    others = [pupil for pupil in lesson.everybody if pupil is not alice]
    await asyncio.gather(*(pupil.until(lambda pupil=pupil: acting(pupil) == {helper.name}) for pupil in others))
    lost_s = time.monotonic() - begun_s
    assert helper.replica.participants[helper.participant_id]["role"] == "host"
    assert (await lesson.members[0].command("set_lock", is_locked=True))["code"] == "not_allowed"
    await helper.do("set_role", participant_id=lesson.members[3].participant_id, role="co_host")
    if browsers is not None:
        harriet = await browsers.person("harriet", film="alice", cookie=lesson.harriets_cookie)
        lesson.harriet = harriet
        await browsers.do(lambda: harriet.join(lesson.link))
        lesson.in_browsers.insert(0, harriet)
        await asyncio.gather(*(pupil.until(lambda pupil=pupil: not acting(pupil)) for pupil in others))
    assert (await alice.dial())["type"] == "welcome"
    assert alice.welcome["you"]["role"] == "owner"
    await asyncio.gather(*(pupil.until(lambda pupil=pupil: not acting(pupil)) for pupil in others))
    assert helper.replica.participants[helper.participant_id]["role"] == "co_host"
    assert (await helper.command("set_role", participant_id=lesson.members[3].participant_id, role="member"))[
        "code"
    ] == "not_allowed"
    await lesson.settled()
    if browsers is not None:
        await everybody_sees(lesson, browsers)
    return lost_s


def acting(pupil: Pupil) -> set[str]:
    """Who acts as host, as somebody sees it."""
    people = pupil.replica.participants.values()
    return {who["name"].split()[0] for who in people if who["is_acting"]}


async def crash_and_return(lesson: Lesson, server: PalaverServer) -> str:
    """kill -9 of the server: everybody comes back as who they were, to what was."""
    await lesson.alice.do("set_role", participant_id=lesson.members[2].participant_id, role="viewer")
    await lesson.settled()
    before = {pupil.name: pupil.replica.participants[pupil.participant_id] for pupil in lesson.everybody}
    room, page = lesson.alice.replica.room, await lesson.alice.do("chat_page", limit=50)
    server.kill()
    await asyncio.gather(*(pupil.ended() for pupil in lesson.everybody))
    await asyncio.to_thread(server.start)
    begun_s = time.monotonic()
    answers = await asyncio.gather(*(pupil.dial() for pupil in lesson.everybody))
    taken_s = time.monotonic() - begun_s
    assert {answer["type"] for answer in answers} == {"welcome"}, "who was inside does not wait again"
    await inside_are(lesson)
    await lesson.settled()
    kept = ("participant_id", "identity", "name", "role", "joined_at", "is_acting")
    for pupil in lesson.everybody:
        now = pupil.replica.participants[pupil.participant_id]
        assert {key: now[key] for key in kept} == {key: before[pupil.name][key] for key in kept}
        assert pupil.replica.room == room
    assert await lesson.alice.do("chat_page", limit=50) == page
    return f"all sockets back {taken_s:.1f} s after a restart"


async def end(lesson: Lesson, browsers: Browsers | None) -> None:
    await lesson.alice.do("end_for_all")
    await asyncio.gather(*(pupil.ended() for pupil in lesson.everybody))
    assert {pupil.close_code for pupil in lesson.everybody} == {4410}
    if browsers is not None:
        await browsers.do(lambda: all_are_told(lesson))


def all_are_told(lesson: Lesson) -> None:
    for person in lesson.in_browsers:
        person.is_told("The meeting has ended")


async def play(
    lesson: Lesson, megabytes: int, crash: Callable[[], Awaitable[str]], browsers: Browsers | None = None
) -> str:
    """The lesson; in its middle `crash` has the server die."""
    await come(lesson, browsers)
    inside = len(lesson.everybody) + len(lesson.in_browsers)
    if browsers is not None:
        # Whoever moderates is not muted with all.
        await browsers.do(lambda: lesson.in_browsers[0].press("Mute"))
    async with heard_by_alice(lesson) as (listener, _):
        await quieten(lesson, listener)
    await raise_hands(lesson)
    await present(lesson)
    await write(lesson)
    if browsers is not None:
        await browsers.do(lambda: nobody_reads(lesson, "Psst"))
    file = await hand_in(lesson, megabytes)
    await ban_somebody(lesson)
    crashed = await crash()
    lost_s = await lose_the_hosts(lesson, browsers)
    await end(lesson, browsers)
    return (
        f"{inside} people, {len(lesson.in_browsers)} of them with Chromium: {file}; {crashed}; somebody stands in for "
        f"a vanished host after {lost_s:.0f} s"
    )


def nobody_reads(lesson: Lesson, text: str) -> None:
    """No page shows what was written to somebody else, although it shows what was written to all."""
    for person in lesson.in_browsers:
        person.page.get_by_role("button", name=re.compile("^Chat")).first.click()
        expect(person.page.get_by_text("Thank you", exact=True).first).to_be_visible()
        expect(person.page.get_by_text(text, exact=True)).to_have_count(0)


@pytest.mark.timeout(300)
async def test_a_class_of_thirty_goes_through_a_whole_lesson(server: PalaverServer) -> None:
    lesson = Lesson(server)
    print("\nfigure: " + await play(lesson, 20, lambda: crash_and_return(lesson, server)))


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_a_class_of_thirty_with_three_browsers_outlives_a_process(two_processes: Twins, tmp_path: Path) -> None:
    lesson = Lesson(two_processes)
    async with Browsers(two_processes, tmp_path) as browsers:
        crash = hand_over(lesson, two_processes, browsers)
        print("\nfigure: " + await play(lesson, 200, lambda: crash, browsers))
