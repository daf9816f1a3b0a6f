"""CSV that a spreadsheet reads as text: no cell of it is ever taken for a formula (OWASP, CSV injection)."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The table as UTF-8 with a byte order mark, so that spreadsheets read the letters right; line by line."""
    yield b"\xef\xbb\xbf"
    for row in itertools.chain((header,), rows):
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([harmless(cell) for cell in row])
        yield text.getvalue().encode("utf-8", "replace")


def harmless(cell: object) -> str:
    """A cell's text, with an apostrophe before what a spreadsheet would calculate."""
    text = "" if cell is None else str(cell).replace("\0", "")
    is_number = isinstance(cell, int | float)
    return f"'{text}" if not is_number and text.lstrip(" ").startswith(_FORMULA_STARTS) else text
