"""Average linkage of many clusters by chains of nearest neighbours, in place of their distances."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import compiled


def average_linkage(distances: NDArray[np.float32]) -> NDArray[np.float64]:
    """Merge clusters by average linkage (UPGMA), and return the table of merges.

    Parameters
    ----------
    distances : float32 array of shape (n_clusters, n_clusters), C-contiguous, symmetric, finite, at
        least two clusters. It is the working memory: nothing is left of it.

    Returns
    -------
    float64 array of shape (n_clusters - 1, 4), scipy's: the two clusters joined, the smaller number
        first, their mean distance, rising, and how many leaves they have together.

    Notes
    -----
    O(n_clusters**2). Heights are means in float32, good to about six digits; a merge is never lower
    than those it is made of. Of several nearest neighbours the first is taken.

    References
    ----------
    Murtagh: A survey of recent advances in hierarchical clustering algorithms, 1983 (the chain);
    Müllner: Modern hierarchical, agglomerative clustering algorithms, 2011, figure 3.

    Examples
    --------
    >>> places = np.array([0, 1, 10], np.float32)
    >>> average_linkage(np.abs(places[:, None] - places))
    array([[0. , 1. , 1. , 2. ],
           [2. , 3. , 9.5, 3. ]])
    """
    n_clusters = len(distances)
    np.fill_diagonal(distances, np.inf)
    merges, heights = np.empty((n_clusters - 1, 2), np.int64), np.empty(n_clusters - 1)
    _chain(distances, merges, heights)
    return _sorted_table(merges, heights)


@compiled(types.float32(types.float32[::1]), {"reassoc", "contract", "nnan"})
def _least(row):  # type: ignore[no-untyped-def]
    """The smallest value of a row; a loop of its own, so that it becomes vector instructions."""
    least = row[0]
    for k in range(len(row)):
        least = min(least, row[k])
    return least


@compiled(types.void(types.float32[:, ::1], types.int64[:, ::1], types.float64[::1]), set())
def _chain(distances, merges, heights):  # type: ignore[no-untyped-def]
    """Follow nearest neighbours until two name each other; merge them into the place of one."""
    n_clusters = len(distances)
    size = np.ones(n_clusters, np.int64)
    chain = np.empty(n_clusters, np.int64)
    length, start = 0, 0
    for merge in range(n_clusters - 1):
        if length == 0:
            while size[start] == 0:
                start += 1
            chain[0], length = start, 1
        while True:
            tip = chain[length - 1]
            row = distances[tip]
            least = _least(row)
            if length > 1 and row[chain[length - 2]] == least:  # the one before is as near as any
                other = chain[length - 2]
                break
            other = 0
            while row[other] != least:
                other += 1
            chain[length] = other
            length += 1
        length -= 2
        kept, gone = max(tip, other), min(tip, other)
        merges[merge, 0], merges[merge, 1], heights[merge] = gone, kept, least
        one = size[gone] / (size[gone] + size[kept])
        two = size[kept] / (size[gone] + size[kept])
        for k in range(n_clusters):
            distances[kept, k] = one * distances[gone, k] + two * distances[kept, k]
        distances[kept, kept] = np.inf
        for k in range(n_clusters):
            distances[k, kept] = distances[kept, k]
            distances[k, gone] = np.inf
        distances[gone, :] = np.inf
        size[kept] += size[gone]
        size[gone] = 0


def _sorted_table(merges: NDArray[np.int64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Number the merges by height, as scipy does, and their clusters with them."""
    n_clusters = len(merges) + 1
    node_of = np.arange(n_clusters)  # the merge that last took place there, or the leaf
    children = np.empty((n_clusters - 1, 2), np.int64)
    size = np.ones(2 * n_clusters - 1, np.int64)
    height = np.zeros(2 * n_clusters - 1)
    for merge, (gone, kept) in enumerate(merges.tolist()):
        one, two, node = node_of[gone], node_of[kept], n_clusters + merge
        children[merge] = one, two
        size[node] = size[one] + size[two]
        height[node] = max(heights[merge], height[one], height[two])
        node_of[kept] = node
    order = np.argsort(height[n_clusters:], kind="stable")  # children were merged before
    number = np.arange(2 * n_clusters - 1)
    number[n_clusters + order] = n_clusters + np.arange(n_clusters - 1)
    table = np.empty((n_clusters - 1, 4))
    table[:, :2] = np.sort(number[children[order]], axis=1)
    table[:, 2], table[:, 3] = height[n_clusters + order], size[n_clusters + order]
    return table
