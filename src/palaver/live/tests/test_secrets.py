"""What no frame may carry, whoever it goes to: every frame of a whole visit is kept and looked through."""

import json
from collections.abc import Iterator
from typing import Any

import jwt
from asgiref.sync import sync_to_async
from typing_extensions import override

from palaver.accounts.models import User
from palaver.live.identity import read_guest
from palaver.live.lifecycle import Live
from palaver.live.tests.page import Page
from palaver.live.tests.samples import Aims, samples
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Policy, WaitingRoom
from palaver.meetings.services import set_password, set_policy

PASSWORD = "seven herons"
NETWORK = "192.0.2.7"  # of all pages of the tests


class KeepingPage(Page):
    """Keeps every frame as it came."""

    @override
    async def __aenter__(self) -> "KeepingPage":
        self.frames: list[str] = []
        await super().__aenter__()
        return self

    @override
    async def _take(self, event: dict[str, Any]) -> None:
        if (text := event.get("text")) is not None:
            self.frames.append(text)
        await super()._take(event)


def texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from texts_in(inner)
        case list():
            for inner in value:
                yield from texts_in(inner)


def tickets_in(page: KeepingPage, meeting: Meeting) -> set[tuple[str, str]]:
    """Every ticket that the page was sent: its kind, and whose it is."""
    found = set()
    for text in (text for frame in page.frames for text in texts_in(json.loads(frame))):
        if (guest := read_guest(text, meeting.pk)) is not None:
            found.add(("guest", str(guest.identity)))
        elif text.startswith("ey") and text.count(".") == 2:
            found.add(("media", jwt.decode(text, options={"verify_signature": False})["sub"]))
    return found


async def test_nobody_is_sent_what_is_not_theirs(
    live: Live, meeting: Meeting, carol: User, alice_cookie: str, carol_cookie: str
) -> None:
    await sync_to_async(set_policy)(meeting, Policy(waiting_room=WaitingRoom.GUESTS))
    await sync_to_async(set_password)(meeting, PASSWORD)
    async with (
        KeepingPage(meeting.slug, cookie=alice_cookie) as alice,
        KeepingPage(meeting.slug, cookie=carol_cookie) as carol_page,
        KeepingPage(meeting.slug) as bob,
        KeepingPage(meeting.slug) as dave,
        KeepingPage(meeting.slug) as mallory,
    ):
        await alice.hello()
        await carol_page.hello(password=PASSWORD)
        for page, name in ((bob, "Bob"), (dave, "Dave")):
            assert (await page.hello(name, password=PASSWORD))["type"] == "waiting"
            assert (await page.command("knock", note="It is me"))["type"] == "ack"
        assert (await mallory.hello("Mallory", password="eight herons"))["code"] == "password_wrong"
        await alice.command("chat_send", client_id="c" * 8, text="Is bob here yet?")
        at_the_door = {page: tuple(page.frames) for page in (bob, dave)}

        first = next(json.loads(frame) for frame in bob.frames if '"waiting"' in frame)
        assert (await alice.command("admit", participant_id=first["participant_id"]))["type"] == "ack"
        bob.welcome = await bob.until("welcome")
        aims = Aims(participant_id=bob.participant_id, identity=bob.welcome["you"]["identity"])
        for kind, fields in samples(aims).items():
            if kind not in ("admit_all", "deny_all", "set_suspended", "leave", "end_for_all"):
                await alice.command(kind, **fields)
        closing, code = await bob.farewell()
        assert (closing or {}).get("reason") == "removed"
        assert code == 4411
        alice.send({"type": "sync", "request_id": "s", "version": 0})
        await alice.answer_to("s")
        await carol_page.command("media_ticket")

        pages = {alice: "alice", carol_page: "carol", bob: "bob", dave: "dave", mallory: "mallory"}
        secrets = (PASSWORD, NETWORK, "@example.org", "user_id", "sessionid", alice_cookie, carol_cookie)
        for page, name in pages.items():
            for frame in page.frames:
                assert not [secret for secret in secrets if secret in frame], name
        own = {page: page.welcome["you"]["identity"] for page in (alice, carol_page, bob)}
        assert tickets_in(alice, meeting) == {("media", own[alice])}
        assert tickets_in(carol_page, meeting) == {("media", own[carol_page])}
        assert tickets_in(bob, meeting) == {("media", own[bob]), ("guest", own[bob])}
        assert {kind for kind, _ in tickets_in(dave, meeting)} == {"guest"}
        assert len(tickets_in(dave, meeting)) == 1
        assert tickets_in(mallory, meeting) == set()
        for frames in at_the_door.values():
            assert {json.loads(frame)["type"] for frame in frames} <= {"waiting", "heartbeat", "ack"}
            told = " ".join(frames)
            assert not [word for word in ("Alice", "Carol", "Is bob here", "snapshot", "media") if word in told]
