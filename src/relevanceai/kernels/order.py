"""The order of clusters in which close ones stand side by side."""

import numpy as np
from numpy.typing import NDArray

OPTIMAL_UP_TO = 1000
"""Leaves are put in the optimal order up to this many clusters: that step is cubic."""


def linkage_order(
    distances: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Order clusters by average linkage, so that close ones stand side by side.

    Parameters
    ----------
    distances : float64 array of shape (n_clusters, n_clusters), symmetric, finite, not negative; the
        diagonal is not read. (`as_distances` makes them from similarities.)

    Returns
    -------
    order : intp array of shape (n_clusters,); a permutation whose first number is smaller than its
        last. One cluster gives [0], two [0, 1].
    linkage : float64 array of shape (n_clusters - 1, 4), scipy's table of merges: the two clusters
        joined, their distance, how many leaves they have together.

    Notes
    -----
    Average linkage (UPGMA), then the order of the tree's leaves that makes neighbours closest, up to
    `OPTIMAL_UP_TO` clusters; above that the tree's own order. The same distances give the same
    order; ties are broken by scipy, always alike. O(n_clusters**2), O(n_clusters**3) with the
    optimal order in the worst case.

    References
    ----------
    Bar-Joseph, Gifford, Jaakkola: Fast optimal leaf ordering for hierarchical clustering, 2001.

    Examples
    --------
    >>> order, linkage = linkage_order(np.array([[0.0, 9.0, 1.0], [9.0, 0.0, 5.0], [1.0, 5.0, 0.0]]))
    >>> order
    array([0, 2, 1])
    >>> linkage
    array([[0., 2., 1., 2.],
           [3., 1., 7., 3.]])
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    n_clusters = len(distances)
    if n_clusters < 2:
        return np.arange(n_clusters), np.empty((0, 4))
    condensed = _condensed(distances)
    tree: NDArray[np.float64] = linkage(condensed, method="average")
    if 2 < n_clusters <= OPTIMAL_UP_TO:
        tree = optimal_leaf_ordering(tree, condensed)
    order = leaves_list(tree).astype(np.intp)
    if order[0] > order[-1]:  # an order and its mirror image are equally good: take one of them
        order, tree = order[::-1].copy(), tree[:, [1, 0, 2, 3]]
    return order, tree


def _condensed(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upper triangle, row by row: scipy's condensed form."""
    rows = [distances[i, i + 1 :] for i in range(len(distances) - 1)]
    return np.concatenate(rows)
