"""HTTP of the live room: the green room's preview, and the media engine's reports.

These run in the threads of the pages, not on the event loop of the rooms: a room is asked and told things by its door,
which may lead to another process, on its loop.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from palaver.engines.port import EngineEventKind, WebhookRefusedError
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import UNAVAILABLE, ErrorSpec, PalaverError
from palaver.kernel.outages import RETRY_AFTER_S
from palaver.live import lifecycle
from palaver.live.admission import Applicant
from palaver.live.news import EngineJoined, EngineLeft
from palaver.live.preview import outlook, preview_meeting
from palaver.live.readers import GUEST_TICKET_HEADER

logger = logging.getLogger(__name__)

_MAX_REPORT_BYTES: Final = 1024 * 1024
# In this process the answer takes no time; from another it comes by the exchange, which gives up within a second.
_LOOK_INSIDE_S: Final = 3.0


@require_GET
@never_cache
def preview(request: HttpRequest, slug: str) -> JsonResponse:
    """`GET /api/meetings/<slug>/preview`. Names who is inside only to somebody who would be let straight in.

    A guest ticket comes in a header: addresses are kept in logs and histories.
    """
    live = lifecycle.running()
    if live is None:
        return _refusal(UNAVAILABLE)
    try:
        applicant = Applicant(
            slug=slug,
            session_key=request.COOKIES.get(settings.SESSION_COOKIE_NAME),
            guest_ticket=request.headers.get(GUEST_TICKET_HEADER),
            name=None,
            address=request.META.get("REMOTE_ADDR"),
        )
        seen = preview_meeting(applicant, now=system_clock())
    except PalaverError as refusal:
        return _refusal(refusal.spec)
    asked = asyncio.run_coroutine_threadsafe(live.door.look_in(str(seen.meeting_id)), live.loop)
    try:
        state = asked.result(_LOOK_INSIDE_S)
    except TimeoutError:
        return _refusal(UNAVAILABLE)
    view = outlook(seen, state, now=live.hub.ports.clock())
    return JsonResponse(
        {
            "title": seen.title,
            "host_name": seen.host_name,
            "signed_in": seen.is_signed_in,
            "name": seen.name,
            "may_join": view.refusal is None,
            "reason": view.refusal,
            "is_on": view.is_on,
            "inside": None
            if view.inside is None
            else [{"name": who.name, "tone": who.tone.value} for who in view.inside],
            "waits": view.waits,
        }
    )


@csrf_exempt
@require_POST
def engine_webhook(request: HttpRequest) -> HttpResponse:
    """`POST /engine/webhook`. Believed for its signature over the body, and for nothing else."""
    live = lifecycle.running()
    if live is None:
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    if int(request.META.get("CONTENT_LENGTH") or 0) > _MAX_REPORT_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        event = live.hub.ports.engine.read_webhook(request.body, authorization=request.headers.get("Authorization"))
    except WebhookRefusedError as refusal:
        logger.warning("An engine report was refused", extra={"reason": str(refusal)})
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    if event.participant is not None and event.kind is EngineEventKind.PARTICIPANT_JOINED:
        live.loop.call_soon_threadsafe(live.door.tell, event.room, EngineJoined(event.participant))
    elif event.participant is not None and event.kind is EngineEventKind.PARTICIPANT_LEFT:
        live.loop.call_soon_threadsafe(live.door.tell, event.room, EngineLeft(event.participant))
    return HttpResponse(status=HTTPStatus.OK)


def _refusal(spec: ErrorSpec) -> JsonResponse:
    headers = {"Retry-After": str(RETRY_AFTER_S)} if spec is UNAVAILABLE else None
    return JsonResponse({"code": spec.code}, status=spec.http_status, headers=headers)
