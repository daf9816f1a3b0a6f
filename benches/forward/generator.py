"""The generator of `media/crates/load` as a process of its own, spoken to in lines."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benches.processes import prefer
from benches.scoreboard import ROOT

BUILD = (
    "cargo", "build", "--quiet", "--manifest-path", "media/Cargo.toml", "--locked", "--release", "-p", "palaver-load",
)  # fmt: skip
PROGRAM = ROOT / "media/target/release/palaver-load"
LINE_END = "\x1f"
# An offer of a large meeting is one line.
LONGEST_LINE = 4 * 1024 * 1024
ANSWER_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Report:
    """What was counted since the mark, by the generator's own names."""

    counts: dict[str, int]

    @classmethod
    def read(cls, words: str) -> Report:
        pairs = (word.split("=") for word in words.split())
        return cls({name: int(value) for name, value in pairs})

    @property
    def sent(self) -> int:
        return sum(value for name, value in self.counts.items() if name.startswith("sent_"))

    @property
    def received(self) -> int:
        return self.counts["latency_count"]

    def ms(self, name: str, quantile: str) -> float:
        """Of `latency`, `own` (from one of its sockets to another, past the server) or `switch`; `p50` and the like."""
        return self.counts[f"{name}_{quantile}"] / 1_000


class Generator:
    """Offers and the end of set-ups are waited for by the number of the participant."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._waiting: dict[str, asyncio.Future[str]] = {}

    def tell(self, *words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    def answer(self, number: int, sdp: str) -> None:
        self.tell("answer", number, sdp.replace("\r\n", LINE_END))

    async def offer(self, *words: object) -> str:
        """What `open` and `more` answer."""
        waiting = self._expect(f"offer {words[1]}")
        self.tell(*words)
        return (await waiting).replace(LINE_END, "\r\n")

    async def accept(self, number: int, sdp: str) -> str:
        """The answer of a participant that receives what the server offers."""
        waiting = self._expect(f"answer {number}")
        self.tell("accept", number, sdp.replace("\r\n", LINE_END))
        return (await waiting).replace(LINE_END, "\r\n")

    def up(self, number: int) -> asyncio.Future[str]:
        """Done when the participant's media can flow."""
        return self._expect(f"up {number}")

    async def report(self) -> Report:
        waiting = self._expect("report")
        self.tell("report")
        return Report.read(await asyncio.wait_for(waiting, ANSWER_TIMEOUT_S))

    def _expect(self, key: str) -> asyncio.Future[str]:
        return self._waiting.setdefault(key, asyncio.get_running_loop().create_future())

    async def listen(self) -> None:
        """Hand out what it says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, _, rest = line.decode().rstrip("\n").partition(" ")
            number, _, content = rest.partition(" ")
            key, content = ("report", rest) if word == "report" else (f"{word} {number}", content)
            if word == "failed":
                print(f"generator: {rest}", flush=True)
            elif (waiting := self._waiting.pop(key, None)) is not None and not waiting.done():
                waiting.set_result(content)


def build() -> None:
    subprocess.run(BUILD, cwd=ROOT, check=True)


@asynccontextmanager
async def generator() -> AsyncIterator[Generator]:
    """The built program as a new process; it goes before others, where we may decide that."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=LONGEST_LINE
    )
    prefer(process.pid)
    made = Generator(process)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), ANSWER_TIMEOUT_S)
        except TimeoutError:
            process.kill()
        listening.cancel()
