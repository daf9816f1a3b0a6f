"""CHAT-001, CHAT-013, CHAT-040: the chat over real room sockets, through the door of the live room."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from palaver.accounts.models import User
from palaver.chat.models import Message
from palaver.engines.memory import MemoryEngine
from palaver.live import lifecycle
from palaver.live.tests.page import Page
from palaver.live.tests.service import live_room
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting


@pytest.fixture
def meeting(transactional_db: None) -> Meeting:
    owner = User.objects.create_user("alice@example.org", first_name="Alice", last_name="Moreau")
    return create_meeting(actor=owner, title="Stand-up", now=datetime.now(tz=UTC))


@pytest_asyncio.fixture
async def _live(transactional_db: None) -> AsyncIterator[None]:
    async with live_room(MemoryEngine()):
        yield


async def joined(page: Page, name: str) -> str:
    """Somebody comes in, and their attendance is written; the identity."""
    answer = await page.hello(name)
    live = lifecycle.running()
    assert live is not None
    for room in live.hub.rooms.values():
        assert await room.history_lane.flush(timeout_s=9)
    return str(answer["you"]["identity"])


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"client_id": uuid4().hex, "text": text, **more}


async def event(page: Page) -> dict[str, Any]:
    """The next news of the chat."""
    while True:
        message = await page.next()
        if message["type"] == "event":
            return dict(message["event"]["message"])


@pytest.mark.usefixtures("_live")
async def test_what_is_said_is_stored_acknowledged_and_heard_by_those_who_may(meeting: Meeting) -> None:
    async with Page(meeting.slug) as bob, Page(meeting.slug) as carol, Page(meeting.slug) as dave:
        await joined(bob, "Bob")
        carols = await joined(carol, "Carol")
        await joined(dave, "Dave")
        private = await bob.command("chat_send_private", to=carols, **said("Psst"))
        public = await bob.command("chat_send", **said("Hello"))
        assert private["result"]["kind"] == public["result"]["kind"] == "chat_sent"
        assert await Message.objects.acount() == 2
        assert [(await event(carol))["text"] for _ in range(2)] == ["Psst", "Hello"]
        assert (await event(dave))["text"] == "Hello", "the first that dave hears is the one to everyone"
        page = await dave.command("chat_page")
        assert [message["text"] for message in page["result"]["messages"]] == ["Hello"]
        assert page["result"]["messages"][0]["sender"]["name"] == "Bob"


@pytest.mark.usefixtures("_live")
async def test_a_command_that_says_who_it_is_from_is_refused(meeting: Meeting) -> None:
    async with Page(meeting.slug) as bob:
        identity = await joined(bob, "Bob")
        for field in ("sender", "identity", "sender_identity", "user_id"):
            answer = await bob.command("chat_send", **said("x", **{field: identity}))
            assert answer["code"] == "invalid_message"
        lonely = await bob.command("chat_send_private", to=identity, **said("x"))
        assert lonely["code"] == "participant_not_found"
        broken = await bob.command("chat_react", message_id=str(uuid4()), emoji="\ud83d")
        assert broken["code"] == "invalid_message"
        assert (await bob.command("chat_send", **said("still here")))["type"] == "ack"
