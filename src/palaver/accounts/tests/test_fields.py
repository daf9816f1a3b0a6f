import pytest

from palaver.accounts.fields import OneLineField


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Zoë   Ó Briain ", "Zoë Ó Briain"),
        ("Bob\r\nBcc: all@example.org", "Bob Bcc: all@example.org"),
        ("a\tb\u2028c\u00a0d", "a b c d"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("nul\x00l\x1b[31m", "null[31m"),
        ("\u200e \u2066", ""),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_a_name_is_one_visible_line(typed: str, kept: str) -> None:
    assert OneLineField(required=False).to_python(typed) == kept
