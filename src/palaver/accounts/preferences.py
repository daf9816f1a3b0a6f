"""Language and theme of people without an account: two cookies that say nothing about who they are."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

THEME_COOKIE = "palaver_theme"
LANGUAGE_COOKIE = "palaver_language"
_YEAR_S = 365 * 24 * 3600


def language_of_browser(request: HttpRequest) -> str:
    """The language that was chosen in this browser, else the one that it asks for. Nobody needs to be known for it."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


def set_preference_cookie(response: HttpResponse, name: str, value: str) -> None:
    """Remember a choice in this browser."""
    response.set_cookie(
        name, value, max_age=_YEAR_S, samesite="Lax", httponly=True, secure=bool(settings.SESSION_COOKIE_SECURE)
    )
