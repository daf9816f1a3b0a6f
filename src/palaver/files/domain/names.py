"""Names of files: made harmless on the way in, written for HTTP and ZIP on the way out. Never a path on our disk."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

MAX_NAME_BYTES: Final = 255
FALLBACK: Final = "file"
_JOINERS: Final = frozenset({"\u200c", "\u200d"})  # Persian, Indic scripts and emoji need them inside words
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK_LETTERS: Final = frozenset({"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"})
_REFUSED_BY_WINDOWS: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)")
_LONGEST_ENDING_BYTES: Final = 32


def clean_file_name(text: str) -> str:
    """A name that any system can keep and that shows as what it is.

    Unicode NFC; only what stands after the last slash of either kind; no control or format characters (all
    bidirectional overrides are), nothing that Windows refuses, no dots or spaces at the ends; at most 255 bytes of
    UTF-8, with its ending kept.
    """
    last = re.split(r"[/\\]", text)[-1]
    kept = "".join(
        " " if unicodedata.category(char)[0] == "Z" or char in "\t\r\n" or char in _BLANK_LETTERS else char
        for char in unicodedata.normalize("NFC", last)
        if char in "\t\r\n" or char in _JOINERS or unicodedata.category(char) not in _REFUSED_CATEGORIES
    )
    name = _REFUSED_BY_WINDOWS.sub("_", " ".join(kept.split())).strip(". \u200c\u200d")
    if _DEVICES.match(name):
        name = f"_{name}"
    return _cut(name) or FALLBACK


def _cut(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > _LONGEST_ENDING_BYTES:
        stem, dot, ending = name, "", ""
    room = MAX_NAME_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". \u200c\u200d") + dot + ending


def content_disposition(kind: str, name: str) -> str:
    """`inline` or `attachment` with the name for old and new clients (RFC 6266, RFC 8187)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()+,=@~!#$&{}-]", "_", plain).strip(". ") or FALLBACK
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def unique_names(names: Iterable[str]) -> list[str]:
    """The same names, told apart by a number where a system that ignores case or form would mix them up."""
    taken: set[str] = set()
    # Where the last one of a name left off: a thousand files of one name must not try a million.
    numbers: dict[str, int] = {}
    result = []
    for name in names:
        candidate, same = name, _folded(name)
        while _folded(candidate) in taken:
            numbers[same] = numbers.get(same, 1) + 1
            candidate = _numbered(name, numbers[same])
        taken.add(_folded(candidate))
        result.append(candidate)
    return result


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _numbered(name: str, number: int) -> str:
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    tail = f" ({number}){dot}{ending}"
    return stem.encode()[: MAX_NAME_BYTES - len(tail.encode())].decode("utf-8", "ignore") + tail
