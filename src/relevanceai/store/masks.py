"""Filters on Arrow columns: which rows pass, a million of them in milliseconds.

A filter is either one comparison of Arrow's with a typed scalar, or its test is asked once of each
distinct value. No filter is ever turned into text of a query language. What passes is by
definition what `store.filters.matching` says.
"""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.store.columns import Field, from_arrow
from relevanceai.store.filters import (
    COMPARISONS,
    Test,
    combined,
    condition_of,
    field_asked,
    moment_of,
    row_test,
    wanted_of,
)
from relevanceai.store.labels import OUTLIER, Clustering

Column: TypeAlias = tuple[pa.ChunkedArray, Field | Clustering]
"""A column of Lance and what it holds: a field, or the leaves of a clustering."""

_ARROW: dict[str, Callable[[Any, Any], Any]] = {
    "==": pc.equal,
    "!=": pc.not_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
    "<": pc.less,
    "<=": pc.less_equal,
}
_INT64 = range(-(2**63), 2**63)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DATES = ("date", "local_date", "day")
_SIMPLE = (str, bytes, bool, int, float, dt.date, list, dict, type(None))


def rows_passing(
    filters: Sequence[Mapping[str, object]], columns: Mapping[str, Column], n_rows: int
) -> NDArray[np.bool_]:
    """Return which rows pass all filters: bool array of shape (n_rows,).

    Parameters
    ----------
    filters : as for `store.filters.matching`, their fields checked by `fields_in`.
    columns : by the name of a field or the path of a label.
    """

    def passed(one: Mapping[str, object]) -> NDArray[np.bool_]:
        test = row_test(one)  # which checks the form
        array, held = columns[str(field_asked(one))]
        if isinstance(held, Clustering):
            return _by_label(test, array, held)
        found = _compared(one, array, held.kind)
        if found is None:
            return _by_value(test, array, held)
        is_negated = condition_of(one) == "!="
        if isinstance(found, bool):
            valid = _bools(pc.is_valid(array))
            return np.where(valid, found, is_negated)
        return _bools(pc.fill_null(found, is_negated))

    return combined(filters, passed, n_rows)


def _by_label(test: Test, array: pa.ChunkedArray, clustering: Clustering) -> NDArray[np.bool_]:
    """Ask the test of each public id, then look up what it said of each row's leaf."""
    n_leaves = len(clustering.ids)
    said = np.fromiter((test(one) for one in (*clustering.ids, OUTLIER, None)), bool, n_leaves + 2)
    leaves = pc.fill_null(array, n_leaves + 1).to_numpy()
    return said[np.where(leaves < 0, n_leaves, leaves)]


def _by_value(test: Test, array: pa.ChunkedArray, field: Field) -> NDArray[np.bool_]:
    """Ask the test of each distinct value of a chunk, then look up what it said."""
    parts = [np.empty(0, bool)]
    for chunk in array.chunks:
        if field.kind == "vector":
            values = from_arrow(chunk, field)
            parts.append(np.fromiter((test(value) for value in values), bool, len(values)))
            continue
        encoded = chunk.dictionary_encode()
        distinct = [*from_arrow(encoded.dictionary, field), None]
        said = np.fromiter((test(value) for value in distinct), bool, len(distinct))
        parts.append(said[encoded.indices.fill_null(len(distinct) - 1).to_numpy()])
    return np.concatenate(parts)


def _compared(
    one: Mapping[str, object], array: pa.ChunkedArray, kind: str
) -> pa.ChunkedArray | bool | None:
    """Return what Arrow says of each value, one answer for all values, or None: ask the test."""
    condition, wanted = condition_of(one), wanted_of(one)
    is_negated = condition == "!="
    match one["filter_type"]:
        case "exists":
            valid = pc.is_valid(array)
            return pc.invert(valid) if is_negated else valid
        case "contains":
            if kind != "text" or not _is_valid_text(str(wanted)):
                return None
            found = pc.match_substring(array, str(wanted))
            return pc.invert(found) if is_negated else found
        case "categories" | "ids":
            options = _options(wanted, kind) if isinstance(wanted, list) else None
            if options is None:
                return None
            found = pc.is_in(array, value_set=options)
            return pc.invert(found) if is_negated else found
        case "numeric":
            if kind in ("integer", "number"):
                return _compared_number(array, kind, condition, wanted)
            return is_negated if kind in ("text", "bytes", *_DATES) else None
        case "date":
            if kind in _DATES:
                return _compared_moment(array, condition, moment_of(wanted))
            return is_negated if kind in ("integer", "number", "bool", "bytes") else None
    if kind in ("integer", "number"):
        return _compared_number(array, kind, condition, wanted)
    if (kind == "text" and isinstance(wanted, str) and _is_valid_text(wanted)) or (
        kind == "bytes" and isinstance(wanted, bytes)
    ):
        return _ARROW[condition](array, pa.scalar(wanted, array.type))
    if isinstance(wanted, dt.datetime):
        if kind == ("date" if wanted.tzinfo else "local_date"):
            return _compared_moment(array, condition, moment_of(wanted))
    elif isinstance(wanted, dt.date) and kind == "day":
        return _compared_moment(array, condition, moment_of(wanted))
    return None


def _compared_number(
    array: pa.ChunkedArray, kind: str, condition: str, wanted: object
) -> pa.ChunkedArray | bool | None:
    """Compare numbers as exactly as Python does; Arrow would round int64 to float64."""
    if not isinstance(wanted, int | float):
        return None
    if kind == "number":
        if not _is_float(wanted):
            return None
        return _ARROW[condition](array, pa.scalar(float(wanted), pa.float64()))
    if isinstance(wanted, float):
        if not math.isfinite(wanted):
            return COMPARISONS[condition](0, wanted)
        if not wanted.is_integer():
            if condition in ("==", "!="):
                return condition == "!="
            condition = ">" if condition in (">", ">=") else "<="
        wanted = math.floor(wanted)
    if int(wanted) not in _INT64:  # of anything but an int Python would try each number
        return COMPARISONS[condition](0, wanted)
    return _ARROW[condition](array, pa.scalar(int(wanted), pa.int64()))


def _compared_moment(
    array: pa.ChunkedArray, condition: str, moment: dt.datetime | None
) -> pa.ChunkedArray | None:
    if moment is None:
        return None
    micros = (moment - _EPOCH) // dt.timedelta(microseconds=1)
    plain = array.cast(pa.timestamp("us")) if pa.types.is_date32(array.type) else array
    return _ARROW[condition](plain.cast(pa.int64()), pa.scalar(micros, pa.int64()))


def _options(options: list[object], kind: str) -> pa.Array | None:
    """Return those of several values that a column of a kind can hold, or None: ask the test."""
    if kind not in ("text", "integer", "number"):
        return None
    if not all(isinstance(option, _SIMPLE) for option in options):
        return None
    if kind == "text":
        texts = [one for one in options if isinstance(one, str) and _is_valid_text(one)]
        return pa.array(texts, pa.string())
    numbers = [one for one in options if isinstance(one, int | float) and one == one]
    if kind == "number":
        floats = [float(one) for one in numbers if _is_float(one)]
        floats += [-one for one in floats if one == 0]  # Arrow looks up 0.0 and -0.0 as two
        return pa.array(floats, pa.float64())
    whole = (one for one in numbers if isinstance(one, int) or one.is_integer())
    return pa.array([int(one) for one in whole if int(one) in _INT64], pa.int64())


def _is_float(number: int | float) -> bool:
    try:
        return isinstance(number, float) or float(number) == number
    except OverflowError:
        return False


def _is_valid_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _bools(array: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(array.to_numpy(), dtype=bool)
