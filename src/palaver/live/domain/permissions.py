"""The one permission table of the room: who may give which command, in which state.

Denied unless a row says otherwise; a command without a row cannot be registered.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from palaver.live.domain.people import Role


class Phase(StrEnum):
    """What state the room is in, as far as permissions go."""

    OPEN = "open"
    ENDED = "ended"


Grant = Mapping[Phase, frozenset[Role]]
PermissionTable = Mapping[str, Grant]

EVERYONE: Final = frozenset(Role)
HOSTS: Final = frozenset({Role.OWNER, Role.HOST})
MODERATORS: Final = HOSTS | {Role.CO_HOST}

ROOM_PERMISSIONS: Final[PermissionTable] = {
    "rename_self": {Phase.OPEN: EVERYONE},
    "leave": {Phase.OPEN: EVERYONE},
    "media_ticket": {Phase.OPEN: EVERYONE},
    "remove_participant": {Phase.OPEN: MODERATORS},
    "end_for_all": {Phase.OPEN: HOSTS},
}


def is_allowed(table: PermissionTable, *, kind: str, role: Role, phase: Phase) -> bool:
    """Whether `role` may give the command `kind` while the room is in `phase`."""
    grant = table.get(kind)
    return grant is not None and role in grant.get(phase, frozenset())


def permission_rows(table: PermissionTable) -> list[tuple[str, ...]]:
    """The table as text, for the documentation: a row a command and phase, a column a role."""
    rows: list[tuple[str, ...]] = [("command", "room", *Role)]
    for kind in table:
        for phase in Phase:
            marks = ("yes" if is_allowed(table, kind=kind, role=role, phase=phase) else "-" for role in Role)
            rows.append((f"`{kind}`", phase.value, *marks))
    return rows
