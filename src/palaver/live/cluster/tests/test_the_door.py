"""Who waits at the door keeps their place there when the room changes hands."""

import pytest

from palaver.live.cluster.tests.stage import Page, Stage
from palaver.meetings.models import Meeting

# A claim runs out after two seconds, and is looked for twice a second.
TAKE_OVER_S = 3.0


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_the_waiting_keep_place_and_note_and_are_let_in_by_the_next_holder(
    stage: Stage, meeting: Meeting, alice_cookie: str, how: str
) -> None:
    first, second, third = await stage.process(), await stage.process(), await stage.process()
    await Page(first, meeting.slug).hello("Dave")
    alice = Page(second, meeting.slug, cookie=alice_cookie)
    await alice.hello()
    assert (await alice.command("set_waiting_room", waiting_room="everyone"))["type"] == "ack"
    bob, eve = Page(third, meeting.slug), Page(third, meeting.slug)
    for page, name in ((bob, "Bob"), (eve, "Eve")):
        assert (await page.hello(name))["type"] == "waiting"
    assert (await bob.command("knock", note="It is about Friday"))["type"] == "ack"
    for page in (bob, eve):
        page.seen.clear()
    await (first.kill() if how == "killed" else first.stop())
    await stage.advance(TAKE_OVER_S)
    door = dict((await alice.until("snapshot"))["snapshot"]["waiting"])
    assert {who["name"]: who["note"] for who in door.values()} == {"Bob": "It is about Friday", "Eve": ""}
    while not all(who["is_connected"] for who in door.values()):
        for change in (await alice.until("delta"))["changes"]:
            if change["op"] == "put_waiting":
                door[change["person"]["participant_id"]] = change["person"]
    assert [who["note"] for who in door.values() if who["name"] == "Bob"] == ["It is about Friday"]
    [bobs_place] = [pid for pid, who in door.items() if who["name"] == "Bob"]
    assert (await alice.command("admit", participant_id=bobs_place))["type"] == "ack"
    welcome = await bob.until("welcome")
    assert welcome["you"]["participant_id"] == bobs_place
    assert (await alice.command("admit_all"))["type"] == "ack"
    await eve.until("welcome")
    await alice.until_names("Alice Moreau", "Bob", "Dave", "Eve")
    assert not [message for page in (bob, eve) for message in page.seen if message["type"] == "closing"]
