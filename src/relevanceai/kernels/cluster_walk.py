"""How easily one gets from one cluster to another along edges of the nearest-neighbour graph."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

STAY = 0.95
"""The chance of going on at each step of the walk."""

STEPS = 50
"""Steps of a walk at most: one in thirteen would go further."""

FEW_ROWS = 10
"""Where there are fewer rows a cluster, on average, the walk goes from cluster to cluster."""

_LEAST = 1e-9
_COLUMNS = 128


def walk_closeness(
    neighbours: NDArray[np.int32],
    labels: NDArray[np.int32],
    n_clusters: int,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return how much more often than by size alone a walk from one cluster ends in another.

    The walk goes from document to document along edges of the nearest-neighbour graph, in either
    direction, and ends at each step with the chance 1 - `STAY`. So it sees the way through documents
    that lie between the two, of other clusters too, which a count of direct edges does not. Where
    there are fewer than 10 rows a cluster, each cluster counts as one document, with all its edges.

    Parameters
    ----------
    neighbours : int32 array of shape (n_rows, k), as of `nearest_rows`.
    labels : int32 array of shape (n_rows,), in [0, n_clusters). Fastest where they ascend.
    n_clusters : how many clusters there are.
    first, second : int arrays of shape (n_asked,), the pairs of clusters asked for.

    Returns
    -------
    float64 array of shape (n_asked,), above 0: about 1 where the graph is mixed as if there were no
    clusters; the same for (a, b) and (b, a) but for rounding. 1e-9 where no way leads from one to
    the other, or one has no row.

    Notes
    -----
    With P the chances of a step from document to document and a document of `first` drawn by its
    number of edges, the closeness is the chance to end in `second` after 0 to 50 steps, step t
    weighted by `STAY` ** t, over the share of all edges that `second` has. In float32, where all
    terms are positive. O(50 * n_rows * k) for each different `first`, in blocks.

    References
    ----------
    Random walk with restart: Tong, Faloutsos and Pan (2006), ICDM, eq. 1.

    Examples
    --------
    >>> near = np.array([[1, 2], [0, 3], [3, 0], [2, 1]], np.int32)  # a ring; two clusters
    >>> labels = np.array([0, 0, 1, 1], np.int32)
    >>> walk_closeness(near, labels, 2, np.array([0]), np.array([1])).round(2)
    array([0.95])
    """
    from scipy.sparse import csr_array

    n_rows, k = neighbours.shape
    closeness = np.full(len(first), _LEAST)
    if not n_rows or not len(first):
        return closeness
    from_ = np.repeat(np.arange(n_rows, dtype=np.int32), k)
    ones = np.ones(n_rows * k, np.float32)
    edges = csr_array((ones, (from_, neighbours.ravel())), shape=(n_rows, n_rows))
    both = (edges + edges.T).tocsr()
    if n_rows < FEW_ROWS * n_clusters:
        together = csr_array(
            (np.ones(n_rows, np.float32), (labels, np.arange(n_rows))), shape=(n_clusters, n_rows)
        )
        both = (together @ both @ together.T).tocsr()
        n_rows, labels = n_clusters, np.arange(n_clusters, dtype=np.int32)
    degree = np.asarray(both.sum(axis=1), dtype=np.float64).ravel()
    step = both.multiply((1.0 / np.maximum(degree, 1.0)).astype(np.float32)[:, None]).tocsr()
    volume = np.bincount(labels, weights=degree, minlength=n_clusters)
    share = degree / np.where(volume > 0.0, volume, 1.0)[labels]  # of its cluster's edges
    members = csr_array(
        (share.astype(np.float32), (labels, np.arange(n_rows))), shape=(n_clusters, n_rows)
    )
    asked, which = np.unique(first, return_inverse=True)
    for start in range(0, len(asked), _COLUMNS):
        columns = asked[start : start + _COLUMNS]
        ends = members @ _ending(step, labels, columns)
        mine = np.flatnonzero((which >= start) & (which < start + len(columns)))
        own = volume[first[mine]]
        values = ends[second[mine], which[mine] - start] * np.divide(
            degree.sum(), own, out=np.zeros_like(own), where=own > 0.0
        )
        closeness[mine] = np.maximum(_LEAST, values)
    return closeness


def _ending(
    step: "csr_array", labels: NDArray[np.int32], columns: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return for each row the chance that a walk from it ends in each of some clusters."""
    there = (labels[:, None] == columns[None, :]).astype(np.float32)
    ending = there.copy()
    for _ in range(STEPS):
        there = STAY * (step @ there)
        ending += there
    result: NDArray[np.float32] = ending * np.float32((1.0 - STAY) / (1.0 - STAY ** (STEPS + 1)))
    return result
