"""Keeps and passes on what people write on the Contact page."""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage

from palaver.accounts.models import User
from palaver.site.models import ContactMessage

logger = logging.getLogger(__name__)


def receive_message(*, name: str, email: str, text: str, user: User | None, now: datetime) -> ContactMessage:
    """Keep a message and mail it to the administrator. A mail server that fails loses nothing: it stays in the list."""
    message = ContactMessage.objects.create(name=name, email=email, text=text, user=user, created_at=now)
    recipients = _administrators()
    if not recipients:
        return message
    # The form lets no line break into the name; a header that has one all the same is refused by EmailMessage.
    mail = EmailMessage(
        subject=f"Palaver: {name}", body=f"{name} <{email}>\n\n{text}\n", to=recipients, reply_to=[email]
    )
    try:
        mail.send()
    except (OSError, SMTPException):
        logger.exception("A contact message could not be mailed; it is kept", extra={"message_id": message.pk})
        return message
    message.is_mailed = True
    message.save(update_fields=["is_mailed"])
    return message


def _administrators() -> list[str]:
    if settings.PALAVER_ADMIN_EMAIL:
        return [settings.PALAVER_ADMIN_EMAIL]
    active = User.objects.filter(is_superuser=True, is_active=True)
    return list(active.order_by("pk").values_list("email", flat=True)[:5])
