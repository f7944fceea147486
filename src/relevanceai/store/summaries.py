"""Summaries of one column: its values counted, its range, what is missing."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.store.columns import Field, from_arrow, vectors_of
from relevanceai.store.labels import Clustering

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Presence:
    """How many rows of a column have a value, how many have none, and how many of those that have
    one hold nothing: a text that is empty or blank, NaN, a vector of zeros, empty JSON or bytes."""

    present: int
    missing: int
    empty: int


def kind_of_column(held: Field | Clustering) -> str:
    """Return the kind of a field, or "label"."""
    return held.kind if isinstance(held, Field) else "label"


def value_counts(
    array: pa.ChunkedArray, held: Field | Clustering, *, top: int | None = None
) -> list[tuple[Any, int]]:
    """Return the distinct values with their counts, most frequent first; missing ones left out.

    Values that are equally frequent stand in the order in which they first come.
    """
    counted = array.drop_null().value_counts()
    counts = counted.field("counts").to_numpy()
    order = np.argsort(-counts, kind="stable")[:top]
    distinct = counted.field("values").take(pa.array(order))
    values: list[object] = (
        from_arrow(distinct, held) if isinstance(held, Field) else list(held.public_ids(distinct))
    )
    return list(zip(values, counts[order].tolist(), strict=True))


def n_distinct(array: pa.ChunkedArray, held: Field | Clustering) -> int | None:
    """Return the number of distinct values, missing ones left out; None for vectors."""
    if kind_of_column(held) == "vector":
        return None
    return int(pc.count_distinct(array, mode="only_valid").as_py())


def presence(array: pa.ChunkedArray, held: Field | Clustering) -> Presence:
    """Return how much of a column is there."""
    return Presence(len(array) - array.null_count, array.null_count, _n_empty(array, held))


def number_summary(array: pa.ChunkedArray) -> dict[str, object]:
    """Return min, max, mean, std and quantiles of numbers; missing and NaN are left out.

    Quantiles interpolate linearly, `std` divides by n - 1; what cannot be worked out is None.
    Minimum and maximum of whole numbers are exact.
    """
    plain = array.drop_null()
    if pa.types.is_floating(plain.type):
        plain = plain.filter(pc.invert(pc.is_nan(plain)))
    if not len(plain):
        return {"min": None, "max": None, "mean": None, "std": None, "quantiles": {}}
    bounds = pc.min_max(plain).as_py()
    values = plain.to_numpy().astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        quantiles = np.quantile(values, QUANTILES)
        std = float(values.std(ddof=1)) if len(values) > 1 else None
        mean = float(values.mean())
    by_share = dict(zip(QUANTILES, quantiles.tolist(), strict=True))
    return {**bounds, "mean": mean, "std": std, "quantiles": by_share}


def range_summary(array: pa.ChunkedArray, field: Field) -> dict[str, object]:
    """Return the first and last of dates, None when there is none."""
    bounds = pc.min_max(array)
    values = from_arrow(pa.array([bounds["min"].as_py(), bounds["max"].as_py()], array.type), field)
    return {"min": values[0], "max": values[1]}


def column_values(array: pa.ChunkedArray, held: Field | Clustering) -> list[object]:
    """Return the value of every row, None where there is none."""
    return from_arrow(array, held) if isinstance(held, Field) else list(held.public_ids(array))


def column_array(array: pa.ChunkedArray, held: Field | Clustering) -> NDArray[Any]:
    """Return a column as one numpy array, a row each; see `documents.series.Series.numpy`."""
    kind = kind_of_column(held)
    if isinstance(held, Field) and kind == "vector":
        matrix, valid = vectors_of(array)
        if valid.all():
            return matrix
        matrix = matrix.copy()
        matrix[~valid] = np.nan
        return matrix
    if kind in ("integer", "number") or (kind == "bool" and not array.null_count):
        numbers: NDArray[Any] = array.to_numpy()
        return numbers
    if kind in ("date", "local_date", "day"):
        unit = "D" if kind == "day" else "us"
        plain = array.cast(pa.int32() if kind == "day" else pa.int64()).cast(pa.int64())
        moments = plain.fill_null(np.iinfo(np.int64).min).to_numpy()
        dates: NDArray[Any] = moments.astype(f"datetime64[{unit}]")  # the least int64 is NaT
        return dates
    values = column_values(array, held)
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _n_empty(array: pa.ChunkedArray, held: Field | Clustering) -> int:
    match kind_of_column(held):
        case "text":
            found = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(array)), 0)
        case "bytes":
            found = pc.equal(pc.binary_length(array), 0)
        case "number":
            found = pc.is_nan(array)
        case "json":
            found = pc.is_in(array, value_set=pa.array(["[]", "{}", '""'], pa.string()))
        case "vector":
            matrix, valid = vectors_of(array)
            return int((valid & ~matrix.any(axis=1)).sum())
        case _:
            return 0
    return int(pc.sum(found).as_py() or 0)
