"""Who may read over HTTP: every kind of person, by the way they are known."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.test import RequestFactory

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId, UserId
from palaver.live.domain.people import Identity
from palaver.live.identity import Guest, sign_guest, user_identity
from palaver.live.readers import GUEST_TICKET_HEADER, access_reader, reader_of
from palaver.meetings import sessions
from palaver.meetings.models import Ban, Meeting, Membership
from palaver.meetings.policy import Access, MeetingRole, Policy
from palaver.meetings.services import ban, create_meeting, set_policy

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


def leave(meeting: Meeting, identity: str) -> None:
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    sessions.record_leave(run.session_id, identity=identity, now=NOW)


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


# --- the list, the bans, the policy ---------------------------------------------------------------


def ban_from(meeting: Meeting, identity: str, *, user: User | None = None, network: str | None = None) -> Ban:
    return ban(
        MeetingId(meeting.pk),
        identity=identity,
        user_id=None if user is None else UserId(user.pk),
        network=network,
        display_name="Somebody",
        by_name="Alice",
        by_user_id=None,
        now=NOW,
    )


def test_a_banned_guest_reads_nothing_from_any_run(meeting: Meeting) -> None:
    attend(meeting, BOB)
    ban_from(meeting, BOB)
    assert read(meeting, ticket=sign_guest(Guest(BOB, "Bob"), meeting.pk)) is None


def test_a_guest_from_a_banned_network_reads_nothing(meeting: Meeting) -> None:
    attend(meeting, BOB)
    ban_from(meeting, "g_eve", network=limits.network_of("127.0.0.1"))
    assert read(meeting, ticket=sign_guest(Guest(BOB, "Bob"), meeting.pk)) is None


def test_a_banned_account_reads_nothing_until_the_ban_is_over(meeting: Meeting, carol: User, carol_cookie: str) -> None:
    identity = user_identity(carol.pk, meeting.pk)
    attend(meeting, identity, user=carol)
    made = ban_from(meeting, identity, user=carol)
    assert read(meeting, cookie=carol_cookie) is None
    assert reader_of(meeting, identity, user=carol, now=NOW) is None
    made.lifted_at = NOW
    made.save()
    assert read(meeting, cookie=carol_cookie) == identity


def test_who_is_taken_off_the_list_of_an_invited_meeting_reads_nothing_more(
    meeting: Meeting, carol: User, carol_cookie: str
) -> None:
    identity = user_identity(carol.pk, meeting.pk)
    set_policy(meeting, Policy(access=Access.INVITED))
    row = Membership.objects.create(meeting=meeting, user=carol, role=MeetingRole.MEMBER, created_at=NOW)
    attend(meeting, identity, user=carol)
    assert read(meeting, cookie=carol_cookie) == identity
    row.delete()
    assert read(meeting, cookie=carol_cookie) is None
    assert reader_of(meeting, identity, user=carol, now=NOW) is None


def test_a_guest_of_a_meeting_that_takes_none_any_more_reads_as_long_as_they_are_inside(meeting: Meeting) -> None:
    attend(meeting, BOB)
    set_policy(meeting, Policy(access=Access.SIGNED_IN))
    ticket = sign_guest(Guest(BOB, "Bob"), meeting.pk)
    assert read(meeting, ticket=ticket) == BOB
    leave(meeting, BOB)
    assert read(meeting, ticket=ticket) is None


def test_who_came_in_reads_without_typing_the_password_again(meeting: Meeting) -> None:
    attend(meeting, BOB)
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=NOW)
    assert run is not None
    sessions.end_session(run.session_id, now=NOW + timedelta(minutes=1))
    Meeting.objects.filter(pk=meeting.pk).update(password_hash=make_password("sesame"))
    assert read(meeting, ticket=sign_guest(Guest(BOB, "Bob"), meeting.pk)) == BOB


@pytest.mark.parametrize(("role", "moderates"), [(MeetingRole.CO_HOST, True), (MeetingRole.MEMBER, False)])
def test_the_list_says_who_reads_as_a_moderator(
    meeting: Meeting, carol: User, role: MeetingRole, moderates: bool
) -> None:
    identity = user_identity(carol.pk, meeting.pk)
    Membership.objects.create(meeting=meeting, user=carol, role=role, created_at=NOW)
    attend(meeting, identity, user=carol)
    reader = reader_of(meeting, identity, user=carol, now=NOW)
    assert reader is not None
    assert (reader.is_moderator, reader.is_owner) == (moderates, False)
