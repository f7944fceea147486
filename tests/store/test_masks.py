"""Filters on Arrow columns pass exactly what they pass value by value, hostile ones too."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relevanceai.store.columns import Field, from_arrow, kind_of, to_arrow
from relevanceai.store.filters import COMPARISONS, fields_in, matching
from relevanceai.store.labels import Clustering
from relevanceai.store.masks import rows_passing

WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3) | st.sampled_from([2**53, 2**53 + 1])
NUMBER = st.floats() | st.sampled_from([-0.0, 0.0, 1.0, 2.0**53, 2.0**63, 0.5])
TEXT = st.text(max_size=4) | st.sampled_from(["", "x' OR 1=1 --", "2022-01-01", "%", "\0", "é"])
MOMENT = st.datetimes() | st.sampled_from([dt.datetime(2022, 1, 1), dt.datetime(1, 1, 1)])
AWARE = MOMENT.map(lambda moment: moment.replace(tzinfo=dt.UTC))
DAY = st.dates() | st.just(dt.date(2022, 1, 1))
JSON = st.recursive(WHOLE | TEXT | st.booleans(), lambda inner: st.lists(inner, max_size=2))
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "integer": WHOLE,
    "number": NUMBER,
    "bool": st.booleans(),
    "date": AWARE,
    "local_date": MOMENT,
    "day": DAY,
    "bytes": st.binary(max_size=3),
    "json": JSON,
}
ANYTHING = (
    st.one_of(*KINDS.values()) | st.integers() | st.sampled_from([Decimal("1"), Decimal("NaN")])
)
CONDITIONS = st.sampled_from(list(COMPARISONS))


def filters_on(field: str) -> st.SearchStrategy[dict[str, object]]:
    """Filters of every type on one field, their values of any type that the type takes."""
    values = {
        "exact_match": ANYTHING,
        "contains": ANYTHING,
        "categories": st.lists(ANYTHING, max_size=4) | TEXT,
        "exists": st.just(""),
        "numeric": WHOLE | NUMBER | st.integers(),
        "date": AWARE | MOMENT | DAY | MOMENT.map(dt.datetime.isoformat),
    }
    return st.one_of(
        *(
            st.fixed_dictionaries(
                {
                    "field": st.just(field),
                    "filter_type": st.just(kind),
                    "condition": CONDITIONS,
                    "condition_value": value,
                }
            )
            for kind, value in values.items()
        )
    )


def chunked(values: Sequence[object], kind: str) -> pa.ChunkedArray:
    """The column, in two chunks of which the second is a slice."""
    array = to_arrow([None, *values], kind)
    half = len(values) // 2
    return pa.chunked_array([array[1 : 1 + half], array[1 + half :]], type=array.type)


@pytest.mark.parametrize("kind", list(KINDS))
@given(data=st.data())
def test_arrow_passes_what_the_values_pass(kind: str, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.none() | KINDS[kind], max_size=8))
    field = Field("f", "f", kind)
    column = chunked(drawn, kind)
    kept = from_arrow(column, field)
    pool = [value for value in kept if value is not None]
    filters = data.draw(st.lists(filters_on("f"), max_size=2))
    if pool:  # values that are there, too
        value = data.draw(st.sampled_from(pool))
        condition = data.draw(CONDITIONS)
        kinds = st.sampled_from(["exact_match", "contains", "categories"])
        filters.append(
            {
                "field": "f",
                "filter_type": (filter_type := data.draw(kinds)),
                "condition": condition,
                "condition_value": [value, "x"] if filter_type == "categories" else value,
            }
        )
    for one in filters:
        for nested in ([one], [{"filter_type": "not", "condition_value": [one]}]):
            passed = rows_passing(nested, {"f": (column, field)}, len(kept))
            assert passed.tolist() == matching(nested, {"f": kept}, len(kept)).tolist(), one


def test_a_number_that_is_none_is_not_among_those_asked_for_even_as_the_same_object() -> None:
    nan = float("nan")
    one = {"field": "f", "filter_type": "categories", "condition_value": [nan, 1.0]}
    column = {"f": (chunked([nan, 1.0], "number"), Field("f", "f", "number"))}
    assert rows_passing([one], column, 2).tolist() == [False, True]
    assert matching([one], {"f": [nan, 1.0]}, 2).tolist() == [False, True]


@given(st.text(max_size=3), st.sampled_from(["exact_match", "contains", "categories"]))
@example("\ud800", "contains")
@example("", "contains")
def test_text_only_ever_compares(wanted: str, kind: str) -> None:
    texts = ["", "a", "' OR 1=1", "Ünïcode", None]
    one = {"field": "f", "filter_type": kind, "condition_value": wanted}
    column = {"f": (chunked(texts, "text"), Field("f", "f", "text"))}
    assert rows_passing([one], column, 5).tolist() == matching([one], {"f": texts}, 5).tolist()


@pytest.mark.parametrize(
    ("filter_type", "value", "condition", "passing"),
    [
        ("exact_match", "cluster-1", "==", [1]),
        ("categories", ["cluster-1", "outlier"], "==", [1, 2]),
        ("contains", "cluster", "==", [0, 1]),
        ("exists", "", "==", [0, 1, 2]),
        ("exists", "", "!=", [3]),
        ("exact_match", "outlier", "!=", [0, 1, 3]),
    ],
)
def test_labels_are_asked_by_their_public_ids(
    filter_type: str, value: object, condition: str, passing: list[int]
) -> None:
    clustering = Clustering("t", ("v",), "a", ("cluster-0", "cluster-1"), {}, "")
    leaves = pa.chunked_array([pa.array([0, 1, -1, None], pa.int32())])
    one = {
        "field": "l",
        "filter_type": filter_type,
        "condition": condition,
        "condition_value": value,
    }
    assert np.flatnonzero(rows_passing([one], {"l": (leaves, clustering)}, 4)).tolist() == passing


def test_and_or_and_not_nest() -> None:
    column = {"f": (chunked([1, 2, 3, None], "integer"), Field("f", "f", "integer"))}
    more = {"field": "f", "filter_type": "numeric", "condition": ">", "condition_value": 1}
    less = {"field": "f", "filter_type": "numeric", "condition": "<", "condition_value": 3}
    both = {"filter_type": "and", "condition_value": [more, less]}
    nested = [
        ([both], [False, True, False, False]),
        ([{"filter_type": "not", "condition_value": [both]}], [True, False, True, True]),
        ([{"filter_type": "or", "condition_value": [both, less]}], [True, True, False, False]),
        ([{"filter_type": "or", "condition_value": []}], [False] * 4),
        ([{"filter_type": "not", "condition_value": []}], [False] * 4),
    ]
    for filters, passing in nested:
        assert fields_in(filters, ["f"], dataset="d") in (["f"], [])
        assert rows_passing(filters, column, 4).tolist() == passing


def test_zero_has_no_sign() -> None:
    column = {"f": (chunked([0.0, -0.0], "number"), Field("f", "f", "number"))}
    for zero in (0, 0.0, -0.0):
        one = {"field": "f", "filter_type": "categories", "condition_value": [zero]}
        assert rows_passing([one], column, 2).tolist() == [True, True]


def test_an_empty_column_passes_nothing() -> None:
    column = {"f": (pa.chunked_array([], pa.string()), Field("f", "f", "text"))}
    one = {"field": "f", "filter_type": "date", "condition_value": "2022-01-01"}
    assert rows_passing([one], column, 0).tolist() == []


class Whole(int):
    """A number that Python would look for in a range by trying each."""


@pytest.mark.parametrize(
    "wanted", [[1.0], [1.0, 2.5, 1e308], [float("inf"), 1], [Whole(1)], [2**70, 1, True]]
)
def test_numbers_of_any_type_among_several_are_found_at_once(wanted: list[object]) -> None:
    column = pa.chunked_array([pa.array([1, 2, None], pa.int64())])
    asked = {"field": "n", "filter_type": "categories", "condition_value": wanted}
    columns = {"n": (column, Field("n", "n", "integer"))}
    assert rows_passing([asked], columns, 3).tolist() == [True, False, False]
    for one in wanted:
        alone = {"field": "n", "filter_type": "exact_match", "condition_value": one}
        assert rows_passing([alone], columns, 3).tolist() == [one == 1, False, False]


def test_a_whole_number_of_another_class_is_kept_as_one() -> None:
    assert kind_of([Whole(3), None]) == "integer"
