import math

import pytest
from hypothesis import given, strategies as st

from palaver.meetings import slugs


def test_a_link_holds_at_least_80_random_bits() -> None:
    words = len(set(slugs.words()))
    tail = len(set(slugs._TAIL_ALPHABET))
    bits = slugs._WORD_COUNT * math.log2(words) + slugs._TAIL_LENGTH * math.log2(tail)
    assert bits >= 80


def test_links_look_as_they_should_and_differ() -> None:
    made = {slugs.new_slug() for _ in range(500)}
    assert len(made) == 500
    assert all(slugs._SHAPE.fullmatch(slug) for slug in made)


def test_every_word_of_the_list_comes_up() -> None:
    seen = {word for _ in range(3000) for word in slugs.new_slug().split("-")[:3]}
    assert seen == set(slugs.words())


def test_a_pasted_link_is_understood_in_every_form() -> None:
    slug = slugs.new_slug()
    for text in (
        slug,
        f"  {slug}\n",
        f"https://meet.example.org/m/{slug}",
        f"meet.example.org/m/{slug}/?x=1#y",
        slug.upper(),
        f"http://localhost:8000/m/{slug}",
    ):
        assert slugs.slug_in(text) == slug


@pytest.mark.parametrize("text", ["", "/", "hello", "https://example.org/", "a-b-c-d", "oak-oak-oak-short"])
def test_what_is_no_link_is_none(text: str) -> None:
    assert slugs.slug_in(text) is None


def test_letters_that_look_like_digits_are_read_as_digits_in_the_tail_only() -> None:
    assert slugs.normal_slug("Lilac-Olive-Iris-oilk2mqx9vtp") == "lilac-olive-iris-011k2mqx9vtp"


@given(st.text(max_size=600))
def test_any_text_is_answered_and_never_raises(text: str) -> None:
    found = slugs.slug_in(text)
    assert found is None or slugs._SHAPE.fullmatch(found)
