"""Whether an address is a person's own: what may be given to whoever has it."""

from allauth.account.models import EmailAddress
from django.conf import settings

from palaver.accounts.models import User


def owns_address(user: User) -> bool:
    """Whether the person has shown that they read the mail of their address, where this server can ask for that.

    Without a mail server nobody can be asked, and the address of an account counts as its own.
    """
    if not settings.PALAVER_HAS_MAIL:
        return True
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())
