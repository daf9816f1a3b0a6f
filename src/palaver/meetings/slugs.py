"""The names in meeting links: three words that can be said aloud, and a tail that cannot be guessed.

Three of 256 words are 24 bits, twelve of 32 characters are 60: 84 random bits. Nobody types them often; one glance
tells two links apart.
"""

import re
import secrets
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from palaver.kernel.ids import Slug

_TAIL_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_TAIL_LENGTH = 12
_WORD_COUNT = 3
_SHAPE = re.compile(r"[a-z]{2,12}(?:-[a-z]{2,12}){2}-[0-9a-z]{12}")


@cache
def words() -> tuple[str, ...]:
    """The 256 words."""
    return tuple(files("palaver.meetings").joinpath("words.txt").read_text("ascii").split())


def new_slug() -> Slug:
    """A fresh name from the system's random source."""
    tail = "".join(secrets.choice(_TAIL_ALPHABET) for _ in range(_TAIL_LENGTH))
    return Slug("-".join([*(secrets.choice(words()) for _ in range(_WORD_COUNT)), tail]))


def normal_slug(text: str) -> str:
    """`text` as links have it: lower case; an o, i or l that somebody read in the tail is a 0 or a 1.

    Whatever no link has and PostgreSQL cannot be asked about is as good as any other character that no link has.
    """
    head, dash, tail = text.strip().lower()[:64].replace("\0", "?").rpartition("-")
    return head + dash + tail.translate(str.maketrans("oil", "011"))


def slug_in(text: str) -> str | None:
    """The name inside a pasted link, or a name itself; None when there is none."""
    path = urlsplit(text.strip()).path if "/" in text else text
    parts = [part for part in path.strip().split("/") if part]
    candidate = normal_slug(parts[-1]) if parts else ""
    return candidate if _SHAPE.fullmatch(candidate) else None
