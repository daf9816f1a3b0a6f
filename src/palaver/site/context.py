"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def site(request: HttpRequest) -> dict[str, Any]:
    """The installation as pages see it."""
    return {
        "host_name": SimpleLazyObject(request.get_host),  # not asked of a request whose host is refused
        "theme": getattr(request, "theme", "system"),
        "sign_up_mode": settings.PALAVER_SIGN_UP,
        "has_mail": settings.PALAVER_HAS_MAIL,
        "has_authority": settings.PALAVER_AUTHORITY_FILE is not None,
    }
