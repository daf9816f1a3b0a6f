"""From a request to a well-formed join, or to the HTTP status that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from palaver_sfu.errors import AdmissionError, WireError
from palaver_sfu.http.replies import Scope, header
from palaver_sfu.room import limits
from palaver_sfu.room.values import NEWEST_PROTOCOL, ParticipantSid, RoomName
from palaver_sfu.session.inputs import Join
from palaver_sfu.wire.join_query import read_join_query
from palaver_sfu.wire.join_request import JoinRequest, read_join_request
from palaver_sfu.wire.requests import ParseOffer
from palaver_sfu.wire.tokens import Claims, Keys, TokenError, VideoGrant

_BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody whose token and parameters are good."""

    room: RoomName
    claims: Claims
    grant: VideoGrant
    request: JoinRequest

    def join(self, *, sid: ParticipantSid, nonce: str) -> Join:
        request, permission = self.request, self.grant.permission
        return Join(
            sid=sid,
            identity=self.claims.identity,
            nonce=nonce,
            permission=permission,
            name=self.claims.name,
            metadata=request.metadata or self.claims.metadata,
            # What the token says is not to be deleted by who holds it.
            attributes={**self.claims.attributes, **{k: v for k, v in request.attributes.items() if v}},
            kind=self.claims.kind,
            kind_details=self.claims.kind_details,
            client_protocol=request.client_protocol,
            capabilities=request.capabilities,
            is_auto_subscribing=request.is_auto_subscribing,
            is_auto_subscribing_data=request.is_auto_subscribing_data,
            is_adaptive=request.is_adaptive,
            may_pause=request.may_pause,
            needs_opening=request.needs_opening,
            sends_red=request.sends_red,
            is_dual=request.is_dual,
            protocol=min(request.protocol, NEWEST_PROTOCOL) or NEWEST_PROTOCOL,
            add_tracks=request.add_tracks,
            offer=request.offer,
        )


def read_claims(scope: Scope, keys: Keys) -> Claims | None:
    """The claims of the token in the header or, as browsers must, in the query; None when there is none.

    Raises:
        AdmissionError: there is one and it is not good.
    """
    authorization = header(scope, b"authorization")
    if authorization is None:
        token = _query(scope).get("access_token", "")
    elif authorization.startswith(_BEARER):
        token = authorization.removeprefix(_BEARER)
    else:
        raise AdmissionError(401, "invalid authorization header. Must start with Bearer")
    if not token:
        return None
    try:
        return keys.read(token)
    except TokenError as error:
        raise AdmissionError(401, str(error)) from error


def read_admission(scope: Scope, keys: Keys, *, parse_offer: ParseOffer, may_be_dual: bool) -> Admission:
    """`may_be_dual`: at this address clients may come with two connections, which have no `join_request`.

    Raises:
        AdmissionError: it is not to be.
    """
    claims = read_claims(scope, keys)
    if claims is None or claims.video is None or not claims.video.may_join:
        raise AdmissionError(401, "permissions denied")
    query = _query(scope)
    room = claims.video.room or RoomName(query.get("room", ""))
    _check_names(claims, room)
    parameter = query.get("join_request")
    if not parameter and not may_be_dual:
        raise AdmissionError(400, "join_request is required")
    try:
        request = read_join_request(parameter, parse_offer=parse_offer) if parameter else read_join_query(query)
    except WireError as error:
        raise AdmissionError(400, str(error)) from error
    _check_own_metadata(claims, request, may_bring=claims.video.permission.can_update_metadata)
    return Admission(room=room, claims=claims, grant=claims.video, request=request)


def _check_names(claims: Claims, room: RoomName) -> None:
    if not claims.identity:
        raise AdmissionError(400, "identity cannot be empty")
    if not limits.fits(claims.identity, limits.MAX_IDENTITY_BYTES):
        raise AdmissionError(400, f"participant identity length exceeds limits: max length {limits.MAX_IDENTITY_BYTES}")
    if not room:
        raise AdmissionError(400, "room name cannot be empty")
    if not limits.fits(room, limits.MAX_ROOM_NAME_BYTES):
        raise AdmissionError(400, f"room name length exceeds limits: max length {limits.MAX_ROOM_NAME_BYTES}")
    if not limits.fits(claims.name, limits.MAX_NAME_BYTES):
        raise AdmissionError(400, f"participant name length exceeds limits: max length {limits.MAX_NAME_BYTES}")


def _check_own_metadata(claims: Claims, request: JoinRequest, *, may_bring: bool) -> None:
    if (request.metadata or request.attributes) and not may_bring:
        raise AdmissionError(401, "no permissions to access the room")
    if not limits.fits(request.metadata, limits.MAX_METADATA_BYTES):
        raise AdmissionError(400, "metadata size exceeds limits")
    attributes = {**claims.attributes, **request.attributes}
    if limits.attributes_bytes(attributes) > limits.MAX_ATTRIBUTES_BYTES:
        raise AdmissionError(400, "attributes size exceeds limits")


def _query(scope: Scope) -> dict[str, str]:
    text = scope.get("query_string", b"").decode("latin-1")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
