"""The policy by itself."""

from itertools import product

import pytest
from hypothesis import given, strategies as st

from palaver.meetings.policy import (
    MAX_RETENTION_DAYS,
    MOST_VOICES,
    RIGHT_NAMES,
    Access,
    MeetingRole,
    Policy,
    Rights,
    WaitingRoom,
    may_manage,
    typed_password,
)

POLICIES = st.builds(
    Policy,
    access=st.sampled_from(Access),
    guests=st.booleans(),
    waiting_room=st.sampled_from(WaitingRoom),
    one_presenter=st.booleans(),
    voices=st.integers(1, MOST_VOICES),
    retention_days=st.none() | st.integers(0, MAX_RETENTION_DAYS),
    rights=st.builds(Rights, **{name: st.booleans() for name in RIGHT_NAMES}),
)
ROLES = st.none() | st.sampled_from(MeetingRole)


def test_a_new_meeting_is_open_and_forbids_nothing() -> None:
    policy = Policy()
    assert (policy.access, policy.takes_guests, policy.takes_unlisted) == (Access.OPEN, True, True)
    assert all(getattr(policy.rights, name) for name in RIGHT_NAMES)
    assert not policy.waits_at_the_door(role=None, is_trusted=False, is_guest=True)


def test_open_without_guests_is_the_same_as_signed_in() -> None:
    for waiting_room, is_guest in product(WaitingRoom, (True, False)):
        plain = Policy(access=Access.OPEN, guests=False, waiting_room=waiting_room)
        other = Policy(access=Access.SIGNED_IN, guests=True, waiting_room=waiting_room)
        assert (plain.takes_guests, plain.takes_unlisted) == (other.takes_guests, other.takes_unlisted) == (False, True)
        answers = {p.waits_at_the_door(role=None, is_trusted=False, is_guest=is_guest) for p in (plain, other)}
        assert len(answers) == 1


@given(POLICIES, ROLES, st.booleans())
def test_moderators_and_trusted_people_never_wait(policy: Policy, role: MeetingRole | None, is_trusted: bool) -> None:
    waits = policy.waits_at_the_door(role=role, is_trusted=is_trusted, is_guest=role is None and not is_trusted)
    if is_trusted or (role is not None and role.is_moderator):
        assert not waits


@given(POLICIES)
def test_guests_of_a_meeting_for_invited_people_always_wait(policy: Policy) -> None:
    if policy.access is Access.INVITED:
        assert policy.waits_at_the_door(role=None, is_trusted=False, is_guest=True)


def test_owner_host_and_co_host_moderate_and_nobody_else() -> None:
    assert {role for role in MeetingRole if role.is_moderator} == {"owner", "host", "co_host"}


def test_the_owner_manages_everybody_listed_and_hosts_manage_members_and_viewers() -> None:
    managed = {actor: {subject for subject in MeetingRole if may_manage(actor, subject)} for actor in MeetingRole}
    assert managed == {
        "owner": {"host", "co_host", "member", "viewer"},
        "host": {"member", "viewer"},
        "co_host": set(),
        "member": set(),
        "viewer": set(),
    }


@pytest.mark.parametrize("days", [-1, MAX_RETENTION_DAYS + 1])
def test_a_retention_that_cannot_be_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="retention_days"):
        Policy(retention_days=days)


@pytest.mark.parametrize("voices", [0, MOST_VOICES + 1])
def test_voices_that_cannot_be_are_refused(voices: int) -> None:
    with pytest.raises(ValueError, match="voices"):
        Policy(voices=voices)


def test_a_password_is_the_same_however_a_keyboard_writes_its_letters() -> None:
    assert typed_password("u\u0308ber") == typed_password("\u00fcber")
