"""The services of the protocol that are no part of this server: those who might call them learn so."""

from __future__ import annotations

from palaver_sfu.errors import ApiCode, ApiError
from palaver_sfu.wire.tokens import Claims, VideoGrant
from palaver_sfu.wire.twirp import AGENTS, EGRESS, INGRESS, SIP, Route

_NOTHING = VideoGrant()
_CALLS = frozenset({"CreateSIPParticipant", "TransferSIPParticipant"})
_NAMES = {AGENTS: "the dispatch of agents", EGRESS: "egress", INGRESS: "ingress", SIP: "SIP"}


def refusal(route: Route, claims: Claims | None) -> ApiError:
    """The answer to a call of `route`, which is not a method of the RoomService."""
    if claims is None or not _may_call(route, claims):
        return ApiError(ApiCode.UNAUTHENTICATED, "permissions denied")
    return ApiError(ApiCode.UNIMPLEMENTED, f"{_NAMES[route.service]} is not part of this server")


def _may_call(route: Route, claims: Claims) -> bool:
    grant = claims.video or _NOTHING
    if route.service == EGRESS:
        return grant.may_record
    if route.service == INGRESS:
        return grant.may_ingest
    if route.service == SIP:
        return claims.may_call_by_sip if route.method in _CALLS else claims.may_administrate_sip
    return grant.may_administrate
