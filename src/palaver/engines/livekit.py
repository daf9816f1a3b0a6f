"""Any server that speaks the LiveKit API: the embedded SFU by an in-process transport, a cluster by its address."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import httpx

from palaver.engines import tokens
from palaver.engines.port import (
    EngineCapabilities,
    EngineEvent,
    EngineParticipant,
    EngineUnavailableError,
    MediaTicket,
    TicketHolder,
)
from palaver.engines.receptions import Receptions, read_receptions

logger = logging.getLogger(__name__)

# In one process an answer takes a millisecond, in one data centre ten. Beyond this the caller is better off retrying.
_CALL_TIMEOUT_S: Final = 5.0
# A server that knows no receptions will not learn it; but its operator may put another in its place.
_RECEPTIONS_AGAIN_S: Final = 300.0
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class LiveKitEngine:
    """The adapter. `url` is where we call; `client_url` where browsers connect, None for the origin of the page."""

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        api_secret: str,
        client_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = api_key
        self._secret = api_secret
        self._client_url = client_url
        self._asks_for_receptions_at_s = 0.0
        self._http = httpx.AsyncClient(base_url=url, transport=transport, timeout=_CALL_TIMEOUT_S, trust_env=False)

    @property
    def capabilities(self) -> EngineCapabilities:
        """A server that sees everybody's media can also stop it."""
        return EngineCapabilities(can_remove=True, reports_events=True)

    @property
    def client_url(self) -> str | None:
        """Where clients connect; None means: the origin that served the page."""
        return self._client_url

    def issue_ticket(self, holder: TicketHolder, *, lifetime: timedelta, now: datetime) -> MediaTicket:
        """Sign a ticket."""
        return tokens.sign_ticket(holder, key=self._key, secret=self._secret, lifetime=lifetime, now=now)

    async def list_participants(self, room: str) -> tuple[EngineParticipant, ...]:
        """Who is in the room now."""
        answer = await self._admin("ListParticipants", room)
        return tuple(tokens.read_participant(info) for info in answer.get("participants") or ())

    async def remove_participant(self, room: str, *, identity: str, revoke_before: datetime | None = None) -> None:
        """Disconnect somebody. The reference server, as of 1.13.5, need not heed the time."""
        fields: dict[str, object] = {"identity": identity}
        if revoke_before is not None:
            fields["revoke_token_ts"] = int(revoke_before.timestamp())
        await self._admin("RemoveParticipant", room, fields)

    async def rename_participant(self, room: str, *, identity: str, name: str) -> None:
        """Tell the other clients of the engine another name."""
        await self._admin("UpdateParticipant", room, {"identity": identity, "name": name})

    async def set_sources(self, room: str, *, identity: str, sources: frozenset[str]) -> None:
        """What somebody may publish. The engine unpublishes what is not allowed any more."""
        grants = tokens.publishing(sources)
        # The protocol has an enumeration here, and the names of its members in JSON.
        listed = [source.upper() for source in sorted(sources)] if "canPublishSources" in grants else []
        permission = {
            "canSubscribe": True,
            "canPublish": grants["canPublish"],
            "canPublishData": grants["canPublishData"],
            "canPublishSources": listed,
        }
        await self._admin("UpdateParticipant", room, {"identity": identity, "permission": permission})

    async def mute(self, room: str, *, identities: frozenset[str], source: str) -> None:
        """Mute every track of that source."""
        answer = await self._admin("ListParticipants", room)
        found = [
            (str(who["identity"]), str(track["sid"]))
            for who in answer.get("participants") or ()
            if who.get("identity") in identities
            for track in who.get("tracks") or ()
            if str(track.get("source", "")).lower() == source and not track.get("muted", False)
        ]
        calls = (
            self._admin("MutePublishedTrack", room, {"identity": identity, "track_sid": sid, "muted": True})
            for identity, sid in found
        )
        await asyncio.gather(*calls)

    async def receptions(self) -> Receptions | None:
        """Known to the SFU of Palaver, embedded or not; LiveKit's own server has no such page."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._asks_for_receptions_at_s:
            return None
        token = tokens.sign_api_call({"roomList": True, "roomAdmin": True}, key=self._key, secret=self._secret)
        try:
            response = await self._http.get("/insight/receptions", headers={"Authorization": f"Bearer {token}"})
            if response.status_code == httpx.codes.NOT_FOUND:
                self._asks_for_receptions_at_s = now_s + _RECEPTIONS_AGAIN_S
                return None
            response.raise_for_status()
            return read_receptions(response.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as problem:
            logger.warning("Engine call failed", extra={"method": "receptions", "problem": repr(problem)})
            raise EngineUnavailableError from problem

    async def delete_room(self, room: str) -> None:
        """Disconnect everybody."""
        await self._call("DeleteRoom", {"room": room}, grants={"roomCreate": True})

    def read_webhook(self, body: bytes, *, authorization: str | None) -> EngineEvent:
        """Check the signature over `body` and read the report."""
        return tokens.read_webhook(body, authorization=authorization, key=self._key, secret=self._secret)

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()

    async def _admin(self, method: str, room: str, fields: Mapping[str, object] = _NOTHING) -> Mapping[str, Any]:
        grants = {"roomAdmin": True, "room": room}
        return await self._call(method, {"room": room, **fields}, grants=grants)

    async def _call(
        self, method: str, message: Mapping[str, object], *, grants: Mapping[str, object]
    ) -> Mapping[str, Any]:
        """One Twirp call in JSON. That the thing named is not there is an answer too: an empty one."""
        token = tokens.sign_api_call(grants, key=self._key, secret=self._secret)
        try:
            response = await self._http.post(
                f"/twirp/livekit.RoomService/{method}",
                json=message,
                headers={"Authorization": f"Bearer {token}"},
            )
            if response.status_code == httpx.codes.NOT_FOUND and response.json().get("code") == "not_found":
                return _NOTHING
            response.raise_for_status()
            answer = response.json()
        except (httpx.HTTPError, ValueError) as problem:
            logger.warning("Engine call failed", extra={"method": method, "problem": repr(problem)})
            raise EngineUnavailableError from problem
        if not isinstance(answer, dict):
            logger.warning("Engine call failed", extra={"method": method, "problem": "not an object"})
            raise EngineUnavailableError
        return answer
