"""Who may read over HTTP: every kind of person, by the way they are known."""

from datetime import UTC, datetime

import pytest
from django.test import RequestFactory

from palaver.accounts.models import User
from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId, UserId
from palaver.live.domain.people import Identity
from palaver.live.identity import Guest, sign_guest, user_identity
from palaver.live.readers import GUEST_TICKET_HEADER, access_reader
from palaver.meetings import sessions
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOB = Identity("g_bob")


@pytest.fixture
def other_meeting(alice: User) -> Meeting:
    return create_meeting(actor=alice, title="Board", now=NOW)


def attend(meeting: Meeting, identity: str, *, user: User | None = None) -> None:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    sessions.record_join(
        run.session_id,
        identity=identity,
        display_name="Somebody",
        is_signed_in=user is not None,
        user_id=None if user is None else UserId(user.pk),
        now=NOW,
    )


def put_out(meeting: Meeting, identity: str) -> None:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    sessions.record_removal(run.session_id, identity=identity, now=NOW)


def read(meeting: Meeting, *, cookie: str | None = None, ticket: str | None = None) -> str | None:
    """The identity of the reader, or None when they find nothing."""
    headers = {} if ticket is None else {GUEST_TICKET_HEADER: ticket}
    request = RequestFactory(headers=headers).get("/")
    if cookie is not None:
        request.COOKIES["sessionid"] = cookie
    try:
        return access_reader(request, meeting.slug, now=NOW).identity
    except PalaverError as refusal:
        return None if refusal.spec.code == "meeting_not_found" else refusal.spec.code


def test_the_owner_reads_without_having_come(meeting: Meeting, alice: User, alice_cookie: str) -> None:
    assert read(meeting, cookie=alice_cookie) == user_identity(alice.pk, meeting.pk)


def test_a_member_reads_once_they_were_let_in(meeting: Meeting, carol: User, carol_cookie: str) -> None:
    assert read(meeting, cookie=carol_cookie) is None
    attend(meeting, user_identity(carol.pk, meeting.pk), user=carol)
    assert read(meeting, cookie=carol_cookie) == user_identity(carol.pk, meeting.pk)


def test_a_guest_reads_by_their_ticket_in_this_meeting_only(meeting: Meeting, other_meeting: Meeting) -> None:
    attend(meeting, BOB)
    ticket = sign_guest(Guest(BOB, "Bob"), meeting.pk)
    assert read(meeting, ticket=ticket) == BOB
    assert read(other_meeting, ticket=ticket) is None
    assert read(other_meeting, ticket=sign_guest(Guest(BOB, "Bob"), other_meeting.pk)) is None


@pytest.mark.parametrize("ticket", [None, "", "nonsense", "a:b:c"])
def test_a_stranger_reads_nothing(meeting: Meeting, ticket: str | None) -> None:
    attend(meeting, BOB)
    assert read(meeting, ticket=ticket) is None


def test_who_was_put_out_reads_nothing_more(meeting: Meeting) -> None:
    attend(meeting, BOB)
    put_out(meeting, BOB)
    assert read(meeting, ticket=sign_guest(Guest(BOB, "Bob"), meeting.pk)) is None
