"""The headers of tus 1.0, read into values that cannot be wrong, and the offset machine.

PalaverError          a header that cannot be; the code says which kind
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from palaver.files.domain.names import FALLBACK, clean_file_name
from palaver.files.errors import UPLOAD_CHECKSUM, UPLOAD_INVALID, UPLOAD_OFFSET, UPLOAD_TYPE, UPLOAD_VERSION
from palaver.kernel.errors import TOO_LARGE, PalaverError

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,termination,checksum,expiration"
ALGORITHMS: Final = ("sha1", "sha256")
BODY_TYPE: Final = "application/offset+octet-stream"
MOST_METADATA_CHARS: Final = 4096
_METHODS: Final = frozenset({"OPTIONS", "POST", "HEAD", "PATCH", "DELETE", "GET"})
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DIGEST_BYTES: Final = {"sha1": 20, "sha256": 32}

Headers = Mapping[str, str]
"""By lower-case name."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the client says of the bytes of one request."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a client wants to send."""

    length: int
    name: str
    metadata: str
    sha256: str
    """Of the whole file, in lower-case hexadecimal; empty when the client does not say."""


@dataclass(frozen=True, slots=True)
class Append:
    """Bytes to be put at `offset`."""

    offset: int
    length: int | None
    """None when the request does not say how many come."""
    checksum: Checksum | None


def method_of(method: str, headers: Headers) -> str:
    """The method that counts: clients that cannot send PATCH or DELETE name it in a header."""
    meant = headers.get("x-http-method-override", method).upper()
    if meant not in _METHODS:
        raise PalaverError(UPLOAD_INVALID)
    return meant


def require_version(headers: Headers) -> None:
    """Refuse other versions of the protocol, and requests that do not say theirs."""
    if headers.get("tus-resumable") != VERSION:
        raise PalaverError(UPLOAD_VERSION)


def read_creation(headers: Headers) -> NewUpload:
    """A creation request. Lengths that are only known later are not supported, and so not announced."""
    if "upload-defer-length" in headers:
        raise PalaverError(UPLOAD_INVALID)
    metadata = headers.get("upload-metadata", "").strip()
    values = read_metadata(metadata)
    sha256 = values.get("sha256", b"").decode("ascii", "replace").lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise PalaverError(UPLOAD_INVALID)
    # Clients use either key for the name.
    name = values.get("filename") or values.get("name") or b""
    return NewUpload(
        length=_number(headers, "upload-length"),
        name=clean_file_name(name.decode("utf-8", "replace")) if name else FALLBACK,
        metadata=metadata,
        sha256=sha256,
    )


def read_metadata(text: str) -> dict[str, bytes]:
    """Keys and values of an `Upload-Metadata` header."""
    if len(text) > MOST_METADATA_CHARS:
        raise PalaverError(TOO_LARGE)
    values: dict[str, bytes] = {}
    for pair in text.split(",") if text else ():
        key, _, encoded = pair.strip(" ").partition(" ")
        if not key or not key.isascii() or not key.isprintable() or key in values:
            raise PalaverError(UPLOAD_INVALID)
        values[key] = _base64(encoded.strip(" "))
    return values


def read_append(headers: Headers, *, is_creation: bool = False) -> Append:
    """A PATCH request, or the part of a creation that carries bytes."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != BODY_TYPE:
        raise PalaverError(UPLOAD_TYPE)
    return Append(
        offset=0 if is_creation else _number(headers, "upload-offset"),
        length=_number(headers, "content-length") if "content-length" in headers else None,
        checksum=_checksum(headers.get("upload-checksum")),
    )


def start_of(append: Append, *, offset: int, length: int) -> int:
    """Where the bytes go. Refuses bytes for another place than the next one, and more than were announced."""
    if append.offset != offset:
        raise PalaverError(UPLOAD_OFFSET, offset=offset)
    if append.length is not None and offset + append.length > length:
        raise PalaverError(TOO_LARGE)
    return offset


def http_date(moment: datetime) -> str:
    """A moment as `Upload-Expires` and other headers have it (RFC 9110, 5.6.7)."""
    return format_datetime(moment, usegmt=True)


def _checksum(text: str | None) -> Checksum | None:
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise PalaverError(UPLOAD_INVALID)
    digest = _base64(encoded)
    if len(digest) != _DIGEST_BYTES[algorithm]:
        raise PalaverError(UPLOAD_CHECKSUM)
    return Checksum(algorithm, digest)


def _number(headers: Headers, name: str) -> int:
    text = headers.get(name, "")
    if not _DIGITS.fullmatch(text):
        raise PalaverError(UPLOAD_INVALID)
    return int(text)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PalaverError(UPLOAD_INVALID) from None
