"""Machine code: the rows of which codes alone cannot say that others of their cluster are better."""

import numpy as np
from numba.core import types

from relevanceai.kernels.compiled import FLOATS, LABELS, ROW_IDS, compiled
from relevanceai.kernels.encoding import ABOUT, CODES, TABLE, coded_bounds
from relevanceai.kernels.heaps import keep_best

_BLOCK = 64  # rows whose bounds are worked out together
_order = types.Array(types.int32, 1, "C", readonly=True)
_places = types.Array(types.int64, 1, "C")
_numbers = types.Array(types.float64, 1, "C")
_limits = types.Array(types.float64, 2, "C")
_left = types.Array(types.int32, 1, "C")
_keys = types.Array(types.float64, 2, "C")
_two = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call]
_heap = (_places, _places, _numbers, _places)


@compiled(
    types.int64(
        CODES, FLOATS, LABELS, ROW_IDS, _order, TABLE, ABOUT, types.int64,
        _limits, types.int64, types.float64, *_heap, types.float64, *_heap, _left, _keys,
    )
)  # fmt: skip
def sift(  # type: ignore[no-untyped-def]
    codes, of_rows, labels, row_ids, order, table, about, metric,
    limits, k,
    sign, starts, held, keys, rows, other_sign, other_starts, other_held, other_keys, other_rows,
    left, bounds,
):  # fmt: skip
    """Write the rows that may be among the k best at either end, and bounds of their keys.

    A key is a sign times a value: the smaller, the better. Where k rows have keys that are at most
    some limit, whatever is above it for certain is out: so the heaps hold the k smallest upper
    bounds of keys, and `limits` (see `compete`) gets the largest of those. An end whose sign is 0 is
    not asked for. Returns how many rows are left; `bounds` has the least and greatest key of each at
    one end, then at the other.
    """
    lows, highs = np.empty(_BLOCK), np.empty(_BLOCK)
    worst, other_worst = np.empty(_BLOCK), np.empty(_BLOCK)
    n_left = 0
    for begin in range(0, len(order), _BLOCK):
        size = min(_BLOCK, len(order) - begin)
        coded_bounds(codes, of_rows, labels, order, begin, size, table, about, metric, lows, highs)
        first = n_left
        for place in range(size):
            row = order[begin + place]
            cluster = labels[row]
            key = key_high = other_key = other_key_high = np.inf
            if sign != 0.0:
                key = sign * (lows[place] if sign > 0.0 else highs[place])
                key_high = sign * (highs[place] if sign > 0.0 else lows[place])
            if other_sign != 0.0:
                other_key = other_sign * (lows[place] if other_sign > 0.0 else highs[place])
                other_key_high = other_sign * (highs[place] if other_sign > 0.0 else lows[place])
            if key > limits[cluster, 2] and other_key > limits[cluster, 3]:
                continue
            left[n_left] = row
            bounds[n_left, 0] = key
            bounds[n_left, 1] = key_high
            bounds[n_left, 2] = other_key
            bounds[n_left, 3] = other_key_high
            worst[n_left - first] = key_high
            other_worst[n_left - first] = other_key_high
            n_left += 1
        if sign != 0.0:
            keep_best(
                k, 1.0, n_left - first, worst, labels, row_ids, left[first:n_left],
                starts, held, keys, rows, limits, 2,
            )  # fmt: skip
        if other_sign != 0.0:
            keep_best(
                k, 1.0, n_left - first, other_worst, labels, row_ids, left[first:n_left],
                other_starts, other_held, other_keys, other_rows, limits, 3,
            )  # fmt: skip
    return n_left


@compiled(_two(LABELS, _limits, _left, _keys, types.boolean, _left))
def take_open(labels, limits, left, bounds, is_sure, taken):  # type: ignore[no-untyped-def]
    """Move rows out of those that are left, and drop the ones that are beyond the limits.

    Moved are, if `is_sure`, the rows that are within the limits even at their worst; otherwise none.
    Writes them to `taken`; the rest close up. Returns how many were moved, and how many are left.
    """
    n_taken = n_stay = 0
    for place in range(len(left)):
        row = left[place]
        cluster = labels[row]
        if bounds[place, 0] > limits[cluster, 2] and bounds[place, 2] > limits[cluster, 3]:
            continue
        if is_sure and (
            bounds[place, 1] <= limits[cluster, 2] or bounds[place, 3] <= limits[cluster, 3]
        ):
            taken[n_taken] = row
            n_taken += 1
            continue
        left[n_stay] = row
        for column in range(4):
            bounds[n_stay, column] = bounds[place, column]
        n_stay += 1
    return n_taken, n_stay
