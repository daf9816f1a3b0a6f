"""Routes. Paths are matched by their end, so that the server works below a prefix too."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from palaver_sfu.errors import AdmissionError, ApiCode, ApiError
from palaver_sfu.http import insight
from palaver_sfu.http.admission import Admission, read_admission, read_claims
from palaver_sfu.http.gate import Gate
from palaver_sfu.http.replies import Receive, Scope, Send, header, naming_origin, preflight, refuse_upgrade, reply
from palaver_sfu.http.signal import Outbox, SignalConnection
from palaver_sfu.meters import Meters
from palaver_sfu.reception import receptions
from palaver_sfu.room.values import DisconnectReason, ParticipantSid
from palaver_sfu.session.inputs import Resume
from palaver_sfu.session.messages import LeaveAction, RefreshToken
from palaver_sfu.switchboard import Switchboard
from palaver_sfu.wire import absent, room_service, twirp
from palaver_sfu.wire.requests import ParseOffer
from palaver_sfu.wire.responses import Mint, leave_frame
from palaver_sfu.wire.tokens import Claims, Keys

logger = logging.getLogger(__name__)

MAX_API_BODY_BYTES = 10 * 1024 * 1024
JSON = "application/json"

_SLASHES = re.compile("/{2,}")
_SINGLE, _DUAL, _VALIDATE, _TWIRP = "/rtc/v1", "/rtc", "/validate", "/twirp/"


class HttpApp:
    """The ASGI application of one `Switchboard`."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        keys: Keys,
        parse_offer: ParseOffer,
        clock: Callable[[], float],
        gate: Gate,
        meters: Meters,
        is_stalled: Callable[[], bool],
    ) -> None:
        self._is_stalled = is_stalled
        self._meters = meters
        self._gate = gate
        self._switchboard = switchboard
        self._keys = keys
        self._parse_offer = parse_offer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _SLASHES.sub("/", scope["path"])
        if scope["type"] == "websocket":
            await self._websocket(path.rstrip("/"), scope, receive, send)
        else:
            await self._http(path, scope, receive, naming_origin(scope, send))

    async def _http(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await preflight(scope, send)
        elif _TWIRP in path and twirp.is_service(path[path.rindex(_TWIRP) :]):
            await self._twirp(path[path.rindex(_TWIRP) :], scope, receive, send)
        elif path.rstrip("/").endswith((_SINGLE + _VALIDATE, _DUAL + _VALIDATE)):
            await self._validate(path.rstrip("/").removesuffix(_VALIDATE), scope, send)
        elif path.endswith(insight.PATH) and scope["method"] == "GET":
            await self._insight(scope, send)
        elif path == "/" and scope["method"] in {"GET", "HEAD", "POST"}:
            # The code by which the reference says that it cannot be counted on.
            status, text = (406, "Not Ready") if self._is_stalled() else (200, "OK")
            await reply(send, status, text, is_head=scope["method"] == "HEAD")
        else:
            await reply(send, 404, "404 page not found", is_head=scope["method"] == "HEAD")

    # --- joining ------------------------------------------------------------------------------

    async def _websocket(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if not path.endswith((_SINGLE, _DUAL)):
            await refuse_upgrade(scope, send, 404, "404 page not found")
            return
        try:
            admission = self._admit(path, scope)
            address = self._gate.enter(scope)
        except AdmissionError as error:
            await self._refuse(error, scope, send)
            return
        try:
            await self._connect(admission, scope, receive, send)
        finally:
            self._gate.leave(address)

    async def _connect(self, admission: Admission, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if not admission.request.is_resuming:
                sid, outbox = self._join(admission)
            elif (resumed := self._resume(admission)) is not None:
                sid, outbox = resumed
            else:
                await self._refuse_resume(send)
                return
        except AdmissionError as error:
            await self._refuse(error, scope, send)
            return
        try:
            await send({"type": "websocket.accept"})
            connection = SignalConnection(
                sid=sid, outbox=outbox, switchboard=self._switchboard, parse_offer=self._parse_offer
            )
            await connection.run(receive, send)
        finally:
            self._switchboard.signal_lost(sid, link=outbox)

    async def _refuse(self, error: AdmissionError, scope: Scope, send: Send) -> None:
        self._meters.refused(error.status)
        logger.info("join refused", extra={"status": error.status, "reason": error.text})
        await refuse_upgrade(scope, send, error.status, error.text)

    def _admit(self, path: str, scope: Scope) -> Admission:
        may_be_dual = path.endswith(_DUAL)
        admission = read_admission(scope, self._keys, parse_offer=self._parse_offer, may_be_dual=may_be_dual)
        claims = admission.claims
        self._switchboard.check_admission(
            admission.room, claims.identity, token_from=claims.valid_from, may_create=admission.grant.may_create
        )
        return admission

    def _join(self, admission: Admission) -> tuple[ParticipantSid, Outbox]:
        """The machine answers before the upgrade does: media gets ready while the socket opens."""
        sid = ParticipantSid(f"PA_{self._switchboard.nonce()}")
        outbox = Outbox()
        self._switchboard.join(
            admission.room,
            admission.join(sid=sid, nonce=self._switchboard.nonce()),
            wish=admission.claims.room_wish,
            link=outbox,
            mint=self._mint(admission.claims),
            browser=admission.request.browser,
        )
        logger.info(
            "participant joins",
            extra={
                "room": admission.room,
                "participant_sid": sid,
                "sdk": admission.request.sdk,
                "sdk_version": admission.request.client_version,
                "protocol": admission.request.protocol,
            },
        )
        return sid, outbox

    def _resume(self, admission: Admission) -> tuple[ParticipantSid, Outbox] | None:
        request, outbox = admission.request, Outbox()
        is_back = self._switchboard.resume(
            admission.room,
            admission.claims.identity,
            Resume(sid=request.participant_sid, is_dual=request.is_dual, sync=request.sync),
            link=outbox,
            mint=self._mint(admission.claims),
            browser=admission.request.browser,
        )
        return (request.participant_sid, outbox) if is_back else None

    def _mint(self, claims: Claims) -> Mint:
        def mint(message: RefreshToken) -> str:
            return self._keys.mint_refresh(
                message, api_key=claims.api_key, expires_at=claims.expires_at, now=self._clock()
            )

        return mint

    async def _refuse_resume(self, send: Send) -> None:
        """Nobody is here whom this could be: the client is told to come in anew, and does so by itself."""
        frame = leave_frame(DisconnectReason.STATE_MISMATCH, LeaveAction.RECONNECT)
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": frame.binary})
        await send({"type": "websocket.close", "code": 1000})

    async def _validate(self, path: str, scope: Scope, send: Send) -> None:
        try:
            self._admit(path, scope)
        except AdmissionError as error:
            await reply(send, error.status, error.text)
        else:
            await reply(send, 200, "success")

    async def _insight(self, scope: Scope, send: Send) -> None:
        try:
            insight.check(scope, self._keys)
        except AdmissionError as error:
            await reply(send, error.status, error.text)
            return
        rooms = {room.name: receptions(room, now=self._clock()) for room in self._switchboard.rooms}
        await reply(send, 200, insight.write(rooms), content_type=JSON)

    # --- the server API -------------------------------------------------------------------------

    async def _twirp(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        method = ""
        try:
            route, encoding = twirp.route(path, scope["method"], header(scope, b"content-type") or "")
            method = route.method
            try:
                claims = read_claims(scope, self._keys)
            except AdmissionError as error:
                raise ApiError(ApiCode.UNAUTHENTICATED, error.text) from error
            if route.service != twirp.ROOM_SERVICE:
                raise absent.refusal(route, claims)
            grant = room_service.check_grant(route.method, claims)
            # Only now the body: to read ten megabytes of JSON takes seconds, which only those who may call may cost.
            call = twirp.read_call(route.method, encoding, await _read_body(receive))
            response = await room_service.serve(call, grant, self._switchboard)
        except ApiError as error:
            self._meters.called(method, error.code.code)
            await reply(send, error.code.status, twirp.write_error(error), content_type=JSON)
            return
        self._meters.called(method, "ok")
        await reply(send, 200, twirp.write_response(response, encoding), content_type=encoding.value)


async def _read_body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ApiError(ApiCode.MALFORMED, "the request was cut off")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_API_BODY_BYTES:
            raise ApiError(ApiCode.RESOURCE_EXHAUSTED, "the request is too large")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
