"""Pictures of people: taken apart and made anew on the way in, found by what they are on the way out.

The address of a picture changes with its content, so it may be kept for ever; without one, initials stand in.
"""

import hashlib
import tempfile
from pathlib import Path
from typing import Final

from django.db import transaction

from palaver.accounts.models import AvatarPictures, User
from palaver.pictures.shrinking import make_avatars

MOST_BYTES: Final = 450 * 1024
"""Browsers send a square of 512 pixels, far less; without script a small picture is taken as it is."""
PATH: Final = "/avatars/"
SIDES: Final = (96, 256)
_TYPES: Final = {"webp": "image/webp", "jpg": "image/jpeg"}


def avatar_url(user_id: int | None, *, side: int = 96) -> str | None:
    """The address of a person's picture; None when they have none, or no account."""
    if user_id is None:
        return None
    digest = User.objects.filter(pk=user_id).values_list("avatar_digest", flat=True).first()
    return avatar_path(digest, side=side) if digest else None


def avatar_path(digest: str, *, side: int, ending: str = "webp") -> str:
    """Where a picture is."""
    return f"{PATH}{digest}-{side}.{ending}"


def find_picture(name: str) -> tuple[bytes, str] | None:
    """The bytes and the media type behind the last part of an address."""
    digest, _, rest = name.partition("-")
    side, _, ending = rest.partition(".")
    if ending not in _TYPES or side not in map(str, SIDES) or len(digest) != 64:
        return None
    field = f"{'jpeg' if ending == 'jpg' else ending}_{side}"
    content = AvatarPictures.objects.filter(digest=digest).values_list(field, flat=True).first()
    return None if content is None else (bytes(content), _TYPES[ending])


def change_avatar(*, actor: User, content: bytes) -> bool:
    """Make a picture theirs; False when it is none that we show."""
    with tempfile.TemporaryDirectory(prefix="palaver-picture-") as folder:
        sent = Path(folder) / "sent"
        sent.write_bytes(content)
        made = make_avatars(sent)
    if made is None:
        return False
    digest = hashlib.sha256(made.webp_96 + made.webp_256).hexdigest()
    with transaction.atomic():
        AvatarPictures.objects.update_or_create(
            user=actor,
            defaults={
                "digest": digest,
                "webp_96": made.webp_96,
                "jpeg_96": made.jpeg_96,
                "webp_256": made.webp_256,
                "jpeg_256": made.jpeg_256,
            },
        )
        actor.avatar_digest = digest
        actor.save(update_fields=["avatar_digest"])
    return True


def remove_avatar(*, actor: User) -> None:
    """Take the picture away; nothing of it is left."""
    with transaction.atomic():
        AvatarPictures.objects.filter(user=actor).delete()
        actor.avatar_digest = ""
        actor.save(update_fields=["avatar_digest"])
