"""What is kept of a typed text, and how searches compare texts. Pure."""

import unicodedata
from typing import Final

MAX_TEXT_CHARS: Final = 4000
"""Code points, after cleaning."""

_JOINERS: Final = frozenset({"\u200c", "\u200d"})
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co"})
_BLANK_LETTERS: Final = frozenset({"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"})


def clean_text(text: str) -> str:
    """A text that is safe to keep and to show beside others; empty when nothing of it is visible.

    Unicode NFC; lines end with a line feed; control, format (all bidirectional overrides are), surrogate and private
    characters and non-characters removed, except tabs, line feeds, and the joiners that Persian, Indic scripts and
    emoji need; blank lines at both ends and white space at the end removed. The white space at the start of a line
    stays: code and lists mean something by it. Unassigned characters stay too: they are the emoji of next year.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = "".join(char for char in unicodedata.normalize("NFC", lines) if _is_kept(char))
    if not any(_is_visible(char) for char in kept):
        return ""
    rows = kept.rstrip().split("\n")
    first = next(number for number, row in enumerate(rows) if row.strip())
    return "\n".join(rows[first:])


def search_form(text: str) -> str:
    """What a search compares: without case and without differences that are only of form."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _is_kept(char: str) -> bool:
    if char in "\n\t" or char in _JOINERS:
        return True
    code = ord(char)
    is_no_character = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return not is_no_character and unicodedata.category(char) not in _REFUSED_CATEGORIES


def _is_visible(char: str) -> bool:
    return (
        unicodedata.category(char)[0] in "LNPSC"
        and char not in _JOINERS
        and char not in _BLANK_LETTERS
        and (char not in "\n\t")
    )
