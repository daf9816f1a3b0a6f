"""Who stays out of all runs, how long, and who does not by mistake."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId, UserId
from palaver.meetings import facts, selectors, services
from palaver.meetings.models import Ban, Meeting
from palaver.meetings.tests.cast import BANNED_NETWORK, HOME, NOW, account, ban

DAY = timedelta(days=1)


@pytest.fixture
def meeting(alice: User) -> Meeting:
    return services.create_meeting(actor=alice, title="Chess club", now=NOW)


def is_banned(
    meeting: Meeting,
    *,
    user: User | None = None,
    identity: str | None = None,
    network: str = HOME,
    after: timedelta = timedelta(),
) -> bool:
    found = selectors.active_ban(meeting, user=user, identity=identity, network=network, now=NOW + after)
    return found is not None


@pytest.mark.django_db
def test_an_account_stays_out_until_the_ban_is_lifted(meeting: Meeting, carol: User) -> None:
    made = ban(meeting, user=carol, identity="u_carol")
    assert is_banned(meeting, user=carol, after=3650 * DAY)
    services.lift_ban(meeting, made.pk, now=NOW)
    assert not is_banned(meeting, user=carol)


@pytest.mark.django_db
def test_signing_out_is_not_the_way_back_in_for_a_day(meeting: Meeting, carol: User) -> None:
    ban(meeting, user=carol, identity="u_carol", network=BANNED_NETWORK)
    assert is_banned(meeting, network=BANNED_NETWORK)
    assert not is_banned(meeting, network=BANNED_NETWORK, after=DAY)
    assert is_banned(meeting, user=carol, after=DAY)


@pytest.mark.django_db
def test_a_guest_stays_out_for_a_day_by_ticket_and_by_network(meeting: Meeting) -> None:
    ban(meeting, identity="g_bob", network=BANNED_NETWORK)
    assert is_banned(meeting, identity="g_bob")
    assert is_banned(meeting, identity="g_other", network=BANNED_NETWORK)
    assert is_banned(meeting, network=BANNED_NETWORK)
    assert not is_banned(meeting, identity="g_other")
    assert not is_banned(meeting, identity="g_bob", network=BANNED_NETWORK, after=DAY)


@pytest.mark.django_db
def test_neighbours_with_an_account_are_not_banned_with_a_guest(meeting: Meeting, carol: User) -> None:
    ban(meeting, identity="g_bob", network=BANNED_NETWORK)
    assert not is_banned(meeting, user=carol, network=BANNED_NETWORK)


@pytest.mark.django_db
def test_a_whole_ipv6_network_is_one(meeting: Meeting) -> None:
    ban(meeting, network=limits.network_of("2001:db8:1:2::3"))
    assert is_banned(meeting, network=limits.network_of("2001:db8:1:2:ffff::1"))
    assert not is_banned(meeting, network=limits.network_of("2001:db8:1:3::3"))


@pytest.mark.django_db
def test_a_network_that_is_not_known_bans_nobody_else(meeting: Meeting) -> None:
    made = ban(meeting, identity="g_bob", network=limits.UNKNOWN_NETWORK)
    assert (made.network_hash, made.network_until) == ("", None)
    assert not is_banned(meeting, identity="g_other", network=limits.UNKNOWN_NETWORK)
    assert is_banned(meeting, identity="g_bob", network=limits.UNKNOWN_NETWORK)


@pytest.mark.django_db
def test_a_ban_holds_in_its_meeting_only_and_its_hash_compares_in_no_other(meeting: Meeting, alice: User) -> None:
    other = services.create_meeting(actor=alice, title="Choir", now=NOW)
    made = ban(meeting, identity="g_bob", network=BANNED_NETWORK)
    assert not is_banned(other, identity="g_bob", network=BANNED_NETWORK)
    assert made.network_hash != ban(other, identity="g_bob", network=BANNED_NETWORK).network_hash
    assert BANNED_NETWORK not in made.network_hash


@pytest.mark.django_db
def test_banning_again_lengthens_and_never_shortens(meeting: Meeting) -> None:
    def again(lasts: timedelta | None, network: str | None = None) -> Ban:
        return services.ban(
            MeetingId(meeting.pk), identity="g_bob", user_id=None, network=network, display_name="Bob",
            by_name="Alice", by_user_id=None, now=NOW, lasts=lasts,
        )  # fmt: skip

    assert again(7 * DAY).expires_at == NOW + 7 * DAY
    assert again(DAY).expires_at == NOW + 7 * DAY
    assert again(9 * DAY, BANNED_NETWORK).expires_at == NOW + 9 * DAY
    assert is_banned(meeting, network=BANNED_NETWORK)
    assert Ban.objects.count() == 1


@pytest.mark.django_db
def test_a_ban_that_ran_out_stays_in_the_list_beside_the_next(meeting: Meeting) -> None:
    first = ban(meeting)
    second = services.ban(
        MeetingId(meeting.pk), identity="g_bob", user_id=None, network=None, display_name="Bob", by_name="Alice",
        by_user_id=None, now=NOW + 3 * DAY,
    )  # fmt: skip
    first.refresh_from_db()
    assert first.lifted_at == first.expires_at == NOW + DAY
    assert second.pk != first.pk
    assert is_banned(meeting, identity="g_bob", after=3 * DAY)


@pytest.mark.django_db
def test_the_owner_cannot_be_banned(meeting: Meeting, alice: User) -> None:
    with pytest.raises(PalaverError) as refusal:
        ban(meeting, user=alice, identity="u_alice")
    assert refusal.value.spec is errors.NOT_ALLOWED
    assert not Ban.objects.exists()


@pytest.mark.django_db
def test_nobody_is_banned_from_a_meeting_that_is_gone(meeting: Meeting) -> None:
    Meeting.objects.all().delete()
    with pytest.raises(PalaverError) as refusal:
        ban(meeting)
    assert refusal.value.spec is errors.MEETING_NOT_FOUND


@pytest.mark.django_db
def test_a_ban_is_lifted_once_and_only_by_its_own_meeting(meeting: Meeting, alice: User) -> None:
    other = services.create_meeting(actor=alice, title="Choir", now=NOW)
    made = ban(meeting)
    for wrong, key in ((other, made.pk), (meeting, uuid4())):
        with pytest.raises(PalaverError) as refusal:
            services.lift_ban(wrong, key, now=NOW)
        assert refusal.value.spec is errors.BAN_NOT_FOUND
    assert services.lift_ban(meeting, made.pk, now=NOW).lifted_at == NOW
    assert services.lift_ban(meeting, made.pk, now=NOW + DAY).lifted_at == NOW


@pytest.mark.django_db
def test_a_ban_is_told_after_commit(
    meeting: Meeting,
    carol: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    told: list[object] = []
    monkeypatch.setattr("palaver.kernel.facts._tell", told.append)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        ban(meeting, user=carol, identity="u_carol")
    assert told == [facts.PersonBanned(MeetingId(meeting.pk), "u_carol", UserId(carol.pk))]


@pytest.mark.django_db(transaction=True)
def test_two_moderators_who_ban_the_same_person_at_once_make_one_ban(meeting: Meeting) -> None:
    carol = account("carol")

    def press(number: int) -> None:
        try:
            ban(meeting, user=carol, identity="u_carol", network=f"192.0.2.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(press, range(12)))
    assert Ban.objects.filter(lifted_at=None).count() == Ban.objects.count() == 1
