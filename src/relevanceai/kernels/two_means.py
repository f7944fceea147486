"""Is a cluster secretly two? Cut in two by k-means on some rows, judged on the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.combination import cauchy_combination
from relevanceai.kernels.separation import (
    LEAST_DOCUMENTS,
    LEAST_TOGETHER,
    SeparationTest,
    separation_test,
)

LEAST_TO_SPLIT = 2 * LEAST_TOGETHER
"""Fewer rows are too few to be cut on one half and judged on the other."""

_N_DEALS = 3
_N_FOLDS = 5
_N_STARTS = 4
_N_STEPS = 30


@dataclass(frozen=True, slots=True)
class SplitTest:
    """What the rows of one cluster say about whether they are two groups.

    Parameters
    ----------
    is_tested : False when there are too few rows, or they are all the same; p_value is 1.0 then.
    p_value : how probable so clear a valley is, on rows that the cut was not made from, if all are
        one population with a single peak.
    depth : how far the density falls between the two, as a share of the lower peak: the mean over
        the halves that were judged.
    power : how often a clear gap would have been found, likewise.
    is_second : bool array of shape (n_rows,): the two halves that 2-means makes of all rows.
    centres : float64 array of shape (2, n_dims), their means.
    """

    is_tested: bool
    p_value: float
    depth: float
    power: float
    is_second: NDArray[np.bool_]
    centres: NDArray[np.float64]


def two_means(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    """Cut rows in two by k-means; the best of a few starts.

    Parameters
    ----------
    rows : float32 array of shape (n_rows, n_dims), finite, at least one row.
    rng : chooses the starts, as k-means++ does.

    Returns
    -------
    float64 array of shape (2, n_dims), the centres; twice the same where all rows are equal.
    """
    best, least = np.repeat(rows[:1].astype(np.float64), 2, axis=0), np.inf
    for _ in range(_N_STARTS):
        first = rows[rng.integers(len(rows))]
        squares = np.square(rows - first.astype(np.float64)).sum(axis=1)
        total = float(squares.sum())
        if total == 0.0:
            return np.stack([first, first]).astype(np.float64)
        second = rows[rng.choice(len(rows), p=squares / total)]
        centres = np.stack([first, second]).astype(np.float64)
        side = nearer_second(rows, centres)
        for _ in range(_N_STEPS):
            if side.all() or not side.any():
                break
            centres = np.stack(
                [rows[rows_of].mean(axis=0, dtype=np.float64) for rows_of in (~side, side)]
            )
            before, side = side, nearer_second(rows, centres)
            if (before == side).all():
                break
        inertia = float(np.square(rows - centres[side.astype(np.intp)]).sum())
        if inertia < least:
            best, least = centres, inertia
    return best


def nearer_second(rows: NDArray[np.float32], centres: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rows are nearer to the second of two centres; ties go to the first.

    Parameters
    ----------
    rows : float array of shape (n_rows, n_dims), finite.
    centres : float64 array of shape (2, n_dims).

    Returns
    -------
    Bool array of shape (n_rows,).

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [2.0]], np.float32)
    >>> nearer_second(rows, np.array([[0.0], [2.0]]))
    array([False, False,  True])
    """
    apart = centres[1] - centres[0]
    found: NDArray[np.bool_] = (rows - centres.mean(axis=0)) @ apart > 0.0
    return found


def split_test(
    rows: NDArray[np.float32], *, rng: np.random.Generator, n_deals: int = _N_DEALS
) -> SplitTest:
    """Test whether one cluster is two groups with a valley between them.

    Parameters
    ----------
    rows : float32 array of shape (n_rows, n_dims), finite, at least one row: all documents of the
        cluster, or a sample.
    rng : deals the rows to halves, and starts 2-means.
    n_deals : how often the rows are dealt anew; either half takes both parts in turn.

    Notes
    -----
    2-means finds two centres on one half. The rows of the other half, which had no part in it, are
    put to the nearer centre, and `separation_test` judges them, again on rows held out and without
    looking at their side. The p-values, which depend on each other, are combined by
    `cauchy_combination`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cloud = rng.normal(size=(400, 4)).astype(np.float32)
    >>> split_test(cloud, rng=rng).p_value > 0.2
    True
    >>> cloud[:150, 1] += 8.0
    >>> found = split_test(cloud, rng=rng)
    >>> found.p_value < 0.001, sorted(np.bincount(found.is_second).tolist())
    (True, [150, 250])
    """
    centres = two_means(rows, rng)
    is_second = nearer_second(rows, centres)
    tests: list[SeparationTest] = []
    if len(rows) >= LEAST_TO_SPLIT and is_second.any():
        for _ in range(n_deals):
            dealt = rng.permutation(len(rows))
            halves = dealt[::2], dealt[1::2]
            for learned, judged in (halves, halves[::-1]):
                side = nearer_second(rows[judged], two_means(rows[learned], rng))
                if min(int(side.sum()), int((~side).sum())) >= LEAST_DOCUMENTS:
                    held = rows[judged]
                    tests.append(
                        separation_test(
                            held[~side], held[side], rng=rng, n_splits=1, n_folds=_N_FOLDS
                        )
                    )
    if not tests:
        return SplitTest(False, 1.0, 0.0, 0.0, is_second, centres)
    untested = [1.0] * (2 * n_deals - len(tests))  # a cut that leaves too few of one side
    return SplitTest(
        True,
        cauchy_combination([one.p_value for one in tests] + untested),
        float(np.mean([one.depth for one in tests])),
        float(np.mean([one.power for one in tests])),
        is_second,
        centres,
    )
