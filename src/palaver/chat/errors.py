"""What the chat can refuse with, beside the errors that every room knows."""

from typing import Final

from palaver.kernel.errors import FILE_NOT_FOUND, ErrorSpec, define

MESSAGE_NOT_FOUND: Final = define("message_not_found", http=404)
MESSAGE_EMPTY: Final = define("message_empty", http=422)
MESSAGE_TOO_LONG: Final = define("message_too_long", http=422)
TOO_MANY_REACTIONS: Final = define("too_many_reactions", http=409)

CHAT_ERRORS: Final[dict[ErrorSpec, str]] = {
    MESSAGE_NOT_FOUND: "No such message in this meeting, or not for this person, or deleted.",
    MESSAGE_EMPTY: "A message without anything visible and without a file.",
    MESSAGE_TOO_LONG: "A message above 4,000 characters.",
    TOO_MANY_REACTIONS: "The message has as many reactions as it may have.",
    FILE_NOT_FOUND: "A file named is not the sender's to attach.",
}
