"""What features store is stored by whoever holds the room, and by nobody else."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps

from palaver.kernel.errors import UNAVAILABLE
from palaver.live.cluster.tests.stage import Page, Process, Stage
from palaver.meetings.models import Meeting

# By its mark it is among those that also run on PostgreSQL, whose locks are not SQLite's.
pytestmark = pytest.mark.django_db(transaction=True)

# A claim runs out after two seconds, and is looked for twice a second.
TAKE_OVER_S = 3.0


class SlowThreads:
    """Database threads of a process that is about to be stopped: what is asked of them waits."""

    def __init__(self, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting = 0
        self._opened = asyncio.Event()
        self._run = process.threads.run
        monkeypatch.setattr(process.threads, "run", self._slow)

    async def finish(self) -> None:
        self._opened.set()
        while self.waiting:
            await asyncio.sleep(0.01)

    async def _slow(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.waiting += 1
        try:
            await self._opened.wait()
            return await self._run(call, *args, **kwargs)
        finally:
            self.waiting -= 1


@sync_to_async
def stored() -> list[tuple[str, bool, int]]:
    messages = apps.get_model("chat", "Message")._default_manager.all()  # the room does not know the chat
    return [(said.text, said.deleted_at is not None, said.reactions.count()) for said in messages]


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "chat_send", "client_id": "0b8f7a1e-0000-4000-8000-000000000002", "text": "Too late"},
        {"kind": "chat_edit", "text": "Too late"},
        {"kind": "chat_react", "emoji": "thumbs_up"},
        {"kind": "chat_delete"},
    ],
    ids=lambda command: command["kind"],
)
async def test_a_holder_that_slept_through_its_claim_stores_nothing_for_the_chat(
    stage: Stage,
    meeting: Meeting,
    alice_cookie: str,
    monkeypatch: pytest.MonkeyPatch,
    command: dict[str, Any],
) -> None:
    first, second = await stage.process(), await stage.process()
    alice, bob = Page(first, meeting.slug, cookie=alice_cookie), Page(second, meeting.slug)
    await alice.hello()
    await bob.hello("Bob")
    sent = await alice.command("chat_send", client_id="0b8f7a1e-0000-4000-8000-000000000001", text="In time")
    if command["kind"] != "chat_send":
        command = {**command, "message_id": sent["result"]["message"]["message_id"]}
    [live] = first.hub.rooms.values()
    assert await live.history_lane.flush(timeout_s=9)
    # It had the right to, and was stopped on the way to the database.
    threads = SlowThreads(first, monkeypatch)
    asked = alice.ask(**command)
    while not threads.waiting:
        await asyncio.sleep(0.01)
    first.fall_asleep()
    await stage.advance(TAKE_OVER_S)
    await bob.until("snapshot")
    await threads.finish()
    assert await stored() == [("In time", False, 0)]
    answer = await alice.answer_to(asked)
    assert (answer["type"], answer.get("code"), answer.get("retryable")) == ("error", UNAVAILABLE.code, True)
    first.wake()
    await alice.until("snapshot")
    assert (await alice.command(**command))["type"] == "ack", "the new holder does it"
    assert await stored() != [("In time", False, 0)]
