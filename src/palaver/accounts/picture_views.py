"""The picture of a person: choosing it, taking it away, and showing it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from palaver.accounts import avatars, limits
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock


@login_required
@never_cache
@require_POST
def change_picture(request: HttpRequest) -> HttpResponse:
    """Takes a picture. The browser has cropped it; whatever comes is cropped and made anew here."""
    user = request.user
    assert isinstance(user, User)
    if not limits.count_attempt(limits.PICTURE_BY_ACCOUNT, str(user.pk), now=system_clock()):
        return render(request, "site/too_many.html", status=429)
    sent = request.FILES.get("picture")
    if not isinstance(sent, UploadedFile):
        messages.error(request, _("Choose a picture first."))
    elif (sent.size or 0) > avatars.MOST_BYTES:
        messages.error(request, _("This picture is too large. Choose one of at most 450 KB."))
    elif not avatars.change_avatar(actor=user, content=sent.read()):
        messages.error(request, _("This is not a picture that can be shown. Choose a PNG, JPEG, GIF or WebP file."))
    else:
        messages.success(request, _("Your new picture is in place."))
    return redirect("profile")


@login_required
@never_cache
@require_POST
def remove_picture(request: HttpRequest) -> HttpResponse:
    """Takes the picture away."""
    user = request.user
    assert isinstance(user, User)
    avatars.remove_avatar(actor=user)
    messages.success(request, _("Your picture is removed."))
    return redirect("profile")


@require_safe
def avatar(request: HttpRequest, name: str) -> HttpResponse:
    """`/avatars/<digest>-<side>.<ending>`: the same for everybody, for ever; nobody guesses a digest."""
    found = avatars.find_picture(name)
    if found is None:
        return HttpResponseNotFound("Not found.\n", content_type="text/plain; charset=utf-8")
    content, media_type = found
    response = HttpResponse(content, content_type=media_type)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["ETag"] = f'"{name}"'
    return response
