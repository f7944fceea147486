"""Which cluster each row would belong to if not to its own, and by how much: overlap, in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.nearest_other import OtherMetric, Targets, nearest_other
from relevanceai.kernels.size import is_large

DENSE_UP_TO = 1000
"""Pairs are counted in a square table up to this many clusters, in a sparse one beyond."""

MARGIN_BINS = 40
"""Bins of a margin histogram: equal steps from -1 to 1, the last one closed."""

_PENDING = 65_536  # rows or pairs that wait at least before they are sorted into what is held


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What `SecondNearest` found.

    A row's *margin* is its distance to the nearest other centroid minus that to its own: 0 between
    the two, negative for a row that is closer to the other. Its *relative margin* is that over the
    larger of the two distances, in [-1, 1], 0 when both are 0.

    Attributes
    ----------
    metric : "l2", distances are Euclidean; "cosine", they are 1 - cosine similarity.
    count : int64 array of shape (n_clusters,); members.
    own, other : int64 arrays of shape (n_pairs,), in the order of (own, other): the pairs of a
        cluster and the nearest other one that occur at all.
    second : int64 array of shape (n_pairs,); members of `own` whose nearest other is `other`.
    closer : int64 array of shape (n_pairs,); those of them whose margin is negative.
    distance : float64 array of shape (n_clusters,); mean distance of the members to their own
        centroid. 0 for an empty cluster.
    silhouette : float64 array of shape (n_clusters,); simplified silhouette, the mean of the relative
        margins, in [-1, 1]. 0 for a cluster of one member, as Rousseeuw has it, and for an empty one.
    histogram : int64 array of shape (n_clusters, MARGIN_BINS); members by relative margin.
    boundary_own, boundary_other, boundary_row_ids, boundary_margins : of each pair the rows with the
        smallest margins, smallest first, in the order of the pairs; ties by row id.
    """

    metric: OtherMetric
    count: NDArray[np.int64]
    own: NDArray[np.int64]
    other: NDArray[np.int64]
    second: NDArray[np.int64]
    closer: NDArray[np.int64]
    distance: NDArray[np.float64]
    silhouette: NDArray[np.float64]
    histogram: NDArray[np.int64]
    boundary_own: NDArray[np.int64]
    boundary_other: NDArray[np.int64]
    boundary_row_ids: NDArray[np.int64]
    boundary_margins: NDArray[np.float64]

    @property
    def overall_silhouette(self) -> float:
        """Simplified silhouette of all rows; 0 when there are none."""
        n_rows = int(self.count.sum())
        return float(self.silhouette @ self.count) / n_rows if n_rows else 0.0

    def matrix(self, values: NDArray[np.int64]) -> Any:
        """Return `second`, or `closer`, as a table of own by other.

        Returns
        -------
        int64 array of shape (n_clusters, n_clusters) up to `DENSE_UP_TO` clusters, beyond that a
        scipy `csr_array` of the same shape. Not symmetric; the diagonal is 0.
        """
        n_clusters = len(self.count)
        if n_clusters <= DENSE_UP_TO:
            table = np.zeros((n_clusters, n_clusters), np.int64)
            table[self.own, self.other] = values
            return table
        from scipy.sparse import csr_array

        return csr_array((values, (self.own, self.other)), shape=(n_clusters, n_clusters))

    def to_arrays(self) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
        """Return all but the metric as arrays, for a file; not copied."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "metric"}

    @classmethod
    def from_arrays(
        cls,
        metric: OtherMetric,
        arrays: Mapping[str, NDArray[np.int64] | NDArray[np.float64]],
    ) -> Self:
        """Build it from what `to_arrays` returned, or raise ValueError where that cannot be."""
        n_clusters, n_pairs = len(arrays["count"]), len(arrays["own"])
        n_rows = len(arrays["boundary_own"])
        shapes: dict[str, tuple[int, ...]] = {
            **dict.fromkeys(("count", "distance", "silhouette"), (n_clusters,)),
            **dict.fromkeys(("own", "other", "second", "closer"), (n_pairs,)),
            "histogram": (n_clusters, MARGIN_BINS),
            **dict.fromkeys(
                ("boundary_own", "boundary_other", "boundary_row_ids", "boundary_margins"),
                (n_rows,),
            ),
        }
        if {name: array.shape for name, array in arrays.items()} != shapes:
            raise ValueError("These are not the arrays of what was found of neighbours.")
        numbers = ("distance", "silhouette", "boundary_margins")
        typed: dict[str, Any] = {
            name: array.astype(np.float64 if name in numbers else np.int64, copy=False)
            for name, array in arrays.items()
        }
        return cls(metric, **typed)

    def boundary(self, own: int, other: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return row ids and margins of the members of `own` that are most like `other`."""
        code = self.boundary_own * len(self.count) + self.boundary_other
        wanted = own * len(self.count) + other
        rows = slice(*np.searchsorted(code, [wanted, wanted + 1]))
        return self.boundary_row_ids[rows], self.boundary_margins[rows]


class SecondNearest:
    """Stream rows, and count for each cluster which other one its members are nearest to.

    Parameters
    ----------
    among : what `targets` made of the centroids, by "l2" or "cosine"; shared, not copied.
    m : how many boundary rows to keep of each pair (own, other); 0 keeps none.
    n_rows : how many rows there will be about, which tells whether machine code is worth loading;
        None for many.

    Notes
    -----
    Rows labelled below 0 are ignored. The answer does not depend on how rows are cut into batches;
    of their order, and of merges, only the last digits of the means do. O(n_rows * n_clusters *
    n_dims) a pass, by matrix products in float32 whose near ties are settled in float64. The state
    takes 16 bytes a pair of clusters up to `DENSE_UP_TO` clusters, beyond that 24 bytes a pair that
    occurs, and 24 bytes a boundary row (at most m a pair that occurs).

    References
    ----------
    Rousseeuw: Silhouettes, 1987; Hruschka, de Castro, Campello: Evolutionary algorithms for
    clustering gene-expression data, 2004 (the simplified silhouette, by centroids).

    Examples
    --------
    >>> from relevanceai.kernels.nearest_other import targets
    >>> kernel = SecondNearest(targets(np.array([[0.0], [4.0], [10.0]])), m=1)
    >>> kernel.update(VectorBatch(
    ...     row_ids=np.array([7, 8, 9]),
    ...     vectors=np.array([[1], [3], [8]], dtype=np.float32),
    ...     labels=np.array([0, 0, 2], dtype=np.int32),
    ... ))
    >>> found = kernel.result()
    >>> found.matrix(found.second)
    array([[0, 2, 0],
           [0, 0, 0],
           [0, 1, 0]])
    >>> found.boundary(0, 1)
    (array([8]), array([-2.]))
    >>> found.silhouette  # of cluster 0: (1 - 1/3 + 1/3 - 1) / 2
    array([0., 0., 0.])
    """

    uses_blas = True

    def __init__(self, among: Targets, *, m: int = 0, n_rows: int | None = None) -> None:
        n_clusters, n_dims = among.exact.shape
        self._is_compiled = n_rows is None or is_large(n_rows, n_dims)
        self._among = among
        self._m = m
        self._count = np.zeros(n_clusters, np.int64)
        self._distance = np.zeros(n_clusters)
        self._margin = np.zeros(n_clusters)
        self._histogram = np.zeros((n_clusters, MARGIN_BINS), np.int64)
        self._pairs: _DensePairs | _SparsePairs = (
            _DensePairs(n_clusters) if n_clusters <= DENSE_UP_TO else _SparsePairs()
        )
        self._boundary = _Boundary(m)
        self.state_bytes = 16 * min(n_clusters, DENSE_UP_TO) ** 2 + 400 * n_clusters

    def update(self, batch: VectorBatch) -> None:
        """Count the rows of a batch.

        Parameters
        ----------
        batch : labels below n_clusters; rows labelled below 0 are ignored. A row id comes once.
        """
        row_ids, vectors, labels = batch.row_ids, batch.vectors, batch.labels
        if len(labels) and labels.min() < 0:
            members = labels >= 0
            row_ids, vectors, labels = row_ids[members], vectors[members], labels[members]
        other, own_distance, other_distance = nearest_other(
            np.ascontiguousarray(vectors), labels, self._among, is_compiled=self._is_compiled
        )
        own = labels.astype(np.int64)
        self._count += np.bincount(own, minlength=len(self._count))
        np.add.at(self._distance, own, own_distance)
        if len(other) and other.min() < 0:
            there = other >= 0
            own, other, row_ids = own[there], other[there], row_ids[there]
            own_distance, other_distance = own_distance[there], other_distance[there]
        margin = other_distance - own_distance
        larger = np.maximum(own_distance, other_distance)
        relative = np.divide(margin, larger, out=np.zeros(len(own)), where=larger > 0)
        np.add.at(self._margin, own, relative)
        bins = np.minimum((relative + 1) * (MARGIN_BINS / 2), MARGIN_BINS - 1).astype(np.intp)
        np.add.at(self._histogram, (own, bins), 1)
        codes = own * len(self._count) + other
        self._pairs.add(codes, np.ones(len(codes), np.int64), (margin < 0).astype(np.int64))
        self._boundary.add(codes, row_ids, margin)

    def merge(self, other: Self) -> None:
        """Add what another `SecondNearest` has counted; it is left as it is.

        Parameters
        ----------
        other : made with the same arguments, about other rows.
        """
        self._count += other._count
        self._distance += other._distance
        self._margin += other._margin
        self._histogram += other._histogram
        self._pairs.add(*other._pairs.held())
        self._boundary.add(*other._boundary.held())

    def result(self) -> Neighbours:
        """Return what was found of the rows so far."""
        n_clusters = len(self._count)
        members = np.maximum(self._count, 1)
        codes, second, closer = self._pairs.held()
        own, other = np.divmod(codes, max(n_clusters, 1))
        boundary_codes, row_ids, margins = self._boundary.held()
        boundary_own, boundary_other = np.divmod(boundary_codes, max(n_clusters, 1))
        return Neighbours(
            metric=self._among.metric,
            count=self._count.copy(),
            own=own,
            other=other,
            second=second,
            closer=closer,
            distance=self._distance / members,
            silhouette=np.where(self._count > 1, self._margin / members, 0.0),
            histogram=self._histogram.copy(),
            boundary_own=boundary_own,
            boundary_other=boundary_other,
            boundary_row_ids=row_ids,
            boundary_margins=margins,
        )


class _DensePairs:
    """Counts of pairs in two square tables."""

    def __init__(self, n_clusters: int) -> None:
        self._second = np.zeros(n_clusters * n_clusters, np.int64)
        self._closer = np.zeros(n_clusters * n_clusters, np.int64)

    def add(
        self, codes: NDArray[np.int64], second: NDArray[np.int64], closer: NDArray[np.int64]
    ) -> None:
        np.add.at(self._second, codes, second)
        np.add.at(self._closer, codes, closer)

    def held(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        codes = np.flatnonzero(self._second)
        return codes, self._second[codes], self._closer[codes]


class _SparsePairs:
    """Counts of the pairs that occur, in the order of their codes."""

    def __init__(self) -> None:
        empty = np.empty(0, np.int64)
        self._parts = [(empty, empty, empty)]
        self._n_pending = 0

    def add(
        self, codes: NDArray[np.int64], second: NDArray[np.int64], closer: NDArray[np.int64]
    ) -> None:
        self._parts.append((codes, second, closer))
        self._n_pending += len(codes)
        if self._n_pending > max(_PENDING, len(self._parts[0][0])):
            self.held()

    def held(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        if len(self._parts) > 1:
            codes, second, closer = map(np.concatenate, zip(*self._parts, strict=True))
            order = np.argsort(codes, kind="stable")
            codes, second, closer = codes[order], second[order], closer[order]
            if len(codes):
                starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
                codes = codes[starts]
                second, closer = (np.add.reduceat(one, starts) for one in (second, closer))
            self._parts, self._n_pending = [(codes, second, closer)], 0
        return self._parts[0]


class _Boundary:
    """The m rows of each pair with the smallest margins, in order of pair, margin and row id."""

    def __init__(self, m: int) -> None:
        self._m = m
        self._parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        self._n_pending = 0

    def add(
        self, codes: NDArray[np.int64], row_ids: NDArray[np.int64], margins: NDArray[np.float64]
    ) -> None:
        if not self._m:
            return
        self._parts.append((codes, row_ids, margins))
        self._n_pending += len(codes)
        if self._n_pending > max(_PENDING, len(self._parts[0][0])):
            self.held()

    def held(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        if len(self._parts) > 1:
            codes, row_ids, margins = map(np.concatenate, zip(*self._parts, strict=True))
            order = np.lexsort((row_ids, margins, codes))
            ordered = codes[order]
            rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
            kept = order[rank < self._m]
            self._parts, self._n_pending = [(codes[kept], row_ids[kept], margins[kept])], 0
        return self._parts[0]
