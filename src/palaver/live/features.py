"""The door by which features (chat, files, …) speak over the room socket without the room knowing them.

A feature hands a `FeatureSpec` to the registry for each of its commands. The room checks the one permission table, then
calls `perform` on a database thread, one call at a time in each lane of a room, in the order of arrival. The sender's
`ack` goes out after `perform` returned, and so after its transaction; then the events go to those who may see them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from palaver.kernel.errors import ErrorSpec
from palaver.live.domain.people import Identity, ParticipantId, Role
from palaver.live.domain.permissions import MODERATORS
from palaver.live.wire import Wire

WireT = TypeVar("WireT", bound=Wire)


class Reach(StrEnum):
    """Who inside the room hears of an event, when they are not named."""

    EVERYONE = "everyone"
    MODERATORS = "moderators"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who gives a command: taken from the seat behind the socket, never from the message."""

    meeting_id: UUID
    session_id: UUID
    participant_id: ParticipantId
    identity: Identity
    user_id: int | None
    name: str
    role: Role
    is_signed_in: bool

    @property
    def is_moderator(self) -> bool:
        """Whether the caller may see and do what moderators may."""
        return self.role in MODERATORS


@dataclass(frozen=True, slots=True)
class FeatureEvent:
    """Something that pages inside the room are told. `event` has a literal field `kind`."""

    event: Wire
    to: Reach | frozenset[str]
    """A reach, or the identities that are told; who is not inside hears nothing and asks when they come back."""


@dataclass(frozen=True, slots=True)
class FeatureAnswer:
    """What a command came to: the result for its sender, and the news for the others."""

    result: Wire | None = None
    events: tuple[FeatureEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureSpec(Generic[WireT]):
    """One command of a feature."""

    kind: str
    wire_type: type[WireT]
    """Has the field `kind` with the literal `kind`."""
    perform: Callable[[Caller, WireT, datetime], FeatureAnswer]
    """Runs on a database thread. Raises PalaverError to refuse; whatever it wrote is durable once it returns."""
    lane: str
    """Calls of one lane of a room never overlap, so their order is the same for everybody."""
    right: str | None = None
    """The switch of `meetings.policy.Rights` that people who do not moderate need for it."""
    result_type: type[Wire] | None = None
    event_types: tuple[type[Wire], ...] = ()
    errors: Mapping[ErrorSpec, str] = field(default_factory=dict)
    """What `perform` may refuse with, and what each means; for the schema and the documents."""
