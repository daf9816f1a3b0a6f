"""The registry of room commands: what a feature hands in to add one.

`palaver.config.live_handlers` fills it; the room's own commands come in by the same door.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from palaver.kernel.errors import ErrorSpec
from palaver.live.domain.effects import Step
from palaver.live.domain.machine import Rules
from palaver.live.domain.permissions import Grant, PermissionTable
from palaver.live.domain.room import Moment, RoomState
from palaver.live.features import FeatureSpec
from palaver.live.wire import Wire
from palaver.meetings.policy import RIGHT_NAMES

WireT = TypeVar("WireT", bound=Wire)
CommandT = TypeVar("CommandT")


@dataclass(frozen=True, slots=True)
class CommandSpec(Generic[WireT, CommandT]):
    """One command: its shape on the wire, its pure form, and what it does."""

    kind: str
    wire_type: type[WireT]
    """Has the field `kind` with the literal `kind`."""
    parse: Callable[[WireT], CommandT]
    handle: Callable[[RoomState, Any, CommandT, Moment], Step]
    """Any: the actor is a seat, or a place at the door for commands whose row says so."""
    result_type: type[Wire] | None = None
    right: str | None = None
    """The switch of `meetings.policy.Rights` that people who do not moderate need for it."""
    event_types: tuple[type[Wire], ...] = ()


@dataclass(slots=True)
class CommandRegistry:
    """Commands by kind, each with its row of the permission table."""

    _specs: dict[str, CommandSpec[Wire, object] | FeatureSpec[Wire]] = field(default_factory=dict)
    _permissions: dict[str, Grant] = field(default_factory=dict)

    def register(
        self, spec: CommandSpec[WireT, CommandT] | FeatureSpec[WireT], *, permissions: PermissionTable
    ) -> None:
        """Add a command of the room or of a feature. `permissions` is its table; it must have a row for it.

        Raises:
            ValueError: no row, a kind that is taken, an unknown switch, or a wire class of another kind.
        """
        if spec.kind in self._specs:
            raise ValueError(f"command {spec.kind!r} is registered twice")
        if spec.kind not in permissions:
            raise ValueError(f"command {spec.kind!r} has no row in the permission table")
        if spec.right is not None and spec.right not in RIGHT_NAMES:
            raise ValueError(f"command {spec.kind!r} needs a switch that there is not")
        if spec.wire_type.model_fields["kind"].default != spec.kind:
            raise ValueError(f"command {spec.kind!r} has a wire class of another kind")
        # The spec keeps its own pair of types together; the registry only passes the one's result to the other.
        self._specs[spec.kind] = spec  # type: ignore[assignment]
        self._permissions[spec.kind] = permissions[spec.kind]

    def find(self, kind: str) -> CommandSpec[Wire, object] | FeatureSpec[Wire] | None:
        """The command of that kind, if there is one."""
        return self._specs.get(kind)

    def specs(self) -> tuple[CommandSpec[Wire, object] | FeatureSpec[Wire], ...]:
        """All commands, in the order they were registered."""
        return tuple(self._specs.values())

    def room_specs(self) -> tuple[CommandSpec[Wire, object], ...]:
        """The commands that the room machine itself carries out."""
        return tuple(spec for spec in self._specs.values() if isinstance(spec, CommandSpec))

    def result_types(self) -> tuple[type[Wire], ...]:
        """What an ack can carry, each type once."""
        return tuple(dict.fromkeys(spec.result_type for spec in self._specs.values() if spec.result_type is not None))

    def event_types(self) -> tuple[type[Wire], ...]:
        """All news, each type once."""
        return tuple(dict.fromkeys(event for spec in self._specs.values() for event in spec.event_types))

    def errors(self) -> Mapping[ErrorSpec, str]:
        """What features may refuse with, and what each means."""
        features = (spec for spec in self._specs.values() if isinstance(spec, FeatureSpec))
        return {error: meaning for spec in features for error, meaning in spec.errors.items()}

    def permissions(self) -> PermissionTable:
        """The whole permission table."""
        return dict(self._permissions)

    def rights(self) -> Mapping[str, str]:
        """The switch that each command needs, where it needs one."""
        return {kind: spec.right for kind, spec in self._specs.items() if spec.right is not None}

    def rules(self) -> Rules:
        """What the room machine needs of all this."""
        handlers = {spec.kind: spec.handle for spec in self.room_specs()}
        return Rules(handlers=handlers, permissions=self.permissions(), rights=self.rights())
