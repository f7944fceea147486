"""How easily one gets from one cluster to another along edges of the nearest-neighbour graph."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

STAY = 0.9
"""The chance of going on at each step of the walk: ten steps on average."""

_STEPS = 200
_TOLERANCE = 1e-9
_LEAST = 1e-9
_COLUMNS = 256


def walk_closeness(
    pairs: NDArray[np.int64],
    counts: NDArray[np.int64],
    n_clusters: int,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return how much more often than by size alone a short walk from one cluster ends in another.

    The walk takes edges of the nearest-neighbour graph of documents, in either direction, from
    cluster to cluster or within one, and ends at each step with the chance 1 - `STAY`. So it sees
    the way through clusters that lie between the two, which a count of direct edges does not.

    Parameters
    ----------
    pairs, counts : the edges, as of `cluster_edges`.
    n_clusters : how many clusters there are.
    first, second : int arrays of shape (n_asked,), the pairs of clusters asked for.

    Returns
    -------
    float64 array of shape (n_asked,), above 0: 1.0 where the graph is mixed as if there were no
    clusters; the same for (a, b) and (b, a). 1e-9 where no way leads from one to the other.

    Notes
    -----
    With S the edges in both directions and D the diagonal of their sums, the closeness is
    (1 - STAY) * S.sum() * inv(D - STAY * S)[a, b]. The systems are solved by conjugate gradients,
    one for each different `first`, in blocks; nothing of shape (n_clusters, n_clusters) is made.

    References
    ----------
    Random walk with restart: Tong, Faloutsos and Pan (2006), ICDM, eq. 1.

    Examples
    --------
    >>> pairs, counts = np.array([0, 1, 2, 3]), np.array([5, 5, 5, 5])  # two clusters, well mixed
    >>> walk_closeness(pairs, counts, 2, np.array([0]), np.array([1])).round(6)
    array([0.9])
    """
    from scipy.sparse import csr_array

    edges = csr_array(
        (counts.astype(np.float64), (pairs // n_clusters, pairs % n_clusters)),
        shape=(n_clusters, n_clusters),
    )
    both = (edges + edges.T).tocsr()
    degree = np.asarray(both.sum(axis=1)).ravel()
    root = np.sqrt(np.where(degree > 0, degree, 1.0))
    scaled = both.multiply(1.0 / root[:, None]).multiply(1.0 / root[None, :]).tocsr()
    closeness = np.full(len(first), _LEAST)
    asked, which = np.unique(first, return_inverse=True)
    for start in range(0, len(asked), _COLUMNS):
        columns = asked[start : start + _COLUMNS]
        solved = _solved(scaled, columns)
        mine = np.flatnonzero((which >= start) & (which < start + len(columns)))
        values = solved[second[mine], which[mine] - start]
        values /= root[first[mine]] * root[second[mine]]
        closeness[mine] = np.maximum(_LEAST, (1.0 - STAY) * degree.sum() * values)
    return closeness


def _solved(scaled: "csr_array", columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the columns of inv(I - STAY * scaled), by conjugate gradients on each at once."""
    right = np.zeros((scaled.shape[0], len(columns)))
    right[columns, np.arange(len(columns))] = 1.0
    solved = np.zeros_like(right)
    residual, direction = right.copy(), right.copy()
    squares = np.einsum("ij,ij->j", residual, residual)
    for _ in range(_STEPS):
        moved = direction - STAY * (scaled @ direction)
        below = np.einsum("ij,ij->j", direction, moved)
        step = np.divide(squares, below, out=np.zeros_like(squares), where=below > 0)
        solved += step * direction
        residual -= step * moved
        before, squares = squares, np.einsum("ij,ij->j", residual, residual)
        if squares.max(initial=0.0) < _TOLERANCE**2:
            break
        ratio = np.divide(squares, before, out=np.zeros_like(squares), where=before > 0)
        direction = residual + ratio * direction
    return solved
