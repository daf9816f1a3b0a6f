"""The forms of a meeting's settings and of its list."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from palaver.meetings.policy import (
    MAX_RETENTION_DAYS,
    MOST_VOICES,
    RIGHT_NAMES,
    Access,
    MeetingRole,
    Policy,
    Rights,
    WaitingRoom,
    may_manage,
)
from palaver.meetings.words import ROLES

MIN_PASSWORD_CHARS = 6
"""Guesses are limited to a few in ten minutes; the link is a secret of its own."""
MAX_PASSWORD_CHARS = 128
_SUGGESTED_DAYS = 30


class PolicyForm(forms.Form):
    """All of a meeting's policy."""

    access = forms.ChoiceField(choices=[(each.value, each.value) for each in Access], widget=forms.RadioSelect)
    guests = forms.BooleanField(required=False)
    waiting_room = forms.ChoiceField(
        choices=[(each.value, each.value) for each in WaitingRoom], widget=forms.RadioSelect
    )
    right_microphone = forms.BooleanField(required=False)
    right_camera = forms.BooleanField(required=False)
    right_screen_share = forms.BooleanField(required=False)
    right_chat = forms.BooleanField(required=False)
    right_private_chat = forms.BooleanField(required=False)
    right_reactions = forms.BooleanField(required=False)
    right_rename = forms.BooleanField(required=False)
    one_presenter = forms.BooleanField(required=False)
    voices = forms.TypedChoiceField(
        label=_("Voices at once"),
        choices=[(number, str(number)) for number in range(1, MOST_VOICES + 1)],
        coerce=int,
        help_text=_("A change holds from the next call on."),
    )
    retention = forms.ChoiceField(
        choices=[(word, word) for word in ("forever", "days", "none")], widget=forms.RadioSelect
    )
    retention_days = forms.IntegerField(
        label=_("Days after the call"),
        required=False,
        min_value=1,
        max_value=MAX_RETENTION_DAYS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("retention") == "days" and "retention_days" not in self.errors and not data.get("retention_days"):
            self.add_error("retention_days", ValidationError(_("Say for how many days.")))
        return data

    def policy(self) -> Policy:
        """What was chosen, once the form is valid."""
        data = self.cleaned_data
        days = {"forever": None, "none": 0}.get(data["retention"], data["retention_days"])
        return Policy(
            access=Access(data["access"]),
            guests=data["guests"],
            waiting_room=WaitingRoom(data["waiting_room"]),
            rights=Rights(**{name: data[f"right_{name}"] for name in RIGHT_NAMES}),
            one_presenter=data["one_presenter"],
            voices=data["voices"],
            retention_days=days,
        )

    @classmethod
    def showing(cls, policy: Policy) -> "PolicyForm":
        """A form that shows what holds."""
        days = policy.retention_days
        return cls(
            initial={
                "access": policy.access.value,
                "guests": policy.guests,
                "waiting_room": policy.waiting_room.value,
                **{f"right_{name}": getattr(policy.rights, name) for name in RIGHT_NAMES},
                "one_presenter": policy.one_presenter,
                "voices": policy.voices,
                "retention": "forever" if days is None else "days" if days else "none",
                "retention_days": days or _SUGGESTED_DAYS,
            }
        )


class PasswordForm(forms.Form):
    """A new password of a meeting."""

    password = forms.CharField(
        label=_("New password"),
        min_length=MIN_PASSWORD_CHARS,
        max_length=MAX_PASSWORD_CHARS,
        strip=False,
        help_text=_("At least 6 characters. Tell it to your guests by another way than the link."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Type a password.")},
    )


class MemberForm(forms.Form):
    """A role and trust on the list."""

    role = forms.ChoiceField(label=_("Role"))
    is_trusted = forms.BooleanField(label=_("Passes the waiting room"), required=False)

    def __init__(self, *args: Any, manager: MeetingRole, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in MeetingRole if may_manage(manager, role)]
        self.fields["role"] = forms.ChoiceField(
            label=_("Role"), choices=[(role.value, ROLES[role]) for role in roles], initial=MeetingRole.MEMBER.value
        )


class NewMemberForm(MemberForm):
    """Somebody to be put on the list."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the address of the person."), "invalid": _("This is not an address.")},
    )
    field_order = ("email", "role", "is_trusted")
