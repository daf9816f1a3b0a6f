"""Our answers to allauth's questions: who may sign up, how often one may try, what a new user is."""

import logging
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from palaver.accounts import limits, services
from palaver.accounts.facts import SignedIn
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.kernel.facts import publish
from palaver.kernel.ids import UserId

logger = logging.getLogger(__name__)

INVITATION_SESSION_KEY = "palaver_invitation"


def too_many_tries() -> ValidationError:
    """The refusal of every limit: the same words whether the account exists or not."""
    return ValidationError(_("Too many tries. Wait ten minutes, then try again."), code="too_many_tries")


def source_network(request: HttpRequest) -> str:
    """The network that a request counts against. REMOTE_ADDR is already that of the client, behind trusted proxies."""
    return limits.network_of(request.META.get("REMOTE_ADDR"))


def _at_own_address(value: Any) -> Any:
    """A mailed link leads to where people find this server, whatever host and port the one who asked had written."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return value
    return settings.PALAVER_ADDRESS + urlsplit(value)._replace(scheme="", netloc="").geturl()


@dataclass(frozen=True, slots=True)
class _Site:
    """What mails call this server, in place of the `RequestSite` that repeats the Host header."""

    domain: str
    name: str


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """See the module's docstring."""

    error_messages = {  # noqa: RUF012  allauth's own shape
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Email and password do not fit together. Check both and try again."),
        "email_taken": _("There is already an account with this address. Sign in, or reset its password."),
    }

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        match settings.PALAVER_SIGN_UP:
            case "open":
                return True
            case "invited":
                token = request.session.get(INVITATION_SESSION_KEY, "")
                return bool(token) and services.is_invitation_open(token, now=system_clock())
        return False

    @override
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        email, network = str(credentials.get("email", "")), source_network(request)
        now = system_clock()
        # The network last: whoever hammers at one account that is shut already learns nothing, and shall not shut out
        # the others behind their address.
        tries = (
            (limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK, f"{email} {network}"),
            (limits.SIGN_IN_BY_ACCOUNT, email),
            (limits.SIGN_IN_BY_NETWORK, network),
        )
        if not limits.count_attempts(tries, now=now):
            raise too_many_tries()

    @override
    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            email, network = str(credentials.get("email", "")), source_network(request)
            limits.forget_attempts(limits.SIGN_IN_BY_ACCOUNT_AND_NETWORK, f"{email} {network}")
            limits.forget_attempts(limits.SIGN_IN_BY_ACCOUNT, email)
            # This one try only: an account of one's own is no way to wipe out what one guessed at others.
            limits.take_back_attempt(limits.SIGN_IN_BY_NETWORK, network)
        return user

    @override
    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        publish(SignedIn(UserId(user.pk)))

    @override
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        # Every link in every mail, also those that allauth may add some day.
        place = urlsplit(settings.PALAVER_ADDRESS).netloc
        context = {name: _at_own_address(value) for name, value in context.items()}
        context["current_site"] = _Site(place, place)
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            # The page that follows must not tell a known address from an unknown one, nor a broken mail server.
            logger.exception("A mail could not be sent", extra={"mail": template_prefix})

    @override
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit=False)
        saved.email = saved.email.lower()
        saved.save()
        return saved
