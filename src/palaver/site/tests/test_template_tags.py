import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from palaver.site import template_tags


@pytest.fixture
def manifest(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.PALAVER_WEB_DIST = tmp_path  # type: ignore[attr-defined]
    (tmp_path / ".vite").mkdir()
    return tmp_path / ".vite" / "manifest.json"


def test_an_entry_brings_its_styles_module_and_shared_pieces(manifest: Path) -> None:
    manifest.write_text(
        json.dumps(
            {
                "src/pages/call.tsx": {"file": "assets/call-1.js", "css": ["assets/call-1.css"], "imports": ["_a.js"]},
                "_a.js": {
                    "file": "assets/a-1.js",
                    "css": ["assets/a-1.css"],
                    "imports": ["_b.js", "src/pages/call.tsx"],
                },
                "_b.js": {"file": "assets/b-1.js"},
            }
        )
    )
    assert template_tags.vite("src/pages/call.tsx") == (
        '<link rel="stylesheet" href="/static/assets/a-1.css">'
        '<link rel="stylesheet" href="/static/assets/call-1.css">'
        '<link rel="modulepreload" href="/static/assets/a-1.js">'
        '<link rel="modulepreload" href="/static/assets/b-1.js">'
        '<script type="module" src="/static/assets/call-1.js"></script>'
    )


def test_a_client_that_is_not_built_is_an_error_that_says_what_to_do(manifest: Path) -> None:
    with pytest.raises(RuntimeError, match="make web"):
        template_tags.vite("src/pages/site.ts")


def test_icons_are_skipped_by_assistive_technology() -> None:
    for path in template_tags._ICON_FOLDER.glob("*.svg"):
        assert template_tags.icon(path.stem, "sm").startswith('<svg class="i sm" aria-hidden="true" ')


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "1 min"), (52 * 60, "52 min"), (3600, "1 h 0 min"), (74 * 60 + 20, "1 h 14 min")]
)
def test_a_span_of_time_is_told_in_words(seconds: int, words: str) -> None:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert template_tags.spent(start, start + timedelta(seconds=seconds)) == words
