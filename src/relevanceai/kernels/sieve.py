"""Sieve: rows wait, by their codes alone, until it is clear which of them have to be read."""

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Codes, VectorBatch
from relevanceai.kernels.codes import CodedMetric, CodeTable, code_table


class KeptKeys(Protocol):
    """The best rows of each cluster, of which a sieve only asks the keys."""

    def dense_keys(self) -> NDArray[np.float64]:
        """Return the keys, shape (n_clusters, k), infinity where there is none."""
        ...


Shown: TypeAlias = Sequence[NDArray[np.float64] | None]
"""Keys that were seen at each end, the k smallest a cluster."""

_MOST_WAITING = 2**19
"""Rows that may wait; when more do, those that still may be among the best are read."""


class Tables:
    """Tables of centroids, made when codes with another shift and scale come by; for all threads.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims); rows of empty clusters may be NaN.
    """

    def __init__(self, centroids: NDArray[np.float64]) -> None:
        self._centroids = centroids
        self._made: dict[CodedMetric, tuple[Codes, CodeTable]] = {}
        self._lock = threading.Lock()

    def table(self, codes: Codes, metric: CodedMetric) -> CodeTable:
        """Return the table for codes; the last one is kept for each metric."""
        with self._lock:
            made = self._made.get(metric)
            if made is None or not (
                np.array_equal(made[0].shift, codes.shift)
                and np.array_equal(made[0].scale, codes.scale)
            ):
                made = codes[:0], code_table(self._centroids, codes, metric)
                self._made[metric] = made
            return made[1]


class Board:
    """Where the kernels of one pass show each other the best keys they know of, at both ends.

    k rows in all with keys up to some limit are enough to rule out what is above it, whichever
    kernels saw them: so the limits are tighter than those of any one.
    """

    def __init__(self) -> None:
        self._shown: dict[int, Shown] = {}
        self._lock = threading.Lock()

    def show(self, who: object, keys: Shown) -> None:
        """Show one kernel's keys, in place of its last ones: (n_clusters, k) for each end or None."""
        with self._lock:
            self._shown[id(who)] = keys

    def limits(self, end: int, n_clusters: int) -> NDArray[np.float64]:
        """The kth smallest key of all at one end, of each cluster; infinity for too few."""
        with self._lock:
            shown = [keys[end] for keys in self._shown.values()]
        there = [keys for keys in shown if keys is not None]
        if not there:
            return np.full(n_clusters, np.inf)
        k = there[0].shape[1]
        limits: NDArray[np.float64] = np.partition(np.hstack(there), k - 1, axis=1)[:, k - 1]
        return limits


class Sieve:
    """Rows that may be among the k best of their clusters, by one metric, at one end or both.

    Parameters
    ----------
    tables : of the centroids.
    metric : by which rows are compared.
    k : from 1.
    signs : of both ends: a key is the sign times a value, the smaller the better; 0 for an end that
        is not asked for.
    limits : float64 array of shape (n_clusters, 4); its last two columns are the worst keys that can
        be among the best, which all that look at rows lower (see `compete`).
    board : that of the pass, by this metric.
    """

    def __init__(
        self,
        tables: Tables,
        metric: CodedMetric,
        k: int,
        signs: Sequence[float],
        limits: NDArray[np.float64],
        board: Board,
    ) -> None:
        from relevanceai.kernels.heaps import Heaps

        self._tables, self._metric, self._k = tables, metric, k
        self._limits, self._board = limits, board
        self._ends: list[tuple[float, Heaps]] = [
            (sign, Heaps(len(limits) if sign else 0, k, is_falling=sign < 0)) for sign in signs
        ]
        self._waiting: list[_Waiting] = []
        self._n_waiting = 0

    def add(self, part: VectorBatch, order: NDArray[np.int32], number: int) -> None:
        """Look at the codes of some rows.

        Parameters
        ----------
        part : with codes; its arrays are held until the rows that wait have been given out.
        order : int32; places of the rows, whose labels are not below 0.
        number : by which machine code knows the metric.
        """
        from relevanceai.kernels.sifting import sift

        codes = part.codes
        assert codes is not None
        labels = np.ascontiguousarray(part.labels)
        for sign, heaps in self._ends:
            if sign:
                heaps.room_for(labels)
        table = self._tables.table(codes, self._metric)
        left, bounds = np.empty(len(order), np.int32), np.empty((len(order), 4))
        n_left = sift(
            codes.codes, codes.of_rows, labels, np.ascontiguousarray(part.row_ids), order,
            table.numbers, table.about, number, self._limits, self._k,
            *(one for sign, heaps in self._ends for one in (sign, *heaps.arrays)),
            left, bounds,
        )  # fmt: skip
        self._waiting.append(_Waiting(part, labels, left[:n_left].copy(), bounds[:n_left].copy()))
        self._n_waiting += n_left

    def is_full(self) -> bool:
        """Tell whether so many rows wait that they are to be taken out; fewer may, after that."""
        if self._n_waiting <= _MOST_WAITING:
            return False
        for one in self._waiting:
            one.take(self._limits, is_sure=False)
        self._n_waiting = sum(len(one.left) for one in self._waiting)
        return self._n_waiting > _MOST_WAITING // 2

    def show(self, kept: Sequence[KeptKeys | None] | None = None) -> None:
        """Show the other sieves of the pass the k smallest keys of each end.

        Parameters
        ----------
        kept : those of rows that were read, in place of the upper bounds of all rows: not both, or a
            row would count twice.
        """
        ends = [heaps if sign else None for sign, heaps in self._ends] if kept is None else kept
        self._board.show(self, [None if one is None else one.dense_keys() for one in ends])

    def taken(self, *, is_sure: bool) -> Iterator[tuple[VectorBatch, NDArray[np.int32]]]:
        """Take out rows that may still be among the best, batch by batch: places in each.

        Parameters
        ----------
        is_sure : only those that are the best even at their worst. When they have been read, the
            limits are such that few others are left.
        """
        for end, (sign, _) in enumerate(self._ends):
            if sign:
                own = self._limits[:, 2 + end]
                np.minimum(own, self._board.limits(end, len(own)), out=own)
        for one in self._waiting:
            sure = one.take(self._limits, is_sure=is_sure)
            rows = sure if is_sure else one.left
            if len(rows):
                yield one.part, rows
        if is_sure:
            self._n_waiting = sum(len(one.left) for one in self._waiting)
        else:
            self._waiting, self._n_waiting = [], 0


class _Waiting:
    """Rows of a batch that wait, and the bounds of their keys at both ends."""

    def __init__(
        self,
        part: VectorBatch,
        labels: NDArray[np.int32],
        left: NDArray[np.int32],
        bounds: NDArray[np.float64],
    ) -> None:
        self.part, self._labels, self.left, self._bounds = part, labels, left, bounds

    def take(self, limits: NDArray[np.float64], *, is_sure: bool) -> NDArray[np.int32]:
        """Drop what is beyond the limits, and take out what is within them for certain."""
        from relevanceai.kernels.sifting import take_open

        taken = np.empty(len(self.left), np.int32)
        n_taken, n_left = take_open(self._labels, limits, self.left, self._bounds, is_sure, taken)
        self.left, self._bounds = self.left[:n_left], self._bounds[:n_left]
        return taken[:n_taken]
