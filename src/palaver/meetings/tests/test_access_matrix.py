"""Who comes in, waits and is refused, for each kind of person under each policy."""

from itertools import product

import pytest

from palaver.accounts.models import AttemptCounter, User
from palaver.kernel import errors
from palaver.kernel.errors import PalaverError
from palaver.meetings import services
from palaver.meetings.policy import Access, Policy, WaitingRoom
from palaver.meetings.tests.cast import NOW, Caller, everybody

PASSWORD = "seven herons"
LISTED = ("host", "co_host", "member", "viewer")
GUESTS = ("guest", "guest without a ticket", "banned guest", "guest in a banned network")
POLICIES = [
    Policy(access=access, guests=guests, waiting_room=waiting_room)
    for access, guests, waiting_room in product(Access, (True, False), WaitingRoom)
]


def outcome(caller: Caller, meeting: object, password: str | None) -> str:
    """`in`, `waits`, or the code of the refusal."""
    try:
        access = caller.knock(meeting, password=password)  # type: ignore[arg-type]
    except PalaverError as refusal:
        return refusal.spec.code
    if access.refusal is not None:
        return access.refusal
    waits = access.policy.waits_at_the_door(
        role=access.role, is_trusted=access.is_trusted, is_guest=caller.user is None
    )
    return "waits" if waits else "in"


def expected(who: str, policy: Policy, password: str) -> str:  # noqa: PLR0911 - one return a rule
    """The rules once more, told by kinds of people instead of by code."""
    if who == "owner":
        return "in"
    if who in GUESTS:
        if policy.access is Access.SIGNED_IN or not policy.guests:
            return "sign_in_required"
        if "banned" in who:
            return "banned"
    elif who == "banned member":
        return "banned"
    elif who not in LISTED:
        if policy.access is Access.INVITED:
            return "meeting_not_found"
        if who == "banned stranger":
            return "banned"
    if who not in LISTED and password in ("missing", "wrong"):
        return "password_required" if password == "missing" else "password_wrong"
    if who in ("host", "co_host"):
        return "in"
    if who in GUESTS and policy.access is Access.INVITED:
        return "waits"
    waits = policy.waiting_room is WaitingRoom.EVERYONE or (policy.waiting_room is WaitingRoom.GUESTS and who in GUESTS)
    return "waits" if waits else "in"


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["none", "missing", "wrong", "right"])
def test_everybody_is_let_in_or_refused_as_the_policy_says(alice: User, password: str) -> None:
    meeting = services.create_meeting(actor=alice, title="Chess club", now=NOW)
    people = everybody(meeting)
    if password != "none":
        services.set_password(meeting, PASSWORD)
    typed = {"wrong": "eight herons", "right": PASSWORD}.get(password)
    wrong = []
    for policy in POLICIES:
        services.set_policy(meeting, policy)
        for who, caller in people.items():
            # Limits are tested elsewhere.
            AttemptCounter.objects.all().delete()
            seen, right = outcome(caller, meeting, typed), expected(who, policy, password)
            if seen != right:
                wrong.append(
                    f"{who}, {policy.access}, guests {policy.guests}, {policy.waiting_room}: {seen}, not {right}"
                )
    assert wrong == []


@pytest.mark.django_db
def test_trust_passes_the_waiting_room_and_no_other_door(alice: User) -> None:
    meeting = services.create_meeting(actor=alice, title="Chess club", now=NOW)
    people = everybody(meeting)
    services.set_policy(meeting, Policy(access=Access.INVITED, waiting_room=WaitingRoom.EVERYONE))
    meeting.memberships.update(is_trusted=True)
    assert {who: outcome(people[who], meeting, None) for who in ("member", "viewer", "banned member")} == {
        "member": "in",
        "viewer": "in",
        "banned member": "banned",
    }


@pytest.mark.django_db
def test_who_is_not_invited_is_told_and_counted_as_if_there_were_no_meeting(alice: User) -> None:
    meeting = services.create_meeting(actor=alice, title="Board", now=NOW)
    services.set_policy(meeting, Policy(access=Access.INVITED))
    stranger = everybody(meeting)["stranger"]
    answers: list[errors.ErrorSpec] = []
    while not answers or answers[-1] is errors.MEETING_NOT_FOUND:
        with pytest.raises(PalaverError) as refusal:
            stranger.knock(meeting)
        answers.append(refusal.value.spec)
    assert answers[-1] is errors.RATE_LIMITED
