"""Cross-fitting: each document is projected on an axis that was learned without it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.shrinkage import FoldAxes


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The documents of two clusters, each on an axis learned from the documents of other folds.

    Parameters
    ----------
    folds : int array of shape (n_rows,), the fold of each row.
    places : float64 array of shape (n_rows,); 0 is the middle between the two means of the rows
        that the axis was learned from, the second cluster lies to the right. The unit is that of
        the vectors.
    """

    folds: NDArray[np.intp]
    places: NDArray[np.float64]


def stratified_folds(
    is_second: NDArray[np.bool_], n_folds: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Deal the rows of each cluster to folds at random, as evenly as can be.

    Parameters
    ----------
    is_second : bool array of shape (n_rows,), the cluster of each row.
    n_folds : how many; a cluster with fewer rows is missing from some folds.
    rng : deals them; a call takes one permutation a cluster.

    Returns
    -------
    int array of shape (n_rows,), in [0, n_folds).

    Examples
    --------
    >>> folds = stratified_folds(np.array([False] * 4 + [True] * 2), 2, np.random.default_rng(0))
    >>> np.bincount(folds[:4]).tolist(), np.bincount(folds[4:]).tolist()
    ([2, 2], [1, 1])
    """
    folds = np.empty(len(is_second), np.intp)
    start = 0
    for cluster in (False, True):
        rows = np.flatnonzero(is_second == cluster)
        folds[rng.permutation(rows)] = (start + np.arange(len(rows))) % n_folds
        start += len(rows)  # the next cluster goes on where this one ended: even folds in all
    return folds


def held_out_places(axes: FoldAxes, n_folds: int, rng: np.random.Generator) -> HeldOut:
    """Project every row on the axis learned from the folds that it is not in.

    Parameters
    ----------
    axes : the rows of both clusters, made ready once for any number of splits.
    n_folds : the share of rows that an axis is learned from is 1 - 1 / n_folds.
    rng : deals the rows to folds.
    """
    folds = stratified_folds(axes.is_second, n_folds, rng)
    return HeldOut(folds, axes.projected(folds, n_folds))
