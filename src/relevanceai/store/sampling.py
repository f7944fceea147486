"""Vectors of chosen rows: what a question about a sample reads, whatever the dataset's size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relevanceai.store.columns import vectors_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering
from relevanceai.store.layout import taken


def labelled_rows(
    store: DocumentStore, clustering: Clustering
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the row id and leaf of every document that has a label, ascending by row id.

    Noise has leaf -1. Both are of one version when the store is a snapshot.
    """
    leaves, valid = store.labels(clustering)
    row_ids = store.all_row_ids()[valid]
    order = np.argsort(row_ids, kind="stable")
    return row_ids[order], leaves[valid][order]


def vectors_at(
    store: DocumentStore, names: Sequence[str], row_ids: NDArray[np.int64]
) -> tuple[tuple[NDArray[np.float32], ...], NDArray[np.bool_]]:
    """Return the vectors of some rows, and which of the rows have all of them.

    Parameters
    ----------
    names : vector fields.
    row_ids : int64 array of shape (n_rows,), of rows that exist.

    Returns
    -------
    For each field a float32 array of shape (n_kept, n_dims), and a bool array of shape (n_rows,)
    with n_kept True: rows that lack one of the vectors are left out, the others stay in order.
    """
    fields = [store.vector_field(name) for name in names]
    table = taken(store.opened(), row_ids.tolist(), [one.column for one in fields])
    parts, has_all = [], np.ones(len(row_ids), bool)
    for one in fields:
        matrix, valid = vectors_of(table[one.column])
        parts.append(matrix)
        has_all &= valid
    return tuple(np.ascontiguousarray(part[has_all]) for part in parts), has_all
