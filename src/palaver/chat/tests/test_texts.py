"""CHAT-010, CHAT-060 to CHAT-066: what is kept of a text, and how it is shown."""

import json
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from typing_extensions import override

from palaver.chat.markdown import is_safe_address, render_html
from palaver.chat.texts import clean_text, search_form

CORPUS: dict[str, Any] = json.loads((Path(__file__).parents[4] / "schema/markdown.json").read_text())
MARKS = list("[]()<>*_`~>-+1.\\!:/@#&;'\" \n\t")
PIECES = ["https://", "javascript:", "mailto:", "data:", "```", "](", "\u202e", "\u200b", "<script>", "\x00"]
HOSTILE = st.lists(st.one_of(st.sampled_from([*MARKS, *PIECES]), st.characters()), max_size=200).map("".join)


@pytest.mark.parametrize("case", CORPUS["cleaning"], ids=lambda case: case["name"])
def test_a_text_is_kept_as_the_corpus_says(case: dict[str, str]) -> None:
    assert clean_text(case["input"]) == case["text"]


@pytest.mark.parametrize("case", CORPUS["rendering"], ids=lambda case: case["name"])
def test_a_text_is_shown_as_the_corpus_says(case: dict[str, str]) -> None:
    assert render_html(case["text"]) == case["html"]


@given(HOSTILE)
def test_cleaning_twice_changes_nothing_more_and_leaves_nothing_that_turns_or_hides(text: str) -> None:
    kept = clean_text(text)
    assert clean_text(kept) == kept
    assert not set(kept) & {"\u202e", "\u2066", "\u200b", "\u2060", "\ufeff", "\x00", "\r", "\x1b"}


class Reader(HTMLParser):
    """Notes everything that is not text, and the text itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.text = ""
        self.open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attrs)
        if tag == "a":
            self.addresses.append(found.pop("href", None) or "")
            assert found == {"target": "_blank", "rel": "noopener noreferrer nofollow"}
        elif tag == "ol":
            assert set(found) <= {"start"}
        else:
            assert not found
        if tag != "br":
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data

    @override
    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment got through")


@given(HOSTILE)
def test_whatever_is_written_only_harmless_tags_and_addresses_come_out(text: str) -> None:
    """CHAT-061, CHAT-063."""
    reader = Reader()
    reader.feed(render_html(clean_text(text)))
    reader.close()
    assert reader.tags <= {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
    assert not reader.open
    for address in reader.addresses:
        # An address that even nh3 cannot read leads nowhere.
        assert not address or is_safe_address(address)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_no_letter_is_lost_whatever_stands_around_it(word: str) -> None:
    kept = clean_text(word)
    for text in (f"> - {kept}", f"**{kept}** _{kept}_", f"`{kept}`", ">" * 30 + kept, f"[{kept}](x)", f"```\n{kept}"):
        reader = Reader()
        reader.feed(render_html(text))
        assert kept in reader.text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", " https://a.example", "https:a.example", "https:/a.example",
        "https://", "https:///x", "https://@a.example", "https://u:p@a.example", "https://a.example\\@b.example",
        "//a.example", "/x", "data:text/html,x", "vbscript:x", "blob:https://a.example", "ftp://a.example",
        "https://a.example\n", "https://a.example/ x", "mailto:", "mailto:a b", "https://[::1]/",
        "https://a.example/" + "x" * 2048,
    ],
)  # fmt: skip
def test_a_link_leads_to_a_web_address_or_to_mail_only(address: str) -> None:
    """CHAT-063."""
    assert not is_safe_address(address)


PUMPS = [
    "https://",
    "[", "[]", "[a](", "*", "*a ", "**a ", "a*_", "`", "`a``b", "> ", "> a\n", "- ", "- a\n", "<", "<https://",
    "https://a.b/(((", "https://a.b ", "https://a.b/))", "\\", "[](", "![", "[[a]]", "```\n", "\n", "\t", "(", "](",
    "[*_", "**_* ", "1. a\n", "> a\nb\n", "[x](((((", "<a@b", "&", "://", "_ ", "~~~",
]  # fmt: skip


@pytest.mark.parametrize("pump", PUMPS)
def test_the_cost_of_a_text_grows_with_its_length_alone(pump: str) -> None:
    """Steps of the interpreter, not seconds: four times the text may cost six times as much, not sixteen."""
    short, long = ((pump * 4000)[:length] for length in (2600, 10400))
    assert steps(lambda: render_html(long)) < 6 * steps(lambda: render_html(short)) + 20_000


def steps(work: Callable[[], object]) -> int:
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("Straße", "STRASSE"), ("\uff21\uff22\uff23", "abc"), ("Ångström", "a\u030angstro\u0308m"), ("ﬁn", "FIN")],
)
def test_a_search_knows_neither_case_nor_form(text: str, wanted: str) -> None:
    assert search_form(text) == search_form(wanted)
