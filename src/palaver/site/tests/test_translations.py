"""Every text of the pages has its German, and the compiled catalogue is that of its source."""

import gettext
import re
from pathlib import Path

import pytest
from django.test import Client

FOLDER = Path(__file__).parents[2] / "locale" / "de" / "LC_MESSAGES"
ENTRY = re.compile(
    r'msgid ((?:".*"\n)+)(?:msgid_plural ((?:".*"\n)+))?((?:msgstr(?:\[\d\])? (?:".*"\n)+)+)', re.MULTILINE
)


def text_of(lines: str) -> str:
    return "".join(re.findall(r'"(.*)"\n', lines)).replace('\\"', '"').replace("\\n", "\n")


def entries() -> list[tuple[str, str, list[str]]]:
    found = []
    source = (FOLDER / "django.po").read_text("utf-8") + "\n"
    for key, plural, translations in ENTRY.findall(source):
        texts = [text_of(part) for part in re.split(r"^msgstr(?:\[\d\])? ", translations, flags=re.MULTILINE)[1:]]
        found.append((text_of(key), text_of(plural), texts))
    return [entry for entry in found if entry[0]]


def test_nothing_is_left_untranslated_or_doubtful() -> None:
    assert len(entries()) > 200
    assert [key for key, _, texts in entries() if not all(texts)] == []
    assert "fuzzy" not in (FOLDER / "django.po").read_text("utf-8")


def test_translations_keep_the_placeholders() -> None:
    holders = re.compile(r"%\(\w+\)\w|</?strong>")
    for key, plural, texts in entries():
        for text in texts:
            assert set(holders.findall(text)) == set(holders.findall(plural or key)), key


def test_the_compiled_catalogue_is_up_to_date() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for key, plural, texts in entries():
        if plural:
            assert [compiled.ngettext(key, plural, count) for count in (1, 2)] == texts
        else:
            assert compiled.gettext(key) == texts[0]


def test_every_text_in_the_templates_is_in_the_catalogue() -> None:
    known = {key for key, _, _ in entries()}
    used = set()
    for template in (Path(__file__).parents[2] / "templates").rglob("*"):
        if template.suffix in (".html", ".txt"):
            used |= set(re.findall(r'{% translate "([^"]+)"', template.read_text("utf-8")))
    assert len(used) > 150
    assert used - known == set()


@pytest.mark.django_db
def test_pages_are_german_for_a_browser_that_asks_for_it(client: Client) -> None:
    page = client.get("/", HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9,en;q=0.5").content.decode()
    assert '<html lang="de"' in page
    assert "Setz dich mit unter den Baum." in page
    assert "Come and sit" not in page
