"""The one permission table of the room: who may give which command, in which state.

Denied unless a row says otherwise; a command without a row cannot be registered. Some commands also need a switch that
moderators can turn off for everybody else (`Rights`); the switch is named where the command is registered. What depends
on the person named in a command (nobody puts out somebody above them) is checked by the command itself.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from palaver.live.domain.people import Role


class Phase(StrEnum):
    """In which state somebody gives a command."""

    WAITING = "waiting"
    """They wait at the door."""
    OPEN = "open"
    SUSPENDED = "suspended"
    """A moderator stopped everything: only moderators act."""
    ENDED = "ended"


Grant = Mapping[Phase, frozenset[Role]]
PermissionTable = Mapping[str, Grant]

EVERYONE: Final = frozenset(Role)
HOSTS: Final = frozenset({Role.OWNER, Role.HOST})
MODERATORS: Final = HOSTS | {Role.CO_HOST}
SENDERS: Final = EVERYONE - {Role.VIEWER}
NOBODY: Final[frozenset[Role]] = frozenset()


def inside(roles: frozenset[Role], *, suspended: frozenset[Role] | None = None) -> Grant:
    """A row for people inside. While everything is suspended only moderators among them remain, or `suspended`."""
    return {Phase.OPEN: roles, Phase.SUSPENDED: roles & MODERATORS if suspended is None else suspended}


ROOM_PERMISSIONS: Final[PermissionTable] = {
    "rename_self": inside(EVERYONE),
    "leave": {**inside(EVERYONE, suspended=EVERYONE), Phase.WAITING: EVERYONE},
    "media_ticket": inside(EVERYONE, suspended=EVERYONE),
    "end_for_all": inside(HOSTS),
    # the door
    "knock": {Phase.WAITING: EVERYONE},
    "admit": inside(MODERATORS),
    "admit_all": inside(MODERATORS),
    "deny": inside(MODERATORS),
    "deny_all": inside(MODERATORS),
    "set_lock": inside(MODERATORS),
    "set_waiting_room": inside(MODERATORS),
    # order
    "remove_participant": inside(MODERATORS),
    "ban_participant": inside(HOSTS),
    "set_role": inside(HOSTS),
    "rename_participant": inside(MODERATORS),
    "mute_participant": inside(MODERATORS),
    "mute_all": inside(MODERATORS),
    "ask_to_unmute": inside(MODERATORS),
    "set_rights": inside(MODERATORS),
    "set_suspended": inside(MODERATORS),
    "set_spotlight": inside(MODERATORS),
    # presenting
    "set_one_presenter": inside(MODERATORS),
    "share_take": inside(SENDERS),
    "share_release": inside(SENDERS, suspended=SENDERS),
    "share_ask": inside(SENDERS),
    "share_hand_over": inside(SENDERS),
    "share_revoke": inside(MODERATORS),
    # being together
    "raise_hand": inside(EVERYONE),
    "lower_hand": inside(EVERYONE, suspended=EVERYONE),
    "lower_hand_of": inside(MODERATORS),
    "lower_all_hands": inside(MODERATORS),
    "react": inside(EVERYONE),
    "set_standing": inside(EVERYONE, suspended=EVERYONE),
}


def is_allowed(table: PermissionTable, *, kind: str, role: Role, phase: Phase) -> bool:
    """Whether `role` may give the command `kind` in `phase`."""
    grant = table.get(kind)
    return grant is not None and role in grant.get(phase, NOBODY)


def permission_rows(table: PermissionTable, rights: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The table as text, for the documentation: a row a command and phase in which somebody may, a column a role, and
    the switch needed.
    """
    rows: list[tuple[str, ...]] = [("command", "state", *Role, "switch")]
    for kind in table:
        for phase in table[kind]:
            marks = ("yes" if is_allowed(table, kind=kind, role=role, phase=phase) else "-" for role in Role)
            rows.append((f"`{kind}`", phase.value, *marks, f"`{rights[kind]}`" if kind in rights else ""))
    return rows
