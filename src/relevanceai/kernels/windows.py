"""Windows: a stretch of rows, put in the order of their labels.

So a cluster's numbers stay in the processor's cache while its rows come by.
"""

import numpy as np
from numba.core import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import LABELS, compiled

ROWS = 262_144
"""Rows of a window: enough that a cluster of ten thousand has several of them."""

AHEAD_BYTES = 16 * 1024
"""How far ahead of the row in work the rows are asked for: eight rows of 512 dimensions."""

_CACHED_BYTES = 10 * 2**20
"""What a thread may expect of the cache that processors share."""

places = types.Array(types.int32, 1, "C")


def window_rows(n_dims: int) -> int:
    """Rows of a window of vectors of this width: `ROWS`, and at most 512 MiB of vectors."""
    return max(1024, min(ROWS, (512 * 2**20) // (4 * max(n_dims, 1))))


def wants_order(state_bytes: int) -> bool:
    """Tell whether rows are worth ordering.

    In order of their labels they come from all over memory, at three fifths of the speed at which
    they come as they stand; so it is worth it only where the numbers of all the clusters together,
    between which a thread goes back and forth, are too much for the shared cache.
    """
    return state_bytes > _CACHED_BYTES


def rows_ahead(n_dims: int) -> int:
    """How many rows ahead to prefetch."""
    return max(8, min(256, AHEAD_BYTES // (4 * max(n_dims, 1))))


def order_of(labels: NDArray[np.int32], n_clusters: int, *, by_label: bool) -> NDArray[np.int32]:
    """Return the places of the rows that are labelled, as they stand or label by label.

    Rows of one label keep their order, so that sums over them do not depend on the windows.
    """
    order = np.empty(len(labels), np.int32)
    n_members: int = _order(labels, n_clusters, by_label, order)
    return order[:n_members]


@compiled(types.int64(LABELS, types.int64, types.boolean, places))
def _order(labels, n_clusters, by_label, order):  # type: ignore[no-untyped-def]
    n_members = 0
    if not by_label:
        for row in range(len(labels)):
            if labels[row] >= 0:
                order[n_members] = row
                n_members += 1
        return n_members
    starts = np.zeros(n_clusters + 1, np.int32)
    for row in range(len(labels)):
        if labels[row] >= 0:
            starts[labels[row] + 1] += 1
            n_members += 1
    for cluster in range(n_clusters):
        starts[cluster + 1] += starts[cluster]
    for row in range(len(labels)):
        label = labels[row]
        if label >= 0:
            order[starts[label]] = row
            starts[label] += 1
    return n_members
