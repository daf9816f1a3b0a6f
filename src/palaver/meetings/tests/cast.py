"""Everybody who can stand before a meeting's door, for the tests of who comes in."""

from dataclasses import dataclass
from datetime import UTC, datetime

from palaver.accounts.models import User
from palaver.kernel.ids import MeetingId, UserId
from palaver.meetings import memberships, selectors, services
from palaver.meetings.models import Ban, Meeting
from palaver.meetings.policy import MeetingRole

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOME = "192.0.2.1"
BANNED_NETWORK = "198.51.100.7"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a link."""

    user: User | None = None
    identity: str | None = None
    network: str = HOME

    def knock(self, meeting: Meeting, *, password: str | None = None) -> selectors.MeetingAccess:
        return selectors.access_meeting_by_link(
            meeting.slug,
            user=self.user,
            network=self.network,
            now=NOW,
            identify=lambda _meeting_id: self.identity,
            password=password,
        )


def account(name: str) -> User:
    # No password: hashing one takes longer than the whole test, and nobody here signs in by it.
    return User.objects.create_user(f"{name}@example.org", first_name=name.title(), last_name="Okafor")


def managed(meeting: Meeting, actor: User | None = None) -> selectors.ManagedMeeting:
    return selectors.access_managed_meeting(actor or meeting.owner, meeting.pk)


def ban(meeting: Meeting, *, user: User | None = None, identity: str = "g_bob", network: str | None = None) -> Ban:
    return services.ban(
        MeetingId(meeting.pk),
        identity=identity,
        user_id=None if user is None else UserId(user.pk),
        network=network,
        display_name="Bob",
        by_name="Alice",
        by_user_id=UserId(meeting.owner_id),
        now=NOW,
    )


def everybody(meeting: Meeting) -> dict[str, Caller]:
    """One of each kind, listed and banned as their name says."""
    listed = {role: account(role.value) for role in MeetingRole if role is not MeetingRole.OWNER}
    for role, user in listed.items():
        memberships.add_member(managed(meeting), whom=user, role=role, is_trusted=False, now=NOW)
    banned_member, banned_stranger = account("banned_member"), account("banned_stranger")
    memberships.add_member(managed(meeting), whom=banned_member, role=MeetingRole.MEMBER, is_trusted=True, now=NOW)
    ban(meeting, user=banned_member, identity="u_banned_member")
    ban(meeting, user=banned_stranger, identity="u_banned_stranger")
    ban(meeting, identity="g_banned")
    ban(meeting, identity="g_of_the_banned_network", network=BANNED_NETWORK)
    return {
        "owner": Caller(meeting.owner),
        **{role.value: Caller(user) for role, user in listed.items()},
        "stranger": Caller(account("stranger")),
        "stranger in a banned network": Caller(account("neighbour"), network=BANNED_NETWORK),
        "guest": Caller(identity="g_new"),
        "guest without a ticket": Caller(),
        "banned member": Caller(banned_member),
        "banned stranger": Caller(banned_stranger),
        "banned guest": Caller(identity="g_banned"),
        "guest in a banned network": Caller(identity="g_new", network=BANNED_NETWORK),
    }
