"""How close centroids are to each other, and which pairs of them are the closest."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.nearest import Metric
from relevanceai.kernels.units import row_blocks, row_norms


def centroid_similarity(
    centroids: NDArray[np.float64], metric: Metric = "cosine"
) -> NDArray[np.float64]:
    """Compare every centroid with every other.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims). A NaN row (an empty cluster) gives a
        NaN row and column.
    metric : "cosine", similarity in [-1, 1], 0 with a zero centroid; "dp", the dot product; "l2",
        the Euclidean distance; "l1", the sum of absolute differences.

    Returns
    -------
    float64 array of shape (n_clusters, n_clusters), exactly symmetric. The diagonal is exactly 1
    for "cosine" (0 for a zero centroid), 0 for "l2" and "l1", the squared norm for "dp".

    Notes
    -----
    O(n_clusters**2 * n_dims), and 8 bytes a pair of clusters. Distances are sums over differences,
    not norms minus products, so that they hold far from the origin.

    Examples
    --------
    >>> centroid_similarity(np.array([[1.0, 0.0], [3.0, 4.0], [-2.0, 0.0]]))
    array([[ 1. ,  0.6, -1. ],
           [ 0.6,  1. , -0.6],
           [-1. , -0.6,  1. ]])
    >>> centroid_similarity(np.array([[0.0, 0.0], [3.0, 4.0]]), "l1")
    array([[0., 7.],
           [7., 0.]])
    """
    empty = np.asarray(np.isnan(centroids).any(axis=1))
    rows = np.where(empty[:, None], 0.0, centroids)
    if metric == "cosine" or metric == "dp":
        result = _products(rows, is_cosine=metric == "cosine")
    else:
        result = _distances(rows, "euclidean" if metric == "l2" else "cityblock")
    result[empty, :] = np.nan
    result[:, empty] = np.nan
    return result


def _products(rows: NDArray[np.float64], *, is_cosine: bool) -> NDArray[np.float64]:
    """Dot products of all rows with all rows, of unit rows for the cosine."""
    diagonal = np.einsum("ij,ij->i", rows, rows)
    if is_cosine:
        norms = row_norms(rows)
        diagonal = (norms > 0).astype(np.float64)
        rows = rows / np.where(norms > 0, norms, 1.0)[:, None]
    result: NDArray[np.float64] = rows @ rows.T
    for block in row_blocks(len(rows), len(rows)):  # BLAS promises no exact symmetry
        upper = np.triu(result[block, block], 1)
        result[block, block] = upper + upper.T
        result[block.stop :, block] = result[block, block.stop :].T
    np.fill_diagonal(result, diagonal)
    return np.clip(result, -1.0, 1.0, out=result) if is_cosine else result


def _distances(rows: NDArray[np.float64], scipy_name: str) -> NDArray[np.float64]:
    """Pairwise distances of all rows."""
    from scipy.spatial.distance import pdist, squareform

    if len(rows) < 2:
        return np.zeros((len(rows), len(rows)))
    result: NDArray[np.float64] = squareform(pdist(rows, scipy_name), checks=False)
    return result


def as_distances(matrix: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    """Turn what `centroid_similarity` returned into distances, for an ordering.

    Parameters
    ----------
    matrix : float64 array of shape (n_clusters, n_clusters), symmetric; NaN stays NaN.
    metric : what `matrix` was made with. "cosine" gives 1 - similarity; "dp" the largest product of
        two clusters minus the product; "l2" and "l1" are distances as they are.

    Returns
    -------
    float64 array of shape (n_clusters, n_clusters), a new one, not negative, 0 on the diagonal.

    Examples
    --------
    >>> as_distances(np.array([[1.0, -0.5], [-0.5, 1.0]]), "cosine")
    array([[0. , 1.5],
           [1.5, 0. ]])
    """
    if metric == "cosine":
        result = 1.0 - matrix
    elif metric == "dp":
        pairs = matrix[np.triu_indices(len(matrix), 1)]
        pairs = pairs[~np.isnan(pairs)]
        result = (pairs.max() if len(pairs) else 0.0) - matrix
    else:
        result = matrix.copy()
    diagonal = np.where(np.isnan(np.diagonal(matrix)), np.nan, 0.0)
    result = np.maximum(result, 0.0, out=result)
    np.fill_diagonal(result, diagonal)
    return result


def closest_pairs(
    matrix: NDArray[np.float64], n: int, *, largest_first: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the n pairs of clusters that are closest, closest first.

    Parameters
    ----------
    matrix : float64 array of shape (n_clusters, n_clusters), symmetric. Pairs whose value is NaN
        (an empty cluster) take no part; negative values take part like any other.
    n : how many pairs; 0 gives none, more than there are gives all.
    largest_first : True for similarities, False for distances.

    Returns
    -------
    Three arrays of the same length: intp `i` and `j` with i < j, and float64, the value of the
    pair. Ties stand in the order of (i, j).

    Notes
    -----
    O(n_clusters**2), in blocks of rows; the working memory is a block's and 24 bytes a pair asked
    for, not the number of pairs there are.

    Examples
    --------
    >>> matrix = np.array([[1.0, -0.3, 0.5], [-0.3, 1.0, -0.9], [0.5, -0.9, 1.0]])
    >>> closest_pairs(matrix, 2, largest_first=True)
    (array([0, 0]), array([2, 1]), array([ 0.5, -0.3]))
    """
    n_clusters = len(matrix)
    places = [np.empty(0, dtype=np.intp)]  # i * n_clusters + j, which is also the order of ties
    values = [np.empty(0)]
    n_held = 0
    for block in row_blocks(n_clusters if n > 0 else 0, n_clusters):
        i, j = np.nonzero(np.arange(n_clusters) > np.arange(block.start, block.stop)[:, None])
        i += block.start
        found = matrix[i, j]
        usable = ~np.isnan(found)
        places.append((i * n_clusters + j)[usable])
        values.append(found[usable])
        n_held += len(values[-1])
        if n_held > 2 * n:  # so that each pair is looked at a few times, not once a block
            places, values = _best(places, values, n, largest_first)
            n_held = len(places[0])
    (flat,), (best,) = _best(places, values, n, largest_first)
    order = np.argsort(-best if largest_first else best, kind="stable")
    i, j = np.divmod(flat[order], max(n_clusters, 1))
    return i, j, best[order]


def _best(
    places: list[NDArray[np.intp]],
    values: list[NDArray[np.float64]],
    n: int,
    largest_first: bool,
) -> tuple[list[NDArray[np.intp]], list[NDArray[np.float64]]]:
    """The n best of the pairs held, in the order of their places, each as a list of one array."""
    flat, found = np.concatenate(places), np.concatenate(values)
    best = _first(-found if largest_first else found, n)
    return [flat[best]], [found[best]]


def _first(keys: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Places of the n smallest keys, in the order they stand; of equal keys the earlier ones."""
    if len(keys) <= n:
        return np.arange(len(keys))
    limit = np.partition(keys, n - 1)[n - 1]
    below = keys < limit
    ties = np.flatnonzero(keys == limit)[: n - int(np.count_nonzero(below))]
    below[ties] = True
    return np.flatnonzero(below)
