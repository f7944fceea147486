"""How two clusters mix with each other: edges of the nearest-neighbour graph, and second choices."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.neighbour_graph import nearest_rows
from relevanceai.kernels.units import row_blocks


@dataclass(frozen=True, slots=True)
class CrossEdges:
    """Edges of the k-nearest-neighbour graph of two clusters that lead to the other one.

    Parameters
    ----------
    observed : share of all edges that cross, in [0, 1].
    expected : the share that would cross if the labels were dealt at random, from the sizes alone.
    ratio : observed / expected: 0 when none crosses, about 1 when the labels mean nothing.
    k : neighbours a document; fewer than asked where there are fewer documents.
    """

    observed: float
    expected: float
    ratio: float
    k: int


def cross_edges(
    first: NDArray[np.float32], second: NDArray[np.float32], *, k: int = 15
) -> CrossEdges:
    """Count the edges of the k-nearest-neighbour graph that lead from one cluster to the other.

    Parameters
    ----------
    first, second : float32 arrays of shape (n_first, n_dims) and (n_second, n_dims), finite: samples
        of the two clusters at the same rate, at least one row in each.
    k : neighbours a document, by Euclidean distance, itself left out; see `nearest_rows`.

    Notes
    -----
    O((n_first + n_second)^2 * n_dims) by matrix products, in blocks of rows.

    Examples
    --------
    >>> one, other = np.array([[0], [1], [2]], np.float32), np.array([[10], [11], [12]], np.float32)
    >>> cross_edges(one, other, k=2)
    CrossEdges(observed=0.0, expected=0.6, ratio=0.0, k=2)
    >>> cross_edges(one, other, k=5).ratio
    1.0
    """
    n_first, n_rows = len(first), len(first) + len(second)
    near = nearest_rows(np.concatenate([first, second]), k)
    k = near.shape[1]
    is_second = np.arange(n_rows) >= n_first
    crossing = int((is_second[near] != is_second[:, None]).sum())
    observed = crossing / (n_rows * k)
    expected = 2.0 * n_first * (n_rows - n_first) / (n_rows * (n_rows - 1.0))
    return CrossEdges(observed, expected, observed / expected, k)


def runner_up_share(
    vectors: NDArray[np.float32],
    centroids: NDArray[np.float64],
    own: int,
    other: int,
) -> float:
    """Return the share of a cluster's documents for which another cluster is the next best.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite: documents of cluster `own`.
    centroids : float64 array of shape (n_clusters, n_dims), of all clusters, finite.
    own, other : rows of `centroids`.

    Returns
    -------
    A float in [0, 1], by Euclidean distance to the centroids except the own one; ties count for the
    earlier cluster. 1.0 when there are two clusters only; 0.0 without rows.

    Examples
    --------
    >>> runner_up_share(
    ...     np.array([[1.0], [-1.0]], np.float32), np.array([[0.0], [5.0], [-5.0]]), 0, 1
    ... )
    0.5
    """
    if not len(vectors):
        return 0.0
    moved = centroids - centroids[own]
    squares = np.einsum("ij,ij->i", moved, moved)
    hits = 0
    for block in row_blocks(len(vectors), max(centroids.shape)):
        values = squares - 2.0 * ((vectors[block] - centroids[own]) @ moved.T)
        values[:, own] = np.inf
        hits += int((values.argmin(axis=1) == other).sum())
    return hits / len(vectors)
