"""What administrators see of this room."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _
from typing_extensions import override

from palaver.accounts import services
from palaver.accounts.models import Invitation, User
from palaver.kernel.clock import system_clock

if TYPE_CHECKING:
    _PersonAdmin = UserAdmin[User]
    _InvitationAdmin = admin.ModelAdmin[Invitation]
else:
    _PersonAdmin = UserAdmin
    _InvitationAdmin = admin.ModelAdmin

admin.site.unregister(Group)  # roles are per meeting; groups have no meaning here


@admin.register(User)
class PersonAdmin(_PersonAdmin):
    """People, found by name or address."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "first_name", "last_name")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "language", "theme")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "usable_password", "password1", "password2")}),
    )


@admin.register(Invitation)
class InvitationAdmin(_InvitationAdmin):
    """Adding one shows its link, once."""

    list_display = ("note", "created_by", "created_at", "expires_at", "used_at", "used_by")
    ordering = ("-created_at", "-pk")
    fields = ("note",)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    @override
    def save_model(self, request: HttpRequest, obj: Invitation, form: "ModelForm[Invitation]", change: bool) -> None:
        assert isinstance(request.user, User)
        made = services.invite(actor=request.user, note=obj.note, now=system_clock())
        obj.pk = made.invitation.pk
        obj.refresh_from_db()
        link = request.build_absolute_uri(reverse("invitation", args=[made.token]))
        messages.info(request, gettext("Copy this link now, it is not shown again: %(link)s") % {"link": link})
