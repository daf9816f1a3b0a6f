"""What pages ask about files: what a message carries, and the links to it. Bytes go by `palaver.files.application`."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from palaver.files.downloads import LINKS_PATH
from palaver.files.links import LINK_LIFETIME, Link, Purpose, sign_link
from palaver.files.models import StoredFile
from palaver.files.selectors import readable_files
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import PROTOCOL, PalaverError
from palaver.live.readers import Reader, access_reader

_MOST_FILES: Final = 50


@require_GET
@never_cache
def files_of_meeting(request: HttpRequest, slug: str) -> JsonResponse:
    """`GET /api/meetings/<slug>/files?id=…&id=…`. Files that this person may not read are left out."""
    now = system_clock()
    try:
        file_ids = _ids(request.GET.getlist("id"))
        reader = access_reader(request, slug, now=now)
    except PalaverError as refusal:
        return JsonResponse({"code": refusal.spec.code}, status=refusal.spec.http_status)
    ends_at = now + LINK_LIFETIME

    def address(file: StoredFile, purpose: Purpose) -> str:
        return LINKS_PATH + sign_link(Link(file.pk, purpose, reader.identity, reader.user_id), now=now)

    return JsonResponse(
        {
            "links_end_at": ends_at.isoformat(),
            "files": [_told(file, reader, address) for file in readable_files(reader, file_ids, now=now)],
        }
    )


def _told(file: StoredFile, reader: Reader, address: Any) -> dict[str, object]:
    has_picture = file.has_thumbnail
    return {
        "id": str(file.pk),
        "name": file.name,
        "size": file.length_bytes,
        "sha256": file.sha256,
        "is_own": file.identity == reader.identity,
        "image": {"type": file.image_type, "width": file.width, "height": file.height} if has_picture else None,
        "download": address(file, Purpose.DOWNLOAD),
        "view": address(file, Purpose.VIEW) if has_picture else None,
        "thumbnail": address(file, Purpose.THUMBNAIL) if has_picture else None,
    }


def _ids(texts: list[str]) -> list[UUID]:
    if not 0 < len(texts) <= _MOST_FILES:
        raise PalaverError(PROTOCOL)
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise PalaverError(PROTOCOL) from None
