"""A field for names and titles: one line of text that people can see."""

import unicodedata
from typing import Any

from django import forms
from typing_extensions import override


class OneLineField(forms.CharField):
    """Line breaks and runs of space become one space; control and direction marks go."""

    @override
    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        seen = "".join(" " if char.isspace() else char for char in text if not _is_invisible(char))
        return " ".join(seen.split())


def _is_invisible(char: str) -> bool:
    # Cf holds the marks that turn the direction of text (UAX 9): a name must not rewrite the line around it.
    # U+200D and U+200C join letters in Persian, Hindi and emoji, so they stay.
    return unicodedata.category(char) in ("Cc", "Cf") and not char.isspace() and char not in "\u200c\u200d"
