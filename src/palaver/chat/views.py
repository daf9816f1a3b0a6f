"""HTTP of the chat: reading back without a room socket, as a meeting's history does."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from palaver.chat import selectors
from palaver.chat.reading import Reader
from palaver.chat.wire import PageQuery
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import PalaverError
from palaver.live.errors import INVALID_MESSAGE
from palaver.live.readers import access_reader


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
