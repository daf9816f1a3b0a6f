"""HTTP of the chat: reading back without a room socket, by a script or on the pages of a meeting's history."""

from http import HTTPStatus
from itertools import islice
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe
from pydantic import ValidationError

from palaver.chat import selectors
from palaver.chat.export import export_session, for_template
from palaver.chat.ports import ports
from palaver.chat.reading import Reader
from palaver.chat.wire import PageQuery
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import PalaverError
from palaver.live.errors import INVALID_MESSAGE
from palaver.live.readers import access_reader
from palaver.meetings.selectors import access_own_session

_SHOWN: Final = 100


@require_GET
@never_cache
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """`GET /api/meetings/<slug>/chat?before_seq=&after_seq=&limit=`: a page as `chat_page` answers it (CHAT-028)."""
    now = system_clock()
    try:
        who = access_reader(request, slug, now=now)
    except PalaverError as refusal:
        return JsonResponse({"code": refusal.spec.code}, status=refusal.spec.http_status)
    try:
        query = PageQuery.model_validate_strings(request.GET.dict())
    except ValidationError:
        return JsonResponse({"code": INVALID_MESSAGE.code}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    reader = Reader(who.meeting.pk, who.identity, who.user_id, is_moderator=who.is_moderator)
    place = selectors.Place(before_seq=query.before_seq, after_seq=query.after_seq, limit=query.limit)
    found = selectors.page(reader, place, now=now)
    return HttpResponse(found.model_dump_json(), content_type="application/json")


@login_required
@never_cache
@require_safe
def past(request: HttpRequest, meeting_id: UUID, session_id: UUID) -> HttpResponse:
    """What was written in one run, for the owner: to everyone and to the hosts, with the files. Nothing private."""
    now = system_clock()
    run = access_own_session(request.user, meeting_id, session_id)
    reader = access_reader(request, run.meeting.slug, now=now)
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
    found = list(islice(export_session(run, now=now, after=after), _SHOWN + 1))
    shown = found[:_SHOWN]
    files = ports().link_files(reader, [file_id for message in shown for file_id in message.file_ids], now)
    context = {
        "meeting": run.meeting,
        "is_owner": True,
        "run": run,
        "messages_shown": [
            {**for_template(message), "files": [files[each] for each in message.file_ids if each in files]}
            for message in shown
        ],
        "next": shown[-1].seq if len(found) > _SHOWN else None,
        "is_first": after == 0,
    }
    return render(request, "chat/past.html", context)
