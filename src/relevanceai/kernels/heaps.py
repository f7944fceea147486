"""The machine code of `RankedRows`: each row's value to its own centroid, and bounded heaps."""

import math
from typing import Self

import numpy as np
from numba.core import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import FLOATS, LABELS, NUMBERS, ROW_IDS, compiled, prefetch
from relevanceai.kernels.kept import Ranked, ranked

METRIC_BITS = {"cosine": 1, "dp": 1, "l2": 2, "l1": 4}
"""What `own_values` is asked for; it writes rows 0 to 3: cosine, l2, l1, dp."""

_order = types.Array(types.int32, 1, "C", readonly=True)
_numbers = types.Array(types.float64, 1, "C")
_places = types.Array(types.int64, 1, "C")


@compiled(
    types.void(
        FLOATS,
        LABELS,
        _order,
        types.int64,
        NUMBERS,
        types.Array(types.float64, 1, "C", readonly=True),
        types.int64,
        types.Array(types.float64, 2, "C"),
    )
)
def own_values(  # type: ignore[no-untyped-def]
    vectors, labels, order, ahead, centroids, norms, asked, values
):
    """Write `values[metric, place]` of the row at each place of the order, in float64.

    A row's value rests on it and its centroid alone: equal rows have bit-equal values.
    """
    n_dims = vectors.shape[1]
    for place in range(len(order)):
        row = order[place]
        if place + ahead < len(order):
            later = order[place + ahead]
            for column in range(0, n_dims, 16):
                prefetch(vectors, later, column)
        here = vectors[row]
        cluster = labels[row]
        target = centroids[cluster]
        if asked & 1:
            product = 0.0
            square = 0.0
            for column in range(n_dims):
                value = np.float64(here[column])
                product += value * target[column]
                square += value * value
            values[3, place] = product
            scale = math.sqrt(square) * norms[cluster]
            values[0, place] = min(1.0, max(-1.0, product / scale)) if scale > 0.0 else 0.0
        if asked & 2:
            square = 0.0
            for column in range(n_dims):
                moved = np.float64(here[column]) - target[column]
                square += moved * moved
            values[1, place] = math.sqrt(square)
        if asked & 4:
            total = 0.0
            for column in range(n_dims):
                total += abs(np.float64(here[column]) - target[column])
            values[2, place] = total


@compiled(
    types.void(
        types.Array(types.float64, 1, "C", readonly=True),
        types.float64,
        LABELS,
        ROW_IDS,
        _order,
        _places,
        _places,
        _numbers,
        _places,
    )
)
def keep_best(  # type: ignore[no-untyped-def]
    values, sign, labels, row_ids, order, starts, held, keys, rows
):
    """Keep the smallest `sign * value` of each cluster; of equal ones the smaller row id.

    `keys[starts[c] : starts[c] + held[c]]` is a heap with the worst that is kept on top; it holds
    at most `starts[c + 1] - starts[c]`. A NaN is never kept.
    """
    for place in range(len(order)):
        row = order[place]
        cluster = labels[row]
        key = sign * values[place]
        row_id = row_ids[row]
        first = starts[cluster]
        size = held[cluster]
        if size == starts[cluster + 1] - first:
            if size == 0:
                continue
            if not (key < keys[first] or (key == keys[first] and row_id < rows[first])):
                continue
            here = 0  # the worst goes; the hole sinks
            while True:
                child = 2 * here + 1
                if child >= size:
                    break
                other = child + 1
                if other < size and (
                    keys[first + other] > keys[first + child]
                    or (
                        keys[first + other] == keys[first + child]
                        and rows[first + other] > rows[first + child]
                    )
                ):
                    child = other
                if keys[first + child] > key or (
                    keys[first + child] == key and rows[first + child] > row_id
                ):
                    keys[first + here] = keys[first + child]
                    rows[first + here] = rows[first + child]
                    here = child
                else:
                    break
        else:
            if key != key:
                continue
            here = size  # the hole rises
            held[cluster] = size + 1
            while here > 0:
                parent = (here - 1) // 2
                if keys[first + parent] < key or (
                    keys[first + parent] == key and rows[first + parent] < row_id
                ):
                    keys[first + here] = keys[first + parent]
                    rows[first + here] = rows[first + parent]
                    here = parent
                else:
                    break
        keys[first + here] = key
        rows[first + here] = row_id


class Heaps:
    """The best rows of each cluster in bounded heaps; the same verbs as `KeptRows`."""

    def __init__(self, n_clusters: int, k: int, *, is_falling: bool) -> None:
        self._k = k
        self._sign = -1.0 if is_falling else 1.0
        self._seen = np.zeros(n_clusters, np.int64)
        self._held = np.zeros(n_clusters, np.int64)
        self._make_room(np.zeros(n_clusters, np.int64))

    def add(
        self,
        values: NDArray[np.float64],
        labels: NDArray[np.int32],
        row_ids: NDArray[np.int64],
        order: NDArray[np.int32],
    ) -> None:
        """Let rows compete: `values` of the rows at the places of the order."""
        n_clusters = len(self._held)
        if self._is_short:
            self._seen += np.bincount(labels[order], minlength=n_clusters)
            room = np.diff(self._starts)
            wanted = np.minimum(self._seen, self._k)
            if (wanted > room).any():
                self._grow(np.minimum(np.maximum(wanted, 2 * room), self._k))
        keep_best(
            values, self._sign, labels, row_ids, order,
            self._starts, self._held, self._keys, self._rows,
        )  # fmt: skip

    def merge(self, other: Self) -> None:
        """Let the rows of another compete; it is left as it is."""
        labels, keys, rows = other._flat()
        self.add(keys * other._sign, labels, rows, np.arange(len(rows), dtype=np.int32))

    def result(self) -> Ranked:
        """Return the rows of each cluster, best first."""
        labels, keys, rows = self._flat()
        return ranked(labels, keys, rows, self._sign, len(self._held))

    def _flat(self) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]]:
        """Label, key and row id of all that is held, cluster by cluster."""
        labels = np.repeat(np.arange(len(self._held), dtype=np.int32), self._held)
        ends = np.cumsum(self._held)
        places = np.arange(len(labels)) + np.repeat(
            self._starts[:-1] - (ends - self._held), self._held
        )
        return labels, self._keys[places], self._rows[places]

    def _make_room(self, wanted: NDArray[np.int64]) -> None:
        if self._k * len(wanted) <= _SMALL:
            wanted = np.full(len(wanted), self._k)
        self._is_short = bool((wanted < self._k).any())
        self._starts = np.concatenate([[0], np.cumsum(wanted)]).astype(np.int64)
        self._keys = np.empty(self._starts[-1])
        self._rows = np.empty(self._starts[-1], np.int64)

    def _grow(self, wanted: NDArray[np.int64]) -> None:
        """Move what is held to where there is room for as many."""
        starts, keys, rows = self._starts, self._keys, self._rows
        self._make_room(wanted)
        move_heaps(starts, keys, rows, self._held, self._starts, self._keys, self._rows)


_SMALL = 2**18  # places that may stand empty


@compiled(types.void(_places, _numbers, _places, _places, _places, _numbers, _places))
def move_heaps(starts, keys, rows, held, new_starts, new_keys, new_rows):  # type: ignore[no-untyped-def]
    """Copy heaps to where each has more room."""
    for cluster in range(len(held)):
        for place in range(held[cluster]):
            new_keys[new_starts[cluster] + place] = keys[starts[cluster] + place]
            new_rows[new_starts[cluster] + place] = rows[starts[cluster] + place]
