"""Pairs of clusters: which of them touch, how alike they are among all, which to look at first."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.second_nearest import Neighbours
from relevanceai.kernels.units import row_blocks

LEAST_SHARE = 0.05
"""Of a cluster's documents, those whose nearest other cluster it must be to be called adjacent."""

_LEAST_UNCERTAIN = 0.01  # so that pairs that are surely apart still have an order


def adjacent_pairs(
    found: Neighbours, means: NDArray[np.float64], least_share: float = LEAST_SHARE
) -> NDArray[np.intp]:
    """Return the pairs of clusters that touch.

    Parameters
    ----------
    found : what the members of each cluster are nearest to.
    means : float64 array of shape (n_clusters, n_dims).
    least_share : a cluster touches those that are the nearest other one of at least this share of
        its documents, and in any case the one whose centroid is nearest to its own (Euclidean).

    Returns
    -------
    int array of shape (n_pairs, 2), first < second, in order, each pair once.
    """
    n_clusters = len(means)
    if n_clusters < 2:
        return np.empty((0, 2), np.intp)
    often = found.second >= least_share * found.count[found.own]
    one, other = found.own[often], found.other[often]
    nearest = np.empty(n_clusters, np.intp)
    squares = np.einsum("ij,ij->i", means, means)
    for block in row_blocks(n_clusters, n_clusters):
        distances = squares - 2.0 * (means[block] @ means.T)
        distances[np.arange(block.stop - block.start), np.arange(block.start, block.stop)] = np.inf
        nearest[block] = distances.argmin(axis=1)
    one = np.concatenate([one, np.arange(n_clusters)])
    other = np.concatenate([other, nearest])
    codes = np.unique(np.minimum(one, other) * n_clusters + np.maximum(one, other))
    return np.stack(np.divmod(codes, n_clusters), axis=1).astype(np.intp)


def pair_cosines(
    means: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the cosine of pairs of rows, in [-1, 1]; 0 with a zero row, as everywhere.

    Parameters
    ----------
    means : float64 array of shape (n_clusters, n_dims), finite.
    first, second : int arrays of shape (n_pairs,), rows of `means`.

    Returns
    -------
    float64 array of shape (n_pairs,).
    """
    norms = np.sqrt(np.einsum("ij,ij->i", means, means))
    units = means / np.where(norms > 0, norms, 1.0)[:, None]
    cosines: NDArray[np.float64] = np.einsum("ij,ij->i", units[first], units[second])
    return cosines.clip(-1.0, 1.0)


def percentiles(means: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each cosine similarity how many of all pairs of centroids are no more alike.

    Parameters
    ----------
    means : float64 array of shape (n_clusters, n_dims).
    values : float64 array of shape (n_values,), similarities of some pairs.

    Returns
    -------
    float64 array of shape (n_values,), in (0, 100]; the pair itself counts. 100 is the most alike.

    Notes
    -----
    O(n_clusters**2 * n_dims), in blocks. Similarities within 1e-12 count as equal.

    Examples
    --------
    >>> corners = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> percentiles(corners, np.array([0.0, 2**-0.5])).round(1)
    array([ 33.3, 100. ])
    """
    n_clusters = len(means)
    n_pairs = n_clusters * (n_clusters - 1) // 2
    order = np.argsort(values, kind="stable")
    limits = values[order] + 1e-12
    norms = np.sqrt(np.einsum("ij,ij->i", means, means))
    units = means / np.where(norms > 0, norms, 1.0)[:, None]
    counts = np.zeros(len(values) + 1, np.int64)
    for block in row_blocks(n_clusters, n_clusters):
        products = units[block] @ units.T
        later = np.arange(n_clusters)[None, :] > np.arange(block.start, block.stop)[:, None]
        counts += np.bincount(np.searchsorted(limits, products[later]), minlength=len(counts))
    result = np.empty(len(values))
    result[order] = 100.0 * np.cumsum(counts[:-1]) / max(1, n_pairs)
    return result


def priorities(
    count: NDArray[np.int64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    q_values: NDArray[np.float64],
    separations: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how soon each pair should be looked at: size x uncertainty x evidence for merging.

    Parameters
    ----------
    count : int64 array of shape (n_clusters,).
    first, second : int arrays of shape (n_pairs,).
    q_values, separations : float64 arrays of shape (n_pairs,).

    Returns
    -------
    float64 array of shape (n_pairs,), in [0, 1], the product of
    size, log(1 + documents of the smaller) / log(1 + documents of the largest cluster);
    uncertainty, the q-value: how unsure it is that the two are apart, as they now stand; 0.01 at least;
    evidence for merging, the share of these pairs whose separation is larger, half for its own.

    Examples
    --------
    >>> pairs = np.array([0, 1]), np.array([1, 2])
    >>> priorities(np.array([99, 99, 9]), *pairs, np.array([1.0, 0.5]), np.array([0.0, 1.0]))
    array([0.75  , 0.0625])
    """
    if not len(first):
        return np.empty(0)
    smaller = np.minimum(count[first], count[second])
    size = np.log1p(smaller) / np.log1p(count.max())
    order = np.sort(separations)
    larger = len(order) - np.searchsorted(order, separations, side="right")
    equal = len(order) - larger - np.searchsorted(order, separations, side="left")
    merging = (larger + equal / 2.0) / len(order)
    result: NDArray[np.float64] = size * np.maximum(q_values, _LEAST_UNCERTAIN) * merging
    return result
