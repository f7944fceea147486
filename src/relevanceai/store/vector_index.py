"""Vector indexes: built when asked for, used when asked for; they name candidates, never values."""

import uuid
from dataclasses import dataclass
from math import isqrt
from typing import Any, Literal, TypeAlias

import lance
import numpy as np
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.documents import DocumentStore
from relevanceai.store.interrupts import finished
from relevanceai.store.schema_fields import fields_of

IndexMetric: TypeAlias = Literal["cosine", "l2", "dp"]
PREFIX = "_vector_index_"
_LANCE: dict[str, str] = {"cosine": "cosine", "l2": "L2", "dp": "dot"}
_MAX_PARTITIONS = 4096


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An index over a vector field.

    `indexed` counts the documents it covers, `outside` those that came or changed since. A search
    compares all of the latter, so none is missed for being new.
    """

    field: str
    metric: str
    n_partitions: int
    indexed: int
    outside: int


def create_index(
    store: DocumentStore, field: str, metric: IndexMetric, n_partitions: int | None
) -> VectorIndex:
    """Build the index of a vector field in one commit, in place of the one it may have.

    Raises
    ------
    NotFoundError : no such vector field, or no document has a vector in it.
    InvalidInputError : another metric, or more partitions than vectors.
    """
    if metric not in _LANCE:
        raise InvalidInputError(
            f"A vector index takes metric {listed(_LANCE)}, but got {metric!r:.60}. Other metrics "
            "are searched exactly, without one."
        )
    with store.writing():
        held = store.vector_field(field)
        handle = store.opened()
        n_rows = n_zero = 0
        for rows in store.vectors([field]):
            n_rows += len(rows.row_ids)
            n_zero += int((~rows.parts[0].any(axis=1)).sum())
        if metric == "cosine" and n_rows and n_rows == n_zero:
            raise InvalidInputError(
                f"All {n_rows:,} vectors of {field!r} are zero, and have no direction to be indexed "
                "by. Pass metric='l2', or search exactly, without approximate=True."
            )
        if metric == "cosine":
            n_rows -= n_zero  # no partition can be made of them
        if not n_rows:
            raise NotFoundError(
                f"No document of dataset {store.name!r} has a vector in {field!r}: there is "
                "nothing to index."
            )
        if n_partitions is None:
            n_partitions = min(max(isqrt(n_rows), 1), _MAX_PARTITIONS)
        is_whole = isinstance(n_partitions, int) and not isinstance(n_partitions, bool)
        if not is_whole or not 1 <= n_partitions <= n_rows:
            raise InvalidInputError(
                f"n_partitions is a whole number from 1 to the {n_rows:,} vectors there are, but "
                f"got {n_partitions!r:.60}."
            )
        old = _names(handle, held.column)
        name = f"{PREFIX}{n_partitions}_{uuid.uuid4().hex[:8]}"
        finished(
            lambda: handle.create_index(
                held.column,
                "IVF_FLAT",
                name=name,
                metric=_LANCE[metric],
                num_partitions=n_partitions,
            )
        )
        for one in old:  # a kill before this leaves two; the later one holds
            store.opened().drop_index(one)
        return index_of(store, field)


def drop_index(store: DocumentStore, field: str) -> VectorIndex:
    """Drop the index of a vector field; return what it was.

    Raises
    ------
    NotFoundError : it has none; lists those there are.
    """
    with store.writing():
        held = index_of(store, field)
        for one in _names(store.opened(), store.vector_field(field).column):
            store.opened().drop_index(one)
        return held


def indexes(store: DocumentStore) -> list[VectorIndex]:
    """Return the indexes there are, in the order of the fields."""
    handle = store.opened()
    described = _described(handle)
    return [
        _info(handle, one.name, described[one.column])
        for one in fields_of(handle.schema)
        if one.column in described
    ]


def index_of(store: DocumentStore, field: str) -> VectorIndex:
    """Return the index of a vector field, or raise NotFoundError saying how to make one."""
    store.vector_field(field)
    there = {one.field: one for one in indexes(store)}
    if field not in there:
        raise NotFoundError(
            f"No vector index on {field!r} of dataset {store.name!r}. Indexed fields: "
            f"{listed(there)}. Make one: create_vector_index({field!r}); or search exactly, "
            "without approximate=True."
        )
    return there[field]


def candidates(
    store: DocumentStore, field: str, asked: NDArray[np.float64], n: int, n_probes: int
) -> NDArray[np.int64]:
    """Return the row ids of the n rows that the index holds for nearest, in any order.

    It looks into `n_probes` partitions, and at every row that it does not cover.
    """
    handle, index = store.opened(), index_of(store, field)
    found = handle.scanner(
        columns=["_distance"],
        with_row_id=True,
        nearest={
            "column": store.vector_field(field).column,
            "q": asked.astype(np.float32),
            "k": n,
            "metric": _LANCE[index.metric],
            "nprobes": min(n_probes, index.n_partitions),
        },
    ).to_table()
    row_ids: NDArray[np.int64] = found["_rowid"].to_numpy().astype(np.int64)
    return row_ids


def _names(handle: lance.LanceDataset, column: str) -> list[str]:
    there = handle.describe_indices()
    return [one.name for one in there if one.name.startswith(PREFIX) and column in one.field_names]


def _described(handle: lance.LanceDataset) -> dict[str, Any]:
    """Return what Lance knows of each vector index, by column; of two the later holds."""
    return {
        one.field_names[0]: one
        for one in sorted(handle.describe_indices(), key=_built)
        if one.name.startswith(PREFIX)
    }


def _built(one: Any) -> Any:
    return max(segment.created_at for segment in one.segments)


def _info(handle: lance.LanceDataset, field: str, described: Any) -> VectorIndex:
    covered = {number for segment in described.segments for number in segment.fragment_ids}
    outside = sum(
        one.count_rows() for one in handle.get_fragments() if one.fragment_id not in covered
    )
    metric = {"COSINE": "cosine", "L2": "l2", "DOT": "dp"}[described.details["metric_type"]]
    n_partitions = int(described.name.removeprefix(PREFIX).partition("_")[0])
    return VectorIndex(field, metric, n_partitions, handle.count_rows() - outside, outside)
