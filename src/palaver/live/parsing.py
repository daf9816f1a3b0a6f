"""From a text frame to a message: the one JSON parser of the live socket.

Two readers that understand one text differently have been a way to forge messages (JSA-2023-0001), so there is one
reader, and a key that appears twice is an error. Exceptions:

    BrokenMessageError    what to answer, and whether the socket can go on
"""

import json
from typing import Any, Final, NoReturn

from pydantic import TypeAdapter, ValidationError

from palaver.kernel.errors import PROTOCOL, TOO_LARGE, UNKNOWN_COMMAND, ErrorSpec
from palaver.live.commands import CommandRegistry, CommandSpec
from palaver.live.errors import INVALID_MESSAGE
from palaver.live.features import FeatureSpec
from palaver.live.wire import ClientMessage, CommandMessage, Hello, Pong, Sync, Wire

# The largest message of ours is a hello with a guest ticket, below 3 KiB; chat will need a few more.
MAX_MESSAGE_BYTES: Final = 64 * 1024
_MAX_REQUEST_ID_CHARS: Final = 64

_ADAPTER: Final[TypeAdapter[Hello | CommandMessage | Sync | Pong]] = TypeAdapter(ClientMessage)


class BrokenMessageError(Exception):
    """A message that cannot be taken. `is_fatal`: no client of the protocol sends such; the socket is closed."""

    def __init__(self, spec: ErrorSpec, *, request_id: str | None = None, is_fatal: bool = False) -> None:
        super().__init__(spec.code)
        self.spec = spec
        self.request_id = request_id
        self.is_fatal = is_fatal


def parse_message(text: str) -> Hello | CommandMessage | Sync | Pong:
    """Read one text frame. Raises: BrokenMessageError."""
    # Cheap first: a character is at least one byte.
    if len(text) > MAX_MESSAGE_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES:
        raise BrokenMessageError(TOO_LARGE, is_fatal=True)
    try:
        data = json.loads(text, object_pairs_hook=_object_without_twins, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise BrokenMessageError(PROTOCOL, is_fatal=True) from problem
    if not isinstance(data, dict):
        raise BrokenMessageError(PROTOCOL, is_fatal=True)
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as problem:
        raise BrokenMessageError(INVALID_MESSAGE, request_id=_request_id(data)) from problem


def parse_command(
    message: CommandMessage, registry: CommandRegistry
) -> tuple[CommandSpec[Wire, object], object] | tuple[FeatureSpec[Wire], Wire]:
    """The command and its pure form; a feature gets its own wire form. Raises: BrokenMessageError."""
    kind = message.command.get("kind")
    spec = registry.find(kind) if isinstance(kind, str) else None
    if spec is None:
        raise BrokenMessageError(UNKNOWN_COMMAND, request_id=message.request_id)
    try:
        # As JSON: there a word of a closed set is a string, which strict Python input would refuse.
        given = spec.wire_type.model_validate_json(json.dumps(message.command))
        return (spec, given) if isinstance(spec, FeatureSpec) else (spec, spec.parse(given))
    except ValidationError as problem:
        raise BrokenMessageError(INVALID_MESSAGE, request_id=message.request_id) from problem


def _object_without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _request_id(data: dict[str, Any]) -> str | None:
    """The id to answer to, if the broken message has a sound one."""
    match data.get("request_id"):
        case str(text) if 0 < len(text) <= _MAX_REQUEST_ID_CHARS and not any("\ud800" <= c <= "\udfff" for c in text):
            return text
        case _:
            return None
