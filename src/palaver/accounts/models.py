"""Users, invitations, the set-up link, and the counters of attempts."""

from typing import ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

NAME_MAX_LENGTH = 60


class Theme(models.TextChoices):
    """What a person wants to look at."""

    SYSTEM = "system", _("As my device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class UserManager(BaseUserManager["User"]):
    """Makes users that sign in by email address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A person. Addresses are kept in lower case, so that one address is one account."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """An administrator."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    @override
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractUser):
    """A person with an account. The name is shown to those they meet; the address is not."""

    username = None  # type: ignore[assignment]  # people sign in by address
    first_name = models.CharField(_("First name"), max_length=NAME_MAX_LENGTH)
    last_name = models.CharField(_("Last name"), max_length=NAME_MAX_LENGTH)
    email = models.EmailField(_("Email"), unique=True)
    language = models.CharField(_("Language"), max_length=10, blank=True, default="")
    """Empty: what the browser asks for."""
    theme = models.CharField(_("Theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    avatar_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    """Names the picture in `AvatarPictures`; empty without one. Kept here so that no page asks for it one by one."""

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name", "last_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = (
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="accounts_user_email_is_lower_case"),
            models.CheckConstraint(condition=models.Q(theme__in=Theme.values), name="accounts_user_theme_is_known"),
        )

    @override
    def __str__(self) -> str:
        return self.get_full_name() or self.email


class AvatarPictures(models.Model):
    """A person's picture in the sizes and forms that are shown. In the database, so that it goes with the account."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="avatar_pictures")
    digest = models.CharField(max_length=64, db_index=True)
    webp_96 = models.BinaryField()
    jpeg_96 = models.BinaryField()
    webp_256 = models.BinaryField()
    jpeg_256 = models.BinaryField()

    @override
    def __str__(self) -> str:
        return self.digest[:12]


class Invitation(models.Model):
    """Lets one person sign up while sign-up is by invitation. Only a hash of the link's token is kept."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(_("For whom"), max_length=120, blank=True, help_text=_("Only administrators see this."))
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("Created"), editable=False)
    expires_at = models.DateTimeField(_("Valid until"), editable=False)
    used_at = models.DateTimeField(_("Used"), null=True, editable=False)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    @override
    def __str__(self) -> str:
        return self.note or f"{self.created_at:%Y-%m-%d}"


class SetupLink(models.Model):
    """The one-time link that makes the first administrator. At most one is open; each start replaces it."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    @override
    def __str__(self) -> str:
        return f"set-up link of {self.created_at:%Y-%m-%d}"


class AttemptCounter(models.Model):
    """How often something was tried in the current window. `palaver.accounts.limits` is the only reader and writer."""

    scope = models.CharField(max_length=32)
    key_hash = models.CharField(max_length=64)
    window_ends_at_s = models.BigIntegerField()
    """Unix seconds: whole numbers compare alike in SQLite and PostgreSQL, in raw SQL too."""
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("scope", "key_hash"), name="accounts_attempt_counter_is_one"),)
        indexes = (models.Index(fields=("window_ends_at_s",), name="accounts_attempt_window_end"),)

    @override
    def __str__(self) -> str:
        return f"{self.scope}: {self.count}"
