"""The pages that stand when nothing else does: no request, no user and no built asset is needed to show them."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

PUBLIC = Path(__file__).parents[4] / "web" / "public"


@pytest.mark.parametrize("template", ["400.html", "500.html", "503.html"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_about_a_fault_says_its_language_and_needs_nothing_that_was_built(template: str, language: str) -> None:
    with translation.override(language):
        page = render_to_string(template)
    assert f'<html lang="{language}" dir="ltr">' in page
    addresses = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    assert "plain.css" in addresses
    assert [name for name in addresses if not (PUBLIC / name).is_file()] == []
    assert '<a href="/">' in page
