"""The forms of this room: allauth's, with our fields, words and limits."""

from typing import Any

from allauth.account.forms import (
    ChangePasswordForm as AllauthChangePasswordForm,
    LoginForm,
    ResetPasswordForm as AllauthResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from allauth.core import context
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from palaver.accounts import limits, services
from palaver.accounts.adapter import INVITATION_SESSION_KEY, source_network, too_many_tries
from palaver.accounts.fields import OneLineField
from palaver.accounts.models import NAME_MAX_LENGTH, Theme, User
from palaver.kernel.clock import system_clock

_PASSWORD_HELP = _("At least 10 characters. A few words make a strong password.")
_PASSWORDS_DIFFER = _("The two passwords are not the same. Type it once more.")


def _name_field(label: Any, *, autocomplete: str, missing: Any) -> forms.CharField:
    return OneLineField(
        label=label,
        max_length=NAME_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": missing},
    )


def _first_name() -> forms.CharField:
    return _name_field(_("First name"), autocomplete="given-name", missing=_("Enter your first name."))


def _last_name() -> forms.CharField:
    return _name_field(_("Last name"), autocomplete="family-name", missing=_("Enter your last name."))


def _dress_email(field: forms.Field) -> None:
    field.label = _("Email")
    field.widget.attrs = {"autocomplete": "email", "type": "email", "maxlength": "254", "spellcheck": "false"}
    field.error_messages |= {"required": _("Enter your email address.")}


def _dress_password(field: forms.Field, label: Any, *, missing: Any, help_text: Any = "") -> None:
    field.label, field.help_text = label, help_text
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs["maxlength"] = "256"  # hashing is slow by design: nobody may feed it megabytes
    field.max_length = 256  # type: ignore[attr-defined]
    field.error_messages |= {"required": missing}


def _refuse_long_password(data: dict[str, Any]) -> None:
    for name, value in data.items():
        if "password" in name and isinstance(value, str) and len(value) > 256:
            raise ValidationError(_("A password may have at most 256 characters."))


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """Email and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress_email(self.fields["login"])
        _dress_password(self.fields["password"], _("Password"), missing=_("Enter your password."))

    @override
    def clean(self) -> Any:
        _refuse_long_password(self.cleaned_data)
        return super().clean()


class _InvitationGoneError(Exception):
    """Somebody else used it between the page and the form."""


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth has no types
    """First name, last name, email, password, confirm password."""

    first_name = _first_name()
    last_name = _last_name()
    field_order = ("first_name", "last_name", "email", "password1", "password2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress_email(self.fields["email"])
        _dress_password(
            self.fields["password1"], _("Password"), missing=_("Choose a password."), help_text=_PASSWORD_HELP
        )
        _dress_password(self.fields["password2"], _("Confirm password"), missing=_("Type the password once more."))

    @override
    def clean_email(self) -> Any:
        # Before anything tells whether an address is taken.
        if not limits.count_attempt(limits.SIGN_UP_BY_NETWORK, source_network(context.request), now=system_clock()):
            raise too_many_tries()
        return super().clean_email()

    @override
    def clean(self) -> Any:
        _refuse_long_password(self.cleaned_data)
        data = super().clean()
        _reword_mismatch(self)
        password = self.cleaned_data.get("password1")
        if password:
            names = User(
                first_name=self.cleaned_data.get("first_name", ""), last_name=self.cleaned_data.get("last_name", "")
            )
            try:
                password_validation.validate_password(password, names)
            except ValidationError as problem:
                self.add_error("password1", problem)
        return data

    @override
    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        try:
            with transaction.atomic():
                saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
            if self.account_already_exists:
                # A new account costs one hashing: an answer without it would come sooner, and tell.
                make_password(self.cleaned_data["password1"])
            return saved
        except (_InvitationGoneError, IntegrityError):
            # Of two that came at the same moment the other was first: the page says why there is no second.
            return None, redirect("account_signup")

    @override
    def custom_signup(self, request: HttpRequest, user: User) -> None:
        super().custom_signup(request, user)
        token = request.session.pop(INVITATION_SESSION_KEY, None)
        if settings.PALAVER_SIGN_UP == "invited" and not services.use_invitation(
            token or "", user=user, now=system_clock()
        ):
            raise _InvitationGoneError


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a mail with a link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress_email(self.fields["email"])

    @override
    def clean_email(self) -> Any:
        tries = (
            (limits.RESET_BY_ACCOUNT, str(self.cleaned_data["email"])),
            (limits.RESET_BY_NETWORK, source_network(context.request)),
        )
        if not limits.count_attempts(tries, now=system_clock()):
            raise ValidationError(_("Too many tries. Wait an hour, then try again."), code="too_many_tries")
        return super().clean_email()


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    """Chooses a password by the link of a reset mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress_new_passwords(self)

    @override
    def clean(self) -> Any:
        _refuse_long_password(self.cleaned_data)
        data = super().clean()
        _reword_mismatch(self)
        return data


class ChangePasswordForm(AllauthChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """Changes the password of a person who is signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress_password(self.fields["oldpassword"], _("Password now"), missing=_("Enter your password."))
        _dress_new_passwords(self)

    @override
    def clean_oldpassword(self) -> Any:
        # A borrowed, unlocked computer must not be a place to guess at.
        if not limits.count_attempt(limits.PASSWORD_BY_ACCOUNT, str(self.user.pk), now=system_clock()):
            raise too_many_tries()
        _refuse_long_password(self.cleaned_data)
        return super().clean_oldpassword()

    @override
    def clean(self) -> Any:
        data = super().clean()
        _reword_mismatch(self)
        return data


def _dress_new_passwords(form: forms.Form) -> None:
    _dress_password(
        form.fields["password1"], _("New password"), missing=_("Choose a password."), help_text=_PASSWORD_HELP
    )
    _dress_password(form.fields["password2"], _("Confirm password"), missing=_("Type the password once more."))


def _reword_mismatch(form: forms.Form) -> None:
    # Not from `cleaned_data`: Django takes a field with an error out of it.
    first, second = (form.data.get(form.add_prefix(name)) for name in ("password1", "password2"))
    if first and second and first != second and "password2" in form.errors:
        form.errors["password2"] = form.error_class([str(_PASSWORDS_DIFFER)], field_id=form["password2"].auto_id)


class SetupForm(forms.Form):
    """The first administrator: the fields of sign-up, without an address check."""

    first_name = _first_name()
    last_name = _last_name()
    email = forms.EmailField()
    password1 = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    password2 = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress_email(self.fields["email"])
        _dress_password(
            self.fields["password1"], _("Password"), missing=_("Choose a password."), help_text=_PASSWORD_HELP
        )
        _dress_password(self.fields["password2"], _("Confirm password"), missing=_("Type the password once more."))

    def clean_email(self) -> str:
        """One address is one account."""
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email=email).exists():
            raise ValidationError(_("There is already an account with this address. Use another one."))
        return email

    @override
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        _refuse_long_password(data)
        password = data.get("password1")
        if password:
            user = User(
                first_name=data.get("first_name", ""), last_name=data.get("last_name", ""), email=data.get("email", "")
            )
            try:
                password_validation.validate_password(password, user)
            except ValidationError as problem:
                self.add_error("password1", problem)
            if data.get("password2") and data["password2"] != password:
                self.add_error("password2", ValidationError(_PASSWORDS_DIFFER))
        return data


class ProfileForm(forms.Form):
    """Names, language and theme."""

    first_name = _first_name()
    last_name = _last_name()
    language = forms.ChoiceField(label=_("Language"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", _("As my browser asks")), *settings.LANGUAGES]
