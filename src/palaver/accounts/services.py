"""What changes people: the first administrator, invitations, profiles."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from palaver.accounts.models import Invitation, SetupLink, User
from palaver.kernel.ids import link_token_hash, new_link_token

INVITATION_LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation and the token of its link, which cannot be had again."""

    invitation: Invitation
    token: str


def open_setup_link(*, now: datetime) -> str | None:
    """Make the one-time link's token while there is no administrator, replacing any earlier one; None otherwise."""
    with transaction.atomic():
        SetupLink.objects.filter(used_at=None).delete()
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            return None
        token = new_link_token()
        SetupLink.objects.create(token_hash=link_token_hash(token), created_at=now)
    return token


def is_setup_link_open(token: str) -> bool:
    """Whether `token` would still make an administrator."""
    return SetupLink.objects.filter(token_hash=link_token_hash(token), used_at=None).exists()


def create_first_administrator(
    *, token: str, first_name: str, last_name: str, email: str, password: str, now: datetime
) -> User | None:
    """Use up the set-up link and make the administrator; None when the link was used meanwhile."""
    with transaction.atomic():
        claimed = SetupLink.objects.filter(token_hash=link_token_hash(token), used_at=None).update(used_at=now)
        if not claimed:
            return None
        return User.objects.create_superuser(email, password, first_name=first_name, last_name=last_name)


def invite(*, actor: User, note: str, now: datetime) -> NewInvitation:
    """Make an invitation for one person."""
    token = new_link_token()
    invitation = Invitation.objects.create(
        token_hash=link_token_hash(token),
        note=note,
        created_by=actor,
        created_at=now,
        expires_at=now + INVITATION_LIFETIME,
    )
    return NewInvitation(invitation=invitation, token=token)


def is_invitation_open(token: str, *, now: datetime) -> bool:
    """Whether somebody may sign up with `token`."""
    return Invitation.objects.filter(token_hash=link_token_hash(token), used_at=None, expires_at__gt=now).exists()


def use_invitation(token: str, *, user: User, now: datetime) -> bool:
    """Use up an invitation; False when it was used or has run out meanwhile."""
    usable = Invitation.objects.filter(token_hash=link_token_hash(token), used_at=None, expires_at__gt=now)
    return usable.update(used_at=now, used_by=user) == 1


def change_profile(*, actor: User, first_name: str, last_name: str, language: str, theme: str) -> None:
    """Keep what a person says about themselves."""
    actor.first_name, actor.last_name, actor.language, actor.theme = first_name, last_name, language, theme
    actor.full_clean(exclude=["password"])
    actor.save(update_fields=["first_name", "last_name", "language", "theme"])
