"""A process is killed at a random moment while many write: nothing that was acknowledged is lost."""

import asyncio
import random

import pytest
from websockets.exceptions import InvalidHandshake

from tests.cluster.pages import Page, at, pages
from tests.servers.cluster import Cluster


class Writer:
    """Somebody who changes their name again and again, one number higher each time."""

    def __init__(self, page: Page, name: str, cluster: Cluster) -> None:
        self.page = page
        self.name = name
        self.sent = self.acknowledged = self.answers = 0
        self._cluster = cluster

    async def write(self, done: asyncio.Event, chance: random.Random) -> None:
        while not done.is_set():
            try:
                answer = await self.page.command("rename_self", name=f"{self.name} {self.sent + 1}")
            except ConnectionError:
                await self._dial(chance)
                continue
            finally:
                self.sent += 1
            if answer["type"] == "ack":
                self.acknowledged = self.sent
                self.answers += 1
            else:
                assert (answer["code"], answer["retryable"]) == ("unavailable", True), answer
            await asyncio.sleep(0.05)

    async def _dial(self, chance: random.Random) -> None:
        """As a page does: again and again, wherever the proxy leads."""
        async with asyncio.timeout(20):
            while True:
                servers = [process for process in self._cluster.processes if process.is_running]
                try:
                    answer = await self.page.come(chance.choice(servers))
                except (OSError, EOFError, InvalidHandshake):
                    await asyncio.sleep(0.05)
                    continue
                if answer["type"] == "welcome":
                    return


async def a_round(cluster: Cluster, *, writers: int, seed: int) -> int:
    """One kill; how many names were acknowledged, of which none was lost."""
    chance = random.Random(seed)
    door = await asyncio.to_thread(cluster.meeting)
    order = chance.sample(cluster.processes, 3)
    coming = [at(order[number % 3], door["slug"], f"w{number} 0") for number in range(writers)]
    victim = chance.choice(order)
    async with pages(at(order[chance.randrange(3)], door["slug"], None, cookie=door["cookie"]), *coming) as there:
        alice, *others = there
        crowd = [Writer(page, f"w{number}", cluster) for number, page in enumerate(others)]
        ids = {writer.page.me for writer in crowd}
        done = asyncio.Event()
        writing = [asyncio.create_task(writer.write(done, chance)) for writer in crowd]
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        await asyncio.to_thread(victim.kill)
        await asyncio.sleep(5)
        done.set()
        await asyncio.gather(*writing)
        if alice.close_code is not None:
            await alice.come(chance.choice([process for process in cluster.processes if process.is_running]))
        observer = Page(
            chance.choice([process for process in cluster.processes if process.is_running]), door["slug"], "Eve"
        )
        await observer.come()
        people = {
            pid: who["name"] for pid, who in observer.state["participants"].items() if who["name"].startswith("w")
        }
        assert set(people) == ids, "nobody is lost, nobody is there twice"
        for writer in crowd:
            name, number = people[writer.page.me].split()
            assert name == writer.name
            assert writer.acknowledged <= int(number) <= writer.sent, f"{name}: an acknowledged name is lost"
            assert writer.acknowledged > 0
        assert (await alice.command("end_for_all"))["type"] == "ack"
        await observer.go()
    runs = await asyncio.to_thread(cluster.history, door["id"])
    while runs[-1]["open"]:
        runs = await asyncio.to_thread(cluster.history, door["id"])
    [run] = runs
    assert len(run["stays"]) == writers + 2
    await asyncio.to_thread(victim.start)
    return sum(writer.answers for writer in crowd)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [4, 5])
async def test_no_acknowledged_name_is_lost_when_a_process_is_killed(together: Cluster, seed: int) -> None:
    acknowledged = await a_round(together, writers=12, seed=seed)
    print(f"\nfigure: 12 people write, one of three processes killed: {acknowledged} acknowledged, 0 lost")


@pytest.mark.proof
@pytest.mark.timeout(1800)
async def test_no_acknowledged_name_of_fifty_is_lost_in_twenty_kills(together: Cluster) -> None:
    acknowledged = [await a_round(together, writers=50, seed=seed) for seed in range(100, 120)]
    print(f"\nfigure: 50 people write, 20 kills of one of three processes: {sum(acknowledged)} acknowledged, 0 lost")
