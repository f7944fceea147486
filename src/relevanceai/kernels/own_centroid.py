"""Machine code: each row beside its own centroid, screened in float32 and valued in float64."""

import math

import numpy as np
from numba.core import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import FLOATS, LABELS, NUMBERS, ROW_IDS, compiled, prefetch
from relevanceai.kernels.heaps import keep_best

METRIC_NUMBERS = {"cosine": 0, "dp": 1, "l2": 2, "l1": 3}
"""The numbers by which machine code knows the metrics."""

_BLOCK = 64  # rows that stay in a processor's own cache between the two looks at them
_ROUNDING = 2.0**-24  # half a unit in the last place of a float32 about 1
_LARGE, _SMALL = np.float32(1e15), np.float32(1e-15)  # squares of what is between fit float32

_order = types.Array(types.int32, 1, "C", readonly=True)
_values = types.Array(types.float64, 1, "C", readonly=True)
_numbers = types.Array(types.float64, 1, "C")
_places = types.Array(types.int64, 1, "C")
_singles = types.Array(types.float32, 1, "C")
_limits = types.Array(types.float64, 2, "C")
_heap = (_places, _places, _numbers, _places)


def limits_of(centroids: NDArray[np.float64], norms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what `compete` knows of each cluster, before there is a row: see there.

    The rows of empty clusters may be NaN.
    """
    limits = np.full((len(centroids), 4), np.inf)
    limits[:, 0] = norms
    limits[:, 1] = np.abs(centroids).sum(axis=1)
    return limits


# Rows are named by their places, never handed on as views: a view counts as a use of its array, and
# threads that count uses of one array wait for each other.


@compiled(types.float64(FLOATS, types.int64, NUMBERS, types.int64, types.float64, types.int64))
def value_of(vectors, row, exact, cluster, norm, metric):  # type: ignore[no-untyped-def]
    """Compare a row with a centroid, in float64: equal rows have bit-equal values."""
    n_dims = vectors.shape[1]
    if metric <= 1:
        product = 0.0
        square = 0.0
        for column in range(n_dims):
            value = np.float64(vectors[row, column])
            product += value * exact[cluster, column]
            square += value * value
        if metric == 1:
            return product
        scale = math.sqrt(square) * norm
        return min(1.0, max(-1.0, product / scale)) if scale > 0.0 else 0.0
    total = 0.0
    if metric == 2:
        for column in range(n_dims):
            moved = np.float64(vectors[row, column]) - exact[cluster, column]
            total += moved * moved
        return math.sqrt(total)
    for column in range(n_dims):
        total += abs(np.float64(vectors[row, column]) - exact[cluster, column])
    return total


@compiled(
    types.void(
        FLOATS, LABELS, _order, types.int64, types.int64, types.int64, FLOATS, types.int64,
        _singles, _singles,
    )
)  # fmt: skip
def rough_values(  # type: ignore[no-untyped-def]
    vectors, labels, order, begin, size, ahead, rough, metric, ones, twos
):
    """Write what the values of `size` rows, from a place of the order on, are made of, in float32.

    `ones` has the product of a row and its centroid, `twos` the squared length of the row; for a
    distance `twos` has its square.
    """
    n_dims = vectors.shape[1]
    for place in range(size):
        row = order[begin + place]
        if 0 < ahead < len(order) - begin - place:
            later = order[begin + place + ahead]
            for column in range(0, n_dims, 16):
                prefetch(vectors, later, column)
        cluster = labels[row]
        one = np.float32(0.0)
        two = np.float32(0.0)
        if metric <= 1:
            for column in range(n_dims):
                one += vectors[row, column] * rough[cluster, column]
                two += vectors[row, column] * vectors[row, column]
        elif metric == 2:
            for column in range(n_dims):
                moved = vectors[row, column] - rough[cluster, column]
                two += moved * moved
        else:
            for column in range(n_dims):
                one += abs(vectors[row, column] - rough[cluster, column])
            two = one * one
        ones[place] = one
        twos[place] = two


@compiled(
    types.void(
        FLOATS, LABELS, ROW_IDS, _order, types.int64,
        NUMBERS, FLOATS, _limits, types.int64, types.float64,
        types.boolean, types.int64, types.float64, *_heap, types.float64, *_heap,
    )
)  # fmt: skip
def compete(  # type: ignore[no-untyped-def]
    vectors, labels, row_ids, order, ahead,
    exact, rough, limits, metric, bound,
    is_screened, k, sign, starts, held, keys, rows,
    other_sign, other_starts, other_held, other_keys, other_rows,
):  # fmt: skip
    """Let rows compete for the k places of their clusters, at both ends; not where `sign` is 0.

    If `is_screened`, a row's value is first taken in float32. Where that is beyond what is kept by more than rounding
    could explain, the row is done with; the value of any other is taken anew in float64. `bound` is
    the least similarity or the greatest distance let in, NaN for none; `ahead` as in `add_rows`.
    `limits` has, for each cluster, the norm of the centroid, what its numbers sum up to, and the
    worst keys that are kept at both ends: infinity where there is room, less than any where none is
    kept. Threads may share them: a stale one lets in too much, never too little.
    """
    n_dims = vectors.shape[1]
    slack = 2.0 * (n_dims + 16) * _ROUNDING
    is_distance = metric >= 2
    ones, twos = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    waiting, values = np.empty(2 * _BLOCK, np.int32), np.empty(2 * _BLOCK)
    n_waiting = 0
    last = -1
    for begin in range(0, len(order) + _BLOCK, _BLOCK):
        n_before = n_waiting
        size = max(0, min(_BLOCK, len(order) - begin))
        if size > 0 and is_screened:
            rough_values(vectors, labels, order, begin, size, ahead, rough, metric, ones, twos)
        for place in range(size):
            row = order[begin + place]
            cluster = labels[row]
            if is_screened:
                length = math.sqrt(np.float64(twos[place]))
                value = length
                doubt = np.inf
                if _SMALL < length < _LARGE and limits[cluster, 1] < _LARGE:
                    if is_distance:
                        doubt = slack * length + 2.0 * _ROUNDING * limits[cluster, 1]
                    elif limits[cluster, 0] > _SMALL:
                        value = np.float64(ones[place])
                        doubt = slack
                        if metric == 0:
                            value /= length * limits[cluster, 0]
                        else:
                            doubt *= length * limits[cluster, 0]
                if (
                    sign * value - doubt > limits[cluster, 2]
                    and other_sign * value - doubt > limits[cluster, 3]
                ):
                    continue
            elif 0 < ahead < len(order) - begin - place:
                later = order[begin + place + ahead]
                for column in range(0, n_dims, 16):
                    prefetch(vectors, later, column)
            waiting[n_waiting] = row
            n_waiting += 1
            if cluster != last:
                for column in range(0, n_dims, 8):
                    prefetch(exact, cluster, column)
            last = cluster
        if not is_screened:
            n_before = n_waiting
        for place in range(n_before):  # by now their centroids have come
            row = waiting[place]
            cluster = labels[row]
            value = value_of(vectors, row, exact, cluster, limits[cluster, 0], metric)
            is_let_in = not ((value > bound) if is_distance else (value < bound))
            values[place] = value if is_let_in else np.nan
        if sign != 0.0:
            keep_best(
                k, sign, n_before, values, labels, row_ids, waiting,
                starts, held, keys, rows, limits, 2,
            )  # fmt: skip
        if other_sign != 0.0:
            keep_best(
                k, other_sign, n_before, values, labels, row_ids, waiting,
                other_starts, other_held, other_keys, other_rows, limits, 3,
            )  # fmt: skip
        n_waiting -= n_before
        for place in range(n_waiting):
            waiting[place] = waiting[n_before + place]
