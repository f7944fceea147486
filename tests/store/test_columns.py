"""Values settle into Arrow columns and come back as they went in."""

import datetime as dt
import enum
import math
import uuid
from decimal import Decimal
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.errors import InvalidInputError
from relevanceai.store.columns import (
    Field,
    from_arrow,
    kind_of,
    normalised,
    to_arrow,
    vectors_of,
)
from relevanceai.store.vector_columns import vector_column, vector_problems

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
DATES = st.datetimes(
    min_value=dt.datetime(1800, 1, 1), max_value=dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC)
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=20)
    | DATES
    | DATES.map(lambda moment: moment.replace(tzinfo=None))
    | st.dates()
    | st.decimals(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


def round_trip(values: list[object]) -> list[object]:
    plain = [normalised(value) for value in values]
    kind = kind_of(plain)
    if kind is None:
        return plain
    return from_arrow(to_arrow(plain, kind), Field("f", "f", kind))


@given(st.lists(VALUES, max_size=6))
def test_values_come_back_equal(values: list[object]) -> None:
    assert round_trip(values) == values


@given(st.lists(st.floats() | st.none(), min_size=1, max_size=5))
def test_floats_come_back_bit_for_bit(values: list[float | None]) -> None:
    for came, went in zip(round_trip([*values]), values, strict=True):
        assert came == went or (went is not None and math.isnan(went) and math.isnan(came))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", None], "text"),
        ([1, 2], "integer"),
        ([1, 2.5], "number"),
        ([2**53 + 1, 2.5], "json"),
        ([2**63], "json"),
        ([True, False], "bool"),
        ([True, 1], "json"),
        ([1, "1"], "json"),
        ([b"x"], "bytes"),
        ([{}], "json"),
        ([None, None], None),
    ],
)
def test_the_kind_of_a_field(values: list[object], kind: str | None) -> None:
    assert kind_of(values) == kind


class Shade(enum.Enum):
    """An enumeration of a user."""

    DARK = "dark"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.array(3), 3),
        (np.ma.masked, None),
        (np.int8(-3), -3),
        (np.str_("a"), "a"),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        ((1, (2,)), [1, [2]]),
        (Shade.DARK, "dark"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (PurePosixPath("a/b"), "a/b"),
        (bytearray(b"x"), b"x"),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
        (np.datetime64("2020-01-02"), dt.datetime(2020, 1, 2)),
        (np.datetime64("2020-01-02T03:04:05", "ns"), dt.datetime(2020, 1, 2, 3, 4, 5)),
        (pd.Timestamp("2020-01-02 03:00", tz="+02:00"), dt.datetime(2020, 1, 2, 1, tzinfo=dt.UTC)),
        (Decimal("1.10"), Decimal("1.10")),
        ({"$bytes": "x"}, {"$bytes": "x"}),
    ],
)
def test_a_value_of_another_library_is_kept_as_plain_python(value: object, kept: object) -> None:
    came = normalised(value)
    assert came == kept
    assert type(came) is type(kept)
    assert round_trip([value, "beside text"])[0] == kept


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {1, 2},
            "holds a set, which cannot be kept; turn it into text, a number, a date, bytes, "
            "a list or a dict",
        ),
        ({1: "a"}, "holds a dict with a key that is not text: 1"),
        ("\ud800", "holds text that is not valid Unicode (half of a surrogate pair): '\\ud800'"),
        (
            np.timedelta64(5, "ns"),
            "holds np.timedelta64(5,'ns'), which is not exact to the microsecond",
        ),
        (
            np.timedelta64(5, "M"),
            "holds np.timedelta64(5,'M'), which has no fixed length; turn it into days",
        ),
        (pd.Timedelta(1, "ns"), "holds nanoseconds, but spans are kept to the microsecond"),
        (
            dt.time(1, tzinfo=ZoneInfo("Europe/Berlin")),
            "holds datetime.time(1, 0, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin')), whose zone "
            "tells nothing without a day",
        ),
        (
            np.datetime64("20000-01-01", "us"),
            "holds 20000-01-01T00:00:00.000000, beyond the years 1 to 9999",
        ),
        (
            np.datetime64("300000-01-01", "s"),
            "holds 300000-01-01T00:00:00, which is not exact to the microsecond",
        ),
        (10**4000, "holds an integer of more than 4,000 digits"),
        (Decimal("sNaN"), "holds a signalling NaN"),
        (
            dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))),
            "holds 0001-01-01 00:00:00+05:00, which is before the year 1 in UTC",
        ),
        (
            pd.Timestamp(1, unit="ns"),
            "holds nanoseconds, but dates are kept to the microsecond",
        ),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused(value: object, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        normalised(value)
    assert str(caught.value) == message


def test_what_is_nested_too_deep_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(InvalidInputError, match="is nested more than 100 deep"):
        normalised(circle)


def test_vectors_with_gaps_stay_aligned_also_in_a_slice() -> None:
    made = vector_column([[1, 2], None, np.array([3.0, 4.0])])
    assert made is not None
    column, width = made
    assert width == 2
    matrix, valid = vectors_of(column.slice(1))
    assert valid.tolist() == [False, True]
    assert matrix[1].tolist() == [3.0, 4.0]
    chunked = pa.chunked_array([column, column.slice(1)])
    matrix, valid = vectors_of(chunked)
    assert valid.tolist() == [True, False, True, False, True]
    assert matrix[4].tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("values", "width", "message"),
    [
        (
            [[1, 2], [1, 2, 3]],
            None,
            "'v_vector_' of document 'b' has 3 dimensions, but that of document 'a' has 2. "
            "Insert vectors of one width, or use another field.",
        ),
        (
            [[1, 2], [1, 2]],
            3,
            "'v_vector_' of document 'a' has 2 dimensions, but that of the dataset has 3. "
            "Insert vectors of one width, or use another field.",
        ),
        (
            [[1, 2], [math.nan, 0]],
            None,
            "'v_vector_' of document 'b' holds NaN, infinity or a number beyond float32. "
            "Leave the field out, or clean the vector.",
        ),
        (
            [[1e300, 2]],
            None,
            "'v_vector_' of document 'a' holds NaN, infinity or a number beyond float32. "
            "Leave the field out, or clean the vector.",
        ),
        (
            [[]],
            None,
            "'v_vector_' of document 'a' is empty. Leave the field out instead.",
        ),
        (
            ["12"],
            None,
            "'v_vector_' of document 'a' is not a flat list of numbers (a name that ends in "
            "'_vector_' is a vector field), but str: '12'. Insert a list of numbers, or rename "
            "the field.",
        ),
        (
            ["[1.0, 2.0]"],
            None,
            "'v_vector_' of document 'a' is not a flat list of numbers (a name that ends in "
            "'_vector_' is a vector field), but str: '[1.0, 2.0]'. Turn the text into lists "
            "(json.loads), or rename the field.",
        ),
        (
            [["1", 2]],
            None,
            "'v_vector_' of document 'a' is not a flat list of numbers (a name that ends in "
            "'_vector_' is a vector field), but list: ['1', 2]. Insert a list of numbers, or "
            "rename the field.",
        ),
        (
            [[[1], [2, 3]]],
            None,
            "'v_vector_' of document 'a' is not a flat list of numbers (a name that ends in "
            "'_vector_' is a vector field), but list: [[1], [2, 3]]. Insert a list of numbers, or "
            "rename the field.",
        ),
        (
            [[1, None]],
            None,
            "'v_vector_' of document 'a' is not a flat list of numbers (a name that ends in "
            "'_vector_' is a vector field), but list: [1, None]. Insert a list of numbers, or "
            "rename the field.",
        ),
    ],
)
def test_a_vector_that_cannot_be_kept_is_named(
    values: list[object], width: int | None, message: str
) -> None:
    problems = vector_problems("v_vector_", values, ["a", "b"], width)
    assert problems[min(problems)] == message
