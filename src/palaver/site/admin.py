"""What administrators see of this room."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from typing_extensions import override

from palaver.site.models import ContactMessage

if TYPE_CHECKING:
    _ContactMessageAdmin = admin.ModelAdmin[ContactMessage]
else:
    _ContactMessageAdmin = admin.ModelAdmin

admin.site.site_header = admin.site.site_title = "Palaver"


@admin.register(ContactMessage)
class ContactMessageAdmin(_ContactMessageAdmin):
    """Messages, to read and to delete."""

    list_display = ("created_at", "name", "email", "is_mailed")
    ordering = ("-created_at", "-pk")
    search_fields = ("name", "email", "text")
    readonly_fields = ("name", "email", "text", "user", "created_at", "is_mailed")

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
