"""The forms of this room."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from palaver.accounts.fields import OneLineField
from palaver.meetings.models import TITLE_MAX_LENGTH
from palaver.meetings.slugs import slug_in


class RenameForm(forms.Form):
    """A meeting's title."""

    title = OneLineField(
        label=_("Title"),
        max_length=TITLE_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Give the meeting a title.")},
    )


class JoinForm(forms.Form):
    """A pasted invitation."""

    link = forms.CharField(label=_("Have an invitation?"), max_length=500)

    def clean_link(self) -> str:
        """The name inside the link."""
        text: Any = self.cleaned_data["link"]
        slug = slug_in(text)
        if slug is None:
            raise ValidationError(_("This is not a meeting link. Check that all of it was copied."))
        return slug
