"""Commands with a word of a closed set (a role, a source, a reaction) as a page really sends them."""

import pytest

from palaver.live.lifecycle import Live
from palaver.live.tests.page import Page
from palaver.meetings.models import Meeting


@pytest.mark.parametrize(
    "given",
    [
        ("set_role", "role", "co_host"),
        ("mute_participant", "source", "camera"),
    ],
)
async def test_a_word_about_somebody_is_taken(
    live: Live, meeting: Meeting, alice_cookie: str, carol_cookie: str, given: tuple[str, str, str]
) -> None:
    kind, field, word = given
    async with Page(meeting.slug, cookie=alice_cookie) as alice, Page(meeting.slug, cookie=carol_cookie) as carol:
        await alice.hello()
        participant_id = (await carol.hello())["you"]["participant_id"]
        assert (await alice.command(kind, participant_id=participant_id, **{field: word}))["type"] == "ack"
        refused = await alice.command(kind, participant_id=participant_id, **{field: "no such word"})
        assert refused["code"] == "invalid_message"


@pytest.mark.parametrize(
    "given",
    [
        ("set_waiting_room", "waiting_room", "guests"),
        ("react", "reaction", "clap"),
        ("set_standing", "standing", "away"),
    ],
)
async def test_a_word_is_taken_and_nothing_that_is_none(
    live: Live, meeting: Meeting, alice_cookie: str, given: tuple[str, str, str]
) -> None:
    kind, field, word = given
    async with Page(meeting.slug, cookie=alice_cookie) as alice:
        await alice.hello()
        assert (await alice.command(kind, **{field: word}))["type"] == "ack"
        for other in ("no such word", 1, None, True):
            refused = await alice.command(kind, **{field: other})
            assert refused["code"] == "invalid_message"
