"""Who is on a meeting's list: added, changed, removed, and addresses that turn into the account that signs in.

Every change is one short transaction, made by somebody whom `selectors.access_managed_meeting` let through. Exceptions:

    PalaverError          not_allowed: the actor may not give, change or take away that role;
                          member_not_found: nobody of that id is on this meeting's list
    AlreadyListedError    the account or address is on the list
    ListFullError         the list has MAX_MEMBERS people
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from palaver.accounts.addresses import owns_address
from palaver.accounts.facts import SignedIn
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.kernel.facts import publish
from palaver.kernel.ids import MeetingId, UserId
from palaver.meetings.facts import MembershipChanged
from palaver.meetings.models import Meeting, Membership
from palaver.meetings.policy import MeetingRole, may_manage
from palaver.meetings.selectors import ManagedMeeting, standing_of

MAX_MEMBERS = 1000
"""More than any list that a person reads; larger crowds come by an open link."""


class AlreadyListedError(Exception):
    """See the module's docstring."""


class ListFullError(Exception):
    """See the module's docstring."""


def add_member(
    managed: ManagedMeeting,
    *,
    whom: User | str,
    role: MeetingRole,
    is_trusted: bool,
    now: datetime,
) -> Membership:
    """List an account, or the account that has or will have an e-mail address. The owner is not listed."""
    _check(managed, role)
    user, email = (whom, "") if isinstance(whom, User) else (None, whom.strip().lower())
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=managed.meeting.pk)
        listed = Membership.objects.filter(meeting=meeting)
        is_owner = meeting.owner_id == user.pk if user else email == managed.meeting.owner.email
        if is_owner or listed.filter(Q(user=user) if user else Q(email=email)).exists():
            raise AlreadyListedError
        if listed.count() >= MAX_MEMBERS:
            raise ListFullError
        membership = Membership.objects.create(
            meeting=meeting,
            user=user,
            email=email,
            role=role.value,
            is_trusted=is_trusted,
            added_by=managed.actor,
            created_at=now,
        )
        _tell(membership)
    return membership


def change_member(managed: ManagedMeeting, membership_id: UUID, *, role: MeetingRole, is_trusted: bool) -> Membership:
    """Give somebody on the list another role, or more or less trust."""
    with transaction.atomic():
        membership = _locked(managed, membership_id)
        _check(managed, role)
        membership.role, membership.is_trusted = role.value, is_trusted
        membership.save(update_fields=["role", "is_trusted"])
        _tell(membership)
    return membership


def remove_member(managed: ManagedMeeting, membership_id: UUID) -> None:
    """Take somebody off the list. To a meeting for invited people they come no more."""
    with transaction.atomic():
        membership = _locked(managed, membership_id)
        membership.delete()
        _tell(membership)


def claim_invitations(fact: SignedIn) -> None:
    """Subscriber: every invitation to the address of somebody who signed in becomes theirs."""
    user = User.objects.filter(pk=fact.user_id).first()
    if user is None or not owns_address(user):
        return
    invited = Membership.objects.filter(email=user.email, user=None)
    for membership_id, meeting_id in invited.order_by("pk").values_list("pk", "meeting_id"):
        with transaction.atomic():
            Meeting.objects.select_for_update().filter(pk=meeting_id).first()
            unclaimed = Membership.objects.filter(pk=membership_id, user=None)
            if Membership.objects.filter(meeting=meeting_id, user=user).exists():
                unclaimed.delete()
            else:
                unclaimed.update(user=user)


def _check(managed: ManagedMeeting, subject: MeetingRole) -> None:
    if not may_manage(managed.role, subject):
        raise errors.PalaverError(errors.NOT_ALLOWED)


def _locked(managed: ManagedMeeting, membership_id: UUID) -> Membership:
    membership = Membership.objects.select_for_update().filter(pk=membership_id, meeting_id=managed.meeting.pk).first()
    if membership is None:
        raise errors.PalaverError(errors.MEMBER_NOT_FOUND)
    _check(managed, MeetingRole(membership.role))
    return membership


def _tell(membership: Membership) -> None:
    user = membership.user or User.objects.filter(email=membership.email).first()
    if user is None or not (membership.user_id or owns_address(user)):
        return
    # Asked anew: somebody listed twice, by account and by address, may still be listed.
    role, is_trusted = standing_of(membership.meeting, user)
    publish(MembershipChanged(MeetingId(membership.meeting_id), UserId(user.pk), role, is_trusted))
