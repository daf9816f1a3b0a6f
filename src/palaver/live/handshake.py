"""What a WebSocket request says about who asks: checked before the connection is accepted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import parse_cookie

from palaver.live.origin import Origin, is_origin_allowed, own_origin, parse_origin

Scope = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request that may go on."""

    session_key: str | None
    page: Origin
    """Where the page came from, which is where it finds the embedded media engine; our own for a program."""
    address: str | None


def read_handshake(
    scope: Scope, *, cookie_name: str, allowed_hosts: Iterable[str], public_url: str | None
) -> Handshake | None:
    """Read the request; None when the page that asks is not one of ours."""
    headers = _headers(scope)
    session_key = parse_cookie(headers.get("cookie", "")).get(cookie_name)
    own = own_origin(scheme=scope.get("scheme", "ws"), host_header=headers.get("host", ""), allowed_hosts=allowed_hosts)
    origin = headers.get("origin")
    has_cookies = session_key is not None
    if own is None or not is_origin_allowed(origin, own=own, public_url=public_url, has_cookies=has_cookies):
        return None
    page = own if origin is None else parse_origin(origin)
    assert page is not None
    client = scope.get("client")
    return Handshake(session_key=session_key, page=page, address=client[0] if client else None)


def _headers(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name. `host` or `origin` twice could be read in two ways: the request has neither."""
    found: dict[str, list[str]] = {}
    for raw_name, raw_value in scope.get("headers", ()):
        found.setdefault(raw_name.decode("latin-1").lower(), []).append(raw_value.decode("latin-1"))
    cookies = found.pop("cookie", [])
    single = {name: values[0] for name, values in found.items() if len(values) == 1}
    if len(found.get("origin", ())) > 1:
        single["origin"] = "null"
    return {**single, "cookie": "; ".join(cookies)}
