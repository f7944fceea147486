"""The rows kept of each cluster in order of a value: what is left when rows compete for k places."""

from itertools import pairwise
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ranked: TypeAlias = list[tuple[NDArray[np.int64], NDArray[np.float64]]]
"""For each cluster the row ids that are kept and their values, best first."""


class KeptRows:
    """The best k rows of each cluster, in plain numpy; `heaps.Heaps` has the same verbs.

    Parameters
    ----------
    n_clusters : clusters are 0..n_clusters-1.
    k : rows to keep of each.
    is_falling : the largest values are the best. Equal ones: the smaller row id is.
    """

    def __init__(self, n_clusters: int, k: int, *, is_falling: bool) -> None:
        self._n_clusters = n_clusters
        self._k = k
        self._sign = -1.0 if is_falling else 1.0
        self._labels = np.empty(0, dtype=np.int32)
        self._row_ids = np.empty(0, dtype=np.int64)
        self._keys = np.empty(0)

    def add(
        self,
        values: NDArray[np.float64],
        labels: NDArray[np.int32],
        row_ids: NDArray[np.int64],
        order: NDArray[np.int32],
    ) -> None:
        """Let rows compete.

        Parameters
        ----------
        values : float64 array of shape (len(order),); a NaN is never kept.
        labels, row_ids : of all rows.
        order : the places, among those, of the rows that `values` are of.
        """
        there = ~np.isnan(values)
        self._keep(self._sign * values[there], labels[order][there], row_ids[order][there])

    def merge(self, other: Self) -> None:
        """Let the rows of another compete; it is left as it is."""
        self._keep(other._keys, other._labels, other._row_ids)

    def _keep(
        self, keys: NDArray[np.float64], labels: NDArray[np.int32], row_ids: NDArray[np.int64]
    ) -> None:
        """Keep the best k of the rows held and the rows given, in order of cluster and rank."""
        row_ids = np.concatenate([self._row_ids, row_ids])
        keys = np.concatenate([self._keys, keys])
        labels = np.concatenate([self._labels, labels])
        order = _in_order(labels, keys, row_ids, self._n_clusters)
        ordered = labels[order]
        starts = np.searchsorted(ordered, np.arange(self._n_clusters))  # where each cluster begins
        kept = order[np.arange(len(order)) - starts[ordered] < self._k]
        self._row_ids, self._keys, self._labels = row_ids[kept], keys[kept], labels[kept]

    def result(self) -> Ranked:
        """Return the rows of each cluster, best first."""
        return ranked(self._labels, self._keys, self._row_ids, self._sign, self._n_clusters)


def ranked(
    labels: NDArray[np.int32],
    keys: NDArray[np.float64],
    row_ids: NDArray[np.int64],
    sign: float,
    n_clusters: int,
) -> Ranked:
    """Return rows cluster by cluster, the smallest key first, of equal ones the smallest row id.

    Parameters
    ----------
    labels, keys, row_ids : arrays of shape (n_rows,): the cluster of each row, in [0, n_clusters),
        `sign` times its value, and its id.
    sign : 1.0 or -1.0; values come back without it.
    n_clusters : how many lists there are; of an empty cluster an empty one.
    """
    order = _in_order(labels, keys, row_ids, n_clusters)
    edges = np.searchsorted(labels[order], np.arange(n_clusters + 1)).tolist()
    ids, values = row_ids[order], sign * keys[order] + 0.0  # -0.0 becomes 0.0
    return [(ids[start:stop], values[start:stop]) for start, stop in pairwise(edges)]


def _in_order(
    labels: NDArray[np.int32],
    keys: NDArray[np.float64],
    row_ids: NDArray[np.int64],
    n_clusters: int,
) -> NDArray[np.intp]:
    """The places of rows in order of cluster, key and row id.

    Where no two keys are equal, the keys alone are sorted, and the clusters, as small whole
    numbers, by counting: a third of the time that all three take.
    """
    by_key = np.argsort(keys)
    ascending = keys[by_key]
    if n_clusters > np.iinfo(np.int16).max or (ascending[1:] == ascending[:-1]).any():
        return np.lexsort((row_ids, keys, labels))
    return by_key[np.argsort(labels[by_key].astype(np.int16), kind="stable")]
