"""The leaves of a tree of merges, turned so that neighbours are close: optimal, or in linear time."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Between: TypeAlias = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]
"""Gives the distances of pairs of leaves."""


def optimal(tree: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn the sides of each merge so that the sum of distances between neighbours is smallest.

    Parameters
    ----------
    tree : scipy's table of merges, of at least two leaves.
    distances : float64 array of shape (n_leaves, n_leaves), symmetric, finite; the diagonal is not
        read.

    Returns
    -------
    The table, with the sides of merges swapped where that is better. Of several best orders it is
    always the same one.

    Notes
    -----
    Exact. For each two leaves, the least cost of the smallest subtree that holds both, with one of
    them at each end, is found from those of its two sides. O(n_leaves**3) at worst, 8 bytes a pair
    of leaves. (scipy's `optimal_leaf_ordering` finds worse orders, see its issue 11227.)

    References
    ----------
    Bar-Joseph, Biedl, Brejova, Demaine, Gifford, Hamel, Jaakkola, Srebro, Vinar: Optimal arrangement
    of leaves in the tree representing hierarchical clustering of gene expression data, 2001.

    Examples
    --------
    >>> places = np.array([0.0, 1.0, 5.0])
    >>> tree = np.array([[1.0, 0.0, 1.0, 2.0], [2.0, 3.0, 4.5, 3.0]])
    >>> optimal(tree, np.abs(places[:, None] - places))
    array([[1. , 0. , 1. , 2. ],
           [2. , 3. , 4.5, 3. ]])
    """
    n_leaves = len(tree) + 1
    children = tree[:, :2].astype(np.int64).tolist()
    start, middle, stop = _places(children)
    leaves = np.empty(n_leaves, np.int64)  # in an order in which each subtree is a stretch
    leaves[start[:n_leaves]] = np.arange(n_leaves)
    near = distances[np.ix_(leaves, leaves)]
    cost = np.full((n_leaves, n_leaves), np.inf)
    np.fill_diagonal(cost, 0.0)

    def sides(node: int) -> list[tuple[slice, slice]]:
        """Where one end of a subtree is, and where the other then is: both ways."""
        whole = slice(start[node], stop[node])
        if node < n_leaves:
            return [(whole, whole)]
        one, two = slice(start[node], middle[node]), slice(middle[node], stop[node])
        return [(one, two), (two, one)]

    for merge, (left, right) in enumerate(children):
        node = n_leaves + merge
        one, two = slice(start[node], middle[node]), slice(middle[node], stop[node])
        joined = np.empty((one.stop - one.start, two.stop - two.start))
        for outer, inner in sides(left):  # from an end on the left to a leaf that meets the right
            rows = slice(outer.start - one.start, outer.stop - one.start)
            joined[rows] = _least_sums(cost[outer, inner], near[inner, two])
        for outer, inner in sides(right):
            columns = slice(inner.start - two.start, inner.stop - two.start)
            cost[one, outer] = _least_sums(joined[:, columns], cost[inner, outer])
        cost[two, one] = cost[one, two].T

    # From the best two ends of the whole downwards: which leaves met, and so which side came first.
    result = tree.copy()
    root = 2 * n_leaves - 2
    one, two = slice(start[root], middle[root]), slice(middle[root], stop[root])
    first, last = np.unravel_index(np.argmin(cost[one, two]), cost[one, two].shape)
    waiting = [(root, int(first) + one.start, int(last) + two.start)]
    while waiting:
        node, first_end, last_end = waiting.pop()
        if node < n_leaves:
            continue
        left, right = children[node - n_leaves]
        if first_end >= middle[node]:
            left, right = right, left
            result[node - n_leaves, :2] = result[node - n_leaves, 1::-1]
        (inner,) = (b for a, b in sides(left) if a.start <= first_end < a.stop)
        (other,) = (b for a, b in sides(right) if a.start <= last_end < a.stop)
        sums = cost[first_end, inner, None] + near[inner, other] + cost[other, last_end]
        meets, met = np.unravel_index(np.argmin(sums), sums.shape)
        waiting.append((left, first_end, int(meets) + inner.start))
        waiting.append((right, int(met) + other.start, last_end))
    return result


def _places(
    children: list[list[int]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Lay the leaves out so that each subtree is a stretch: where it starts, parts and stops."""
    n_leaves = len(children) + 1
    size = np.ones(2 * n_leaves - 1, np.int64)
    for merge, (left, right) in enumerate(children):
        size[n_leaves + merge] = size[left] + size[right]
    start, middle = np.zeros(2 * n_leaves - 1, np.int64), np.zeros(2 * n_leaves - 1, np.int64)
    for merge in range(n_leaves - 2, -1, -1):  # parents before children
        left, right = children[merge]
        start[left] = start[n_leaves + merge]
        start[right] = middle[n_leaves + merge] = start[left] + size[left]
    return start, middle, start + size


def _least_sums(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """The product of two matrices with sums for products and the least for the sum."""
    height, depth = one.shape
    width = two.shape[1]
    if depth <= min(height, width):
        result: NDArray[np.float64] = one[:, 0, None] + two[0]
        scratch = np.empty_like(result)
        for k in range(1, depth):
            np.add(one[:, k, None], two[k], out=scratch)
            np.minimum(result, scratch, out=result)
        return result
    result = np.empty((height, width))
    if height <= width:
        for i in range(height):
            np.min(one[i, :, None] + two, axis=0, out=result[i])
    else:
        for j in range(width):
            np.min(one + two[:, j], axis=1, out=result[:, j])
    return result


def turned(tree: NDArray[np.float64], between: Between) -> NDArray[np.float64]:
    """Turn the two sides of each merge so that the leaves that meet are closest, in linear time.

    Parameters
    ----------
    tree : scipy's table of merges, of at least two leaves.
    between : gives the distances of pairs of leaves.

    Returns
    -------
    The table, with the sides of merges swapped where that is better. Ties leave them as they are.

    Examples
    --------
    >>> places = np.array([0.0, 1.0, 5.0])
    >>> tree = np.array([[1.0, 0.0, 1.0, 2.0], [2.0, 3.0, 4.5, 3.0]])
    >>> turned(tree, lambda i, j: np.abs(places[i] - places[j]))
    array([[1. , 0. , 1. , 2. ],
           [2. , 3. , 4.5, 3. ]])
    """
    n_leaves = len(tree) + 1
    children = tree[:, :2].astype(np.int64).tolist()
    first, last = list(range(2 * n_leaves - 1)), list(range(2 * n_leaves - 1))
    is_turned = [False] * (2 * n_leaves - 1)  # against the way its parent finds it
    for merge, (one, two) in enumerate(children):
        inner, outer = (last[one], first[one]), (first[two], last[two])
        near = between(
            np.array([inner[0], inner[0], inner[1], inner[1]]),
            np.array([outer[0], outer[1], outer[0], outer[1]]),
        )
        best = int(np.argmin(near))
        is_turned[one], is_turned[two] = best >= 2, best % 2 == 1
        node = n_leaves + merge
        first[node] = last[one] if is_turned[one] else first[one]
        last[node] = first[two] if is_turned[two] else last[two]
    result = tree.copy()
    for merge in range(len(tree) - 1, -1, -1):  # parents before children
        node = n_leaves + merge
        if is_turned[node]:
            result[merge, :2] = result[merge, 1::-1]
            for child in children[merge]:
                is_turned[child] = not is_turned[child]
    return result
