"""The members closest to, and furthest from, their own cluster's centroid, in one pass."""

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.kept import KeptRows, Ranked
from relevanceai.kernels.sieve import Board, Sieve, Tables
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
    room: list[NDArray[np.float64]] = []
    for block in row_blocks(len(vectors), centroids.shape[1]):
        own = labels[block]
        if not room:  # taken once: new memory for each block costs more than the arithmetic
            room = [np.empty((len(own), centroids.shape[1])) for _ in range(2)]
        rows, targets = room[0][: len(own)], room[1][: len(own)]
        rows[:] = vectors[block]
        np.take(centroids, own, axis=0, out=targets, mode="clip")  # "raise" would take it twice
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
        self._ends = tuple(ends)
        self._min_score = min_score
        self._k = k
        # where few rows come for each that is kept, most of them enter, and a first look is in vain
        self._is_screened = n_rows == 0 or n_rows > _SCREENED_FROM * k * len(centroids)
        if self._is_compiled:
            self._be_ready()
        self._empty()
        self.state_bytes = 16 * k * len(centroids) * len(self._kept)

    def update(self, batch: VectorBatch) -> None:
        """Let the rows of a batch compete.

        Parameters
        ----------
        batch : labels below n_clusters; rows labelled below 0 are ignored. A row id comes once.
            Where it has codes they are looked at (not by "l1"), and only rows that may be among the
            best are read, some of them later: its arrays are held, and must not change.
        """
        if self._is_compiled:
            self._update_compiled(batch)
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

    def fresh(self) -> Self:
        """Return another kernel for the same pass: it has seen no row, and shares what it can.

        Kernels of one pass leave out what one of them has already beaten. So only all of them,
        merged, give the answer; it is the same as that of one.
        """
        result = copy(self)
        result._empty()
        return result

    def _empty(self) -> None:
        """Keep nothing."""
        made: Callable[..., Any] = _heaps if self._is_compiled else KeptRows
        self._kept = {
            (metric, furthest): made(
                len(self._centroids), self._k, is_falling=(metric in SIMILARITIES) != furthest
            )
            for metric in self._metrics
            for furthest in self._ends
        }
        if self._is_compiled:
            self._limits = {metric: limits.copy() for metric, limits in self._shared.items()}
        self._sieves: dict[Metric, Sieve] = {}
        # where `min_score` leaves rows out, bounds of theirs would keep others out too
        if self._is_compiled and self._is_screened and self._min_score is None and self._k:
            for metric in self._metrics:
                if metric != "l1":
                    ends = [self._kept.get((metric, furthest)) for furthest in (False, True)]
                    signs = [0.0 if heaps is None else heaps.sign for heaps in ends]
                    self._sieves[metric] = Sieve(
                        self._tables,
                        metric,
                        self._k,
                        signs,
                        self._limits[metric],
                        self._boards[metric],
                    )

    def _update_compiled(self, batch: VectorBatch) -> None:
        from relevanceai.kernels.own_centroid import METRIC_NUMBERS
        from relevanceai.kernels.windows import order_of, rows_ahead, wants_order, window_rows

        if not self._k or not self._kept:
            return
        n_clusters, n_dims = self._centroids.shape
        by_label = wants_order(4 * n_clusters * n_dims)
        ahead = rows_ahead(n_dims) if by_label else 0
        step = window_rows(n_dims)
        if len(self._metrics) > 1:  # the rows are gone through again for each: in the cache
            step = max(1, min(step, _PIECE_BYTES // (4 * n_dims)))
        for start in range(0, len(batch), step):
            part = batch[start : start + step]
            order = order_of(np.ascontiguousarray(part.labels), n_clusters, by_label=by_label)
            self._meet()
            for metric in self._metrics:
                sieve = self._sieves.get(metric) if part.codes is not None else None
                if sieve is None:
                    self._compete(part, order, ahead, metric, is_screened=self._is_screened)
                    continue
                sieve.add(part, order, METRIC_NUMBERS[metric])
                if sieve.is_full():
                    self._read(metric, sieve, is_sure=True)
                    self._read(metric, sieve, is_sure=False)

    @property
    def last_steps(self) -> Sequence[Callable[[], None]]:
        """What is to be done after the last rows: the rows are read whose codes left them open.

        Each step is quicker where the other kernels of the pass have done those before it; `merge`
        and `result` see to them where nobody has.
        """
        return (self._show, self._read_sure, self._read_open) if self._sieves else ()

    def _show(self) -> None:
        for sieve in self._sieves.values():
            sieve.show()

    def _read_sure(self) -> None:
        """Read the rows that are the best even at their worst, and show what they are worth."""
        for metric, sieve in self._sieves.items():
            self._read(metric, sieve, is_sure=True)
            sieve.show([self._kept.get((metric, furthest)) for furthest in (False, True)])

    def _read_open(self) -> None:
        for metric, sieve in self._sieves.items():
            self._read(metric, sieve, is_sure=False)

    def _finish(self) -> None:
        for step in self.last_steps:
            step()

    def _meet(self) -> None:
        """Exchange with the other kernels of this pass what is out of the question.

        Each has limits of its own: threads that wrote to shared ones would wait for each other. What
        one writes over another's is found again the next time.
        """
        for metric, own in self._limits.items():
            shared = self._shared[metric]
            np.minimum(own, shared, out=own)
            np.minimum(own, shared, out=shared)

    def _read(self, metric: Metric, sieve: Sieve, *, is_sure: bool) -> None:
        from relevanceai.kernels.windows import rows_ahead

        ahead = rows_ahead(self._centroids.shape[1])
        for part, rows in sieve.taken(is_sure=is_sure):
            self._compete(part, rows, ahead, metric, is_screened=True)

    def _compete(
        self,
        part: VectorBatch,
        order: NDArray[np.int32],
        ahead: int,
        metric: Metric,
        *,
        is_screened: bool,
    ) -> None:
        """Let rows of a window compete by one metric."""
        from relevanceai.kernels.own_centroid import METRIC_NUMBERS, compete

        labels = np.ascontiguousarray(part.labels)
        ends = [self._kept.get((metric, furthest)) for furthest in (False, True)]
        there = next(heaps for heaps in ends if heaps is not None)
        given: list[Any] = []
        for heaps in ends:
            if heaps is not None:
                heaps.room_for(labels)
            given += [0.0 if heaps is None else heaps.sign, *(heaps or there).arrays]
        compete(
            np.ascontiguousarray(part.vectors), labels, np.ascontiguousarray(part.row_ids),
            order, ahead, self._centroids, self._rough, self._limits[metric],
            METRIC_NUMBERS[metric], np.nan if self._min_score is None else self._min_score,
            is_screened, self._k, *given,
        )  # fmt: skip

    def _be_ready(self) -> None:
        """Work out what machine code wants to know of the centroids."""
        from relevanceai.kernels.own_centroid import limits_of

        with np.errstate(over="ignore", under="ignore"):
            self._rough = self._centroids.astype(np.float32)
        limits = limits_of(self._centroids, row_norms(self._centroids))
        for place, furthest in ((2, False), (3, True)):
            if furthest not in self._ends:
                limits[:, place] = -np.inf
        self._shared = {metric: limits.copy() for metric in self._metrics}
        self._tables = Tables(self._centroids)
        self._boards = {metric: Board() for metric in self._metrics}

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
        self._finish()
        other._finish()
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
        self._finish()
        rows: Ranked = self._kept[metric, furthest].result()
        return rows


_PIECE_BYTES = 512 * 1024

_SCREENED_FROM = 30
"""Rows, for each that is kept, from which so few enter that a first look at them saves time."""


def _heaps(n_clusters: int, k: int, *, is_falling: bool) -> "KeptRows | Heaps":
    from relevanceai.kernels.heaps import Heaps

    return Heaps(n_clusters, k, is_falling=is_falling)
