"""People who write without a pause, whatever happens to the server: what they were promised has to be there."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

from tests.load.classroom import Pupil


@dataclass(eq=False)
class Writer:
    """Writes message after message; what was not acknowledged is sent again under the same id."""

    pupil: Pupil
    dice: random.Random
    acknowledged: list[str] = field(default_factory=list)
    is_done: bool = False

    async def run(self) -> None:
        number = 0
        while not self.is_done:
            text = f"{self.pupil.name} says {number}"
            try:
                answer = await self.pupil.command("chat_send", client_id=f"{self.pupil.name}-{number:06}", text=text)
            except ConnectionError:
                await come_back(self.pupil)
                continue
            if answer["type"] == "ack":
                self.acknowledged.append(text)
                number += 1
            else:
                assert answer["retryable"], answer
            await asyncio.sleep(self.dice.uniform(0.2, 0.8))


async def come_back(pupil: Pupil) -> None:
    """Dial until inside, as a page does."""
    while True:
        with contextlib.suppress(OSError, ConnectionError, TimeoutError):
            answer = await pupil.dial()
            if answer.get("type") == "welcome":
                return
            assert answer == {} or answer["retryable"], answer
        await asyncio.sleep(0.2)
