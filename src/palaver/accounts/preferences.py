"""Language and theme of people without an account: two cookies that say nothing about who they are."""

from django.conf import settings
from django.http import HttpResponse

THEME_COOKIE = "palaver_theme"
LANGUAGE_COOKIE = "palaver_language"
_YEAR_S = 365 * 24 * 3600


def set_preference_cookie(response: HttpResponse, name: str, value: str) -> None:
    """Remember a choice in this browser."""
    response.set_cookie(
        name, value, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=bool(settings.SESSION_COOKIE_SECURE)
    )
