"""Pages of this room that allauth does not have: profile, invitation, first administrator, the way into the
administration.
"""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import EmailAddress, Login
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from palaver.accounts import limits, services
from palaver.accounts.adapter import INVITATION_SESSION_KEY, source_network
from palaver.accounts.forms import ProfileForm, SetupForm
from palaver.accounts.models import User
from palaver.accounts.preferences import LANGUAGE_COOKIE, THEME_COOKIE, set_preference_cookie
from palaver.kernel.clock import system_clock


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Names, language, theme."""
    user = request.user
    assert isinstance(user, User)
    names = ("first_name", "last_name", "language", "theme")
    form = ProfileForm(request.POST or None, initial={name: getattr(user, name) for name in names})
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/profile.html", {"form": form}, status=422 if form.is_bound else 200)
    services.change_profile(actor=user, **form.cleaned_data)
    messages.success(request, _("Saved."))
    response = redirect("profile")
    # Kept beside the account, so that the sign-in page looks as this person wants it to.
    set_preference_cookie(response, THEME_COOKIE, user.theme)
    set_preference_cookie(response, LANGUAGE_COOKIE, user.language)
    return response


@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Keeps an invitation for the sign-up that follows, and takes its token out of the address."""
    now = system_clock()
    if not services.is_invitation_open(token, now=now):
        if not limits.count_attempt(limits.INVITATION_BY_NETWORK, source_network(request), now=now):
            return render(request, "site/too_many.html", status=429)
        return render(request, "accounts/invitation_closed.html", status=404)
    request.session[INVITATION_SESSION_KEY] = token
    return redirect("account_signup")


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """The one-time page that makes the first administrator."""
    now = system_clock()
    if not services.is_setup_link_open(token):
        if not limits.count_attempt(limits.SETUP_BY_NETWORK, source_network(request), now=now):
            return render(request, "site/too_many.html", status=429)
        return render(request, "accounts/setup_closed.html", status=404)
    form = SetupForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/setup.html", {"form": form}, status=422 if form.is_bound else 200)
    data = form.cleaned_data
    # Both or neither: the link works once.
    with transaction.atomic():
        user = services.create_first_administrator(
            token=token,
            first_name=data["first_name"],
            last_name=data["last_name"],
            email=data["email"],
            password=data["password1"],
            now=now,
        )
        if user is None:
            return render(request, "accounts/setup_closed.html", status=404)
        # Whoever has the link owns the machine: the address needs no check by mail.
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    response: HttpResponse = perform_login(request, Login(user=user, email=user.email))
    return response


@never_cache
@require_safe
def administration_sign_in(request: HttpRequest) -> HttpResponse:
    """Stands where the administration has a form of its own, which counts no guesses: there is one place to sign in."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")
