"""axe-core in a page: WCAG 2.0 to 2.2, A and AA, and its best practices."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# With colours of the system's own the browser paints others than axe reads, and contrast is the system's affair.
_RUN = """
(tags) => axe.run(document, {
  runOnly: tags,
  rules: { 'color-contrast': { enabled: !matchMedia('(forced-colors: active)').matches } },
})
"""

# Each size and each theme in `make test`; the other pairs in `make proof`.
LOOKS = [
    pytest.param(1440, 900, "light"),
    pytest.param(390, 844, "dark"),
    pytest.param(1440, 900, "dark", marks=pytest.mark.proof),
    pytest.param(390, 844, "light", marks=pytest.mark.proof),
]
# The same for pages that are quick to load, at three widths: each look is (width, height, theme).
PAGE_LOOKS = [
    pytest.param([(1440, 900, "light"), (390, 844, "dark"), (320, 640, "light")], id="some"),
    pytest.param([(1440, 900, "dark"), (390, 844, "light"), (320, 640, "dark")], id="rest", marks=pytest.mark.proof),
]
Looks = list[tuple[int, int, Literal["light", "dark"]]]


@cache
def _axe_source() -> str:
    return AXE.read_text()


def violations(page: Page) -> list[str]:
    """What axe finds wrong in *page* as it is now, one line a rule and element; empty when it finds nothing."""
    # Evaluated, not added as a script: the page's content-security policy rightly refuses inline scripts.
    page.evaluate(_axe_source())
    found: dict[str, Any] = page.evaluate(_RUN, TAGS)
    return [
        f"{rule['id']}: {' '.join(node['target'])}: {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider
