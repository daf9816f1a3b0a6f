"""CHAT-028: reading back over HTTP."""

import pytest
from django.test import Client

from palaver.accounts.models import User
from palaver.chat.tests.cast import Room
from palaver.kernel.ids import MeetingSessionId
from palaver.live.domain.people import Identity, Role
from palaver.live.identity import Guest, sign_guest, user_identity
from palaver.meetings import sessions
from palaver.meetings.models import Meeting

pytestmark = pytest.mark.django_db


def address(room: Room) -> str:
    return f"/api/meetings/{room.meeting.slug}/chat"


def ticket(identity: str, meeting: Meeting) -> dict[str, str]:
    return {"X-Palaver-Guest-Ticket": sign_guest(Guest(Identity(identity), None), meeting.pk)}


def test_a_guest_who_was_let_in_reads_what_they_may(client: Client, room: Room) -> None:
    room.say("carol", "Hello")
    room.whisper("carol", "bob", "Psst")
    room.whisper("carol", "dave", "Secret")
    room.say("carol", "Help", audience="hosts")
    answer = client.get(address(room), headers=ticket("id-bob", room.meeting)).json()
    assert [message["text"] for message in answer["messages"]] == ["Hello", "Psst"]
    assert answer == room.page("bob").model_dump(mode="json")
    paged = client.get(address(room) + "?before_seq=2&limit=1", headers=ticket("id-bob", room.meeting)).json()
    assert [message["text"] for message in paged["messages"]] == ["Hello"]


def test_the_owner_reads_as_who_moderates(room: Room, alices_browser: Client) -> None:
    room.say("carol", "Help", audience="hosts")
    room.whisper("carol", "bob", "Psst")
    answer = alices_browser.get(address(room)).json()
    assert [message["text"] for message in answer["messages"]] == ["Help"]


def test_a_member_reads_as_themselves(room: Room, carol: User, carols_browser: Client) -> None:
    identity = user_identity(carol.pk, room.meeting.pk)
    assert carols_browser.get(address(room)).status_code == 404, "carol never came as herself"
    name = identity.removeprefix("id-")
    sessions.record_join(
        MeetingSessionId(room.session_id), identity=identity, display_name=name, is_signed_in=True, user_id=None,
        now=room.meeting.created_at,
    )  # fmt: skip
    room.say("bob", "Hello")
    room.say("bob", "Help", audience="hosts")
    answer = carols_browser.get(address(room)).json()
    assert [message["text"] for message in answer["messages"]] == ["Hello"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Palaver-Guest-Ticket": "forged"}, "stranger", "elsewhere", "removed"],
    ids=["nobody", "forged", "stranger", "of another meeting", "removed"],
)
def test_nobody_else_reads_anything(client: Client, room: Room, alice: User, headers: dict[str, str] | str) -> None:
    """A waiting person and a stranger have no stay; who was put out has one and reads nothing more."""
    room.say("carol", "Hello")
    match headers:
        case "stranger":
            headers = ticket("id-erin", room.meeting)
        case "elsewhere":
            other = Meeting.objects.create(
                slug="other-meeting", title="Other", owner=alice, created_at=room.meeting.created_at,
                last_used_at=room.meeting.created_at,
            )  # fmt: skip
            headers = ticket("id-bob", other)
        case "removed":
            sessions.record_removal(MeetingSessionId(room.session_id), identity="id-bob", now=room.meeting.created_at)
            headers = ticket("id-bob", room.meeting)
        case str():
            raise AssertionError(headers)
        case _:
            pass
    answer = client.get(address(room), headers=headers)
    assert (answer.status_code, answer.json()) == (404, {"code": "meeting_not_found"})


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=51", "limit=x", "before_seq=-1", "before_seq=1e3", "before_seq=99999999999999999999", "x=1"],
)
def test_a_broken_query_is_refused(client: Client, room: Room, query: str) -> None:
    answer = client.get(f"{address(room)}?{query}", headers=ticket("id-bob", room.meeting))
    assert (answer.status_code, answer.json()) == (422, {"code": "invalid_message"})


def test_reading_is_all_that_the_address_takes(client: Client, room: Room) -> None:
    assert client.post(address(room)).status_code in (403, 405)
    room.enter("frank", Role.GUEST)
    assert client.get(address(room), headers=ticket("id-frank", room.meeting))["Cache-Control"].startswith("max-age=0")
