"""The media port: what Palaver asks of a media engine, whichever it is.

Callers look at `capabilities`, never at the engine's class. Who is in a room is decided by `palaver.live`; an engine
lets in who has a ticket, and puts out who is named. Exceptions:

    EngineUnavailableError     the engine did not answer, or not sensibly; trying again later can help
    WebhookRefusedError        a report that the engine did not sign
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from palaver.engines.receptions import Receptions
from palaver.kernel.errors import ENGINE_UNAVAILABLE, PalaverError

ADMITTED_ATTRIBUTE = "palaver.participant"
"""On every ticket that `live` hands out: the participant id. Whoever is in the engine without it came by a token that
the operator signed themselves, and is left alone."""


ALL_SOURCES = frozenset({"microphone", "camera", "screen_share", "screen_share_audio"})


class EngineUnavailableError(PalaverError):
    """The engine could not be asked. Carries no detail that could reach a client; the log has it."""

    def __init__(self) -> None:
        super().__init__(ENGINE_UNAVAILABLE)


class WebhookRefusedError(Exception):
    """A report with a missing, foreign, expired or mismatching signature, or one that is not a report."""


@dataclass(frozen=True, slots=True)
class EngineCapabilities:
    """What an engine can do beyond letting ticket holders in."""

    can_remove: bool
    """`remove_participant`, `delete_room` and `list_participants` have an effect on the media of others."""
    reports_events: bool
    """The engine sends webhooks that `read_webhook` understands."""


@dataclass(frozen=True, slots=True)
class MediaTicket:
    """A signed right to join one room as one identity."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """Who a ticket is for."""

    room: str
    identity: str
    name: str
    attributes: Mapping[str, str]
    sources: frozenset[str] = ALL_SOURCES
    """What the holder may publish, by the names of the LiveKit protocol."""
    voices: int | None = None
    """How many are to be heard at once in a large room, if it is this holder who opens it; None: as the engine does. An
    engine that knows of no such number heeds none."""


@dataclass(frozen=True, slots=True)
class EngineParticipant:
    """Somebody as the engine sees them."""

    identity: str
    name: str
    attributes: Mapping[str, str]
    sources: frozenset[str] | None = None
    """What the engine lets them publish; None when it does not say."""

    @property
    def admitted_as(self) -> str | None:
        """The participant id on the ticket of `live` that this one came by; None for another token."""
        return self.attributes.get(ADMITTED_ATTRIBUTE)


class EngineEventKind(StrEnum):
    """What an engine reports and Palaver listens to; the rest is `OTHER`."""

    PARTICIPANT_JOINED = "participant_joined"
    PARTICIPANT_LEFT = "participant_left"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """One signed report."""

    event_id: str
    kind: EngineEventKind
    room: str
    participant: EngineParticipant | None


class MediaEngine(Protocol):
    """A media engine. Rooms come to be when the first ticket holder joins."""

    @property
    def capabilities(self) -> EngineCapabilities:
        """What this engine can do."""
        ...

    @property
    def client_url(self) -> str | None:
        """Where clients connect; None means: the origin that served the page."""
        ...

    def issue_ticket(self, holder: TicketHolder, *, lifetime: timedelta, now: datetime) -> MediaTicket:
        """Sign a ticket. Does not ask the engine."""
        ...

    async def list_participants(self, room: str) -> tuple[EngineParticipant, ...]:
        """Who is in the room now; nobody when there is no such room. Raises: EngineUnavailableError."""
        ...

    async def remove_participant(self, room: str, *, identity: str, revoke_before: datetime | None = None) -> None:
        """Disconnect somebody; no error when they are not there.

        Tickets made before `revoke_before` are no longer good, where the engine knows how to revoke.

        Raises:
            EngineUnavailableError: it did not answer.
        """
        ...

    async def rename_participant(self, room: str, *, identity: str, name: str) -> None:
        """Tell the other clients of the engine another name; no error when there is no such participant.

        Raises: EngineUnavailableError.
        """
        ...

    async def set_sources(self, room: str, *, identity: str, sources: frozenset[str]) -> None:
        """What somebody may publish from now on: what they publish beyond it stops. No error when they are not there.

        Raises: EngineUnavailableError.
        """
        ...

    async def mute(self, room: str, *, identities: frozenset[str], source: str) -> None:
        """Stop one source of these people, whatever their clients do; they may start it again.

        Raises: EngineUnavailableError.
        """
        ...

    async def receptions(self) -> Receptions | None:
        """How the people of all rooms are received; None: this engine does not say.

        Raises: EngineUnavailableError.
        """
        ...

    async def delete_room(self, room: str) -> None:
        """Disconnect everybody; no error when there is no such room. Raises: EngineUnavailableError."""
        ...

    def read_webhook(self, body: bytes, *, authorization: str | None) -> EngineEvent:
        """Check the signature over `body` and read the report. Raises: WebhookRefusedError."""
        ...

    async def close(self) -> None:
        """Give connections back. Idempotent."""
        ...
