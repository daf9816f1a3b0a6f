"""The one registry of errors that an interface may answer with.

Every error has a code that clients switch on, the HTTP status and the WebSocket close code it maps to (when it ends
a connection), whether trying again can help, and the key of its text. Exceptions:

    PalaverError          anything below, carries an `ErrorSpec` and harmless parameters
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Param = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """One line of the registry."""

    code: str
    http_status: int
    close_code: int | None
    """WebSocket close code when this error ends the connection; None when the connection goes on."""
    is_retryable: bool
    message_key: str


class PalaverError(Exception):
    """A refusal that the person at the other end may be told about."""

    def __init__(self, spec: ErrorSpec, /, **params: Param) -> None:
        super().__init__(spec.code)
        self.spec = spec
        self.params: Mapping[str, Param] = MappingProxyType(params)


_registry: dict[str, ErrorSpec] = {}
REGISTRY: Mapping[str, ErrorSpec] = MappingProxyType(_registry)
"""Every known error by code."""


def define(code: str, *, http: int, close: int | None = None, retryable: bool = False) -> ErrorSpec:
    """Add an error to the registry.

    Raises:
        ValueError: when the code is taken.
    """
    if code in _registry:
        raise ValueError(f"error code {code!r} is defined twice")
    spec = ErrorSpec(code=code, http_status=http, close_code=close, is_retryable=retryable, message_key=f"error.{code}")
    _registry[code] = spec
    return spec


# --- anywhere ---------------------------------------------------------------------------------

PROTOCOL = define("protocol", http=400, close=4400)
SIGN_IN_REQUIRED = define("sign_in_required", http=401, close=4401)
NOT_ALLOWED = define("not_allowed", http=403, close=4403)
TIMEOUT = define("timeout", http=408, close=4408, retryable=True)
TOO_LARGE = define("too_large", http=413, close=4413)
RATE_LIMITED = define("rate_limited", http=429, close=4429, retryable=True)
INTERNAL = define("internal", http=500, close=1011, retryable=True)
UNAVAILABLE = define("unavailable", http=503, close=1013, retryable=True)
SERVER_RESTART = define("server_restart", http=503, close=1012, retryable=True)

# --- meetings and their rooms -----------------------------------------------------------------

MEETING_NOT_FOUND = define("meeting_not_found", http=404, close=4404)
"""There is no such meeting, or it is not open to this person: the two look the same from outside."""
PASSWORD_REQUIRED = define("password_required", http=401, close=4405)
PASSWORD_WRONG = define("password_wrong", http=403, close=4406)
BANNED = define("banned", http=403, close=4412)
MEETING_DELETED = define("meeting_deleted", http=404, close=4404)
ALREADY_HERE = define("already_here", http=409)
TAKEN_OVER = define("taken_over", http=409, close=4409)
ENDED_BY_HOST = define("ended_by_host", http=410, close=4410)
REMOVED = define("removed", http=403, close=4411)
SIGNED_OUT = define("signed_out", http=401, close=4416)
LEFT = define("left", http=410, close=4499)
PARTICIPANT_NOT_FOUND = define("participant_not_found", http=404)
MEMBER_NOT_FOUND = define("member_not_found", http=404)
BAN_NOT_FOUND = define("ban_not_found", http=404)
FILE_NOT_FOUND = define("file_not_found", http=404)
"""There is no such file, or it is not for this person: the two look the same."""
INVALID_NAME = define("invalid_name", http=422)
UNKNOWN_COMMAND = define("unknown_command", http=422)
ENGINE_UNAVAILABLE = define("engine_unavailable", http=503, retryable=True)
