"""Pages of this room: a person's meetings, one meeting, and the page behind a meeting's link."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from palaver.accounts.adapter import source_network
from palaver.accounts.models import User
from palaver.kernel import errors
from palaver.kernel.clock import system_clock
from palaver.meetings import selectors, services
from palaver.meetings.boot import boot_data
from palaver.meetings.forms import JoinForm, RenameForm
from palaver.meetings.models import TITLE_MAX_LENGTH


@login_required
@never_cache
@require_safe
def meeting_list(request: HttpRequest) -> HttpResponse:
    """A person's meetings, and the button that makes one."""
    user = request.user
    assert isinstance(user, User)
    page = selectors.meetings_of(user, page=_page_number(request))
    listed = selectors.summaries(page.object_list)
    hosted = selectors.meetings_hosted_by(user)
    context = {"page": page, "meetings": listed, "hosted": hosted, "join_form": JoinForm()}
    return render(request, "meetings/home.html", context)


@login_required
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Makes a meeting at once and shows its link."""
    user = request.user
    assert isinstance(user, User)
    title = _("Meeting of %(name)s") % {"name": user.get_full_name() or user.email}
    meeting = services.create_meeting(actor=user, title=title[:TITLE_MAX_LENGTH], now=system_clock())
    messages.success(request, _("Your meeting is ready. Share its link with those you want to meet."))
    return redirect("meeting", meeting_id=meeting.pk)


@login_required
@never_cache
@require_safe
def detail(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """One meeting: link, title, policy, history."""
    return _detail(request, meeting_id)


@login_required
@never_cache
@require_POST
def rename(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Gives a meeting another title."""
    meeting = selectors.access_own_meeting(request.user, meeting_id)
    form = RenameForm(request.POST)
    if not form.is_valid():
        return _detail(request, meeting_id, rename_form=form)
    services.rename_meeting(meeting, title=form.cleaned_data["title"])
    messages.success(request, _("Renamed."))
    return redirect("meeting", meeting_id=meeting.pk)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Asks, then removes a meeting."""
    meeting = selectors.access_own_meeting(request.user, meeting_id)
    if request.method != "POST":
        is_on = selectors.summaries([meeting])[0].is_on
        return render(request, "meetings/delete.html", {"meeting": meeting, "is_on": is_on})
    user = request.user
    assert isinstance(user, User)
    services.delete_meeting(meeting, actor=user)
    messages.success(request, _("“%(title)s” is deleted.") % {"title": meeting.title})
    return redirect("home")


@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Takes a pasted link to its meeting."""
    form = JoinForm(request.POST)
    if form.is_valid():
        return redirect("meeting_page", slug=form.cleaned_data["link"])
    return render(request, "meetings/join.html", {"join_form": form}, status=422)


@never_cache
@require_safe
def meeting_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page behind a meeting's link: the shell of the call, which asks everything else itself."""
    try:
        access = selectors.access_meeting_by_link(
            slug, user=request.user, network=source_network(request), now=system_clock()
        )
    except errors.PalaverError as refusal:
        is_limited = refusal.spec is errors.RATE_LIMITED
        template = "site/too_many.html" if is_limited else "meetings/not_found.html"
        return render(request, template, {"join_form": JoinForm()}, status=refusal.spec.http_status)
    meeting = access.meeting
    if slug != meeting.slug:
        return redirect("meeting_page", slug=meeting.slug)
    response = render(request, "meetings/call.html", {"boot": boot_data(request, meeting), "meeting": meeting})
    # The address is the key. No form posts from this page, so nothing needs to know where a request came from.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _detail(
    request: HttpRequest,
    meeting_id: UUID,
    *,
    rename_form: RenameForm | None = None,
) -> HttpResponse:
    meeting = selectors.access_own_meeting(request.user, meeting_id)
    page = selectors.sessions_of(meeting, page=_page_number(request))
    context = {
        "meeting": meeting,
        "policy": selectors.policy_of(meeting),
        "is_owner": True,
        "link": request.build_absolute_uri(reverse("meeting_page", args=[meeting.slug])),
        "rename_form": rename_form or RenameForm(initial={"title": meeting.title}),
        "page": page,
        "is_on": selectors.summaries([meeting])[0].is_on,
        "sessions": [selectors.session_summary(session) for session in page.object_list],
    }
    return render(request, "meetings/detail.html", context, status=422 if rename_form else 200)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
