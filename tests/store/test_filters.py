"""Filters of the old SDK's form, hostile ones too, decide row by row."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.store.filters import fields_in, matching

ROWS: dict[str, list[object]] = {
    "_id": ["a", "b", "c", "d"],
    "title": ["Red boots", "blue shoes", None, "x' OR 1=1 --"],
    "price": [10, 20.5, None, 0],
    "day": [
        dt.datetime(2022, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2022, 6, 1, tzinfo=dt.UTC),
        None,
        "2023-01-01",
    ],
}


def one(field: str, kind: str, value: object, condition: str = "==") -> dict[str, object]:
    return {
        "field": field,
        "filter_type": kind,
        "condition": condition,
        "condition_value": value,
    }


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ([], "abcd"),
        ([one("title", "exact_match", "Red boots")], "a"),
        ([one("title", "exact_match", "Red boots", "!=")], "bcd"),
        ([one("title", "contains", "oes")], "b"),
        ([one("title", "contains", "' OR 1=1")], "d"),
        ([one("title", "categories", ["Red boots", "blue shoes"])], "ab"),
        ([one("title", "categories", "blue shoes")], "b"),
        ([one("title", "exists", "")], "abd"),
        ([one("title", "exists", "", "!=")], "c"),
        ([one("price", "numeric", 10, ">=")], "ab"),
        ([one("price", "numeric", 10, "<")], "d"),
        ([one("price", "exact_match", 0)], "d"),
        ([one("title", "numeric", 10, "<")], ""),
        ([one("title", "exact_match", 10, "<")], ""),
        ([one("day", "date", "2022-03-01", ">")], "bd"),
        ([one("day", "date", dt.date(2022, 3, 1), "<")], "a"),
        ([{"filter_type": "ids", "condition_value": ["d", "a", "zz"]}], "ad"),
        ([one("price", "numeric", 5, ">"), one("title", "contains", "blue")], "b"),
        (
            [
                {
                    "filter_type": "or",
                    "condition_value": [
                        one("price", "numeric", 5, "<"),
                        one("title", "contains", "blue"),
                    ],
                }
            ],
            "bd",
        ),
    ],
)
def test_which_rows_pass(filters: list[dict[str, object]], kept: str) -> None:
    fields_in(filters, list(ROWS), dataset="things")
    passed = matching(filters, ROWS, 4)
    assert (
        "".join(str(name) for name, good in zip(ROWS["_id"], passed, strict=True) if good) == kept
    )


@given(st.text(), st.sampled_from(["exact_match", "contains", "categories"]))
def test_hostile_values_only_ever_compare(value: str, kind: str) -> None:
    passed = matching([one("title", kind, value)], ROWS, 4)
    for title, good in zip(ROWS["title"], passed, strict=True):
        if kind == "contains":
            assert good == (title is not None and value in str(title))
        else:
            assert good == (title == value)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            one("title", "contains", "x"),
            "Filters come as a list of dicts, but got {'field': 'title', 'filter_type': "
            "'contains', 'condition': '==', 'condition_valu.",
        ),
        (
            [{"field": "title", "filter_type": "like"}],
            "A filter is a dict with 'field', 'filter_type' (one of 'exact_match', 'contains', "
            "'categories', 'exists', 'numeric', 'date', 'ids', 'or', 'and', 'not'), 'condition' and "
            "'condition_value', but got {'field': 'title', 'filter_type': 'like'}.",
        ),
        (
            [one("price", "numeric", "10")],
            "A numeric filter compares with a number, not '10'.",
        ),
        (
            [one("day", "date", "yesterday")],
            "A date filter compares with a date (ISO text or datetime), not 'yesterday'.",
        ),
        (
            [one("price", "numeric", 1, "=>")],
            "Unknown condition '=>' in a filter. Use one of '==', '!=', '>', '>=', '<', '<='.",
        ),
        (
            [{"filter_type": "contains", "condition_value": "x"}],
            "A filter names its 'field', but got {'filter_type': 'contains', 'condition_value': 'x'}.",
        ),
        (
            [{"filter_type": "contains", "field": "title"}],
            "A filter has a 'condition_value', but got {'filter_type': 'contains', "
            "'field': 'title'}.",
        ),
        (
            [{"filter_type": "or", "condition_value": "x"}],
            "An 'or' filter holds a list of filters, but got 'x'.",
        ),
    ],
)
def test_a_filter_of_another_form_is_refused(
    filters: list[dict[str, object]], message: str
) -> None:
    def check() -> None:
        fields_in(filters, list(ROWS), dataset="things")
        matching(filters, ROWS, 4)

    with pytest.raises(InvalidInputError) as caught:
        check()
    assert str(caught.value).startswith(message)


def test_a_filter_on_an_unknown_field_lists_the_fields() -> None:
    with pytest.raises(NotFoundError) as caught:
        fields_in([one("titel", "contains", "x")], list(ROWS), dataset="things")
    assert str(caught.value) == (
        "No field 'titel' in dataset 'things'. It has: 'title', 'price', '_id', 'day'."
    )
