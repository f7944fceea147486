"""What a field is compared as, and what is left out with which reason."""

import datetime as dt

import numpy as np
import pytest

from relevanceai.contrast.fields import settled

DAY = dt.datetime(2024, 1, 1)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["red boots for winter", "blue hat", "a bag of gold", "hat two"] * 3, "category"),
        ([f"title number {i} of many" for i in range(30)], "text"),
        ([f"靴子{i}号红色" for i in range(30)], "text"),
        (["red", "blue", "red", None], "category"),
        (["mens trainers", "womens boots", "handbag"] * 10, "category"),
        ([f"brand{i % 20}" for i in range(30)], "category"),
        ([["a", "b"], [], ["b"]], "tags"),
        ([1.5, 2, 3.25, None], "number"),
        ([3, 1, 2, 2, 5], "number"),
        ([10, 500, 7000, 90000], "number"),
        ([3, 1, 2] * 10, "category"),
        ([3, 1, 2] * 9, "number"),
        ([3.5, 1.0, 2.0] * 10, "number"),
        (list(range(20)) * 10, "category"),
        (list(range(21)) * 10, "number"),
        ([True, False, None], "boolean"),
        ([DAY, DAY + dt.timedelta(days=2)], "date"),
        ([dt.date(2024, 1, 1), dt.date(2023, 1, 1)], "date"),
        (["2024-01-01", "2024-02-01T10:00:00Z"], "date"),
        ([np.float32(1.5), np.float64(2.5)], "number"),
        ([1.0, 2.0, float("nan"), float("inf")], "number"),
        ([1.0] * 19 + [2.0, "odd"], "number"),
    ],
)
def test_a_field_is_compared_as_what_its_values_are(values: list[object], kind: str) -> None:
    column, _, _ = settled("field", values)
    assert column is not None
    assert column.kind == kind


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("_id", ["a", "b"], "is the id of the document"),
        ("f", [None, "", " ", float("nan")], "has no value in any of these documents"),
        ("f", [], "has no value in any of these documents"),
        ("f", ["same", "same"], "has the same value everywhere"),
        ("f", [2.0, 2.0, None], "has the same value everywhere"),
        ("f", ["k1", "k2", "k3"], "is another single word in each document: an id"),
        ("f", [7, 8, 9, 10], "is a whole number of its own in each document: an id"),
        ("userId", [7, 900, 12], "is a whole number of its own in each document: an id"),
        ("f", ["https://a.example/1", "https://a.example/2"], "holds addresses or names of files"),
        ("f", ["pic 1.png", "a.png", "b.JPG"], "holds addresses or names of files"),
        ("f", [b"\x89PNG", b"x"], "holds bytes, such as pictures"),
        ("f", [{"a": 1}, {"a": 2}], "holds objects: hand in the field inside that matters"),
        ("f", [[0.1, 0.2], [0.3, 0.4]], "holds lists of something else than text, such as vectors"),
        ("f", ["a", 1, "b", 2], "holds a mixture: numbers and text"),
        ("f", [dt.timedelta(1), dt.timedelta(2)], "holds timedelta values"),
    ],
)
def test_a_field_that_says_nothing_is_left_out_with_the_reason(
    name: str, values: list[object], reason: str
) -> None:
    column, _, notes = settled(name, values)
    assert column is None
    assert [(one.field, one.reason) for one in notes] == [(name, reason)]


def test_missing_values_are_told_from_values() -> None:
    column, present, _ = settled("price", [1.0, None, float("nan"), 2.0])
    assert column is not None
    assert present.tolist() == [True, False, False, True]
    assert column.numbers.tolist() == [1.0, 2.0]


def test_values_that_do_not_fit_are_counted() -> None:
    column, present, notes = settled("price", [1.0] * 19 + [2.0, "odd"])
    assert column is not None
    assert present.all()
    assert column.present.sum() == 20
    assert [one.reason for one in notes] == ["has 1 value that is no number"]


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("skip", ["a", "b"], "is left out as asked"),
        ("number", ["a", "b"], "has no value that can be read as number"),
        ("date", ["a", "b"], "has no value that can be read as date"),
    ],
)
def test_a_kind_that_was_asked_for_is_kept_to(kind: str, values: list[object], reason: str) -> None:
    column, _, notes = settled("f", values, kind)
    assert column is None
    assert notes[-1].reason == reason


def test_numbers_can_be_categories_when_asked() -> None:
    column, _, _ = settled("group", [0, 1, 1], "category")
    assert column is not None
    assert column.values == ["0", "1", "1"]


def test_dates_are_days_in_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=12))
    values = [dt.datetime(1970, 1, 2, 12, tzinfo=zone), dt.datetime(1970, 1, 3)]
    column, _, _ = settled("when", values)
    assert column is not None
    assert column.numbers.tolist() == [1.0, 2.0]
