"""A person's language and theme, for every page."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from palaver.accounts.avatars import PATH
from palaver.accounts.models import Theme
from palaver.accounts.picture_views import avatar
from palaver.accounts.preferences import THEME_COOKIE, language_of_browser


def pictures(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer for pictures of people before sessions are looked at: they are the same for everybody and may be kept."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return (
            avatar(request, request.path.removeprefix(PATH)) if request.path.startswith(PATH) else get_response(request)
        )

    return middleware


def preferences(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Activate the language of the profile, else of the cookie, else of the browser; put the theme on the request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        cookie_theme = request.COOKIES.get(THEME_COOKIE, Theme.SYSTEM)
        request.theme = user.theme if user.is_authenticated else _known_theme(cookie_theme)  # type: ignore[attr-defined]
        chosen = user.language if user.is_authenticated else ""
        language = chosen if chosen in dict(settings.LANGUAGES) else language_of_browser(request)
        with translation.override(language):
            response = get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def _known_theme(text: str) -> str:
    return text if text in Theme.values else Theme.SYSTEM.value
