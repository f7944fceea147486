"""The members closest to, or furthest from, their own cluster's centroid, in one pass."""

from itertools import pairwise
from typing import Literal, Self, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.units import row_blocks, row_norms

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


class NearestRows:
    """Stream rows and keep, for each cluster, the k members best by a metric.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims); kept, not copied. The row of an empty
        cluster may be NaN.
    k : how many rows to keep a cluster; 0 keeps none. Clusters with fewer members give them all.
    metric : "cosine" and "dp" are similarities (closest = largest), "l2" and "l1" distances
        (closest = smallest). The cosine similarity with a zero vector is 0.0.
    furthest : keep the rows furthest from the centroid instead, furthest first.

    Notes
    -----
    Only members of a cluster compete for it; rows labelled below 0 are ignored. Ties, that is equal
    float64 values, go to the smaller row id. The answer does not depend on how rows are cut into
    batches, or on their order. O(n_rows * (n_dims + log n_rows)) a pass whatever n_clusters is; the
    state takes 24 bytes a kept row.

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

    def __init__(
        self,
        centroids: NDArray[np.float64],
        k: int,
        *,
        metric: Metric,
        furthest: bool = False,
    ) -> None:
        self._centroids = centroids
        self._k = k
        self._metric: Metric = metric
        self._falling = (metric in SIMILARITIES) != furthest
        self._labels = np.empty(0, dtype=np.int32)
        self._row_ids = np.empty(0, dtype=np.int64)
        self._values = np.empty(0)

    def update(self, batch: VectorBatch) -> None:
        """Let the rows of a batch compete.

        Parameters
        ----------
        batch : labels below n_clusters; rows labelled below 0 are ignored. A row id comes once.
        """
        row_ids, vectors, labels = batch.row_ids, batch.vectors, batch.labels
        if len(labels) and labels.min() < 0:
            members = labels >= 0
            row_ids, vectors, labels = row_ids[members], vectors[members], labels[members]
        self._keep(row_ids, row_values(vectors, labels, self._centroids, self._metric), labels)

    def merge(self, other: Self) -> None:
        """Let the rows kept by another `NearestRows` compete; it is left as it is.

        Parameters
        ----------
        other : made with the same arguments, about other rows.
        """
        self._keep(other._row_ids, other._values, other._labels)

    def _keep(
        self,
        row_ids: NDArray[np.int64],
        values: NDArray[np.float64],
        labels: NDArray[np.int32],
    ) -> None:
        """Keep the best k of the rows held and the rows given, in order of cluster and rank."""
        row_ids = np.concatenate([self._row_ids, row_ids])
        values = np.concatenate([self._values, values])
        labels = np.concatenate([self._labels, labels])
        order = np.lexsort((row_ids, -values if self._falling else values, labels))
        ordered = labels[order]
        starts = np.searchsorted(ordered, ordered)  # where the row's cluster begins
        kept = order[np.arange(len(order)) - starts < self._k]
        self._row_ids, self._values, self._labels = row_ids[kept], values[kept], labels[kept]

    def result(self) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Return the kept rows of each cluster, best first.

        Returns
        -------
        For each cluster a pair: int64 array of shape (n_kept,), the row ids; float64 array of shape
        (n_kept,), their similarity ("cosine", "dp") or distance ("l2", "l1") to the centroid.
        n_kept is at most k, and 0 for an empty cluster.
        """
        edges = np.searchsorted(self._labels, np.arange(len(self._centroids) + 1)).tolist()
        return [
            (self._row_ids[start:stop], self._values[start:stop]) for start, stop in pairwise(edges)
        ]
