"""The order of clusters in which close ones stand side by side."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.forms import form_of
from relevanceai.kernels.halves import Halves
from relevanceai.kernels.leaves import Between, optimal, turned
from relevanceai.kernels.similarity import CentroidMetric, as_distances, centroid_similarity

OPTIMAL_UP_TO = 1000
"""Leaves are put in the optimal order up to this many clusters: that step is cubic."""

_BLOCK = 1024  # clusters on each side of one matrix product
_NEAR = 1e-4  # half squared distances, in units, below which they are taken again in float64


def centroid_order(
    centroids: NDArray[np.float64],
    metric: CentroidMetric = "cosine",
    halves: Halves | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Order clusters by average linkage of their centroids, so that close ones stand side by side.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims), finite.
    metric, halves : as for `centroid_similarity`; `as_distances` says which distances it makes.

    Returns
    -------
    As `linkage_order`.

    Notes
    -----
    Up to `OPTIMAL_UP_TO` clusters as `linkage_order` of all distances in float64. Beyond, the distances
    are float32, 4 bytes a pair of clusters (400 MB for 10,000), and O(n_clusters**2 * n_dims); "l1"
    needs 8 bytes a pair more. The table's heights are then good to about six digits.

    Examples
    --------
    >>> centroid_order(np.array([[0.0], [9.0], [1.0]]), "l2")[0]
    array([0, 2, 1])
    """
    if len(centroids) <= OPTIMAL_UP_TO:
        return linkage_order(as_distances(centroid_similarity(centroids, metric, halves), metric))
    if metric == "l1":
        whole = centroid_similarity(centroids, "l1")
        return _flipped_order(whole.astype(np.float32), lambda i, j: whole[i, j])
    distances, between = _distances(centroids, metric, halves)
    return _flipped_order(distances, between)


def _distances(
    centroids: NDArray[np.float64], metric: CentroidMetric, halves: Halves | None
) -> tuple[NDArray[np.float32], Between]:
    """All distances in float32, and those of some pairs in float64."""
    is_euclidean = metric in ("l2", "l2_similarity")
    form = form_of(centroids, "l2" if is_euclidean else metric, halves)
    n_clusters, unit = len(centroids), np.float32(form.unit)
    distances = np.empty((n_clusters, n_clusters), np.float32)
    for first in range(0, n_clusters, _BLOCK):
        rows = slice(first, min(first + _BLOCK, n_clusters))
        for second in range(first, n_clusters, _BLOCK):
            others = slice(second, min(second + _BLOCK, n_clusters))
            part: NDArray[np.float32] = form.left[rows] @ form.right[others].T
            np.negative(part, out=part)
            if is_euclidean:  # half the squared distances, in units; 1 is about the largest
                near, other = np.nonzero(part < _NEAR)
                exact = form.exact(near + first, other + second)
                np.sqrt(2 * np.maximum(part, 0, out=part), out=part)
                part *= unit
                part[near, other] = exact
            elif metric == "dp":
                part *= unit * unit
            else:
                part += np.float32(metric == "corrected")
                np.maximum(part, 0, out=part)
            distances[rows, others] = part
            distances[others, rows] = part.T
            if first == second:  # BLAS promises no exact symmetry
                upper = np.triu(part, 1)
                distances[rows, rows] = upper + upper.T
    if metric == "dp":
        np.fill_diagonal(distances, np.inf)
        distances -= distances.min()
        return distances, lambda i, j: -form.exact(i, j)
    if is_euclidean:
        return distances, form.exact
    return distances, lambda i, j: 1.0 - form.exact(i, j)


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
        joined, their distance, how many leaves they have together. Its leaves, from left to right,
        are the order.

    Notes
    -----
    Average linkage (UPGMA), then the order of the tree's leaves. Up to `OPTIMAL_UP_TO` clusters it
    is the one of all that the tree allows which makes the sum of distances between neighbours
    smallest. Beyond, each merge, from the leaves up, turns its two sides so that the two leaves
    that meet are closest; the tree is then made in float32. The same distances give the same order.
    O(n_clusters**2), O(n_clusters**3) with the optimal order in the worst case.

    References
    ----------
    Sokal, Michener: A statistical method for evaluating systematic relationships, 1958 (the linkage).

    Examples
    --------
    >>> order, linkage = linkage_order(np.array([[0.0, 9.0, 1.0], [9.0, 0.0, 5.0], [1.0, 5.0, 0.0]]))
    >>> order
    array([0, 2, 1])
    >>> linkage
    array([[0., 2., 1., 2.],
           [3., 1., 7., 3.]])
    """
    n_clusters = len(distances)
    if n_clusters < 2:
        return np.arange(n_clusters), np.empty((0, 4))
    if n_clusters > OPTIMAL_UP_TO:
        return _flipped_order(distances.astype(np.float32), lambda i, j: distances[i, j])
    from scipy.cluster.hierarchy import linkage

    tree: NDArray[np.float64] = linkage(_condensed(distances), method="average")
    return _one_way(optimal(tree, distances))


def _condensed(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upper triangle, row by row: scipy's condensed form."""
    rows = [distances[i, i + 1 :] for i in range(len(distances) - 1)]
    return np.concatenate(rows)


def _flipped_order(
    distances: NDArray[np.float32], between: Between
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Average linkage, which uses the distances up, and its leaves turned as they come."""
    from relevanceai.kernels.chain import average_linkage  # the compiler costs a third of a second

    return _one_way(turned(average_linkage(distances), between))


def _one_way(tree: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The leaves of a tree: an order and its mirror image are equally good, take one of them."""
    from scipy.cluster.hierarchy import leaves_list

    order = leaves_list(tree).astype(np.intp)
    if order[0] > order[-1]:
        order, tree = order[::-1].copy(), tree[:, [1, 0, 2, 3]]
    return order, tree
