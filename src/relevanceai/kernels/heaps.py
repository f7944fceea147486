"""Heaps: the best rows of each cluster in bounded heaps, for machine code to fill."""

from typing import Self

import numpy as np
from numba.core import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import LABELS, ROW_IDS, compiled
from relevanceai.kernels.kept import Ranked, ranked

_order = types.Array(types.int32, 1, "C", readonly=True)
_values = types.Array(types.float64, 1, "C", readonly=True)
_limits = types.Array(types.float64, 2, "C")
_numbers = types.Array(types.float64, 1, "C")
_places = types.Array(types.int64, 1, "C")


@compiled(
    types.void(
        types.int64, types.float64, types.int64, _values, LABELS, ROW_IDS, _order,
        _places, _places, _numbers, _places, _limits, types.int64,
    )
)  # fmt: skip
def keep_best(  # type: ignore[no-untyped-def]
    k, sign, n, values, labels, row_ids, order, starts, held, keys, rows, limits, end
):
    """Keep the k smallest `sign * value` of each cluster; of equal ones the smaller row id.

    The first n values are those of the rows at the first n places of the order. A NaN is never kept.
    `keys[starts[c] : starts[c] + held[c]]` is a heap with the worst that is kept on top; it holds
    at most `starts[c + 1] - starts[c]`. `limits[c, end]` becomes the worst key that is kept, once k
    are.
    """
    for place in range(n):
        row = order[place]
        key = sign * values[place]
        cluster = labels[row]
        if not key <= limits[cluster, end]:
            continue
        first = starts[cluster]
        size = held[cluster]
        row_id = row_ids[row]
        if size == starts[cluster + 1] - first:
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
            here = size  # the hole rises
            size += 1
            held[cluster] = size
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
        if size == k:
            limits[cluster, end] = min(limits[cluster, end], keys[first])


class Heaps:
    """The best rows of each cluster in bounded heaps; what `KeptRows` is in machine code.

    A key is `sign` times a value: the smaller, the better.
    """

    def __init__(self, n_clusters: int, k: int, *, is_falling: bool) -> None:
        self.k = k
        self.sign = -1.0 if is_falling else 1.0
        self._seen = np.zeros(n_clusters, np.int64)
        self._held = np.zeros(n_clusters, np.int64)
        self._make_room(np.zeros(n_clusters, np.int64))

    def room_for(self, labels: NDArray[np.int32]) -> None:
        """Make room for rows of these labels (below 0: none), where heaps are short of it."""
        if not self._is_short:
            return
        n_clusters = len(self._held)
        self._seen += np.bincount(labels[labels >= 0], minlength=n_clusters)
        room = np.diff(self._starts)
        wanted = np.minimum(self._seen, self.k)
        if (wanted > room).any():
            self._grow(np.minimum(np.maximum(wanted, 2 * room), self.k))

    @property
    def arrays(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Where each heap starts, how many it holds, keys and row ids: what `keep_best` takes."""
        return self._starts, self._held, self.keys, self._rows

    def dense_keys(self) -> NDArray[np.float64]:
        """Return the keys as a copy of shape (n_clusters, k), in any order; infinity where none is."""
        labels, keys, _ = self._flat()
        result = np.full((len(self._held), self.k), np.inf)
        result[labels, np.arange(len(labels)) - np.repeat(self._first_of_all(), self._held)] = keys
        return result

    def merge(self, other: Self) -> None:
        """Let the rows of another compete; it is left as it is."""
        if not self.k:
            return
        labels, keys, rows = other._flat()
        self.room_for(labels)
        limits = np.full((len(self._held), 1), np.inf)
        order = np.arange(len(rows), dtype=np.int32)
        keep_best(self.k, 1.0, len(rows), keys, labels, rows, order, *self.arrays, limits, 0)

    def result(self) -> Ranked:
        """Return the rows of each cluster, best first."""
        labels, keys, rows = self._flat()
        return ranked(labels, keys, rows, self.sign, len(self._held))

    def _flat(self) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]]:
        """Label, key and row id of all that is held, cluster by cluster."""
        labels = np.repeat(np.arange(len(self._held), dtype=np.int32), self._held)
        moved = self._starts[:-1] - self._first_of_all()
        places = np.arange(len(labels)) + np.repeat(moved, self._held)
        return labels, self.keys[places], self._rows[places]

    def _first_of_all(self) -> NDArray[np.int64]:
        """Where each cluster's rows would begin if all stood one after another."""
        return np.cumsum(self._held) - self._held

    def _make_room(self, wanted: NDArray[np.int64]) -> None:
        if self.k * len(wanted) <= _SMALL:
            wanted = np.full(len(wanted), self.k)
        self._is_short = bool((wanted < self.k).any())
        self._starts = np.concatenate([[0], np.cumsum(wanted)]).astype(np.int64)
        self.keys = np.empty(self._starts[-1])
        self._rows = np.empty(self._starts[-1], np.int64)

    def _grow(self, wanted: NDArray[np.int64]) -> None:
        """Move what is held to where there is room for as many."""
        starts, keys, rows = self._starts, self.keys, self._rows
        self._make_room(wanted)
        move_heaps(starts, keys, rows, self._held, self._starts, self.keys, self._rows)


_SMALL = 2**18  # places that may stand empty


@compiled(types.void(_places, _numbers, _places, _places, _places, _numbers, _places))
def move_heaps(starts, keys, rows, held, new_starts, new_keys, new_rows):  # type: ignore[no-untyped-def]
    """Copy heaps to where each has more room."""
    for cluster in range(len(held)):
        for place in range(held[cluster]):
            new_keys[new_starts[cluster] + place] = keys[starts[cluster] + place]
            new_rows[new_starts[cluster] + place] = rows[starts[cluster] + place]
