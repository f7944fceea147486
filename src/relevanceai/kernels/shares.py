"""Two shares compared, many at once: their difference with its interval, and an exact test."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_TERMS_AT_ONCE = 4_000_000  # of the sums below; 32 MiB an array


@dataclass(frozen=True, slots=True)
class ShareDifferences:
    """The differences of many pairs of shares, each array float64 of shape (n_pairs,).

    `difference` is the first share minus the second, `low` and `high` bound it. `p_value` is
    Fisher's, two-sided. `least_p` is the smallest p-value that any split of so many hits could
    have given: where it is large, the test could not have found anything.
    """

    difference: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    least_p: NDArray[np.float64]


def share_differences(
    hits: NDArray[np.int64],
    of: int,
    other_hits: NDArray[np.int64],
    other_of: int,
    *,
    level: float = 0.05,
) -> ShareDifferences:
    """Compare `hits` of `of` with `other_hits` of `other_of`, pair by pair.

    Parameters
    ----------
    hits, other_hits : int64 arrays of shape (n_pairs,), from 0 to `of` and to `other_of`.
    of, other_of : how many there are in all, at least 1.
    level : the intervals hold with probability 1 - level.

    Notes
    -----
    The interval is Newcombe's, made of two Wilson intervals, so that it stays in [-1, 1] and is not
    empty at 0 or 100 %. The p-value doubles the smaller tail of the hypergeometric distribution.
    Time and memory grow with the number of hits in all.

    References
    ----------
    Newcombe: Interval estimation for the difference between independent proportions, 1998, method
    10. Fisher: The design of experiments, 1935.

    Examples
    --------
    3 of 3 against none of 3: one of the 20 ways to choose 3 of 6, and its mirror image.

    >>> found = share_differences(np.array([3, 1]), 3, np.array([0, 1]), 3)
    >>> found.difference, found.p_value
    (array([1., 0.]), array([0.1, 1. ]))
    >>> found.low.round(2), found.high.round(2)
    (array([ 0.21, -0.53]), array([1.  , 0.53]))
    """
    difference, low, high = share_bounds(hits, of, other_hits, other_of, level=level)
    p_value, least_p = _fisher(hits, of, other_hits, other_of)
    return ShareDifferences(difference, low, high, p_value, least_p)


def share_bounds(
    hits: NDArray[np.int64],
    of: int,
    other_hits: NDArray[np.int64],
    other_of: int,
    *,
    level: float = 0.05,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the differences of shares and Newcombe's bounds: `share_differences`, untested.

    Arguments are those of `share_differences`; the three float64 arrays have the shape of `hits`.
    """
    z = NormalDist().inv_cdf(1.0 - level / 2.0)
    share, low, high = _wilson(hits, of, z)
    other_share, other_low, other_high = _wilson(other_hits, other_of, z)
    difference = share - other_share
    return (
        difference,
        np.clip(difference - np.hypot(share - low, other_high - other_share), -1.0, 1.0),
        np.clip(difference + np.hypot(high - share, other_share - other_low), -1.0, 1.0),
    )


def _wilson(
    hits: NDArray[np.int64], of: int, z: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The shares and their Wilson intervals."""
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return share, np.minimum(middle - half, share), np.maximum(middle + half, share)


def _fisher(
    hits: NDArray[np.int64], of: int, other_hits: NDArray[np.int64], other_of: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Twice the smaller tail of each table, at most 1, and the least that can be for its hits."""
    log_factorial = np.concatenate(
        [[0.0], np.cumsum(np.log(np.arange(1, of + other_of + 1, dtype=np.float64)))]
    )
    total = hits + other_hits
    first = np.maximum(total - other_of, 0)  # the fewest hits that the first group can have had
    width = np.minimum(total, of) - first + 1
    p_value, least_p = np.ones(len(hits)), np.ones(len(hits))
    ends = np.cumsum(width)
    start = 0
    while start < len(hits):
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + _TERMS_AT_ONCE, side="right")), start + 1)
        part = slice(start, stop)
        wide = width[part]
        starts = np.concatenate([[0], np.cumsum(wide)[:-1]])
        of_table = np.repeat(np.arange(stop - start), wide)
        k = np.arange(len(of_table)) - np.repeat(starts - first[part], wide)
        hit = total[part][of_table]
        log_p = (
            log_factorial[of]
            - log_factorial[k]
            - log_factorial[of - k]
            + log_factorial[other_of]
            - log_factorial[hit - k]
            - log_factorial[other_of - hit + k]
            - log_factorial[of + other_of]
            + log_factorial[hit]
            + log_factorial[of + other_of - hit]
        )
        chance = np.exp(log_p)
        here = hits[part][of_table]
        lower = np.add.reduceat(np.where(k <= here, chance, 0.0), starts)
        upper = np.add.reduceat(np.where(k >= here, chance, 0.0), starts)
        p_value[part] = np.minimum(1.0, 2.0 * np.minimum(lower, upper))
        ends_chance = np.minimum(chance[starts], chance[starts + wide - 1])
        least_p[part] = np.where(wide > 1, np.minimum(1.0, 2.0 * ends_chance), 1.0)
        start = stop
    return p_value, least_p
