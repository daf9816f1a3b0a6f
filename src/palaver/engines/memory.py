"""An engine without media, for tests of everything that uses the port. Held to the contract suite like the others."""

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from palaver.engines import tokens
from palaver.engines.port import (
    ALL_SOURCES,
    EngineCapabilities,
    EngineEvent,
    EngineParticipant,
    EngineUnavailableError,
    MediaTicket,
    TicketHolder,
)
from palaver.engines.receptions import Receptions


@dataclass(slots=True, eq=False)
class MemoryConnection:
    """A client of the memory engine."""

    participant: EngineParticipant
    room: str
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    sources: frozenset[str] = ALL_SOURCES
    """What the client may publish."""
    published: set[str] = field(default_factory=set)
    """What it sends now."""

    def publish(self, source: str) -> bool:
        """Start to send a source, if that is allowed."""
        if source in self.sources:
            self.published.add(source)
        return source in self.sources


class MemoryEngine:
    """Rooms as dictionaries. `connect` plays the client; `is_down` makes every call fail."""

    def __init__(self, *, api_key: str = "devkey", api_secret: str = "s" * 32, client_url: str | None = None) -> None:
        self.key = api_key
        self.secret = api_secret
        self.is_down = False
        self.removals: list[tuple[str, str]] = []
        self.deleted_rooms: list[str] = []
        self.known_receptions: Receptions | None = None
        self._client_url = client_url
        self._rooms: dict[str, dict[str, MemoryConnection]] = {}
        self._revoked: dict[tuple[str, str], datetime] = {}

    # --- the client's side ---------------------------------------------------------------------

    def connect(self, token: str) -> MemoryConnection:
        """Join with a ticket; the same identity again pushes the older connection out.

        Raises:
            PermissionError: the ticket does not let anybody in.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self.secret, algorithms=["HS256"], issuer=self.key, options={"require": ["exp", "sub"]}
            )
        except jwt.PyJWTError as refusal:
            raise PermissionError(str(refusal)) from refusal
        grant = claims.get("video", {})
        if not grant.get("roomJoin") or not grant.get("room"):
            raise PermissionError("the ticket names no room")
        revoked = self._revoked.get((grant["room"], claims["sub"]))
        if revoked is not None and claims.get("nbf", 0) < int(revoked.timestamp()):
            raise PermissionError("the ticket is revoked")
        allowed = frozenset(grant.get("canPublishSources", ALL_SOURCES)) if grant.get("canPublish") else frozenset()
        who = EngineParticipant(claims["sub"], claims.get("name", ""), claims.get("attributes", {}), allowed)
        connection = MemoryConnection(who, grant["room"], sources=allowed)
        room = self._rooms.setdefault(connection.room, {})
        if (older := room.get(who.identity)) is not None:
            older.closed.set()
        room[who.identity] = connection
        return connection

    def forget_revocations(self) -> None:
        """Be as an engine that does not know how to revoke."""
        self._revoked.clear()

    def disconnect(self, connection: MemoryConnection) -> None:
        """The client goes away."""
        room = self._rooms.get(connection.room, {})
        if room.get(connection.participant.identity) is connection:
            del room[connection.participant.identity]
        connection.closed.set()

    def signed_report(self, event: str, connection: MemoryConnection) -> tuple[bytes, str]:
        """A webhook about `connection`: its body and its Authorization header."""
        who = connection.participant
        report = {
            "event": event,
            "id": f"EV_{event}_{who.identity}",
            "room": {"name": connection.room},
            "participant": {
                "identity": who.identity,
                "name": who.name,
                "attributes": dict(who.attributes),
                "permission": _permission(connection.sources),
            },
        }
        body = json.dumps(report).encode()
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        expires = int((datetime.now(tz=UTC) + timedelta(minutes=5)).timestamp())
        return body, jwt.encode({"iss": self.key, "exp": expires, "sha256": digest}, self.secret, algorithm="HS256")

    # --- the port ------------------------------------------------------------------------------

    @property
    def capabilities(self) -> EngineCapabilities:
        """Like a server's."""
        return EngineCapabilities(can_remove=True, reports_events=True)

    @property
    def client_url(self) -> str | None:
        """Where clients would connect."""
        return self._client_url

    def issue_ticket(self, holder: TicketHolder, *, lifetime: timedelta, now: datetime) -> MediaTicket:
        """Sign a ticket."""
        return tokens.sign_ticket(holder, key=self.key, secret=self.secret, lifetime=lifetime, now=now)

    async def list_participants(self, room: str) -> tuple[EngineParticipant, ...]:
        """Who is connected."""
        self._answer()
        return tuple(
            replace(connection.participant, sources=connection.sources)
            for connection in self._rooms.get(room, {}).values()
        )

    async def remove_participant(self, room: str, *, identity: str, revoke_before: datetime | None = None) -> None:
        """Push a connection out."""
        self._answer()
        if revoke_before is not None:
            self._revoked[room, identity] = revoke_before
        self.removals.append((room, identity))
        connection = self._rooms.get(room, {}).get(identity)
        if connection is not None:
            self.disconnect(connection)

    async def rename_participant(self, room: str, *, identity: str, name: str) -> None:
        """Another name for a connection."""
        self._answer()
        connection = self._rooms.get(room, {}).get(identity)
        if connection is not None:
            connection.participant = replace(connection.participant, name=name)

    async def set_sources(self, room: str, *, identity: str, sources: frozenset[str]) -> None:
        """What a connection may publish."""
        self._answer()
        connection = self._rooms.get(room, {}).get(identity)
        if connection is not None:
            connection.sources = sources
            connection.published &= sources

    async def mute(self, room: str, *, identities: frozenset[str], source: str) -> None:
        """Stop a source."""
        self._answer()
        for identity, connection in self._rooms.get(room, {}).items():
            if identity in identities:
                connection.published.discard(source)

    async def receptions(self) -> Receptions | None:
        """What the test says: there is no media here."""
        self._answer()
        return self.known_receptions

    async def delete_room(self, room: str) -> None:
        """Push everybody out."""
        self._answer()
        self.deleted_rooms.append(room)
        for connection in tuple(self._rooms.pop(room, {}).values()):
            connection.closed.set()

    def read_webhook(self, body: bytes, *, authorization: str | None) -> EngineEvent:
        """Check and read a report."""
        return tokens.read_webhook(body, authorization=authorization, key=self.key, secret=self.secret)

    async def close(self) -> None:
        """Nothing to give back."""

    def _answer(self) -> None:
        if self.is_down:
            raise EngineUnavailableError


def _permission(sources: frozenset[str]) -> dict[str, object]:
    """As the protocol writes it: what is not allowed is not there, and no list means all sources."""
    listed = {} if sources == ALL_SOURCES else {"canPublishSources": [source.upper() for source in sorted(sources)]}
    return {"canSubscribe": True, **({"canPublish": True, **listed} if sources else {})}
