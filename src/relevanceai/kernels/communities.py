"""Communities: groups of rows around one that many are similar to, with no matrix of all pairs."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_BLOCK_BYTES = 32 * 2**20  # of similarities held at once
_UNSURE = 1e-5  # nearer to the threshold than this, a similarity is taken again in float64


def communities(
    rows: NDArray[np.float32],
    threshold: float,
    min_size: int,
    *,
    on_rows: Callable[[int], object] | None = None,
) -> NDArray[np.int64]:
    """Put rows into communities: sets of at least `min_size` rows similar to one of them.

    Every row proposes the rows whose cosine similarity to it reaches the threshold, itself among
    them. The largest proposal is taken first (of equal ones that of the earlier row); of the others
    what is left when the rows already taken are gone, if that is still large enough.

    Parameters
    ----------
    rows : float32 array of shape (n_rows, n_dims), each of unit norm, or zero. A zero row has
        similarity 0 to all but itself.
    threshold : cosine similarity, in (-1, 1].
    min_size : how many rows a community has at least, from 1.
    on_rows : called with the number of rows just compared; 2 * n_rows in all at most.

    Returns
    -------
    int64 array of shape (n_rows,); 0 for the largest community, and so on (of equal ones the one
    that was found first), -1 for rows in none.

    Notes
    -----
    O(n_rows**2 * n_dims), twice at most; memory is bounded. Whether a similarity reaches the
    threshold, or comes within 1e-7 of it, is settled in float64 when it is close, so that the
    answer does not depend on blocks.

    References
    ----------
    The greedy order is that of `community_detection` of Sentence Transformers.

    Examples
    --------
    >>> rows = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    >>> communities(rows, 0.9, 2)
    array([ 0,  0, -1, -1])
    """
    n_rows = len(rows)
    step = max(1, min(n_rows, _BLOCK_BYTES // (4 * max(1, n_rows))))
    size = np.empty(n_rows, np.int64)
    for start in range(0, n_rows, step):
        block = np.arange(start, min(start + step, n_rows))
        size[block] = _reached(rows, block, np.arange(n_rows), threshold).sum(axis=1)
        if on_rows is not None:
            on_rows(len(block))
    order = np.argsort(-size, kind="stable")
    order = order[size[order] >= min_size]
    labels = np.full(n_rows, -1, np.int64)
    n_found, start = 0, 0
    while start < len(order):
        free = np.flatnonzero(labels < 0)
        if len(free) < min_size:
            break
        step = max(1, min(256, _BLOCK_BYTES // (4 * len(free))))
        block = order[start : start + step]
        near = _reached(rows, block, free, threshold)
        is_free = np.ones(len(free), bool)
        for members in near[near.sum(axis=1) >= min_size]:
            members = members & is_free
            if members.sum() >= min_size:
                labels[free[members]] = n_found
                is_free &= ~members
                n_found += 1
        if on_rows is not None:
            on_rows(len(block))
        start += step
    return _by_size(labels, n_found)


def _reached(
    rows: NDArray[np.float32],
    block: NDArray[np.intp],
    others: NDArray[np.intp],
    threshold: float,
) -> NDArray[np.bool_]:
    """Which of the others each row of a block is similar enough to; itself always."""
    whole = len(others) == len(rows)
    similarity = rows[block] @ (rows if whole else rows[others]).T
    reached: NDArray[np.bool_] = similarity >= threshold
    unsure = np.abs(similarity - np.float32(threshold)) <= _UNSURE
    if unsure.any():
        i, j = np.nonzero(unsure)
        for part in range(0, len(i), 65_536):
            one, two = block[i[part : part + 65_536]], others[j[part : part + 65_536]]
            exact = np.einsum(
                "ij,ij->i", rows[one].astype(np.float64), rows[two].astype(np.float64)
            )
            reached[i[part : part + 65_536], j[part : part + 65_536]] = exact >= threshold - 1e-7
    place = np.searchsorted(others, block)
    there = place < len(others)
    there[there] = others[place[there]] == block[there]
    reached[np.flatnonzero(there), place[there]] = True
    return reached


def _by_size(labels: NDArray[np.int64], n_found: int) -> NDArray[np.int64]:
    """The same communities, numbered from the largest."""
    count = np.bincount(labels[labels >= 0], minlength=n_found)
    rank = np.empty(n_found + 1, np.int64)
    rank[np.argsort(-count, kind="stable")] = np.arange(n_found)
    rank[n_found] = -1  # which is where the label -1 looks
    return rank[labels]
