"""Pages about who may do what: a meeting's settings, its list, its bans, and what a run left behind."""

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from palaver.kernel.clock import system_clock
from palaver.meetings import memberships, records, selectors, services
from palaver.meetings.manage_forms import MemberForm, NewMemberForm, PasswordForm, PolicyForm
from palaver.meetings.models import Meeting, MeetingSession
from palaver.meetings.policy import MeetingRole, may_manage
from palaver.meetings.words import ROLES

_CSV_TYPE = "text/csv; charset=utf-8; header=present"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_settings(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Shows and takes the policy. A script that saves each change at once is answered without a page."""
    meeting = selectors.access_own_meeting(request.user, meeting_id)
    if request.method != "POST":
        return _settings_page(request, meeting)
    is_script = request.headers.get("Accept") == "application/json"
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return (
            HttpResponse(status=HTTPStatus.UNPROCESSABLE_ENTITY)
            if is_script
            else _settings_page(request, meeting, policy_form=form)
        )
    services.set_policy(meeting, form.policy())
    if is_script:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    messages.success(request, _("Saved."))
    return redirect("meeting_settings", meeting_id=meeting.pk)


@login_required
@never_cache
@require_POST
def password(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Sets or clears the meeting's password."""
    meeting = selectors.access_own_meeting(request.user, meeting_id)
    if "clear" in request.POST:
        services.clear_password(meeting)
        messages.success(request, _("No password is asked for any more."))
        return redirect("meeting_settings", meeting_id=meeting.pk)
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, meeting, password_form=form)
    services.set_password(meeting, form.cleaned_data["password"])
    messages.success(request, _("The password is set."))
    return redirect("meeting_settings", meeting_id=meeting.pk)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """The list of a meeting, and a form that puts somebody on it."""
    managed = selectors.access_managed_meeting(request.user, meeting_id)
    if request.method != "POST":
        return _people_page(request, managed)
    form = NewMemberForm(request.POST, manager=managed.role)
    if form.is_valid():
        email, role = form.cleaned_data["email"], MeetingRole(form.cleaned_data["role"])
        is_trusted = form.cleaned_data["is_trusted"]
        try:
            memberships.add_member(managed, whom=email, role=role, is_trusted=is_trusted, now=system_clock())
        except memberships.AlreadyListedError:
            form.add_error("email", _("This address is on the list already."))
        except memberships.ListFullError:
            form.add_error("email", _("The list is full. Take somebody off it first."))
        else:
            messages.success(request, _("%(email)s is on the list.") % {"email": email})
            return redirect("meeting_people", meeting_id=meeting_id)
    return _people_page(request, managed, new_form=form)


@login_required
@never_cache
@require_POST
def change_member(request: HttpRequest, meeting_id: UUID, member_id: UUID) -> HttpResponse:
    """Gives somebody on the list another role or trust."""
    managed = selectors.access_managed_meeting(request.user, meeting_id)
    form = MemberForm(request.POST, manager=managed.role)
    if form.is_valid():
        role = MeetingRole(form.cleaned_data["role"])
        memberships.change_member(managed, member_id, role=role, is_trusted=form.cleaned_data["is_trusted"])
        messages.success(request, _("Saved."))
    return redirect("meeting_people", meeting_id=meeting_id)


@login_required
@never_cache
@require_POST
def remove_member(request: HttpRequest, meeting_id: UUID, member_id: UUID) -> HttpResponse:
    """Takes somebody off the list."""
    managed = selectors.access_managed_meeting(request.user, meeting_id)
    memberships.remove_member(managed, member_id)
    messages.success(request, _("Taken off the list."))
    return redirect("meeting_people", meeting_id=meeting_id)


@login_required
@never_cache
@require_safe
def bans(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Who stays out, since when, until when and why."""
    managed = selectors.access_managed_meeting(request.user, meeting_id)
    in_force, over = records.bans_of(managed.meeting, now=system_clock())
    context = {**_frame(managed.meeting, is_owner=managed.is_owner), "bans": in_force, "over": over}
    return render(request, "meetings/bans.html", context)


@login_required
@never_cache
@require_POST
def lift_ban(request: HttpRequest, meeting_id: UUID, ban_id: UUID) -> HttpResponse:
    """Lets somebody come again."""
    managed = selectors.access_managed_meeting(request.user, meeting_id)
    lifted = services.lift_ban(managed.meeting, ban_id, now=system_clock())
    messages.success(request, _("%(name)s may come again.") % {"name": lifted.display_name})
    return redirect("meeting_bans", meeting_id=meeting_id)


@login_required
@never_cache
@require_safe
def run(request: HttpRequest, meeting_id: UUID, session_id: UUID) -> HttpResponse:
    """What one run left behind."""
    session = selectors.access_own_session(request.user, meeting_id, session_id)
    stays, entries = records.attendances_of(session), records.audit_of(session)
    context = {
        **_frame(session.meeting, is_owner=True),
        "run": session,
        "stays": stays[: records.SHOWN],
        "stay_count": len(stays),
        "person_count": len({stay.identity for stay in stays}),
        "deeds": records.deeds(entries[: records.SHOWN]),
        "deed_count": len(entries),
    }
    return render(request, "meetings/run.html", context)


@login_required
@never_cache
@require_safe
def attendance_file(request: HttpRequest, meeting_id: UUID, session_id: UUID) -> HttpResponse:
    """Who was there, as a file for spreadsheets."""
    session = selectors.access_own_session(request.user, meeting_id, session_id)
    return _file(records.attendance_csv(session), session, "attendance")


@login_required
@never_cache
@require_safe
def audit_file(request: HttpRequest, meeting_id: UUID, session_id: UUID) -> HttpResponse:
    """The log, as a file for spreadsheets."""
    session = selectors.access_own_session(request.user, meeting_id, session_id)
    return _file(records.audit_csv(session), session, "log")


def _file(text: str, session: MeetingSession, what: str) -> HttpResponse:
    name = f"palaver-{session.started_at:%Y-%m-%d-%H%M}-{what}.csv"
    return HttpResponse(
        text.encode(), content_type=_CSV_TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _frame(meeting: Meeting, *, is_owner: bool) -> dict[str, object]:
    return {"meeting": meeting, "is_owner": is_owner}


def _settings_page(
    request: HttpRequest,
    meeting: Meeting,
    *,
    policy_form: PolicyForm | None = None,
    password_form: PasswordForm | None = None,
) -> HttpResponse:
    context = {
        **_frame(meeting, is_owner=True),
        "form": policy_form or PolicyForm.showing(selectors.policy_of(meeting)),
        "password_form": password_form or PasswordForm(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if policy_form or password_form else HTTPStatus.OK
    return render(request, "meetings/settings.html", context, status=status)


def _people_page(
    request: HttpRequest, managed: selectors.ManagedMeeting, *, new_form: NewMemberForm | None = None
) -> HttpResponse:
    rows = [
        {
            "who": listed,
            "role": ROLES[MeetingRole(listed.membership.role)],
            "form": MemberForm(
                manager=managed.role,
                initial={"role": listed.membership.role, "is_trusted": listed.membership.is_trusted},
                auto_id=f"id_%s_{listed.membership.pk}",
            )
            if may_manage(managed.role, MeetingRole(listed.membership.role))
            else None,
        }
        for listed in records.members_of(managed.meeting)
    ]
    context = {
        **_frame(managed.meeting, is_owner=managed.is_owner),
        "rows": rows,
        "new_form": new_form or NewMemberForm(manager=managed.role, initial={"is_trusted": True}),
        "has_mail": settings.PALAVER_HAS_MAIL,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if new_form else HTTPStatus.OK
    return render(request, "meetings/people.html", context, status=status)
