"""The form of the Contact page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from palaver.accounts.fields import OneLineField


class ContactForm(forms.Form):
    """Who writes, where an answer goes, and what."""

    name = OneLineField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    email = forms.EmailField(
        label=_("Email"),
        help_text=_("For the answer only."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _("Enter your email address.")},
    )
    text = forms.CharField(
        label=_("Message"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": "7"}),
        error_messages={"required": _("Write what it is about.")},
    )
