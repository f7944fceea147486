"""The k nearest neighbours of each row among some rows, and the edges they make between clusters."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.units import about_one

BLOCK_ROWS = 512
"""Rows of one matrix product."""

FEW_ROWS = 1_000
"""Up to so many rows numpy looks for the smallest; above, compiled code does."""


def nearest_rows(vectors: NDArray[np.float32], k: int) -> NDArray[np.int32]:
    """Return the k rows nearest to each row, itself left out.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, at least two rows.
    k : from 1; fewer where there are fewer other rows.

    Returns
    -------
    int32 array of shape (n_rows, k), nearest first, by Euclidean distance; of equally near rows the
    earlier comes first.

    Notes
    -----
    O(n_rows^2 * n_dims) by matrix products in float32 about the rows' mean, in blocks: differences
    below a millionth of the squared norms are lost.

    Examples
    --------
    >>> nearest_rows(np.array([[0], [1], [3]], np.float32), 1).ravel().tolist()
    [1, 0, 1]
    """
    vectors, _ = about_one(vectors)  # differences and squares beyond float32's range
    middle: NDArray[np.float32] = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    moved: NDArray[np.float32] = vectors - middle
    rows, _ = about_one(moved)
    squares = np.einsum("ij,ij->i", rows, rows)
    k = min(k, len(rows) - 1)
    if len(rows) <= FEW_ROWS:
        smallest = _smallest
    else:
        from relevanceai.kernels.smallest_columns import smallest_columns as smallest
    found = np.empty((len(rows), k), np.int32)
    doubled: NDArray[np.float32] = -2.0 * rows
    for start in range(0, len(rows), BLOCK_ROWS):
        distances = doubled[start : start + BLOCK_ROWS] @ rows.T
        distances += squares  # less the row's own square, which is the same for all
        smallest(distances, start, found[start : start + BLOCK_ROWS])
    return found


def _smallest(values: NDArray[np.float32], start: int, found: NDArray[np.int32]) -> None:
    """Do what `smallest_columns` does: the smallest are parted from the others, then sorted."""
    rows, k = np.arange(len(values)), found.shape[1]
    values[rows, start + rows] = np.inf
    last = np.partition(values, k - 1, axis=1)[:, k - 1 : k]
    near = values <= last
    tied = near.sum(axis=1) > k  # more are as near as the last one: the earlier ones count
    for row in np.flatnonzero(tied):
        near[row] = False
        near[row, np.argsort(values[row], kind="stable")[:k]] = True
    columns = np.nonzero(near)[1].reshape(len(values), k)
    order = np.argsort(np.take_along_axis(values, columns, axis=1), axis=1, kind="stable")
    found[:] = np.take_along_axis(columns, order, axis=1)


def cluster_edges(
    neighbours: NDArray[np.int32], labels: NDArray[np.int32], n_clusters: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the edges between clusters, those inside a cluster included.

    Parameters
    ----------
    neighbours : int32 array of shape (n_rows, k), as of `nearest_rows`.
    labels : int32 array of shape (n_rows,), in [0, n_clusters).
    n_clusters : how many clusters there are.

    Returns
    -------
    int64 arrays of shape (n_pairs,): `from * n_clusters + to` of each pair of clusters with an
    edge, ascending, and the number of its edges.

    Examples
    --------
    >>> cluster_edges(np.array([[1], [0], [1]], np.int32), np.array([0, 0, 1], np.int32), 2)
    (array([0, 2]), array([2, 1]))
    """
    from_ = np.repeat(labels.astype(np.int64), neighbours.shape[1])
    codes = from_ * n_clusters + labels[neighbours.ravel()]
    pairs, counts = np.unique(codes, return_counts=True)
    return pairs, counts.astype(np.int64)
