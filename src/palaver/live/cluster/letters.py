"""What processes write to each other: typed, versioned, and numbered within a link.

Believed because it comes over our own Redis. A link is one attachment of a branch to a tenure: it has a name that is
never used again, so whatever an earlier holder of the room still says is recognised and ignored, and numbers in both
directions, so that a lost letter is found by its gap. `fence` is the number under which the holder writes the run.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from palaver.live import wire
from palaver.live.admission import Admission
from palaver.live.domain.sign_in import SignInFact

VERSION: Final = 1

# --- from a branch to the tenure -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Return:
    """The socket was in the room before: as whom, and in which run."""

    participant_id: str
    session_id: str
    was_inside: bool
    """False at the door."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Somebody was admitted by the branch. Who they are was decided there, never by the client."""

    line: int
    admission: Admission
    hello: wire.Hello
    page_url: str
    session_key: str | None = field(repr=False)
    """The sign-in that the seat stands and falls with; whoever holds the room looks whether it is still good."""
    returns: Return | None
    kind: Literal["enter"] = "enter"


@dataclass(frozen=True, slots=True)
class Command:
    """A command, read and found well-formed by the branch."""

    line: int
    message: wire.CommandMessage
    kind: Literal["command"] = "command"


@dataclass(frozen=True, slots=True)
class Sync:
    """A page wants what it missed."""

    line: int
    message: wire.Sync
    kind: Literal["sync"] = "sync"


@dataclass(frozen=True, slots=True)
class Gone:
    """A connection ended by itself."""

    line: int
    is_clean: bool
    kind: Literal["gone"] = "gone"


BranchItem = Annotated[Enter | Command | Sync | Gone, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class BranchLetter:
    """The next of a branch's letters on a link; without items it only says that the branch is there."""

    room: str
    link: str
    number: int
    sender: str
    items: tuple[BranchItem, ...]
    v: Literal[1] = 1
    type: Literal["branch"] = "branch"


# --- from the tenure to a branch -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A frame for some sockets, or for all that the tenure has written to and not closed."""

    to: tuple[int, ...] | None
    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Close:
    """A socket is to be closed once everything before it is sent."""

    line: int
    code: int
    kind: Literal["close"] = "close"


@dataclass(frozen=True, slots=True)
class Entered:
    """How an entry ended: a seat in a run, a place at its door, or a refusal; and then again when the door opens."""

    line: int
    participant_id: str | None = None
    session_id: str | None = None
    is_inside: bool = False
    code: str | None = None
    params: dict[str, str | int] = field(default_factory=dict)
    kind: Literal["entered"] = "entered"


@dataclass(frozen=True, slots=True)
class Answered:
    """The frame before this was the answer to that request."""

    line: int
    request_id: str
    kind: Literal["answered"] = "answered"


TenureItem = Annotated[Text | Close | Entered | Answered, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class TenureLetter:
    """The next of a tenure's letters on a link; without items it only says that the tenure is there."""

    room: str
    link: str
    number: int
    fence: int
    items: tuple[TenureItem, ...]
    v: Literal[1] = 1
    type: Literal["tenure"] = "tenure"


@dataclass(frozen=True, slots=True)
class Detached:
    """There is no such link, or no such tenure, any more: attach anew."""

    room: str
    link: str
    v: Literal[1] = 1
    type: Literal["detached"] = "detached"


# --- from anybody to the holder --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """News for a room; `kind` and `fields` are those of `palaver.live.news`."""

    room: str
    kind: str
    fields: dict[str, Any]
    v: Literal[1] = 1
    type: Literal["told"] = "told"


@dataclass(frozen=True, slots=True)
class SignInTold:
    """A sign-in ended at `sender`, or goes on under another key; whoever holds a seat of it must know."""

    sender: str
    fact: SignInFact
    v: Literal[1] = 1
    type: Literal["sign_in"] = "sign_in"


AnyLetter = BranchLetter | TenureLetter | Detached | Told | SignInTold

_ADAPTER: Final[TypeAdapter[AnyLetter]] = TypeAdapter(Annotated[AnyLetter, Field(discriminator="type")])


def write_letter(letter: AnyLetter) -> str:
    """A letter as text."""
    return _ADAPTER.dump_json(letter).decode()


def read_letter(text: str) -> AnyLetter:
    """Text as a letter.

    Raises:
        ValueError: not a letter of this version.
    """
    return _ADAPTER.validate_json(text)
