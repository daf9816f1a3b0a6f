"""When all sign-ins of a person end at once: another password, an account that is closed or removed."""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from palaver.accounts.facts import SignInsRevoked
from palaver.accounts.models import User
from palaver.kernel.facts import publish
from palaver.kernel.ids import UserId


def revoke_sign_ins(user: User, *, kept_session_key: str | None = None) -> None:
    """Tell that `user` is signed in nowhere any more, but for the session that is named."""
    publish(SignInsRevoked(UserId(user.pk), kept_session_key))


def connect() -> None:
    """Listen to those who change people. What no signal tells is found by the live room itself, a little later."""
    password_changed.connect(_password_changed, dispatch_uid="palaver.accounts.revocations")
    password_reset.connect(_password_reset, dispatch_uid="palaver.accounts.revocations")
    post_save.connect(_saved, sender=User, dispatch_uid="palaver.accounts.revocations")
    post_delete.connect(_deleted, sender=User, dispatch_uid="palaver.accounts.revocations")


def _password_changed(*, request: HttpRequest, user: User, **_: Any) -> None:
    # Sent after the session got its new key: whoever typed the old password goes on, in this browser.
    revoke_sign_ins(user, kept_session_key=request.session.session_key)


def _password_reset(*, user: User, **_: Any) -> None:
    revoke_sign_ins(user)


def _saved(*, instance: User, created: bool, **_: Any) -> None:
    if not created and not instance.is_active:
        revoke_sign_ins(instance)


def _deleted(*, instance: User, **_: Any) -> None:
    revoke_sign_ins(instance)
