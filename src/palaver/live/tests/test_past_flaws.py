"""Flaws that other meeting systems had in their rooms, one test each: none of them may ever be ours.

Those that are tests elsewhere: a message with a key twice (`test_socket_security`), a room's password sent to whom was
let in (`test_secrets`), another meeting's chat, files and people (`test_socket_matrix`, `palaver.files.tests`), media
after a removal (`tests/contract`).
"""

import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from asgiref.sync import sync_to_async

from palaver.accounts.models import User
from palaver.config.live_handlers import REGISTRY
from palaver.live import sockets, wire
from palaver.live.lifecycle import Live
from palaver.live.tests.page import Page
from palaver.live.tests.samples import Aims, samples
from palaver.live.tests.test_socket_security import assert_untouched
from palaver.meetings.models import Meeting
from palaver.meetings.policy import Policy, WaitingRoom
from palaver.meetings.services import set_password, set_policy

CLAIMS = {
    "identity": "g_somebody",
    "sender": {"identity": "g_somebody", "name": "Alice"},
    "sender_identity": "g_somebody",
    "user_id": 1,
    "role": "owner",
    "is_acting": True,
    "meeting_id": "00000000-0000-4000-8000-000000000000",
    "by": "Alice",
    "__proto__": {"role": "owner"},
    "constructor": {},
}
POISON = (
    "\x00",
    "\ud83d",
    "\udc00\ud800",
    "\u202e\u2066evil",
    "\ufeff\u200b\u2060",
    "{{7*7}}${7*7}<img src=x onerror=alert(1)>",
    "'; DROP TABLE chat_message; --",
    "\U0001f468\u200d" * 40,
    "e" + "\u0301" * 400,
    "%s%n%x../../etc/passwd",
)
BROKEN_EMOJI = ("", " ", "\ud83d", "\x00", "<b>", ":heart:", "heart\u0000", "HEART", "x" * 5_000, "\u200d", "1" * 64)
FREE_LISTS = 2_000


@pytest.fixture
def no_limit_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what would take minutes at twenty messages a second."""
    monkeypatch.setattr(sockets, "BURST_MESSAGES", 1_000_000)


def bounds(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and list of a JSON schema, by where it is."""
    if isinstance(schema, dict):
        if schema.get("type") in ("string", "array"):
            yield path, schema
        for key, inner in schema.items():
            yield from bounds(inner, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from bounds(inner, f"{path}/{number}")


@pytest.mark.parametrize(
    "shape",
    [wire.Hello, wire.Sync, wire.Pong, *(spec.wire_type for spec in REGISTRY.specs())],
    ids=lambda s: s.__name__,
)
def test_every_text_and_list_that_a_client_may_send_has_a_bound(shape: type[wire.Wire]) -> None:
    """BigBlueButton, CVE-2025-61601: one long list of answers stopped the server."""
    for path, schema in bounds(shape.model_json_schema()):
        if schema["type"] == "string":
            is_bounded = "maxLength" in schema or "enum" in schema or "const" in schema or "pattern" in schema
            assert is_bounded, f"{shape.__name__}{path}"
        else:
            assert schema.get("maxItems", FREE_LISTS + 1) <= FREE_LISTS, f"{shape.__name__}{path}"


@pytest.mark.usefixtures("no_limit_of_messages")
async def test_nobody_says_who_they_are_in_a_command(live: Live, meeting: Meeting, alice_cookie: str) -> None:
    """Jitsi, JSA-2022-0004: votes were counted for whom the message named. Here the connection says who speaks."""
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug) as bob:
        await alice.hello()
        await bob.hello("Bob")
        for page in (alice, bob):
            page.waiting()
        for kind, fields in samples(Aims(participant_id=alice.participant_id)).items():
            for name, claim in CLAIMS.items():
                if name not in fields:
                    answer = await bob.command(kind, **fields, **{name: claim})
                    assert answer.get("code") == "invalid_message", (kind, name, answer)
        assert {message["type"] for message in alice.waiting()} <= {"heartbeat"}
        await assert_untouched(alice)


def texts_of(kind: str) -> Iterator[tuple[str, bool]]:
    """Every field of a command that takes a text, also those that pages seldom send, and whether it takes a list."""
    spec = REGISTRY.find(kind)
    assert spec is not None
    for name, schema in spec.wire_type.model_json_schema()["properties"].items():
        kinds = [one.get("type") for one in (schema, *schema.get("anyOf", ()))]
        if name != "kind" and "string" in kinds:
            yield name, False
        if "array" in kinds:
            yield name, True


@pytest.mark.usefixtures("no_limit_of_messages")
async def test_no_text_in_any_field_of_any_command_is_more_than_its_senders_trouble(
    live: Live, meeting: Meeting, alice_cookie: str
) -> None:
    """Jitsi, JSA-2022-0002 and twice more: one crafted message ended every conference of the server."""
    async with (
        Page(meeting.slug) as bob,
        Page(meeting.slug, cookie=alice_cookie) as alice,
    ):
        await bob.hello("Bob")
        await alice.hello()
        for kind, fields in samples(Aims()).items():
            if kind in ("leave", "end_for_all", "set_suspended"):
                continue
            for field, is_list in texts_of(kind):
                for poison in POISON:
                    answer = await alice.command(kind, **{**fields, field: [poison] if is_list else poison})
                    assert answer.get("code") != "internal", (kind, field, poison)
        for field in ("name", "tab_id", "guest_ticket", "password"):
            for poison in POISON:
                async with Page(meeting.slug) as mallory:
                    said = {"name": "Mallory", field: poison}
                    assert (await mallory.hello(said.pop("name"), **said)).get("code") != "internal", (field, poison)
        # Who was there all the time is told of nothing that cannot be read, and goes on.
        assert (await bob.command("media_ticket"))["type"] == "ack"
        for message in bob.waiting():
            json.dumps(message, ensure_ascii=False).encode()
            assert message["type"] in ("delta", "event", "heartbeat")


async def test_a_broken_emoji_is_refused_and_the_chat_goes_on(live: Live, meeting: Meeting) -> None:
    """BigBlueButton, CVE-2025-61602: one malformed emoji ended the chat for all."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as carol:
        await bob.hello("Bob")
        await carol.hello("Carol")
        sent = await bob.command("chat_send", client_id="c" * 8, text="Hello")
        message_id = sent["result"]["message"]["message_id"]
        for emoji in BROKEN_EMOJI:
            async with Page(meeting.slug) as mallory:
                await mallory.hello("Mallory")
                for kind in ("chat_react", "chat_unreact"):
                    answer = await mallory.command(kind, message_id=message_id, emoji=emoji)
                    assert (answer["type"], answer["code"]) == ("error", "invalid_message"), (kind, emoji)
                assert (await mallory.command("react", reaction=emoji))["code"] == "invalid_message"
        assert (await carol.command("chat_react", message_id=message_id, emoji="heart"))["type"] == "ack"
        page = (await carol.command("chat_page"))["result"]
        assert [list(message["reactions"]) for message in page["messages"]] != [[]]


async def test_a_private_word_goes_to_somebody_inside_only_and_not_past_the_switch(
    live: Live, meeting: Meeting, alice_cookie: str
) -> None:
    """BigBlueButton, CVE-2020-27601: the lock of private chats was the client's own business."""
    await sync_to_async(set_policy)(meeting, Policy(waiting_room=WaitingRoom.GUESTS))
    async with (
        Page(meeting.slug, cookie=alice_cookie) as alice,
        Page(meeting.slug) as bob,
        Page(meeting.slug) as carol,
        Page(meeting.slug) as dave,
    ):
        await alice.hello()
        for page, name in ((bob, "Bob"), (carol, "Carol"), (dave, "Dave")):
            waiting = await page.hello(name)
            if page is not dave:
                assert (await alice.command("admit", participant_id=waiting["participant_id"]))["type"] == "ack"
                page.welcome = await page.until("welcome")

        async def whisper(to: str, client_id: str) -> dict[str, Any]:
            return await bob.command("chat_send_private", client_id=client_id, text="Psst", to=to)

        strangers = {
            "at the door": waiting["participant_id"],
            "nobody": "g_nobody",
            "self": bob.welcome["you"]["identity"],
        }
        answers = [await whisper(to, f"stranger-{number}") for number, to in enumerate(strangers.values())]
        assert {answer["code"] for answer in answers} == {"participant_not_found"}
        carols = carol.welcome["you"]["identity"]
        assert (await whisper(carols, "before-it"))["type"] == "ack"
        rights = {**(await rights_now(alice)), "private_chat": False}
        assert (await alice.command("set_rights", rights=rights))["type"] == "ack"
        assert (await whisper(carols, "after-it"))["code"] == "switched_off"
        dave.waiting()
        page = (await carol.command("chat_page"))["result"]
        assert len([message for message in page["messages"] if message["text"] == "Psst"]) == 1


async def rights_now(page: Page) -> dict[str, bool]:
    page.send({"type": "sync", "request_id": "rights", "version": 2**40})
    rights: dict[str, bool] = (await page.until("snapshot"))["snapshot"]["room"]["rights"]
    return rights


async def test_limits_hold_without_redis_and_without_a_cache(live: Live, meeting: Meeting, settings: Any) -> None:
    """Nextcloud, CVE-2021-41177: without a memory cache there were no limits at all."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert settings.PALAVER.store.redis_url is None
    await sync_to_async(set_password)(meeting, "seven herons")
    codes = []
    for number in range(40):
        async with Page(meeting.slug) as mallory:
            codes.append((await mallory.hello("Mallory", password=f"guess {number}"))["code"])
    assert codes[0] == "password_wrong"
    assert codes[-1] == "rate_limited"


async def test_a_media_ticket_holds_no_secret_and_no_right_to_ones_own_description(
    live: Live, meeting: Meeting
) -> None:
    """LiveKit: storage credentials within a token; La Suite Meet: people who changed what others read of them."""
    async with Page(meeting.slug) as bob:
        await bob.hello("Bob")
        ticket = (await bob.command("media_ticket"))["result"]["media"]["token"]
        claims = jwt.decode(ticket, options={"verify_signature": False})
        assert set(claims) <= {
            "iss",
            "sub",
            "iat",
            "nbf",
            "exp",
            "jti",
            "name",
            "video",
            "attributes",
            "metadata",
            "kind",
            "roomConfig",
        }
        assert claims["roomConfig"] == {"tags": {"palaver.voices": "3"}}, "the one word to the engine, and no other"
        grants = claims["video"]
        assert not grants.get("canUpdateOwnMetadata")
        for right in ("roomAdmin", "roomCreate", "roomList", "roomRecord", "ingressAdmin", "hidden", "recorder"):
            assert not grants.get(right), right
        assert grants["room"]
        assert claims["exp"] - claims.get("nbf", claims.get("iat", claims["exp"] - 600)) <= 660


async def test_another_connection_with_somebodys_ids_ends_nobodys_visit(
    live: Live, meeting: Meeting, carol: User
) -> None:
    """BigBlueButton, CVE-2022-41960: whoever sent a foreign user id with a wrong token threw that user out."""
    async with Page(meeting.slug) as bob, Page(meeting.slug) as mallory:
        await bob.hello("Bob", tab_id="bobs")
        you = bob.welcome["you"]
        resume = {"participant_id": bob.participant_id, "version": 0}
        answer = await mallory.hello("Bob", tab_id="bobs", resume=resume, take_over=True, guest_ticket=you["identity"])
        assert answer["type"] == "welcome"
        assert answer["you"]["identity"] != you["identity"]
        assert answer["you"]["participant_id"] != you["participant_id"]
        await assert_untouched(bob)
