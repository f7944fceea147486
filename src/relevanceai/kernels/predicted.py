"""How well groups predict a value of their members, each judged by the other folds."""

import numpy as np
from numpy.typing import NDArray

PRIOR = 2.0
"""So many documents of the overall mixture are added to each group before its shares are taken."""


def folds(n_rows: int, n_folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the fold of each row, at random, of sizes that differ by one at most.

    Parameters
    ----------
    n_rows : from 0.
    n_folds : from 1; with fewer rows some folds are empty.
    rng : deals the rows.

    Returns
    -------
    int array of shape (n_rows,), in [0, n_folds).

    Examples
    --------
    >>> np.bincount(folds(10, 3, np.random.default_rng(0))).tolist()
    [4, 3, 3]
    """
    return rng.permutation(np.arange(n_rows) % n_folds)


def category_losses(
    groups: NDArray[np.integer], codes: NDArray[np.integer], fold: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the log-loss of each row's category, and whether it was the most likely one.

    Parameters
    ----------
    groups : int array of shape (n_rows,), the group of each row, from 0.
    codes : int array of shape (n_rows,), the category of each row, from 0.
    fold : int array of shape (n_rows,): a row is predicted from the rows of all other folds.

    Returns
    -------
    float64 array of shape (n_rows,), in bits, finite: the shares of a group are taken with two
    documents of the overall mixture added, and that with half a document of each category. Bool
    array of shape (n_rows,); of equally likely categories the one with the smaller number counts.

    Examples
    --------
    >>> groups, codes = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    >>> losses, right = category_losses(groups, codes, np.array([0, 1, 2, 0, 1, 2]))
    >>> right.all(), losses.round(3).tolist()
    (np.True_, [0.415, 0.415, 0.415, 0.415, 0.415, 0.415])
    """
    n_groups, n_codes = int(groups.max()) + 1, int(codes.max()) + 1
    flat = groups.astype(np.intp) * n_codes + codes
    every = np.bincount(flat, minlength=n_groups * n_codes).reshape(n_groups, n_codes)
    losses = np.empty(len(groups))
    is_right = np.empty(len(groups), bool)
    for one in np.unique(fold):
        here = fold == one
        count = every - np.bincount(flat[here], minlength=n_groups * n_codes).reshape(every.shape)
        overall = count.sum(axis=0) + 0.5
        mixture = count + PRIOR * overall / overall.sum()
        shares = mixture / mixture.sum(axis=1, keepdims=True)
        losses[here] = -np.log2(shares[groups[here], codes[here]])
        is_right[here] = shares.argmax(axis=1)[groups[here]] == codes[here]
    return losses, is_right


def number_losses(
    groups: NDArray[np.integer], numbers: NDArray[np.float64], fold: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return by how much the median of its group misses each row's number.

    Parameters
    ----------
    groups : int array of shape (n_rows,), the group of each row, from 0.
    numbers : float64 array of shape (n_rows,), finite.
    fold : int array of shape (n_rows,): a row is predicted from the rows of all other folds.

    Returns
    -------
    float64 array of shape (n_rows,), the absolute misses, in the unit of the numbers. A group
    without rows in the other folds is predicted by the median of all of them.

    Examples
    --------
    >>> groups, numbers = np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 9.0])
    >>> number_losses(groups, numbers, np.array([0, 1, 2, 3])).tolist()
    [1.5, 0.0, 1.5, 7.0]
    """
    order = np.lexsort((numbers, groups))
    losses = np.empty(len(groups))
    for one in np.unique(fold):
        here = fold == one
        known = order[~here[order]]
        middle = np.full(int(groups.max()) + 1, _median(np.sort(numbers[known])))
        present, starts, sizes = np.unique(groups[known], return_index=True, return_counts=True)
        rising = numbers[known]
        low, high = starts + (sizes - 1) // 2, starts + sizes // 2
        middle[present] = rising[low] / 2 + rising[high] / 2
        losses[here] = np.abs(numbers[here] - middle[groups[here]])
    return losses


def _median(rising: NDArray[np.float64]) -> float:
    if not len(rising):
        return 0.0
    return float(rising[(len(rising) - 1) // 2] / 2 + rising[len(rising) // 2] / 2)


def merged(linkage: NDArray[np.float64], n_clusters: int, n_groups: int) -> NDArray[np.intp]:
    """Return the group of each cluster after merging along a linkage until `n_groups` are left.

    Parameters
    ----------
    linkage : float64 array of shape (n_clusters - 1, 4), scipy's table of merges, closest first.
    n_clusters, n_groups : 1 <= n_groups <= n_clusters.

    Returns
    -------
    intp array of shape (n_clusters,): groups are numbered by the first cluster in each.

    Examples
    --------
    >>> table = np.array([[0.0, 2.0, 1.0, 2.0], [3.0, 1.0, 7.0, 3.0]])
    >>> [merged(table, 3, n).tolist() for n in (3, 2, 1)]
    [[0, 1, 2], [0, 1, 0], [0, 0, 0]]
    """
    owner = np.arange(n_clusters)
    node = {cluster: np.array([cluster]) for cluster in range(n_clusters)}
    for step in range(n_clusters - n_groups):
        one, other = int(linkage[step, 0]), int(linkage[step, 1])
        members = np.concatenate([node.pop(one), node.pop(other)])
        node[n_clusters + step] = members
        owner[members] = members.min()
    return np.unique(owner, return_inverse=True)[1].astype(np.intp)
