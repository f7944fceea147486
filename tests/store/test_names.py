"""Names become slugs and columns that files, addresses and Lance can bear."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.errors import InvalidInputError
from relevanceai.store.names import checked_name, column_of, field_of, slug

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@given(NAMES)
def test_a_slug_is_one_plain_segment(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}(~[0-9a-f]{20})?", slug(name))


@given(NAMES, NAMES)
def test_two_names_have_two_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/b", "a\\b", "CON", "con", "nul", "x" * 300, "Ecommerce", "ä", "🥾", " a "],
)
def test_names_that_mean_something_to_a_file_system_get_a_digest(name: str) -> None:
    assert "~" in slug(name)


def test_a_plain_name_is_its_own_slug() -> None:
    assert slug("ecommerce") == "ecommerce"
    assert slug("product_image_clip_vector_") == "product_image_clip_vector_"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_field_comes_back_from_its_column(name: str) -> None:
    column = column_of(name)
    assert column
    assert "." not in column
    assert "~" not in column
    assert not column.startswith(("_label_", "_row"))
    assert field_of(column) == name
    assert field_of(column + "~2") == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (7, "A dataset name must be text, but got int: 7."),
        ("", "A dataset name must not be empty or blank, but got ''."),
        ("  ", "A dataset name must not be empty or blank, but got '  '."),
        ("a\nb", "The dataset name 'a\\nb' holds a control character. Pass it without."),
        ("a\ud800", "The dataset name 'a\\ud800' holds a control character. Pass it without."),
        (
            "x" * 1001,
            "A dataset name may have 1,000 characters, but got 1,001. Pass a shorter one.",
        ),
    ],
)
def test_a_name_that_cannot_be_kept_is_refused(name: object, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_name(name, "dataset")
    assert str(caught.value) == message


def test_two_spellings_of_one_accent_are_one_name() -> None:
    assert checked_name("cafe\u0301", "dataset") == "caf\u00e9"
