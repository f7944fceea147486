"""Terms of texts: any script, any markup, any length."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.contrast.terms import as_written, plain, term_table, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("!?., -- ''", []),
        ("Boots. Red", ["boots", "red"]),
        ("red boots", ["red", "boots", "red boots"]),
        ("Women\u2019s T-Shirt", ["women's", "t", "shirt", "women's t", "t shirt"]),
        ("<b class='x'>Hi</b><br/>you &amp; me", ["hi", "you", "me", "hi you", "you me"]),
        ("a < b > c", ["a", "b", "c"]),
        ("连衣裙", ["连衣", "衣裙", "连衣裙"]),
        ("靴", ["靴"]),
        ("黒いブーツ", ["黒い", "ブーツ"]),
        ("รองเท้า", ["รอ", "อง", "งเ", "เท้", "ท้า", "รอง", "องเ", "งเท้", "เท้า"]),
        ("हिन्दी जूते", ["हिन्दी", "जूते", "हिन्दी जूते"]),
        ("\u200fמגפיים שחורים", ["מגפיים", "שחורים", "מגפיים שחורים"]),
        ("한국어 신발", ["한국어", "신발", "한국어 신발"]),
        ("👢❤️🇩🇪👩🏽\u200d🚀", ["👢", "❤", "🇩🇪", "👩🏽\u200d🚀", "👢 ❤", "❤ 🇩🇪", "🇩🇪 👩🏽\u200d🚀"]),
        ("Cafe\u0301 CAFÉ", ["café", "café"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("damaged damaged box", ["damaged", "damaged", "box", "damaged box"]),
        ("co\u00adoperate", ["cooperate"]),
    ],
)
def test_a_text_has_these_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@given(st.text(max_size=60))
def test_terms_are_words_already(text: str) -> None:
    for term in terms(text, longest=1):
        assert term
        assert not any(sign.isspace() for sign in term)


@given(st.text(max_size=60))
def test_terms_do_not_depend_on_how_letters_are_composed(text: str) -> None:
    assert terms(unicodedata.normalize("NFD", text)) == terms(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    "text",
    [
        "<" * 100_000,
        "<a " * 30_000,
        "a'" * 50_000,
        "👩\u200d" * 50_000,
        "靴" * 100_000,
        "&" * 100_000,
    ],
    ids=["open", "tags", "apostrophes", "joiners", "unspaced", "entities"],
)
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    assert len(terms(text)) <= 2 * len(text)


def test_a_term_counts_once_a_document() -> None:
    table = term_table(["boot boot boot", "", "boot hat"], longest=1)
    assert table.vocabulary == ["boot", "hat"]
    assert table.counts(np.array([0, 0, 1]), 2).tolist() == [[1, 0], [1, 1]]
    assert table.counts(np.array([0, 0, -1]), 1).tolist() == [[1, 0]]


def test_no_texts_have_no_terms() -> None:
    table = term_table([])
    assert (table.vocabulary, table.n_documents) == ([], 0)
    assert table.counts(np.empty(0, np.int64), 2).shape == (2, 0)


@pytest.mark.parametrize(
    ("term", "texts", "expected"),
    [
        ("t shirt", ["T-Shirt", "t shirt", "A T-Shirt"], "T-Shirt"),
        ("women's", ["WOMEN\u2019S", "Women's Women's"], "Women's"),
        ("连衣裙", ["红色连衣裙"], "连衣裙"),
        ("boot", ["boots", "BOOT"], "BOOT"),
        ("hat", ["nothing like it"], "hat"),
        ("a.b", ["axb"], "a.b"),
    ],
)
def test_a_term_is_spelt_as_the_texts_spell_it(term: str, texts: list[str], expected: str) -> None:
    assert as_written(term, texts) == expected


def test_markup_is_no_text() -> None:
    assert plain("<script>x</script>").split() == ["x"]
