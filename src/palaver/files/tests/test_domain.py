"""The pure parts: names, ranges, CSV, and headers that strangers write."""

import contextlib
import csv
import io
import string
import unicodedata
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from palaver.files.domain import ranges, tus
from palaver.files.domain.csv_text import csv_lines, harmless
from palaver.files.domain.names import MAX_NAME_BYTES, clean_file_name, content_disposition, unique_names
from palaver.kernel.errors import PalaverError

NASTY = st.text(st.characters() | st.sampled_from("/\\.\0 \u202e\u2066<>:\"|?*%'\r\n\u00e9e\u0301"), max_size=300)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\a\\b.txt", "b.txt"),
        ("/", "file"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("...", "file"),
        (".htaccess", "htaccess"),
        ("a\0.png", "a.png"),
        ("a\0/b", "b"),
        ("..%2f..%2fx", "%2f..%2fx"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\u2066b\u2069.txt", "ab.txt"),
        ("a\r\nSet-Cookie: x", "a Set-Cookie_ x"),
        ("a\tb", "a b"),
        ("a  \u00a0 b", "a b"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("COM\u00b9.txt", "_COM\u00b9.txt"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("console", "console"),
        ('a<b>:"|?*c', "a_b______c"),
        ("a.txt. . ", "a.txt"),
        ("  a ", "a"),
        ("e\u0301", "\u00e9"),
        ("\u3164", "file"),
        ("\u200d", "file"),
        ("👩\u200d💻.png", "👩\u200d💻.png"),
        ("\ud800.txt", "txt"),
        ("\ue000x", "x"),
        ("x" * 4096 + ".pdf", "x" * 251 + ".pdf"),
        ("é" * 300, "é" * 127),
        ("a." + "b" * 400, "a." + "b" * 253),
    ],
)
def test_names_become_harmless(given_name: str, kept: str) -> None:
    assert clean_file_name(given_name) == kept


@given(NASTY)
def test_every_name_fits_and_is_stable(text: str) -> None:
    name = clean_file_name(text)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('/\\\0<>:"|?*\r\n')
    assert name == name.strip(". ")
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") for char in name)
    assert not any(
        unicodedata.bidirectional(char) in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI") for char in name
    )
    assert clean_file_name(name) == name


@given(NASTY)
def test_a_disposition_is_one_line_and_says_the_name(text: str) -> None:
    name = clean_file_name(text)
    header = content_disposition("attachment", name)
    assert header.isascii()
    assert header.isprintable()
    message = Message()
    message["content-disposition"] = header
    assert message.get_content_disposition() == "attachment"
    plain, extended = header.removeprefix("attachment; ").split("; filename*=UTF-8''")
    assert unquote(extended) == name
    assert plain.count('"') == 2
    assert "\\" not in plain


def test_names_that_differ_in_case_or_form_only_are_told_apart() -> None:
    names = ["a.txt", "A.TXT", "a.txt", "\u00e9", "e\u0301", "ss", "\u00df", ".x", "a (2).txt"]
    unique = unique_names(names)
    assert unique[:3] == ["a.txt", "A (2).TXT", "a (3).txt"]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in unique}) == len(names)


@given(st.lists(NASTY.map(clean_file_name), max_size=8), st.integers(1, 3))
def test_unique_names_are_unique_and_as_harmless_as_before(names: list[str], times: int) -> None:
    unique = unique_names(names * times)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in unique}) == len(names) * times
    assert all(len(name.encode()) <= MAX_NAME_BYTES for name in unique)
    assert not any("/" in name or "\\" in name for name in unique)


def test_many_files_of_one_long_name_are_told_apart_at_once() -> None:
    long = clean_file_name("x" * 300 + ".png")
    unique = unique_names([long] * 20_000)
    assert len(set(unique)) == 20_000
    assert max(len(name.encode()) for name in unique) <= MAX_NAME_BYTES
    assert unique[-1].endswith(" (20000).png")


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=6))
def test_ranges_give_exactly_the_bytes_asked_for(size: int, pairs: list[tuple[int, int]]) -> None:
    header = "bytes=" + ",".join(f"{min(pair)}-{max(pair)}" for pair in pairs)
    asked = {byte for pair in pairs for byte in range(min(pair), max(pair) + 1) if byte < size}
    found = ranges.wanted(header, size=size, if_range=None, etag='"x"')
    if not asked:
        assert found == ranges.Unsatisfiable()
        return
    assert isinstance(found, tuple)
    given_bytes = [byte for span in found for byte in range(span.first, span.last + 1)]
    assert sorted(given_bytes) == sorted(asked)
    assert len(given_bytes) == len(asked), "a byte is sent twice"


@given(st.text(string.printable, max_size=60), st.integers(0, 10**6))
def test_no_range_header_breaks_anything(text: str, size: int) -> None:
    found = ranges.wanted(f"bytes={text}", size=size, if_range=None, etag='"x"')
    if isinstance(found, tuple):
        assert all(0 <= span.first <= span.last < size for span in found)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\uff1d", "\uff20"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert harmless(f"{start}cmd|'/c calc'!A1").startswith("'")
    assert harmless("plain = text") == "plain = text"
    assert harmless(-5) == "-5"
    assert harmless(None) == ""


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=5))
def test_csv_is_read_back_cell_by_cell(rows: list[list[str]]) -> None:
    text = b"".join(csv_lines(("a", "b"), rows)).decode("utf-8", "replace")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read[0] == ["a", "b"]
    assert [len(row) for row in read[1:]] == [2] * len(rows)


HEADERS = (
    "tus-resumable",
    "upload-length",
    "upload-offset",
    "upload-metadata",
    "upload-checksum",
    "content-type",
    "content-length",
)


@given(
    st.dictionaries(
        st.sampled_from(HEADERS), st.text(max_size=40) | st.sampled_from(["1.0.0", tus.BODY_TYPE, "5", "sha1 "])
    )
)
def test_headers_are_read_or_refused_and_nothing_else(headers: dict[str, str]) -> None:
    for read in (tus.require_version, tus.read_creation, tus.read_append):
        with contextlib.suppress(PalaverError):
            read(headers)
