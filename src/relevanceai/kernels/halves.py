"""Two halves of each cluster, by a hash of the row id, and the cosine corrected by how they agree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.units import row_norms

_HALF_BITS = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


def half_of(row_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which half of a cluster each row is in: the lowest bit of splitmix64 of its row id.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,).

    Returns
    -------
    int64 array of shape (n_rows,): 0 for half A, 1 for half B, whatever else is in the dataset.

    Examples
    --------
    >>> half_of(np.arange(8))
    array([1, 1, 0, 1, 0, 0, 0, 1])
    """
    step, first, second = _HALF_BITS
    mixed = row_ids.astype(np.uint64) + step
    mixed = (mixed ^ (mixed >> np.uint64(30))) * first
    mixed = (mixed ^ (mixed >> np.uint64(27))) * second
    return ((mixed ^ (mixed >> np.uint64(31))) & np.uint64(1)).astype(np.int64)


def half_labels(labels: NDArray[np.int32], row_ids: NDArray[np.int64]) -> NDArray[np.int32]:
    """Number the halves of clusters: 2 * label for half A, 2 * label + 1 for half B.

    Parameters
    ----------
    labels, row_ids : int32 and int64 arrays of shape (n_rows,); a label below 0 stays as it is.
    """
    return np.where(labels < 0, labels, 2 * labels + half_of(row_ids)).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Halves:
    """Two halves of every cluster, made ready for the corrected cosine.

    A centroid of few members is blurred by chance, and so its cosine with any other is too small.
    How much, its two halves tell: they would be parallel if there were no chance. With the halves
    A1, A2 of one cluster and B1, B2 of another, the corrected cosine is

        (cos(A1, B2) + cos(A2, B1)) / 2 / sqrt(cos(A1, A2) * cos(B1, B2)),

    the mean of both ways to take a half of each.

    Attributes
    ----------
    left, right : float64 arrays of shape (n_clusters, 2 * n_dims), whose products are that.
    reliability : float64 array of shape (n_clusters,); cos(A1, A2), or 1 where it is undefined.
    is_corrected : bool array of shape (n_clusters,); False where the reliability is undefined: a
        half has no member or is zero, or the halves are at a right angle or beyond. Such a cluster
        stands with its whole centroid in place of both halves, uncorrected.
    is_there : bool array of shape (n_clusters,); False for a zero centroid and an empty cluster,
        whose cosine with any other is 0.

    References
    ----------
    Spearman: The proof and measurement of association between two things, 1904 (the correction for
    attenuation); Kriegeskorte, Diedrichsen and others use it for patterns of activity.
    """

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    reliability: NDArray[np.float64]
    is_corrected: NDArray[np.bool_]
    is_there: NDArray[np.bool_]


def halves(
    count: NDArray[np.int64],
    sums: NDArray[np.float64],
    half_count: NDArray[np.int64],
    half_sums: NDArray[np.float64],
) -> Halves:
    """Make the halves of clusters ready for the corrected cosine.

    Parameters
    ----------
    count, sums : int64 array of shape (n_clusters,) and float64 array of shape (n_clusters,
        n_dims), of all members.
    half_count, half_sums : the same of the members in half A.

    Notes
    -----
    O(n_clusters * n_dims); 32 bytes a cluster and dimension.

    Examples
    --------
    >>> found = halves(
    ...     np.array([2, 2]),
    ...     np.array([[2.0, 0.0], [0.0, 3.0]]),
    ...     np.array([1, 2]),
    ...     np.array([[1.0, 1.0], [0.0, 3.0]]),
    ... )
    >>> found.is_corrected, found.reliability
    (array([False, False]), array([1., 1.]))
    """
    whole = _units(sums)
    one, two = _units(half_sums), _units(sums - half_sums)
    reliability = np.einsum("ij,ij->i", one, two)
    is_corrected = (half_count > 0) & (half_count < count) & (reliability > 1e-12)
    instead = ~is_corrected[:, None]
    one, two = np.where(instead, whole, one), np.where(instead, whole, two)
    reliability = np.where(is_corrected, np.minimum(reliability, 1.0), 1.0)
    scale = np.sqrt(2.0 * reliability)[:, None]
    return Halves(
        left=np.hstack([one / scale, two / scale]),
        right=np.hstack([two / scale, one / scale]),
        reliability=reliability,
        is_corrected=is_corrected,
        is_there=np.asarray(whole.any(axis=1)),
    )


def taken(found: Halves | None, clusters: NDArray[np.intp]) -> Halves | None:
    """Return the halves of some of the clusters, an int array of places; None of None."""
    if found is None:
        return None
    return Halves(
        *(
            getattr(found, name)[clusters]
            for name in ("left", "right", "reliability", "is_corrected", "is_there")
        )
    )


def _units(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows scaled to norm 1; zero rows stay zero."""
    norms = row_norms(rows)
    units: NDArray[np.float64] = rows / np.where(norms > 0, norms, 1.0)[:, None]
    return units
