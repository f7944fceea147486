"""The members closest to, and furthest from, their own cluster's centroid, in one pass."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.kept import KeptRows, Ranked
from relevanceai.kernels.size import is_large
from relevanceai.kernels.units import row_blocks, row_norms

if TYPE_CHECKING:
    from relevanceai.kernels.heaps import Heaps

Metric: TypeAlias = Literal["cosine", "l2", "l1", "dp"]
"""How a vector is compared with a centroid: cosine similarity, Euclidean distance, sum of absolute
differences, dot product."""

METRICS: tuple[Metric, ...] = get_args(Metric)
"""The names that `Metric` allows."""

SIMILARITIES: frozenset[Metric] = frozenset({"cosine", "dp"})
"""The metrics that grow with likeness; the others are distances."""


def row_values(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int32],
    centroids: NDArray[np.float64],
    metric: Metric,
) -> NDArray[np.float64]:
    """Compare each row with the centroid of its own cluster, in float64.

    A row's value does not depend on its neighbours: equal rows of a cluster have bit-equal values.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite.
    labels : int32 array of shape (n_rows,), not negative.
    centroids : float64 array of shape (n_clusters, n_dims), finite where a row points.
    metric : "cosine" in [-1, 1], 0.0 when the row or the centroid is zero; "dp", the dot product;
        "l2", the Euclidean distance; "l1", the sum of absolute differences.

    Returns
    -------
    float64 array of shape (n_rows,).

    Examples
    --------
    >>> row_values(
    ...     np.array([[3, 4], [0, 0]], dtype=np.float32),
    ...     np.array([0, 0], dtype=np.int32),
    ...     np.array([[1.0, 0.0]]),
    ...     "cosine",
    ... )
    array([0.6, 0. ])
    """
    values = np.empty(len(vectors))
    centroid_norms = row_norms(centroids) if metric == "cosine" else np.empty(0)
    for block in row_blocks(len(vectors), centroids.shape[1]):
        rows = vectors[block].astype(np.float64)
        own = labels[block]
        targets = centroids[own]
        if metric == "dp" or metric == "cosine":
            products = np.einsum("ij,ij->i", rows, targets)
            if metric == "cosine":
                scale = row_norms(rows) * centroid_norms[own]
                np.divide(products, scale, out=products, where=scale > 0)
                products[scale == 0] = 0.0
                np.clip(products, -1.0, 1.0, out=products)
            values[block] = products
        else:
            rows -= targets
            values[block] = row_norms(rows) if metric == "l2" else np.abs(rows).sum(axis=1)
    return values


class RankedRows:
    """Stream rows and keep, for each cluster, the k closest and the k furthest by some metrics.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims), C-contiguous; kept, not copied. The row
        of an empty cluster may be NaN.
    k : how many rows to keep a cluster and end; 0 keeps none. Smaller clusters give all they have.
    metrics : "cosine" and "dp" are similarities (closest = largest), "l2" and "l1" distances
        (closest = smallest). The cosine similarity with a zero vector is 0.0.
    ends : which ends to keep: False the closest, True the furthest.
    min_score : leave out rows whose similarity is below it, for distances above it, at both ends.
    n_rows : how many rows a whole pass has, if that is known; it chooses numpy for small data and
        machine code for large, and may change the last digit of a value.

    Notes
    -----
    Only members of a cluster compete for it; rows labelled below 0 are ignored. Values are taken in
    float64; ties, that is equal values, go to the smaller row id at both ends. The answer does not
    depend on how rows are cut into batches, or on their order. O(n_rows * n_dims) for each metric,
    and a step in a heap of k for a row that is kept, whatever n_clusters is; the state takes 16
    bytes a kept row.

    Examples
    --------
    >>> ranked = RankedRows(np.array([[0.0]]), k=2, metrics=["l2"])
    >>> ranked.update(VectorBatch(
    ...     row_ids=np.array([7, 8, 9]),
    ...     vectors=np.array([[2], [1], [-1]], dtype=np.float32),
    ...     labels=np.array([0, 0, 0], dtype=np.int32),
    ... ))
    >>> ranked.result("l2")[0]
    (array([8, 9]), array([1., 1.]))
    >>> ranked.result("l2", furthest=True)[0]
    (array([7, 8]), array([2., 1.]))
    """

    is_cut_blind = True
    """Merging in any order, of any cut, gives the same bits: a thread needs but one kernel."""

    def __init__(
        self,
        centroids: NDArray[np.float64],
        k: int,
        *,
        metrics: Sequence[Metric] = ("cosine",),
        ends: Sequence[bool] = (False, True),
        min_score: float | None = None,
        n_rows: int = 0,
    ) -> None:
        self._centroids = centroids
        self._metrics = tuple(dict.fromkeys(metrics))
        self._is_compiled = is_large(n_rows, centroids.shape[1])
        made: Callable[..., Any] = _heaps if self._is_compiled else KeptRows
        self._kept = {
            (metric, furthest): made(
                len(centroids), k, is_falling=(metric in SIMILARITIES) != furthest
            )
            for metric in self._metrics
            for furthest in ends
        }
        self._min_score = min_score
        self._norms = row_norms(centroids) if "cosine" in metrics else np.zeros(len(centroids))
        self.state_bytes = 16 * k * len(centroids) * len(self._kept)

    def update(self, batch: VectorBatch) -> None:
        """Let the rows of a batch compete.

        Parameters
        ----------
        batch : labels below n_clusters; rows labelled below 0 are ignored. A row id comes once.
        """
        if self._is_compiled:
            self._update_windows(batch)
            return
        row_ids, vectors, labels = batch.row_ids, batch.vectors, batch.labels
        if len(labels) and labels.min() < 0:
            members = labels >= 0
            row_ids, vectors, labels = row_ids[members], vectors[members], labels[members]
        order = np.arange(len(labels), dtype=np.int32)
        for metric in self._metrics:
            values = self._passing(metric, row_values(vectors, labels, self._centroids, metric))
            for (one, _), kept in self._kept.items():
                if one == metric:
                    kept.add(values, labels, row_ids, order)

    def _update_windows(self, batch: VectorBatch) -> None:
        from relevanceai.kernels.heaps import METRIC_BITS, own_values
        from relevanceai.kernels.windows import order_of, rows_ahead, wants_order, window_rows

        n_clusters, n_dims = self._centroids.shape
        asked = 0
        for metric in self._metrics:
            asked |= METRIC_BITS[metric]
        by_label = wants_order(n_clusters, 8 * n_dims)
        step = window_rows(n_dims)
        for start in range(0, len(batch), step):
            part = batch[start : start + step]
            part = VectorBatch(
                np.ascontiguousarray(part.row_ids),
                np.ascontiguousarray(part.vectors),
                np.ascontiguousarray(part.labels),
            )
            order = order_of(part.labels, n_clusters, by_label=by_label)
            values = np.empty((len(METRICS), len(order)))
            own_values(
                part.vectors, part.labels, order, rows_ahead(n_dims),
                self._centroids, self._norms, asked, values,
            )  # fmt: skip
            for (metric, _), kept in self._kept.items():
                own = self._passing(metric, values[METRICS.index(metric)])
                kept.add(own, part.labels, part.row_ids, order)

    def _passing(self, metric: Metric, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values that `min_score` lets through, NaN in place of the others."""
        if self._min_score is None:
            return values
        is_similarity = metric in SIMILARITIES
        good = values >= self._min_score if is_similarity else values <= self._min_score
        return np.where(good, values, np.nan)

    def merge(self, other: Self) -> None:
        """Let the rows kept by another `RankedRows` compete; it is left as it is.

        Parameters
        ----------
        other : made with the same arguments, about other rows.
        """
        for end, kept in self._kept.items():
            kept.merge(other._kept[end])

    def result(self, metric: Metric, *, furthest: bool = False) -> Ranked:
        """Return the kept rows of each cluster by a metric, best first.

        Returns
        -------
        For each cluster a pair: int64 array of shape (n_kept,), the row ids; float64 array of shape
        (n_kept,), their similarity ("cosine", "dp") or distance ("l2", "l1") to the centroid.
        n_kept is at most k, and 0 for an empty cluster.
        """
        rows: Ranked = self._kept[metric, furthest].result()
        return rows


def _heaps(n_clusters: int, k: int, *, is_falling: bool) -> "KeptRows | Heaps":
    from relevanceai.kernels.heaps import Heaps

    return Heaps(n_clusters, k, is_falling=is_falling)


class NearestRows:
    """Stream rows and keep, for each cluster, the k members best by one metric, at one end.

    Parameters and cost are those of `RankedRows`, for one metric; `furthest` keeps the rows
    furthest from the centroid instead, furthest first.

    Examples
    --------
    >>> nearest = NearestRows(np.array([[0.0], [10.0]]), k=2, metric="l2")
    >>> nearest.update(VectorBatch(
    ...     row_ids=np.array([7, 8, 9]),
    ...     vectors=np.array([[2], [1], [-1]], dtype=np.float32),
    ...     labels=np.array([0, 0, 0], dtype=np.int32),
    ... ))
    >>> nearest.result()[0]
    (array([8, 9]), array([1., 1.]))
    >>> nearest.result()[1]
    (array([], dtype=int64), array([], dtype=float64))
    """

    is_cut_blind = True

    def __init__(
        self,
        centroids: NDArray[np.float64],
        k: int,
        *,
        metric: Metric,
        furthest: bool = False,
        n_rows: int = 0,
    ) -> None:
        self._metric: Metric = metric
        self._furthest = furthest
        self._ranked = RankedRows(centroids, k, metrics=(metric,), ends=(furthest,), n_rows=n_rows)
        self.state_bytes = self._ranked.state_bytes

    def update(self, batch: VectorBatch) -> None:
        """Let the rows of a batch compete; see `RankedRows.update`."""
        self._ranked.update(batch)

    def merge(self, other: Self) -> None:
        """Let the rows kept by another `NearestRows` compete; it is left as it is."""
        self._ranked.merge(other._ranked)

    def result(self) -> Ranked:
        """Return the kept rows of each cluster, best first; see `RankedRows.result`."""
        return self._ranked.result(self._metric, furthest=self._furthest)
