"""LIVE-030: names that are safe to show beside other names."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from palaver.live.domain.people import MAX_NAME_CHARS, Identity, Tone, clean_name, tone_of


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Bob", "Bob"),
        ("  Bob \t\n Builder ", "Bob Builder"),
        ("A\u030asa", "Åsa"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\u2066b\u2069c", "abc"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("nul\x00l\x1b[31m", "null[31m"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001 - Persian, with the joiner that it needs
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\u200d\u200c", "Guest"),
        ("\u3164\u115f", "Guest"),
        ("", "Guest"),
        (None, "Guest"),
        ("x" * 200, "x" * 80),
        ("\ud800", "Guest"),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_a_name_is_cleaned(given_name: str | None, kept: str) -> None:
    assert clean_name(given_name) == kept


@given(st.text(max_size=300))
def test_a_clean_name_is_short_visible_and_stays_clean(text: str) -> None:
    name = clean_name(text)
    assert 0 < len(name) <= MAX_NAME_CHARS
    assert name == name.strip()
    assert unicodedata.is_normalized("NFC", name)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} for char in name)
    assert not any(
        unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI"} for char in name
    )
    assert clean_name(name) == name
    name.encode()


def test_a_colour_belongs_to_an_identity_and_all_are_used() -> None:
    tones = [tone_of(Identity(f"g_{number}")) for number in range(600)]
    assert tone_of(Identity("g_7")) is tones[7]
    for tone in Tone:
        assert 50 < tones.count(tone) < 170
