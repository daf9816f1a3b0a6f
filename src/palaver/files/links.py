"""Signed links for requests that a browser makes by itself: they bind person, file, purpose and expiry.

A link is no permission: who it was made for must still be allowed to read the file when it is used.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.core import signing

# The purpose is part of the signature: nothing else that Django signs can pass for a link.
_SALT: Final = "palaver.files.link"
LINK_LIFETIME: Final = timedelta(hours=6)
_MOST_CHARS: Final = 1024


class Purpose(StrEnum):
    """What a link gives."""

    DOWNLOAD = "d"
    VIEW = "v"
    THUMBNAIL = "t"


@dataclass(frozen=True, slots=True)
class Link:
    """What a valid link says."""

    file_id: UUID
    purpose: Purpose
    identity: str
    user_id: int | None


def sign_link(link: Link, *, now: datetime) -> str:
    """The text that stands in the address."""
    ends_at_s = int((now + LINK_LIFETIME).timestamp())
    claims = [link.file_id.hex, link.purpose.value, link.identity, link.user_id, ends_at_s]
    return signing.Signer(salt=_SALT).sign_object(claims)


def read_link(text: str, *, now: datetime) -> Link | None:
    """What a link says; None if it is not one of ours or has run out."""
    if len(text) > _MOST_CHARS:
        return None
    try:
        claims: Any = signing.Signer(salt=_SALT).unsign_object(text)
    except (signing.BadSignature, ValueError):
        return None
    match claims:
        case [str(file_id), "d" | "v" | "t" as purpose, str(identity), int() | None as user_id, int(ends_at_s)]:
            if now.timestamp() >= ends_at_s:
                return None
            return Link(UUID(hex=file_id), Purpose(purpose), identity, user_id)
    return None
