"""Members that stand for a cluster: its medoid, diverse exemplars, and whether one is atypical."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.nearest_other import OtherMetric
from relevanceai.kernels.units import row_norms

EXACT_UP_TO = 10_000
"""Members up to which a medoid is compared with all others; beyond, with a sample of so many."""

EXEMPLARS_FROM = 2_000
"""Members that exemplars are chosen from and for; of more, a sample of so many."""

ATYPICAL_FROM = 0.5
"""Loneliness from which a member is called atypical of its cluster."""

_BLOCK = 512  # rows on each side of a block of distances
_NEAR = 1e-6  # squared distances below this share of the squared norms are taken by differences
_NEIGHBOURS = 10  # of which loneliness is made
_LEAST = 8  # members below which nothing can be called lonely


def medoid(
    vectors: NDArray[np.float32], metric: OtherMetric = "l2"
) -> tuple[int, NDArray[np.float64]]:
    """Return the member with the least total distance to the others, and everyone's mean distance.

    It lies in the thick of most clusters; of two groups of one size it may be one between them.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, at least one row.
    metric : "l2", Euclidean distance; "cosine", 1 - cosine similarity, 1 with a zero row.

    Returns
    -------
    place : of the medoid; of equal totals the earlier.
    mean_distance : float64 array of shape (n_rows,); to the other members, 0 for a single one.

    Notes
    -----
    Exact, in float64. "l2" costs O(n_rows**2 * n_dims) in blocks, 8 bytes a number of the vectors;
    "cosine" O(n_rows * n_dims), since the total of cosines is the cosine with the total.

    Examples
    --------
    >>> medoid(np.array([[0.0], [1.0], [2.0], [9.0]], dtype=np.float32))
    (1, array([4.        , 3.33333333, 3.33333333, 8.        ]))
    """
    others = max(len(vectors) - 1, 1)
    if metric == "cosine":
        rows = _units(vectors)
        totals = len(rows) - rows @ rows.sum(axis=0)
        totals -= np.where(rows.any(axis=1), 0.0, 1.0)  # its distance to itself is none
    else:
        rows = np.ascontiguousarray(vectors, np.float64)
        totals = np.zeros(len(rows))
        for first in range(0, len(rows), _BLOCK):
            for second in range(first, len(rows), _BLOCK):
                part = _distances(rows, first, second)
                totals[first : first + _BLOCK] += part.sum(axis=1)
                if second > first:
                    totals[second : second + _BLOCK] += part.sum(axis=0)
    mean = np.maximum(totals, 0.0) / others
    # Equal rows may differ in the last digits of their totals: those are ties.
    return int(np.flatnonzero(mean <= mean.min() * (1 + 1e-12))[0]), mean


@dataclass(frozen=True, slots=True)
class Exemplars:
    """Members chosen to stand for all, in the order in which they were chosen.

    `places` are theirs; `stands_for[e]` how many members are nearest to exemplar e (itself among
    them; ties go to the earlier); `mean_distance` that of all members to their nearest exemplar.
    """

    places: NDArray[np.intp]
    stands_for: NDArray[np.int64]
    mean_distance: float


def exemplars(vectors: NDArray[np.float32], n: int, metric: OtherMetric = "l2") -> Exemplars:
    """Choose members so that every member has one of them near: diverse, and each for many.

    Facility location, greedily: first the medoid, then each time the member that most lowers the
    total distance of all members to their nearest exemplar.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, at least one row.
    n : how many, at least 1; fewer when there are fewer distinct members.
    metric : as for `medoid`.

    Notes
    -----
    The total is lowered by at least 1 - 1/e of what the best choice would lower it by, after the
    first. O(n_rows**2 * (n_dims + n)), 8 bytes a pair of rows. Ties go to the earlier row.

    References
    ----------
    Nemhauser, Wolsey, Fisher: An analysis of approximations for maximizing submodular set functions,
    1978.

    Examples
    --------
    >>> exemplars(np.array([[0.0], [1.0], [2.0], [9.0]], dtype=np.float32), 2)
    Exemplars(places=array([1, 3]), stands_for=array([3, 1]), mean_distance=0.5)
    """
    distances = _all_distances(vectors, metric)
    totals = distances.sum(axis=1)
    chosen = [int(np.flatnonzero(totals <= totals.min() * (1 + 1e-12))[0])]
    nearest = distances[chosen[0]].copy()
    while len(chosen) < n:
        gain = np.maximum(nearest - distances, 0.0).sum(axis=1)
        best = int(gain.argmax())
        if not gain[best] > 0:  # all the others are the same as one that is chosen
            break
        chosen.append(best)
        np.minimum(nearest, distances[best], out=nearest)
    places = np.array(chosen, np.intp)
    stands_for = np.bincount(distances[places].argmin(axis=0), minlength=len(places))
    return Exemplars(places, stands_for.astype(np.int64), float(nearest.mean()))


def loneliness(
    vectors: NDArray[np.float32], places: Sequence[int], metric: OtherMetric = "l2"
) -> list[float] | None:
    """Return, for some members, the share of the others that have closer neighbours than they have.

    In a cluster that is one cloud, a member near the centroid has many near it: about 0. Where a
    centroid lies between groups, or in a ring, nothing is near it, and a member that is there is
    lonely: from `ATYPICAL_FROM` on it is called atypical.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite.
    places : of the members.
    metric : as for `medoid`.

    Returns
    -------
    For each a number in [0, 1]: of the other members those whose 10th nearest neighbour (fewer below
    40 members: a quarter of them) is closer than its. None with fewer than 8 members.

    Notes
    -----
    O(n_rows**2 * n_dims), 8 bytes a pair of rows.

    Examples
    --------
    >>> line = np.array([[0], [1], [2], [3], [11], [20], [21], [22], [23]], dtype=np.float32)
    >>> loneliness(line, [4, 1])
    [1.0, 0.0]
    """
    if len(vectors) < _LEAST:
        return None
    k = min(_NEIGHBOURS, len(vectors) // 4)
    distances = _all_distances(vectors, metric)
    np.fill_diagonal(distances, np.inf)
    radius = np.partition(distances, k - 1, axis=1)[:, k - 1]
    others = len(vectors) - 1
    return [int(np.count_nonzero(radius < radius[place])) / others for place in places]


def _units(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = vectors.astype(np.float64)
    norms = row_norms(rows)
    rows /= np.where(norms > 0, norms, 1.0)[:, None]
    return rows


def _all_distances(vectors: NDArray[np.float32], metric: OtherMetric) -> NDArray[np.float64]:
    """Distances of all rows: float64, exactly symmetric, 0 on the diagonal."""
    n_rows = len(vectors)
    result = np.empty((n_rows, n_rows))
    rows = _units(vectors) if metric == "cosine" else vectors.astype(np.float64)
    is_zero = np.asarray(~rows.any(axis=1))
    for first in range(0, n_rows, _BLOCK):
        for second in range(first, n_rows, _BLOCK):
            part = _distances(rows, first, second)
            if metric == "cosine":  # of units, half the square of the distance
                part *= part
                part /= 2
                part[is_zero[first : first + _BLOCK]] = 1.0
                part[:, is_zero[second : second + _BLOCK]] = 1.0
            result[first : first + _BLOCK, second : second + _BLOCK] = part
            result[second : second + _BLOCK, first : first + _BLOCK] = part.T
    np.fill_diagonal(result, 0.0)
    return result


def _distances(rows: NDArray[np.float64], first: int, second: int) -> NDArray[np.float64]:
    """Euclidean distances of two blocks of rows: products about a row, differences where near."""
    one, two = rows[first : first + _BLOCK], rows[second : second + _BLOCK]
    a, b = one - one[0], two - one[0]
    sums = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b)
    part: NDArray[np.float64] = a @ b.T
    part *= -2.0
    part += sums
    near, other = np.nonzero(part <= _NEAR * sums)
    for begin in range(0, len(near), 4 * _BLOCK):
        some = slice(begin, begin + 4 * _BLOCK)
        part[near[some], other[some]] = np.square(one[near[some]] - two[other[some]]).sum(axis=1)
    if first == second:
        part = np.triu(part, 1)
        part += part.T
    np.sqrt(part, out=part)
    return part
