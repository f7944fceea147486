"""A sample of every cluster in one pass: the rows whose hash is lowest, whatever order they come in."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch

_STEP = 0x9E3779B97F4A7C15
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def row_hash(row_ids: NDArray[np.int64], seed: int = 0) -> NDArray[np.uint64]:
    """Return a number for each row that looks random and is always the same.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,).
    seed : another one gives other numbers.

    References
    ----------
    Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014, figure 14.

    Examples
    --------
    >>> row_hash(np.arange(2)) & np.uint64(1)  # the coin of `halves.half_of`
    array([1, 1], dtype=uint64)
    """
    start = np.uint64((_STEP * (2 * seed + 1)) % 2**64)
    z = row_ids.astype(np.uint64) + start
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class ClusterRows:
    """Keep the rows of each cluster whose hashes are lowest: a random sample without replacement.

    Parameters
    ----------
    count : int64 array of shape (n_clusters,), the members of each cluster.
    most : rows to keep of each; a cluster that has fewer is kept whole.
    n_dims : the width of the vectors.
    seed : of the hash.

    Notes
    -----
    Since the sizes are known, a row whose hash is far beyond those that will be kept is left out at
    once: memory is that of the sample and a little. Labels must be below n_clusters; rows below 0
    take no part. The answer does not depend on where the rows are cut or in what order they come.
    """

    is_cut_blind = True  # and kernels together hold one sample, however many there are

    def __init__(self, count: NDArray[np.int64], most: int, n_dims: int, *, seed: int = 0) -> None:
        self.wanted = np.minimum(count, most)
        self.n_dims, self.seed = n_dims, seed
        share = most / np.maximum(count, 1)
        share = share + 6.0 * np.sqrt(share / np.maximum(count, 1)) + 20.0 / np.maximum(count, 1)
        self._limit = np.full(len(count), _ALL)  # six standard deviations above what is expected
        below = share < 1.0
        self._limit[below] = (share[below] * 2.0**64).astype(np.uint64)
        self._pieces: list[tuple[NDArray[np.int32], NDArray[np.uint64], VectorBatch]] = []

    def update(self, batch: VectorBatch) -> None:
        """Take in the rows of a batch."""
        there = np.flatnonzero(batch.labels >= 0)
        hashes = row_hash(batch.row_ids[there], self.seed)
        low = hashes <= self._limit[batch.labels[there]]
        keep = there[low]
        if len(keep):
            held = VectorBatch(batch.row_ids[keep], batch.vectors[keep], batch.labels[keep])
            self._pieces.append((held.labels, hashes[low], held))

    def merge(self, other: Self) -> None:
        """Take in what another sample of the same clusters has kept."""
        self._pieces += other._pieces

    def result(self) -> "Sampled":
        """Return the rows kept: cluster by cluster, in each by rising hash."""
        if not self._pieces:
            nothing = np.zeros(len(self.wanted) + 1, np.intp)
            return Sampled(nothing, np.empty(0, np.int64), np.empty((0, self.n_dims), np.float32))
        labels = np.concatenate([piece[0] for piece in self._pieces])
        hashes = np.concatenate([piece[1] for piece in self._pieces])
        order = np.lexsort((hashes, labels))
        first = np.searchsorted(labels[order], np.arange(len(self.wanted)))
        rank = np.arange(len(order)) - first[labels[order]]
        order = order[rank < self.wanted[labels[order]]]
        place = np.full(len(labels), -1, np.intp)
        place[order] = np.arange(len(order))
        row_ids = np.concatenate([piece[2].row_ids for piece in self._pieces])[order]
        vectors = np.empty((len(order), self.n_dims), np.float32)
        start = 0
        for _, _, held in self._pieces:
            to = place[start : start + len(held)]
            vectors[to[to >= 0]] = held.vectors[to >= 0]
            start += len(held)
        starts = np.searchsorted(labels[order], np.arange(len(self.wanted) + 1))
        return Sampled(starts, row_ids, vectors)


class Sampled:
    """The rows that `ClusterRows` kept; any first part of a cluster's rows is a sample again.

    Parameters
    ----------
    starts : int array of shape (n_clusters + 1,); the rows of cluster c are starts[c]:starts[c + 1].
    row_ids : int64 array of shape (n_rows,).
    vectors : float32 array of shape (n_rows, n_dims).
    """

    def __init__(
        self, starts: NDArray[np.intp], row_ids: NDArray[np.int64], vectors: NDArray[np.float32]
    ) -> None:
        self.starts, self.row_ids, self.vectors = starts, row_ids, vectors

    def size(self, cluster: int) -> int:
        """Return how many rows were kept of a cluster."""
        return int(self.starts[cluster + 1] - self.starts[cluster])

    def rows(self, cluster: int, n: int | None = None) -> NDArray[np.float32]:
        """Return the vectors of a cluster's first n rows; a view."""
        start, stop = int(self.starts[cluster]), int(self.starts[cluster + 1])
        return self.vectors[start : stop if n is None else min(stop, start + n)]

    def ids(self, cluster: int, n: int | None = None) -> NDArray[np.int64]:
        """Return the row ids of a cluster's first n rows; a view."""
        start, stop = int(self.starts[cluster]), int(self.starts[cluster + 1])
        return self.row_ids[start : stop if n is None else min(stop, start + n)]
