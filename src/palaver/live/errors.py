"""The errors that the live socket can answer with, and the codes it closes with.

The registry is `palaver.kernel.errors`; this file adds what only the room knows, and says in `LIVE_ERRORS` which of
them a client of the socket must be ready for. `schema/errors.json` and the protocol document are written from here.
"""

from enum import IntEnum
from typing import Final

from palaver.kernel.errors import (
    ALREADY_HERE,
    BANNED,
    ENDED_BY_HOST,
    ENGINE_UNAVAILABLE,
    INTERNAL,
    LEFT,
    MEETING_NOT_FOUND,
    NOT_ALLOWED,
    PARTICIPANT_NOT_FOUND,
    PASSWORD_REQUIRED,
    PASSWORD_WRONG,
    PROTOCOL,
    RATE_LIMITED,
    REMOVED,
    SERVER_RESTART,
    SIGN_IN_REQUIRED,
    SIGNED_OUT,
    TAKEN_OVER,
    TIMEOUT,
    TOO_LARGE,
    UNAVAILABLE,
    UNKNOWN_COMMAND,
    ErrorSpec,
    define,
)

INVALID_MESSAGE: Final = define("invalid_message", http=422)
ROOM_FULL: Final = define("room_full", http=403, close=4403, retryable=True)
CANNOT_REMOVE_SELF: Final = define("cannot_remove_self", http=422)
MEETING_LOCKED: Final = define("meeting_locked", http=403, close=4423, retryable=True)
DENIED: Final = define("denied", http=403, close=4414)
SWITCHED_OFF: Final = define("switched_off", http=403)
OUTRANKED: Final = define("outranked", http=403)
PRESENTER_TAKEN: Final = define("presenter_taken", http=409, retryable=True)
TOO_FAST: Final = define("too_fast", http=429, retryable=True)
TOO_MANY: Final = define("too_many", http=422)
NOT_SAVED: Final = define("not_saved", http=503, retryable=True)

LIVE_ERRORS: Final[dict[ErrorSpec, str]] = {
    PROTOCOL: "Not one JSON object in a text frame, a key twice, or something else before the hello.",
    INVALID_MESSAGE: "A message of unknown type or with wrong fields, or a second hello.",
    UNKNOWN_COMMAND: "No command of that kind is registered.",
    TIMEOUT: "No hello came in time, or no answer to heartbeats.",
    TOO_LARGE: "A message above the size limit.",
    RATE_LIMITED: "Too many messages; carried on regardless, the socket is closed.",
    MEETING_NOT_FOUND: "No such meeting, or not for this person.",
    SIGN_IN_REQUIRED: "This meeting takes no guests.",
    PASSWORD_REQUIRED: "This meeting has a password, and the hello brought none.",
    PASSWORD_WRONG: "The password is another. Wrong tries are limited.",
    BANNED: "This person, or for a guest their network, may not come into this meeting.",
    REMOVED: "A host removed this person from this meeting session.",
    ALREADY_HERE: "The person is here in another tab; a hello with take_over brings them to this one.",
    ROOM_FULL: "The room has as many participants as it may have.",
    NOT_ALLOWED: "The role may not give this command.",
    PARTICIPANT_NOT_FOUND: "The participant named is not in the room.",
    CANNOT_REMOVE_SELF: "A host goes with the command leave.",
    MEETING_LOCKED: "The room takes no newcomers now.",
    DENIED: "A moderator did not let this person in; they may ask again after a minute.",
    SWITCHED_OFF: "A moderator has switched this off for everybody who does not moderate.",
    OUTRANKED: "The person named stands above the one who asks, or would.",
    PRESENTER_TAKEN: "Somebody else presents; ask them.",
    TOO_FAST: "Once more in a moment.",
    TOO_MANY: "More than the limit in `params`.",
    NOT_SAVED: "It is in force, but could not be stored: a restart of the server would forget it.",
    ENGINE_UNAVAILABLE: "The media engine cannot be reached.",
    UNAVAILABLE: "The database cannot keep up, or is away; nothing was changed.",
    INTERNAL: "The server failed; nothing was changed.",
}


class CloseCode(IntEnum):
    """WebSocket close codes of `/ws/meetings/<slug>`; 44xx is the private range, in the image of HTTP statuses."""

    SERVER_RESTART = SERVER_RESTART.close_code or 0
    PROTOCOL = PROTOCOL.close_code or 0
    SIGN_IN_REQUIRED = SIGN_IN_REQUIRED.close_code or 0
    NOT_ALLOWED = NOT_ALLOWED.close_code or 0
    PASSWORD_REQUIRED = PASSWORD_REQUIRED.close_code or 0
    PASSWORD_WRONG = PASSWORD_WRONG.close_code or 0
    BANNED = BANNED.close_code or 0
    NOT_FOUND = MEETING_NOT_FOUND.close_code or 0
    TIMEOUT = TIMEOUT.close_code or 0
    TAKEN_OVER = TAKEN_OVER.close_code or 0
    ENDED_BY_HOST = ENDED_BY_HOST.close_code or 0
    REMOVED = REMOVED.close_code or 0
    SIGNED_OUT = SIGNED_OUT.close_code or 0
    TOO_LARGE = TOO_LARGE.close_code or 0
    RATE_LIMITED = RATE_LIMITED.close_code or 0
    DENIED = DENIED.close_code or 0
    MEETING_LOCKED = MEETING_LOCKED.close_code or 0
    LEFT = LEFT.close_code or 0
