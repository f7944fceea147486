"""How good a clustering is as a whole, from counts, centroids and mean distances: no pass."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.units import row_blocks

_NEAR = 1e-8  # squared distances below this share of the squared norms are taken again, exactly


def davies_bouldin(centroids: NDArray[np.float64], distance: NDArray[np.float64]) -> float | None:
    """Return the Davies-Bouldin index: small when clusters are tight and far apart.

    For each cluster the worst, over the others, of (its mean distance + the other's) over the
    distance of the two centroids; the mean of that over the clusters.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims), finite: those of clusters with members.
    distance : float64 array of shape (n_clusters,); mean Euclidean distance of the members to their
        centroid.

    Returns
    -------
    float, not negative. Infinite when two clusters whose members are spread have one centroid; two
    without spread (distance 0) count as 0. None with fewer than two clusters: undefined.

    Notes
    -----
    O(n_clusters**2 * n_dims), in blocks. (scikit-learn leaves pairs with one centroid out instead.)

    References
    ----------
    Davies, Bouldin: A cluster separation measure, 1979, with p = 2 and q = 1.

    Examples
    --------
    >>> davies_bouldin(np.array([[0.0], [10.0]]), np.array([1.0, 2.0]))
    0.3
    """
    n_clusters = len(centroids)
    if n_clusters < 2:
        return None
    moved = centroids - centroids.mean(axis=0)
    squares = np.einsum("ij,ij->i", moved, moved)
    worst = np.empty(n_clusters)
    for block in row_blocks(n_clusters, n_clusters):
        sums = squares[block, None] + squares
        between = sums - 2.0 * (moved[block] @ moved.T)
        near, near_other = np.nonzero(between <= _NEAR * sums)
        for i, j in zip(near.tolist(), near_other.tolist(), strict=True):
            between[i, j] = np.square(moved[block.start + i] - moved[j]).sum()
        spread = distance[block, None] + distance
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = spread / np.sqrt(between)
        ratio[spread == 0] = 0.0
        ratio[np.arange(block.stop - block.start), np.arange(block.start, block.stop)] = 0.0
        worst[block] = ratio.max(axis=1)
    return float(worst.mean())


def calinski_harabasz(
    count: NDArray[np.int64], centroids: NDArray[np.float64], inertia: NDArray[np.float64]
) -> float | None:
    """Return the Calinski-Harabasz index: large when clusters are tight and far apart.

    The variance between the centroids, over n_clusters - 1, by that within the clusters, over
    n_rows - n_clusters.

    Parameters
    ----------
    count : int64 array of shape (n_clusters,); members, at least one each.
    centroids : float64 array of shape (n_clusters, n_dims), finite.
    inertia : float64 array of shape (n_clusters,); squared distances of the members to the centroid.

    Returns
    -------
    float, not negative. None where it is undefined: fewer than two clusters, no more rows than
    clusters, or no spread within any cluster.

    References
    ----------
    Caliński, Harabasz: A dendrite method for cluster analysis, 1974.

    Examples
    --------
    >>> calinski_harabasz(np.array([2, 2]), np.array([[0.0], [10.0]]), np.array([2.0, 2.0]))
    50.0
    """
    n_clusters, n_rows = len(count), int(count.sum())
    within = float(inertia.sum())
    if n_clusters < 2 or n_rows <= n_clusters or within == 0:
        return None
    shift = centroids[0]  # so that the mean of means keeps its digits far from the origin
    moved = centroids - shift
    moved -= (count @ moved) / n_rows
    between = float(count @ np.einsum("ij,ij->i", moved, moved))
    return (between / (n_clusters - 1)) / (within / (n_rows - n_clusters))
