"""The small Markdown of messages as HTML that is safe to put anywhere. The rules are in `docs/protocol/chat.md`.

markdown-it finds the structure with few rules switched on, nh3 then lets through only what the rules can make. The
browser follows the same rules by itself; `schema/markdown.json` holds both to them.
"""

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final

import nh3
from django.utils.html import escape
from markdown_it import MarkdownIt, helpers
from markdown_it.common.utils import stripEscape
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdurl import encode
from typing_extensions import override

MAX_DEPTH: Final = 10
"""Quotes, lists and list items inside each other. A text with more is shown as it was typed."""
MAX_ADDRESS_CHARS: Final = 2048

_CONTAINERS: Final = frozenset({"blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open"})
# As it stands in the link, encoded: a host, perhaps with letters beyond ASCII, and no user name that looks like one.
_SAFE_ADDRESS: Final = re.compile(
    r"(?:https?://(?:[a-z0-9._-]|%[89a-f][0-9a-f])+(?::[0-9]{1,5})?(?:[/?#]\S*)?|mailto:[^\s/]+)\Z", re.IGNORECASE
)
# A bare address: from the scheme on, up to white space or what never stands in one.
_BARE_ADDRESS: Final = re.compile(r"://[^\s<>\"`|\\^{}]+")
_CODE: Final = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_TRAILING_MARKS: Final = ".,:;!?'*_~"


def render_html(text: str) -> str:
    """A cleaned text as HTML: p, br, strong, em, code, pre, blockquote, ul, ol, li, a, and nothing else."""
    tokens = _PARSER.parse(text)
    if any(token.type in _CONTAINERS and token.level >= MAX_DEPTH for token in tokens):
        unsafe = "<p>" + escape(text).replace("\n", "<br>") + "</p>"
    else:
        unsafe = _PARSER.renderer.render(tokens, _PARSER.options, {})
    safe = nh3.clean(
        unsafe,
        tags={"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a"},
        attributes={"a": {"href"}, "ol": {"start"}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    # A line of a text is a `br` or is code; other line feeds only make HTML pretty, and comparing harder.
    return "".join(part if part.startswith("<pre>") else part.replace("\n", "") for part in _CODE.split(safe))


def is_safe_address(address: str) -> bool:
    """Whether a link may lead there: a web address with a host and without a user name in front of it, or mail."""
    if len(address) > MAX_ADDRESS_CHARS or _SAFE_ADDRESS.match(address) is None:
        return False
    # Whether it is one for browsers: of a host with letters that turn the text around nh3 takes the address away.
    return "href=" in nh3.clean(f'<a href="{escape(address)}">', link_rel=None)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """A web address in the text, found before emphasis is, so that `_` and `*` may stand in it."""
    if state.linkLevel > 0 or not state.src.startswith("://", state.pos):
        return False
    last = state.pending[-6:]
    scheme = next((name for name in ("https", "http") if last.lower().endswith(name)), None)
    if scheme is None:
        return False
    before = last[: -len(scheme)][-1:]
    found = _BARE_ADDRESS.match(state.src, state.pos, state.posMax)
    if found is None or before.isalnum() or len(found.group()) > MAX_ADDRESS_CHARS:
        return False
    typed = state.pending[-len(scheme) :] + _trimmed(found.group())
    address = state.md.normalizeLink(typed)
    if not state.md.validateLink(address):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme)]
        state.push("link_open", "a", 1).attrs = {"href": address}
        state.push("text", "", 0).content = typed
        state.push("link_close", "a", -1)
    state.pos += len(typed) - len(scheme)
    return True


def _links_to_nowhere(state: StateCore) -> None:
    """`[x]()` is a link for markdown-it; for us it is its text."""
    for token in state.tokens:
        kept: list[Token] = []
        open_links: list[bool] = []
        for child in token.children or ():
            if child.type == "link_open":
                open_links.append(bool(child.attrs.get("href")))
                is_kept = open_links[-1]
            else:
                is_kept = child.type != "link_close" or open_links.pop()
            if is_kept:
                kept.append(child)
        token.children = None if token.children is None else kept


def _trimmed(address: str) -> str:
    """Without the marks that end a sentence, and without brackets that were opened before it."""
    surplus = {")": address.count(")") - address.count("("), "]": address.count("]") - address.count("[")}
    end = len(address)
    while end > len("://"):
        mark = address[end - 1]
        if surplus.get(mark, 0) > 0:
            surplus[mark] -= 1
        elif mark not in _TRAILING_MARKS:
            break
        end -= 1
    return address[:end]


def _indented_code(_state: StateBlock, _first: int, _end: int, _silent: bool) -> bool:
    """Indented code is text here."""
    return False


def _code_block(_renderer: object, tokens: Sequence[Token], place: int, _options: object, _env: object) -> str:
    """A fence without its language: nothing is coloured."""
    return f"<pre><code>{escape(tokens[place].content)}</code></pre>\n"


def _without_title(_renderer: object, tokens: Sequence[Token], place: int, _options: object, _env: object) -> str:
    """Of a link only where it leads."""
    return f'<a href="{escape(str(tokens[place].attrs.get("href", "")))}">'


def _link_destination(source: str, at: int, end: int) -> Any:
    """markdown-it's own also reads entities in an address, `javascript&colon;` among them (CHAT-062)."""
    found = helpers.parseLinkDestination(source, at, end)
    if found.ok:
        is_in_angles = source[at] == "<"
        found.str = stripEscape(source[at + 1 : found.pos - 1] if is_in_angles else source[at : found.pos])
    return found


class _Parser(MarkdownIt):
    """Few rules, and our own idea of where a link may lead."""

    @override
    def validateLink(self, url: str) -> bool:
        return is_safe_address(url)

    @override
    def normalizeLink(self, url: str) -> str:
        return encode(url)

    @override
    def normalizeLinkText(self, link: str) -> str:
        return link


def _make_parser() -> MarkdownIt:
    # Two levels of room, so that a container that is too deep is seen rather than left out.
    parser = _Parser("zero", {"maxNesting": MAX_DEPTH + 2, "breaks": True, "html": False})
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]  # a module, of which the rules use these
        parseLinkLabel=helpers.parseLinkLabel,
        parseLinkTitle=helpers.parseLinkTitle,
        parseLinkDestination=_link_destination,
    )
    parser.enable(["blockquote", "list", "fence", "paragraph", "code"])
    # On, so that what is indented by four columns begins nothing, as in CommonMark; but no code is made of it either.
    parser.block.ruler.at("code", _indented_code)
    parser.enable(["backticks", "emphasis", "link", "autolink", "escape", "newline", "balance_pairs", "fragments_join"])
    parser.inline.ruler.before("link", "bare_address", _bare_address)
    parser.core.ruler.push("links_to_nowhere", _links_to_nowhere)
    parser.add_render_rule("fence", _code_block)
    parser.add_render_rule("link_open", _without_title)
    return parser


_PARSER: Final = _make_parser()
