"""Messages from the Contact page."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class ContactMessage(models.Model):
    """What somebody wrote to the administrator."""

    name = models.CharField(_("Name"), max_length=120)
    email = models.EmailField(_("Email"))
    text = models.TextField(_("Message"), max_length=5000)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("Received"))
    is_mailed = models.BooleanField(_("Mailed"), default=False)
    """Whether a mail server took it for the administrator."""

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")

    @override
    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"
