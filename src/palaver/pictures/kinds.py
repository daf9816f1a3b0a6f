"""What a file is, by its first bytes. Only the kinds that a page may show are told apart; the rest is just bytes."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The pictures that every browser shows and that carry no script. SVG is none of them."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"


HEAD_BYTES: Final = 16
"""How much of a file `kind_of` needs."""

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
)


def kind_of(head: bytes) -> Kind | None:
    """The kind that the first bytes claim; whether the rest is a picture, only a decoder can say."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return Kind.WEBP if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None
