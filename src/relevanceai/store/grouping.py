"""Rows grouped by the values of some fields, with figures of other fields for each group."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relevanceai.errors import InvalidInputError
from relevanceai.store.columns import Field
from relevanceai.store.labels import Clustering
from relevanceai.store.selecting import Selected, column_named
from relevanceai.store.summaries import column_values, kind_of_column

Figure: TypeAlias = Literal["count", "nunique", "min", "max", "sum", "mean", "median", "std", "var"]
FIGURES: tuple[Figure, ...] = get_args(Figure)

_ARROW = {
    "count": "count",
    "nunique": "count_distinct",
    "min": "min",
    "max": "max",
    "sum": "sum",
    "mean": "mean",
    "median": "list",
    "std": "stddev",
    "var": "variance",
}
_OF_NUMBERS = ("sum", "mean", "median", "std", "var")
_ORDERED = ("integer", "number", "bool", "text", "date", "local_date", "day")


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of one field, worked out for each group; `name` is its column in the answer."""

    field: str
    figure: Figure
    name: str


def grouped(rows: Selected, by: Sequence[str], metrics: Sequence[Metric]) -> dict[str, list[Any]]:
    """Return one row a group: the values it is grouped by, `count` and each metric.

    Groups stand in rising order of what they are grouped by, missing last (a missing value is a
    group of its own); JSON in the order of its text, labels in that of the clusters.
    Figures leave out missing values and NaN. A figure that a group has nothing for is None: the
    minimum of nothing, the deviation of one value; sums of nothing are 0. Sums of whole numbers
    are exact at any size.

    Raises
    ------
    NotFoundError, InvalidInputError : a field that is not there, or a figure it cannot have.
    """
    held = {name: column_named(rows.store, name) for name in by}
    for name, one in held.items():
        if kind_of_column(one) == "vector":
            raise InvalidInputError(f"Cannot group by {name!r}: it holds vectors.")
    measured = {}
    for metric in metrics:
        one = measured[metric.field] = column_named(rows.store, metric.field)
        _check(metric, kind_of_column(one))
    columns = [one.column for one in (*held.values(), *measured.values())]
    table = rows.table(columns, with_row_id=True)
    arrays = [_group_column(table[one.column], one) for one in held.values()]
    names = [f"by{place}" for place in range(len(arrays))]
    asked: list[Any] = [([], "count_all")]
    for place, metric in enumerate(metrics):
        one = measured[metric.field]
        arrays.append(_measured_column(table[one.column], one, metric.figure))
        names.append(f"of{place}")
        asked.append((f"of{place}", _ARROW[metric.figure], _options(metric.figure)))
    keys = names[: len(held)]
    if not keys and not rows.count:
        zeros = ("count", "nunique", "sum")
        return {"count": [0]} | {one.name: [0 if one.figure in zeros else None] for one in metrics}
    one_group = pa.chunked_array([pa.array(np.zeros(rows.count, np.int8))])
    table = pa.table([*arrays, one_group], [*names, "all"])
    found = table.group_by(keys or ["all"], use_threads=False).aggregate(asked)
    if keys:
        order = [(key, "ascending", "at_end") for key in keys]
        found = found.take(pc.sort_indices(found, sort_keys=order))
    answer: dict[str, list[Any]] = {}
    for key, (name, one) in zip(keys, held.items(), strict=True):
        answer[name] = column_values(_as_kept(found[key], one), one)
    answer["count"] = found["count_all"].to_pylist()
    for place, metric in enumerate(metrics):
        values = found[f"of{place}_{_ARROW[metric.figure]}"]
        answer[metric.name] = _figures(values, metric, measured[metric.field])
    return answer


def _check(metric: Metric, kind: str) -> None:
    if metric.figure in ("count", "nunique") and (kind != "vector" or metric.figure == "count"):
        return
    if metric.figure in _OF_NUMBERS and kind in ("integer", "number", "bool"):
        return
    if metric.figure in ("min", "max") and kind in _ORDERED:
        return
    raise InvalidInputError(
        f"Cannot take the {metric.figure} of {metric.field!r}: it holds {kind}. "
        "Sums, means, medians and deviations are of numbers and bools; minimum and maximum of "
        "what has an order; vectors are only counted."
    )


def _group_column(array: pa.ChunkedArray, held: Field | Clustering) -> pa.ChunkedArray:
    if isinstance(held, Clustering):  # noise after all clusters
        last = pa.scalar(len(held.ids), pa.int32())
        return pc.if_else(pc.less(array, 0), last, array)
    return array


def _as_kept(array: pa.ChunkedArray, held: Field | Clustering) -> pa.ChunkedArray:
    if isinstance(held, Clustering):
        is_noise = pc.equal(array, len(held.ids))
        return pc.if_else(is_noise, pa.scalar(-1, pa.int32()), array)
    return array


def _measured_column(
    array: pa.ChunkedArray, held: Field | Clustering, figure: Figure
) -> pa.ChunkedArray:
    kind = kind_of_column(held)
    if kind == "vector":  # only counted
        return pc.if_else(pc.is_valid(array), True, pa.scalar(None, pa.bool_()))
    if kind == "number":
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, pa.float64()), array)
    if kind == "bool" and figure in _OF_NUMBERS:
        array = array.cast(pa.int64())
    if figure == "sum" and kind != "number":
        return array.cast(pa.decimal128(38, 0))  # int64 would wrap around
    if figure in ("mean", "median", "std", "var"):
        return array.cast(pa.float64(), safe=False)
    return array


def _figures(values: pa.ChunkedArray, metric: Metric, held: Field | Clustering) -> list[Any]:
    if metric.figure == "median":
        groups = ([one for one in group if one is not None] for group in values.to_pylist())
        return [float(np.median(group)) if group else None for group in groups]
    if metric.figure == "sum":
        return [int(value) if isinstance(value, Decimal) else value for value in values.to_pylist()]
    if metric.figure in ("min", "max"):
        return column_values(values, held)
    found: list[Any] = values.to_pylist()
    return found


def _options(figure: Figure) -> pc.FunctionOptions | None:
    match figure:
        case "count" | "nunique":
            return pc.CountOptions(mode="only_valid")
        case "std" | "var":
            return pc.VarianceOptions(ddof=1, min_count=2)
        case "sum":
            return pc.ScalarAggregateOptions(min_count=0)
        case "min" | "max" | "mean":
            return pc.ScalarAggregateOptions(min_count=1)
    return None
