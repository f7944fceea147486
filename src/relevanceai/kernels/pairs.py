"""The pairs of clusters whose centroids are closest, without a matrix of all of them when large."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.forms import Form, form_of
from relevanceai.kernels.halves import Halves, taken
from relevanceai.kernels.similarity import (
    CentroidMetric,
    centroid_similarity,
    grows_with_likeness,
)
from relevanceai.kernels.units import row_blocks

MATRIX_UP_TO = 300
"""Clusters up to which the matrix of all pairs is made, and the best of it are taken."""

_BLOCK = 1024  # clusters on each side of one matrix product
_WAITING = 1 << 19  # pairs that may wait before they are compared in float64

Pairs = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]


def closest_centroid_pairs(
    centroids: NDArray[np.float64],
    n: int,
    metric: CentroidMetric = "cosine",
    halves: Halves | None = None,
) -> Pairs:
    """Return the n pairs of centroids that are closest, closest first.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims). A NaN row (an empty cluster) takes no
        part.
    n : how many pairs; 0 gives none, more than there are gives all.
    metric, halves : as for `centroid_similarity`.

    Returns
    -------
    As `closest_pairs` of the matrix: `i`, `j` with i < j, and the value of the pair in float64; ties
    stand in the order of (i, j).

    Notes
    -----
    O(n_clusters**2 * n_dims). Above `MATRIX_UP_TO` clusters, products of blocks in float32 leave out
    the pairs which, by the worst case of their rounding, cannot be among the n; the others are
    compared in float64. So the answer is that of float64, and the memory some copies of the centroids
    and 24 bytes for each of a million pairs or 4 n, whichever is more. "l1" goes by float64 alone, and leaves
    a pair as soon as its sum is too large. Where very many pairs tie (thousands of equal centroids)
    it is slow, and right.

    Examples
    --------
    >>> closest_centroid_pairs(np.array([[1.0, 0.0], [0.0, 1.0], [-3.0, 4.0]]), 2)
    (array([1, 0]), array([2, 1]), array([0.8, 0. ]))
    """
    is_there = np.flatnonzero(~np.isnan(centroids).any(axis=1))
    if len(is_there) <= MATRIX_UP_TO or n == 0:
        if n == 0:
            return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
        matrix = centroid_similarity(centroids, metric, halves)
        return closest_pairs(matrix, n, largest_first=grows_with_likeness(metric))
    is_whole = len(is_there) == len(centroids)
    rows = centroids if is_whole else centroids[is_there]
    if metric == "l1":  # imported here: the compiler costs a third of a second
        from relevanceai.kernels.l1_pairs import closest_l1_pairs

        n = min(n, len(rows) * (len(rows) - 1) // 2)
        i, j, values = closest_l1_pairs(np.ascontiguousarray(rows), n)
    else:
        i, j, values = _searched(
            form_of(rows, metric, halves if is_whole else taken(halves, is_there)), n
        )
    return is_there[i], is_there[j], values


def _searched(form: Form, n: int) -> Pairs:
    """Go through all pairs in blocks, and keep those that may be among the n best."""
    n_clusters = len(form.left)
    best = _Search(form, n, n_clusters)
    product = np.empty(_BLOCK * _BLOCK, np.float32)
    starts = range(0, n_clusters, _BLOCK)
    for first in starts:
        rows = slice(first, min(first + _BLOCK, n_clusters))
        for second in starts[first // _BLOCK :]:
            others = slice(second, min(second + _BLOCK, n_clusters))
            height, width = rows.stop - first, others.stop - second
            part = product[: height * width].reshape(height, width)
            np.matmul(form.left[rows], form.right[others].T, out=part)
            if first == second:
                for row in range(height):  # a pair once, and none with itself
                    part[row, : row + 1] = -np.inf
            off = form.slack * float(form.left_size[rows].max() * form.right_size[others].max())
            best.add(part, first, second, 1.01 * off + form.blur + 1e-30)
    return best.result()


class _Search:
    """The n best pairs so far: some settled in float64, some that wait."""

    def __init__(self, form: Form, n: int, n_clusters: int) -> None:
        self._form = form
        self._n = n
        self._n_clusters = n_clusters
        self._limit = max(_WAITING, 4 * n)
        self._floor = -np.inf  # no pair whose likeness is below this is among the n best
        self._codes: list[NDArray[np.intp]] = []  # of the pairs that wait, and
        self._most: list[NDArray[np.float64]] = []  # what their likeness is at most, and
        self._off: list[NDArray[np.float64]] = []  # by how much more than at least
        self._n_waiting = 0
        self._settled = (np.empty(0, np.intp), np.empty(0))

    def add(self, part: NDArray[np.float32], first: int, second: int, off: float) -> None:
        """Take the likenesses of a block of pairs, good to `off`."""
        flat = part.ravel()
        if self._floor == -np.inf and len(part) > self._n:  # the best pair of each row is a pair
            best = np.partition(part.max(axis=1), -self._n)[-self._n]
            self._floor = float(best) - off
        hits = np.flatnonzero(flat >= np.float32(max(self._floor - off, -3e38)))
        if len(hits) > 4 * self._n + 10_000:
            nth = np.partition(flat[hits], -self._n)[-self._n]
            self._floor = max(self._floor, float(nth) - off)
            hits = hits[flat[hits] >= np.float32(self._floor - off)]
        if not len(hits):
            return
        i, j = np.divmod(hits, part.shape[1])
        self._codes.append((i + first) * self._n_clusters + (j + second))
        self._most.append(flat[hits].astype(np.float64) + off)
        self._off.append(np.full(len(hits), 2 * off))
        self._n_waiting += len(hits)
        if self._n_waiting > self._limit:
            self._prune()
            if self._n_waiting > self._limit // 2:
                self._settle()

    def _prune(self) -> None:
        """Leave out those that wait in vain."""
        codes, most = np.concatenate(self._codes), np.concatenate(self._most)
        off = np.concatenate(self._off)
        if len(most) >= self._n:
            nth = float(np.partition(most - off, -self._n)[-self._n])
            self._floor = max(self._floor, nth)
        kept = most >= self._floor
        self._codes, self._most, self._off = [codes[kept]], [most[kept]], [off[kept]]
        self._n_waiting = len(self._codes[0])

    def _settle(self) -> None:
        """Compare those that wait in float64, and keep the n best, ties in their order."""
        codes = np.concatenate([self._settled[0], *self._codes])
        waiting = codes[len(self._settled[0]) :]
        i, j = np.divmod(waiting, self._n_clusters)
        values = np.concatenate([self._settled[1], self._form.exact(i, j)])
        order = np.lexsort((codes, -values if self._form.largest_first else values))[: self._n]
        self._settled = (codes[order], values[order])
        self._codes, self._most, self._off, self._n_waiting = [], [], [], 0
        if len(order) == self._n:
            floor = self._form.likeness(float(values[order[-1]]))
            self._floor = max(self._floor, floor - self._form.blur)

    def result(self) -> Pairs:
        if self._codes:
            self._prune()
        self._settle()
        codes, values = self._settled
        i, j = np.divmod(codes, self._n_clusters)
        return i, j, values


def closest_pairs(matrix: NDArray[np.float64], n: int, *, largest_first: bool) -> Pairs:
    """Return the n pairs of clusters that are closest, closest first.

    Parameters
    ----------
    matrix : float64 array of shape (n_clusters, n_clusters), symmetric. Pairs whose value is NaN
        (an empty cluster) take no part; negative values take part like any other.
    n : how many pairs; 0 gives none, more than there are gives all.
    largest_first : True for similarities, False for distances.

    Returns
    -------
    Three arrays of the same length: intp `i` and `j` with i < j, and float64, the value of the
    pair. Ties stand in the order of (i, j).

    Notes
    -----
    O(n_clusters**2), in blocks of rows; the working memory is a block's and 24 bytes a pair asked
    for, not the number of pairs there are.

    Examples
    --------
    >>> matrix = np.array([[1.0, -0.3, 0.5], [-0.3, 1.0, -0.9], [0.5, -0.9, 1.0]])
    >>> closest_pairs(matrix, 2, largest_first=True)
    (array([0, 0]), array([2, 1]), array([ 0.5, -0.3]))
    """
    n_clusters = len(matrix)
    places = [np.empty(0, dtype=np.intp)]  # i * n_clusters + j, which is also the order of ties
    values = [np.empty(0)]
    n_held = 0
    for block in row_blocks(n_clusters if n > 0 else 0, n_clusters):
        i, j = np.nonzero(np.arange(n_clusters) > np.arange(block.start, block.stop)[:, None])
        i += block.start
        found = matrix[i, j]
        usable = ~np.isnan(found)
        places.append((i * n_clusters + j)[usable])
        values.append(found[usable])
        n_held += len(values[-1])
        if n_held > 2 * n:  # so that each pair is looked at a few times, not once a block
            places, values = _best(places, values, n, largest_first)
            n_held = len(places[0])
    (flat,), (best,) = _best(places, values, n, largest_first)
    order = np.argsort(-best if largest_first else best, kind="stable")
    i, j = np.divmod(flat[order], max(n_clusters, 1))
    return i, j, best[order]


def _best(
    places: list[NDArray[np.intp]],
    values: list[NDArray[np.float64]],
    n: int,
    largest_first: bool,
) -> tuple[list[NDArray[np.intp]], list[NDArray[np.float64]]]:
    """The n best of the pairs held, in the order of their places, each as a list of one array."""
    flat, found = np.concatenate(places), np.concatenate(values)
    best = _first(-found if largest_first else found, n)
    return [flat[best]], [found[best]]


def _first(keys: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Places of the n smallest keys, in the order they stand; of equal keys the earlier ones."""
    if len(keys) <= n:
        return np.arange(len(keys))
    limit = np.partition(keys, n - 1)[n - 1]
    below = keys < limit
    ties = np.flatnonzero(keys == limit)[: n - int(np.count_nonzero(below))]
    below[ties] = True
    return np.flatnonzero(below)
