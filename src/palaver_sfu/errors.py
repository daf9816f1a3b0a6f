"""Everything that `palaver_sfu` raises on purpose.

    SfuError
    ├── ConfigError        a setting that is unknown or impossible; names it
    ├── AdmissionError     a join that is answered with an HTTP status before the upgrade
    ├── ApiError           a server API call that fails, with a Twirp code
    ├── WireError          bytes from outside that cannot be read
    └── MediaError         the media core refused a command

Mistakes of a peer inside a session are not exceptions: they become messages to that peer.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class SfuError(Exception):
    """Root of the tree."""


class ConfigError(SfuError):
    """`setting` cannot be what it was given as."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting = setting


class AdmissionError(SfuError):
    """The join is refused; `text` is shown to people by the clients."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class ApiCode(Enum):
    """Twirp error codes with their HTTP status."""

    CANCELED = ("canceled", 408)
    MALFORMED = ("malformed", 400)
    INVALID_ARGUMENT = ("invalid_argument", 400)
    UNAUTHENTICATED = ("unauthenticated", 401)
    PERMISSION_DENIED = ("permission_denied", 403)
    NOT_FOUND = ("not_found", 404)
    BAD_ROUTE = ("bad_route", 404)
    FAILED_PRECONDITION = ("failed_precondition", 412)
    RESOURCE_EXHAUSTED = ("resource_exhausted", 429)
    INTERNAL = ("internal", 500)
    UNIMPLEMENTED = ("unimplemented", 501)
    UNAVAILABLE = ("unavailable", 503)

    def __init__(self, code: str, status: int) -> None:
        self.code = code
        self.status = status


class ApiError(SfuError):
    """A server API call cannot be done; `meta` is what Twirp says beside it."""

    def __init__(self, code: ApiCode, message: str, *, meta: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code.code}: {message}")
        self.code = code
        self.message = message
        self.meta = dict(meta or {})


class WireError(SfuError):
    """Bytes from outside that are too large, or are not what they should be."""


class MediaError(SfuError):
    """The media core is closed, full, or could not start."""
