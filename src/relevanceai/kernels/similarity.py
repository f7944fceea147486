"""How close centroids are to each other: similarities and distances of all pairs, as a matrix."""

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.halves import Halves
from relevanceai.kernels.units import row_blocks, row_norms

CentroidMetric: TypeAlias = Literal[
    "cosine", "l2", "l1", "dp", "centred", "corrected", "l2_similarity"
]
"""How two centroids are compared; see `centroid_similarity`."""

CENTROID_METRICS: tuple[CentroidMetric, ...] = get_args(CentroidMetric)
"""The names that `CentroidMetric` allows."""

_BY_DIFFERENCES_UP_TO = 300  # clusters; beyond, distances are products, and near ones differences
_NEAR = 1e-6  # squared distances below this share of the squared norms are taken by differences


def grows_with_likeness(metric: CentroidMetric) -> bool:
    """Tell whether a metric is a similarity; "l2" and "l1" are distances."""
    return metric not in ("l2", "l1")


def centroid_similarity(
    centroids: NDArray[np.float64],
    metric: CentroidMetric = "cosine",
    halves: Halves | None = None,
) -> NDArray[np.float64]:
    """Compare every centroid with every other.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims). A NaN row (an empty cluster) gives a
        NaN row and column.
    metric : "cosine", similarity in [-1, 1], 0 with a zero centroid;
        "centred", the cosine about the plain mean of the centroids (each cluster counts once,
        whatever its size), 0 for a centroid that is that mean. It spreads what raw cosine crowds
        into a narrow band; two clusters alone are always at -1;
        "corrected", the cosine corrected for what too few members blur, see `Halves`; an estimate
        that may exceed 1 for centroids that are alike up to chance. The only one to need `halves`;
        "dp", the dot product;
        "l2", the Euclidean distance, and "l2_similarity", 1 / (1 + that), in (0, 1];
        "l1", the sum of absolute differences.
    halves : of the same clusters, for "corrected".

    Returns
    -------
    float64 array of shape (n_clusters, n_clusters), exactly symmetric. The diagonal is exactly 1
    for "cosine", "centred" and "corrected" (0 for a zero centroid), 1 for "l2_similarity", 0 for
    "l2" and "l1", the squared norm for "dp".

    Notes
    -----
    O(n_clusters**2 * n_dims), and 8 bytes a pair of clusters. Distances hold far from the origin:
    they are sums over differences, or products about the mean where those lose no digits.

    Examples
    --------
    >>> centroid_similarity(np.array([[1.0, 0.0], [3.0, 4.0], [-2.0, 0.0]]))
    array([[ 1. ,  0.6, -1. ],
           [ 0.6,  1. , -0.6],
           [-1. , -0.6,  1. ]])
    >>> centroid_similarity(np.array([[0.0, 0.0], [3.0, 4.0]]), "l1")
    array([[0., 7.],
           [7., 0.]])
    >>> centroid_similarity(np.array([[9.0, 8.0], [9.0, 9.0], [9.0, 7.0]]), "centred")
    array([[ 0.,  0.,  0.],
           [ 0.,  1., -1.],
           [ 0., -1.,  1.]])
    """
    empty = np.asarray(np.isnan(centroids).any(axis=1))
    rows = np.where(empty[:, None], 0.0, centroids)
    if metric == "dp":
        result = _products(rows, rows, np.asarray(np.einsum("ij,ij->i", rows, rows)))
    elif metric == "cosine" or metric == "centred":
        units = unit_rows(rows if metric == "cosine" else about_the_mean(centroids))
        result = _products(units, units, np.asarray(units.any(axis=1), np.float64))
        np.clip(result, -1.0, 1.0, out=result)
    elif metric == "corrected":
        if halves is None:
            raise ValueError("The corrected cosine needs the halves of the clusters.")
        result = _products(halves.left, halves.right, halves.is_there.astype(np.float64))
    elif metric == "l1" or len(rows) <= _BY_DIFFERENCES_UP_TO:
        result = _distances(rows, "cityblock" if metric == "l1" else "euclidean")
    else:
        result = _euclidean(rows, about_the_mean(centroids))
    if metric == "l2_similarity":
        np.divide(1.0, result + 1.0, out=result)
    result[empty, :] = np.nan
    result[:, empty] = np.nan
    return result


def about_the_mean(centroids: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return centroids of shape (n_clusters, n_dims) minus their plain mean; zeros for empty ones.

    The mean is taken about one of them, so that centroids that are all the same give exact zeros.
    """
    is_there = np.flatnonzero(~np.isnan(centroids).any(axis=1))
    result = np.zeros_like(centroids)
    if len(is_there):
        moved = centroids[is_there] - centroids[is_there[0]]
        result[is_there] = moved - moved.mean(axis=0)
    return result


def unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows of shape (n_rows, n_dims) scaled to norm 1; a zero row stays zero."""
    norms = row_norms(rows)
    units: NDArray[np.float64] = rows / np.where(norms > 0, norms, 1.0)[:, None]
    return units


def _products(
    left: NDArray[np.float64], right: NDArray[np.float64], diagonal: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Products of all rows with all rows, which make a symmetric matrix but for roundings."""
    result: NDArray[np.float64] = left @ right.T
    _mirror(result)
    np.fill_diagonal(result, diagonal)
    return result


def _mirror(result: NDArray[np.float64]) -> None:
    """Copy the upper triangle into the lower one: BLAS promises no exact symmetry."""
    for block in row_blocks(len(result), len(result)):
        upper = np.triu(result[block, block], 1)
        result[block, block] = upper + upper.T
        result[block.stop :, block] = result[block, block.stop :].T


def _distances(rows: NDArray[np.float64], scipy_name: str) -> NDArray[np.float64]:
    """Pairwise distances of all rows, as sums over differences."""
    from scipy.spatial.distance import pdist, squareform

    if len(rows) < 2:
        return np.zeros((len(rows), len(rows)))
    result: NDArray[np.float64] = squareform(pdist(rows, scipy_name), checks=False)
    return result


def _euclidean(rows: NDArray[np.float64], moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances of all rows, by products about the mean; by differences where near."""
    unit = float(np.abs(moved).max(initial=0.0)) or 1.0
    moved = moved / unit  # squares stay in the range of float64
    squares = np.einsum("ij,ij->i", moved, moved)
    result: NDArray[np.float64] = moved @ moved.T
    for block in row_blocks(len(rows), len(rows)):
        sums = squares[block, None] + squares
        part = sums - 2.0 * result[block]
        near, other = np.nonzero(part < _NEAR * sums)
        part[near, other] = squared_distances(rows, near + block.start, other, unit)
        result[block] = unit * np.sqrt(part)
    _mirror(result)
    np.fill_diagonal(result, 0.0)
    return result


def squared_distances(
    rows: NDArray[np.float64], i: NDArray[np.intp], j: NDArray[np.intp], unit: float
) -> NDArray[np.float64]:
    """Return the squared distance, in units, of rows i[p] and j[p] of each pair p."""
    result = np.empty(len(i))
    for block in row_blocks(len(i), rows.shape[1]):
        differences = rows[i[block]] - rows[j[block]]
        differences /= unit
        result[block] = np.einsum("ij,ij->i", differences, differences)
    return result


def as_distances(matrix: NDArray[np.float64], metric: CentroidMetric) -> NDArray[np.float64]:
    """Turn what `centroid_similarity` returned into distances, for an ordering.

    Parameters
    ----------
    matrix : float array of shape (n_clusters, n_clusters), symmetric; NaN stays NaN.
    metric : what `matrix` was made with. "cosine", "centred" and "corrected" give 1 - similarity
        (0 where a corrected one exceeds 1); "dp" the largest product of two clusters minus the
        product; "l2_similarity" the distance that it was made from; "l2" and "l1" are distances as
        they are.

    Returns
    -------
    Array of the matrix's shape and type, a new one, not negative, 0 on the diagonal.

    Examples
    --------
    >>> as_distances(np.array([[1.0, -0.5], [-0.5, 1.0]]), "cosine")
    array([[0. , 1.5],
           [1.5, 0. ]])
    """
    if metric in ("cosine", "centred", "corrected"):
        result = 1.0 - matrix
    elif metric == "dp":
        result = np.negative(matrix)
        np.fill_diagonal(result, np.inf)
        least = np.nanmin(result) if np.isfinite(result).any() else 0.0
        result -= least
    elif metric == "l2_similarity":
        result = 1.0 / matrix - 1.0
    else:
        result = matrix.copy()
    result = np.maximum(result, 0.0, out=result)
    np.fill_diagonal(result, np.where(np.isnan(np.diagonal(matrix)), np.nan, 0.0))
    return result
