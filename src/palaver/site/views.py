"""Pages of the installation itself."""

import logging
import sys

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from palaver.accounts import limits
from palaver.accounts.adapter import source_network
from palaver.accounts.models import Theme, User
from palaver.accounts.preferences import THEME_COOKIE, language_of_browser, set_preference_cookie
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import INTERNAL, UNAVAILABLE
from palaver.kernel.outages import RETRY_AFTER_S, is_outage
from palaver.meetings.forms import JoinForm
from palaver.meetings.views import meeting_list
from palaver.site import services
from palaver.site.authority import Authority, read_authority
from palaver.site.forms import ContactForm

logger = logging.getLogger(__name__)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One's meetings, or what this place is."""
    if request.user.is_authenticated:
        return meeting_list(request)
    return render(request, "site/start.html", {"join_form": JoinForm()})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What Palaver is and who runs this one."""
    return render(request, "site/about.html")


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """Writes to the administrator."""
    user = request.user if isinstance(request.user, User) else None
    initial = {"name": user.get_full_name(), "email": user.email} if user else {}
    form = ContactForm(request.POST or None, initial=initial)
    if request.method != "POST" or not form.is_valid():
        return render(request, "site/contact.html", {"form": form}, status=422 if form.is_bound else 200)
    now = system_clock()
    if not limits.count_attempt(limits.CONTACT_BY_NETWORK, source_network(request), now=now):
        form.add_error(None, _("Too many messages from here. Wait an hour, then try again."))
        return render(request, "site/contact.html", {"form": form}, status=429)
    services.receive_message(**form.cleaned_data, user=user, now=now)
    messages.success(request, _("Thank you. Your message has been sent to the administrator."))
    return redirect("contact")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps the choice of light or dark, in the account and in this browser."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(back if is_ours and back.startswith("/") else "home")
    if chosen in Theme.values:
        set_preference_cookie(response, THEME_COOKIE, chosen)
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(theme=chosen)
    return response


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """How to trust the local authority of `--tls-self-signed`."""
    return render(request, "site/trust.html", {"authority": _authority()})


@require_safe
def trust_certificate(request: HttpRequest) -> HttpResponse:
    """The authority's certificate. iOS and Android open this type in their certificate installer."""
    response = HttpResponse(_authority().der, content_type="application/x-x509-ca-cert")
    response["Content-Disposition"] = 'attachment; filename="palaver-authority.crt"'
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token: most often a page that was open for long."""
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page."""
    return render(request, "404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Something went wrong that no page knew of: the database for a while, or this server itself.

    Nothing here asks the database, nor who asks: both may be what failed.
    """
    problem = sys.exc_info()[1]
    spec = UNAVAILABLE if is_outage(problem) else INTERNAL
    response: HttpResponse
    if request.path.startswith("/api/") or not request.accepts("text/html"):
        response = JsonResponse({"code": spec.code}, status=spec.http_status)
    else:
        with translation.override(language_of_browser(request)):
            response = HttpResponse(render_to_string(f"{spec.http_status}.html"), status=spec.http_status)
    if spec is UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER_S)
        # One line a request, where Django would write a whole traceback.
        logger.warning("The database is away or cannot keep up", extra={"path": request.path, "problem": repr(problem)})
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _authority() -> Authority:
    path = settings.PALAVER_AUTHORITY_FILE
    authority = read_authority(path) if path is not None else None
    if authority is None:
        raise Http404
    return authority
