"""Who is on a meeting's list, who may change it, and addresses that turn into people."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.test import Client

from palaver.accounts.facts import SignedIn
from palaver.accounts.models import User
from palaver.conftest import PASSWORD, make_person
from palaver.kernel import errors
from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId, UserId
from palaver.meetings import facts, memberships, selectors, services
from palaver.meetings.memberships import AlreadyListedError, ListFullError
from palaver.meetings.models import Meeting, Membership
from palaver.meetings.policy import MeetingRole
from palaver.meetings.tests.cast import NOW, account, managed

HOST, CO_HOST, MEMBER, VIEWER = MeetingRole.HOST, MeetingRole.CO_HOST, MeetingRole.MEMBER, MeetingRole.VIEWER


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return services.create_meeting(actor=alice, title="Chess club", now=NOW)


def add(
    meeting: Meeting, whom: User | str, role: MeetingRole = MEMBER, *, by: User | None = None, is_trusted: bool = True
) -> Membership:
    return memberships.add_member(managed(meeting, by), whom=whom, role=role, is_trusted=is_trusted, now=NOW)


@pytest.mark.django_db
def test_somebody_listed_has_a_role_and_trust(meeting: Meeting, carol: User) -> None:
    assert selectors.standing_of(meeting, carol) == (None, False)
    listed = add(meeting, carol, HOST)
    assert selectors.standing_of(meeting, carol) == (HOST, True)
    memberships.change_member(managed(meeting), listed.pk, role=VIEWER, is_trusted=False)
    assert selectors.standing_of(meeting, carol) == (VIEWER, False)
    memberships.remove_member(managed(meeting), listed.pk)
    assert selectors.standing_of(meeting, carol) == (None, False)


@pytest.mark.django_db
def test_the_owner_is_owner_and_is_not_listed(meeting: Meeting, alice: User) -> None:
    assert selectors.standing_of(meeting, alice) == (MeetingRole.OWNER, True)
    for whom in (alice, "Alice@example.org"):
        with pytest.raises(AlreadyListedError):
            add(meeting, whom)


@pytest.mark.django_db
def test_nobody_is_listed_twice(meeting: Meeting, carol: User) -> None:
    add(meeting, carol)
    add(meeting, "dora@example.org")
    for whom in (carol, " Dora@Example.org "):
        with pytest.raises(AlreadyListedError):
            add(meeting, whom)


@pytest.mark.django_db
def test_a_list_has_an_end(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "MAX_MEMBERS", 2)
    add(meeting, "a@example.org")
    add(meeting, "b@example.org")
    with pytest.raises(ListFullError):
        add(meeting, "c@example.org")


@pytest.mark.django_db
def test_an_invited_address_counts_at_once_and_turns_into_the_person_who_signs_in(meeting: Meeting) -> None:
    listed = add(meeting, "Dora@example.org", HOST)
    dora = make_person("Dora")
    assert selectors.standing_of(meeting, dora) == (HOST, True)
    memberships.claim_invitations(SignedIn(UserId(dora.pk)))
    listed.refresh_from_db()
    assert (listed.user, listed.email) == (dora, "dora@example.org")
    memberships.claim_invitations(SignedIn(UserId(dora.pk)))
    assert Membership.objects.count() == 1


@pytest.mark.django_db
def test_signing_in_on_the_page_claims_invitations(
    meeting: Meeting, client: Client, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    listed = add(meeting, "dora@example.org")
    dora = make_person("Dora")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post("/accounts/login/", {"login": dora.email, "password": PASSWORD})
    listed.refresh_from_db()
    assert listed.user == dora


@pytest.mark.django_db
def test_where_mail_can_be_checked_an_address_counts_only_for_who_reads_its_mail(
    meeting: Meeting, settings: pytest.FixtureRequest
) -> None:
    settings.PALAVER_HAS_MAIL = True  # type: ignore[attr-defined]
    listed = add(meeting, "dora@example.org", HOST)
    dora = make_person("Dora")
    address = EmailAddress.objects.create(user=dora, email=dora.email, verified=False, primary=True)
    memberships.claim_invitations(SignedIn(UserId(dora.pk)))
    assert selectors.standing_of(meeting, dora) == (None, False)
    address.verified = True
    address.save()
    assert selectors.standing_of(meeting, dora) == (HOST, True)
    memberships.claim_invitations(SignedIn(UserId(dora.pk)))
    listed.refresh_from_db()
    assert listed.user == dora


@pytest.mark.django_db
def test_listed_by_account_goes_before_listed_by_address(meeting: Meeting) -> None:
    dora = make_person("Dora")
    add(meeting, "dora@example.org", HOST)
    add(meeting, dora, VIEWER)
    assert selectors.standing_of(meeting, dora) == (VIEWER, True)
    memberships.claim_invitations(SignedIn(UserId(dora.pk)))
    assert Membership.objects.get().role == VIEWER


@pytest.mark.django_db
def test_only_the_owner_and_hosts_manage_a_list(meeting: Meeting) -> None:
    people = {role: account(role.value) for role in (HOST, CO_HOST, MEMBER, VIEWER)}
    for role, user in people.items():
        add(meeting, user, role)
    assert managed(meeting).is_owner
    assert managed(meeting, people[HOST]).role is HOST
    outsiders: list[User | AnonymousUser] = [
        people[CO_HOST],
        people[MEMBER],
        people[VIEWER],
        account("stranger"),
        AnonymousUser(),
    ]
    for outsider in outsiders:
        for key in (meeting.pk, uuid4()):
            with pytest.raises(PalaverError) as refusal:
                selectors.access_managed_meeting(outsider, key)
            assert refusal.value.spec is errors.MEETING_NOT_FOUND


@pytest.mark.django_db
def test_a_host_manages_members_and_viewers_and_nobody_above(meeting: Meeting, carol: User) -> None:
    add(meeting, carol, HOST)
    peer = add(meeting, account("peer"), CO_HOST)
    member = add(meeting, account("member"), VIEWER, by=carol)
    memberships.change_member(managed(meeting, carol), member.pk, role=MEMBER, is_trusted=False)
    for attempt in (
        lambda: add(meeting, account("friend"), HOST, by=carol),
        lambda: memberships.change_member(managed(meeting, carol), member.pk, role=CO_HOST, is_trusted=True),
        lambda: memberships.change_member(managed(meeting, carol), peer.pk, role=VIEWER, is_trusted=True),
        lambda: memberships.remove_member(managed(meeting, carol), peer.pk),
    ):
        with pytest.raises(PalaverError) as refusal:
            attempt()
        assert refusal.value.spec is errors.NOT_ALLOWED
    memberships.remove_member(managed(meeting, carol), member.pk)
    assert set(Membership.objects.values_list("role", flat=True)) == {"host", "co_host"}


@pytest.mark.django_db
def test_the_list_of_another_meeting_is_out_of_reach(meeting: Meeting, carol: User) -> None:
    other = services.create_meeting(actor=carol, title="Choir", now=NOW)
    theirs = add(other, "dora@example.org")
    for attempt in (
        lambda: memberships.change_member(managed(meeting), theirs.pk, role=HOST, is_trusted=True),
        lambda: memberships.remove_member(managed(meeting), theirs.pk),
    ):
        with pytest.raises(PalaverError) as refusal:
            attempt()
        assert refusal.value.spec is errors.MEMBER_NOT_FOUND


@pytest.mark.django_db
def test_changes_are_told_with_what_the_person_is_now(
    meeting: Meeting,
    carol: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    told: list[object] = []
    monkeypatch.setattr("palaver.kernel.facts._tell", told.append)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        by_address = add(meeting, carol.email, HOST)
        memberships.change_member(managed(meeting), by_address.pk, role=MEMBER, is_trusted=False)
        memberships.remove_member(managed(meeting), by_address.pk)
        add(meeting, "nobody@example.org")
    who = (MeetingId(meeting.pk), UserId(carol.pk))
    assert told == [
        facts.MembershipChanged(*who, HOST, is_trusted=True),
        facts.MembershipChanged(*who, MEMBER, is_trusted=False),
        facts.MembershipChanged(*who, None, is_trusted=False),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"role": "member"},
        {"role": "owner", "email": "a@example.org"},
        {"role": "member", "email": "A@example.org"},
    ],
)
def test_the_database_refuses_a_membership_that_cannot_be(meeting: Meeting, fields: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(meeting=meeting, created_at=NOW, **fields)


@pytest.mark.django_db(transaction=True)
def test_adding_the_same_person_many_times_at_once_lists_them_once(meeting: Meeting) -> None:
    def press(_number: int) -> bool:
        try:
            add(meeting, "dora@example.org")
        except AlreadyListedError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        added = list(pool.map(press, range(12)))
    assert sum(added) == Membership.objects.count() == 1
