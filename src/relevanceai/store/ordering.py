"""The order of documents by the values of fields, as far as a page needs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError
from relevanceai.store.columns import Field
from relevanceai.store.labels import Clustering
from relevanceai.store.selecting import Selected, column_named

_UNORDERED = ("vector", "json", "bytes")


@dataclass(frozen=True, slots=True)
class SortKey:
    """One field to sort by; `is_falling` puts the greatest first."""

    field: str
    is_falling: bool = False


def first_row_ids(rows: Selected, keys: Sequence[SortKey], stop: int) -> NDArray[np.int64]:
    """Return the row ids of the first `stop` rows in the order of some fields.

    Numbers, dates and bools stand by value, text by code point, labels in the order of the
    clusters, noise after them. NaN comes after all numbers and a missing value last, whether the
    order rises or falls. Ties stand in the order of insertion. O(n_rows) for a small `stop` and one
    key of numbers; a sort otherwise.

    Raises
    ------
    NotFoundError, InvalidInputError : a field that is not there, or has no order.
    """
    held = [column_named(rows.store, key.field) for key in keys]
    for key, one in zip(keys, held, strict=True):
        if isinstance(one, Field) and one.kind in _UNORDERED:
            raise InvalidInputError(
                f"Cannot sort by {key.field!r}: it holds {one.kind}. "
                "Sort by text, numbers, bools, dates or labels."
            )
    table = rows.table([one.column for one in held], with_row_id=True)
    row_ids: NDArray[np.int64] = table["_rowid"].to_numpy().astype(np.int64)
    columns: list[NDArray[Any]] = []
    for key, one in zip(keys, held, strict=True):
        level, value = _ranked(table[one.column].combine_chunks(), one)
        columns += [level, _falling(value) if key.is_falling else value]
    places = _candidates(columns[0], columns[1], min(stop, len(row_ids)))
    order = np.lexsort([column[places] for column in reversed(columns)])
    return row_ids[places[order[:stop]]]


def _candidates(level: NDArray[Any], value: NDArray[Any], stop: int) -> NDArray[np.intp]:
    """Return the places, rising, of all rows that may be among the first by the first key."""
    plain = np.flatnonzero(level == 0)
    if stop == 0 or stop > len(plain) // 4:
        return np.arange(len(level))
    threshold = np.partition(value[plain], stop - 1)[stop - 1]
    found: NDArray[np.intp] = plain[value[plain] <= threshold]
    return found


def _falling(value: NDArray[Any]) -> NDArray[Any]:
    """Return numbers that fall where the given ones rise; inverting bits does not overflow."""
    falling: NDArray[Any] = np.negative(value) if value.dtype.kind == "f" else np.invert(value)
    return falling


def _ranked(array: pa.Array, held: Field | Clustering) -> tuple[NDArray[np.int8], NDArray[Any]]:
    """Return for each row 0 (1 for NaN, 2 for missing), and a number that rises with its value."""
    missing = np.asarray(array.is_null().to_numpy(zero_copy_only=False), bool)
    level = np.where(missing, np.int8(2), np.int8(0))
    value: NDArray[Any]
    if isinstance(held, Clustering):
        leaves = array.fill_null(0).to_numpy()
        return level, np.where(leaves < 0, len(held.ids), leaves)
    if held.kind == "number":
        value = array.fill_null(0.0).to_numpy()
        is_nan = np.isnan(value)
        level[is_nan] = 1
        return level, np.where(is_nan, 0.0, value)
    if held.kind == "text":
        encoded = array.dictionary_encode()
        distinct = encoded.dictionary
        rank = np.empty(len(distinct) + 1, np.int64)
        rank[pc.sort_indices(distinct).to_numpy()] = np.arange(len(distinct))
        rank[-1] = 0
        return level, rank[encoded.indices.fill_null(len(distinct)).to_numpy()]
    if held.kind == "day":
        array = array.cast(pa.int32())
    value = array.cast(pa.int64()).fill_null(0).to_numpy()
    return level, value
