"""The people in a room: ids, roles, presence, names, and the colour of a person without a picture."""

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

ParticipantId = NewType("ParticipantId", str)
"""One join of one person; kept while they are only reconnecting."""

Identity = NewType("Identity", str)
"""One person in one meeting, the same on every visit."""

SocketId = NewType("SocketId", int)
"""One connection of one tab."""

MAX_NAME_CHARS: Final = 80
# Names are cleaned, then cut; the wire accepts more than is kept so that a pasted line is shortened, not refused.
MAX_NAME_INPUT_CHARS: Final = 400
FALLBACK_NAME: Final = "Guest"


class Role(StrEnum):
    """What a participant may do. The table is in `permissions.py`."""

    OWNER = "owner"
    """Whose meeting it is: host whenever they are there, and nobody can take that away."""
    HOST = "host"
    CO_HOST = "co_host"
    """Keeps order, but neither ends the meeting nor makes hosts."""
    MEMBER = "member"
    GUEST = "guest"
    VIEWER = "viewer"
    """Sees and hears, writes if members may, and publishes nothing."""


RANKS: Final = {Role.OWNER: 3, Role.HOST: 2, Role.CO_HOST: 1}
"""Who is above whom; roles that are not named stand level below."""


def rank_of(role: Role) -> int:
    """The higher, the more a role may do to others."""
    return RANKS.get(role, 0)


class Standing(StrEnum):
    """What somebody says about whether they are following."""

    HERE = "here"
    AWAY = "away"
    ON_PHONE = "on_phone"


class Reaction(StrEnum):
    """The small set; each is one of our icons, so that all systems show the same."""

    AGREE = "agree"
    CLAP = "clap"
    HEART = "heart"
    LAUGH = "laugh"
    SURPRISE = "surprise"
    CELEBRATE = "celebrate"


class Presence(StrEnum):
    """Whether somebody's room socket is up, as the others see it."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


class Tone(StrEnum):
    """The ground behind initials; the names are those of the design tokens `tone-*`."""

    LEAF = "leaf"
    LAKE = "lake"
    INDIGO = "indigo"
    PLUM = "plum"
    CLAY = "clay"
    OCHRE = "ochre"


@dataclass(frozen=True, slots=True)
class Participant:
    """What everybody in the room knows of one person."""

    participant_id: ParticipantId
    identity: Identity
    name: str
    role: Role
    is_signed_in: bool
    joined_at: datetime
    presence: Presence
    tone: Tone
    is_acting: bool = False
    """Host only until a host is back: the last one left, and the room went to this person by its rule."""
    hand_at: datetime | None = None
    """When the hand went up; None while it is down. The order of hands is the order of these."""
    standing: Standing = Standing.HERE
    asks_to_share_at: datetime | None = None
    """When the person asked to present, where only one may at a time."""
    avatar_url: str | None = None
    """Where their picture is; None without one, and for all who have no account."""


def tone_of(identity: Identity) -> Tone:
    """The same person has the same colour everywhere, without anybody keeping it."""
    tones = list(Tone)
    return tones[hashlib.sha256(identity.encode()).digest()[0] % len(tones)]


def clean_name(text: str | None, *, fallback: str = FALLBACK_NAME, max_chars: int = MAX_NAME_CHARS) -> str:
    """A name that is safe to show beside other names.

    Unicode NFC; control, format (all bidirectional overrides are), private and unassigned characters removed, except
    joiners inside a word, which Persian, Indic scripts and emoji need; white space collapsed; at most
    `max_chars` code points. Nothing left means `fallback`.
    """
    if text is None:
        return fallback
    kept = "".join(
        " " if unicodedata.category(char) in _SPACE_CATEGORIES or char in "\t\r\n" else char
        for char in unicodedata.normalize("NFC", text)
        if char in "\t\r\n" or char in _JOINERS or unicodedata.category(char) not in _REFUSED_CATEGORIES
    )
    collapsed = " ".join(kept.split())[:max_chars].strip().strip("".join(_JOINERS)).strip()
    return collapsed if any(_is_visible(char) for char in collapsed) else fallback


def _is_visible(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" and char not in _BLANK_LETTERS


_JOINERS: Final = frozenset({"\u200c", "\u200d"})
_SPACE_CATEGORIES: Final = frozenset({"Zs", "Zl", "Zp"})
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Letters and symbols that draw nothing: Hangul fillers and the braille blank. A name of those alone would be empty.
_BLANK_LETTERS: Final = frozenset({"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"})
