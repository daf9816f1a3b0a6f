"""What the meeting page tells the call before anything is loaded: names, addresses, and the links of the head."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext as _

from palaver.accounts.models import User
from palaver.meetings.models import Meeting


def boot_data(request: HttpRequest, meeting: Meeting) -> dict[str, object]:
    """The boot data of *meeting*'s page, as `web/src/wire/page.ts` reads it."""
    user = request.user
    sign_in = f"{reverse('account_login')}?next={reverse('meeting_page', args=[meeting.slug])}"
    return {
        "slug": meeting.slug,
        "title": meeting.title,
        "signed_in": user.is_authenticated,
        "name": user.get_full_name() if isinstance(user, User) else None,
        "locale": get_language() or "en",
        "theme": getattr(request, "theme", "system"),
        "urls": {
            "home": reverse("home"),
            "ws": f"/ws/meetings/{meeting.slug}",
            "preview": f"/api/meetings/{meeting.slug}/preview",
            "sign_in": sign_in,
            # Only the owner's own pages know the meeting.
            "settings": reverse("meeting", args=[meeting.pk]) if user == meeting.owner else None,
        },
        "links": [{"label": label, "url": url} for label, url in _links(sign_in, is_signed_in=user.is_authenticated)],
    }


def _links(sign_in: str, *, is_signed_in: bool) -> list[tuple[str, str]]:
    """As in `site/header.html`, for the pages before and after the call."""
    everybodys = [(_("Contact"), reverse("contact")), (_("About"), reverse("about"))]
    if is_signed_in:
        return [(_("Home"), reverse("home")), *everybodys]
    sign_up = [] if settings.PALAVER_SIGN_UP == "closed" else [(_("Sign Up"), reverse("account_signup"))]
    return [(_("Sign In"), sign_in), *sign_up, *everybodys]
