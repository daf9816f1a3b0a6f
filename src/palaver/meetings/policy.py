"""Who may come into a meeting and do what there, as its owner decided. Pure: no Django, no database.

The policy speaks about people by what they are to the meeting (`MeetingRole`, or nobody listed), never about rooms and
connections. What a moderator changes for one run belongs to the live room; what holds for every run is said here.
"""

import unicodedata
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Literal


class Access(StrEnum):
    """Who may come by the link."""

    OPEN = "open"
    SIGNED_IN = "signed_in"
    INVITED = "invited"
    """Only people on the meeting's list; guests, where they are taken at all, wait at the door."""


class WaitingRoom(StrEnum):
    """Who waits at the door until a moderator lets them in. Trusted people and moderators never do."""

    NOBODY = "nobody"
    GUESTS = "guests"
    EVERYONE = "everyone"


class MeetingRole(StrEnum):
    """What somebody is to a meeting, in every run of it. The owner is not listed: the meeting names them."""

    OWNER = "owner"
    HOST = "host"
    CO_HOST = "co_host"
    MEMBER = "member"
    VIEWER = "viewer"

    @property
    def is_moderator(self) -> bool:
        """Whether the role runs the meeting."""
        return self in _MODERATORS


_MODERATORS: Final = frozenset({MeetingRole.OWNER, MeetingRole.HOST, MeetingRole.CO_HOST})
# Whom each role may put on the list, change and take off it. Who is missing may nobody.
_MANAGES: Final[dict[MeetingRole, frozenset[MeetingRole]]] = {
    MeetingRole.OWNER: frozenset(MeetingRole) - {MeetingRole.OWNER},
    MeetingRole.HOST: frozenset({MeetingRole.MEMBER, MeetingRole.VIEWER}),
}

Refusal = Literal["sign_in_required", "password_required", "password_wrong", "banned"]
"""Why a link that is right does not lead in. Who is not invited is told that there is no such meeting instead."""

MAX_RETENTION_DAYS: Final = 3650
MOST_VOICES: Final = 5
USUAL_VOICES: Final = 3


@dataclass(frozen=True, slots=True)
class Rights:
    """What people who do not moderate may do."""

    microphone: bool = True
    camera: bool = True
    screen_share: bool = True
    chat: bool = True
    private_chat: bool = True
    """Messages to one other person. Messages to the hosts need `chat` alone."""
    reactions: bool = True
    rename: bool = True


RIGHT_NAMES: Final = tuple(field.name for field in fields(Rights))


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner decided for all runs of a meeting."""

    access: Access = Access.OPEN
    guests: bool = True
    """Whether people without an account may come; see `takes_guests` for what follows."""
    waiting_room: WaitingRoom = WaitingRoom.NOBODY
    rights: Rights = Rights()
    one_presenter: bool = False
    """At most one shared screen at a time."""
    voices: int = USUAL_VOICES
    """How many are heard at once where many are inside: those who speak. A line carries so much sound, and an ear."""
    retention_days: int | None = None
    """For how many days after a run its chat and files are kept: None for ever, 0 not beyond the run."""

    def __post_init__(self) -> None:
        if self.retention_days is not None and not 0 <= self.retention_days <= MAX_RETENTION_DAYS:
            raise ValueError(f"retention_days must be between 0 and {MAX_RETENTION_DAYS}")
        if not 1 <= self.voices <= MOST_VOICES:
            raise ValueError(f"voices must be between 1 and {MOST_VOICES}")

    @property
    def takes_guests(self) -> bool:
        """Whether somebody without an account may come at all."""
        return self.guests and self.access is not Access.SIGNED_IN

    @property
    def takes_unlisted(self) -> bool:
        """Whether somebody with an account may come who is not on the list."""
        return self.access is not Access.INVITED

    def waits_at_the_door(self, *, role: MeetingRole | None, is_trusted: bool, is_guest: bool) -> bool:
        """Whether somebody who may come waits for a moderator first. `role` is None for who is not listed."""
        if is_trusted or (role is not None and role.is_moderator):
            return False
        if is_guest and self.access is Access.INVITED:
            return True
        match self.waiting_room:
            case WaitingRoom.NOBODY:
                return False
            case WaitingRoom.GUESTS:
                return is_guest
            case WaitingRoom.EVERYONE:
                return True


def typed_password(text: str) -> str:
    """A password as it is hashed and compared: keyboards write the same letter in more than one way (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def may_manage(actor: MeetingRole, subject: MeetingRole) -> bool:
    """Whether `actor` may put somebody on the meeting's list as `subject`, change that, or take them off."""
    return subject in _MANAGES.get(actor, frozenset())


class AuditAction(StrEnum):
    """What moderators do, as the log of a run names it."""

    ADMIT = "admit"
    DENY = "deny"
    LOCK = "lock"
    UNLOCK = "unlock"
    CHANGE_ROLE = "change_role"
    HAND_OVER = "hand_over"
    """The last host left, and the room went to somebody else by its rule."""
    GIVE_BACK = "give_back"
    MUTE = "mute"
    MUTE_ALL = "mute_all"
    ASK_TO_UNMUTE = "ask_to_unmute"
    STOP_CAMERA = "stop_camera"
    STOP_SCREEN_SHARE = "stop_screen_share"
    CHANGE_RIGHTS = "change_rights"
    SPOTLIGHT = "spotlight"
    CLEAR_SPOTLIGHT = "clear_spotlight"
    ASSIGN_PRESENTER = "assign_presenter"
    REVOKE_PRESENTER = "revoke_presenter"
    LOWER_HAND = "lower_hand"
    LOWER_ALL_HANDS = "lower_all_hands"
    RENAME = "rename"
    REMOVE = "remove"
    BAN = "ban"
    LIFT_BAN = "lift_ban"
    SUSPEND = "suspend"
    """Everything stopped in one press."""
    RESUME = "resume"
    DELETE_MESSAGE = "delete_message"
    DELETE_FILE = "delete_file"
    END = "end"
